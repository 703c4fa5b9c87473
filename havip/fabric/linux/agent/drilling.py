"""An agent's part of a drill: whether it disturbs now, its prober, and what it reports of both.

An order is in force until its end, by the clock and by the time that has passed since it came, whichever is first: so neither a
clock that is set back nor a console that is gone makes it longer. What it disturbs follows from the order alone, and the order is
kept with the document: an agent that was ended and begins anew knows whether it has to disturb or to restore.
"""

from __future__ import annotations

import logging
import time

from havip.fabric.linux.agent.probing import Prober, Run
from havip.fabric.linux.agent.roles import as_sentence
from havip.fabric.linux.protocol import (
    FURTHEST_SECONDS,
    MOST_RUNS,
    DrillReport,
    Order,
    ProbeRun,
)

logger = logging.getLogger("havip.agent")

REPORT_SECONDS = 0.5
_IDLE_SECONDS = 3600.0
_LONGEST_FAULT = 200


class Drilling:
    """What one agent does for one drill at a time. `namespace` is the path of the one to probe from; empty: the agent's own."""

    def __init__(self, namespace: str = "") -> None:
        self._namespace = namespace
        self._order: Order | None = None
        self._end = 0.0
        self._disturbed_ms = 0
        self._prober: Prober | None = None
        self._target = ("", 0)
        self._told: Run | None = None
        self._report: DrillReport | None = None
        self._report_at = 0.0

    def take(self, order: Order | None, *, address: str = "", port: int = 0) -> None:
        """Follow this order from now on; probe `address` at `port` for it, if there is an address."""
        if order is None or self._order is None or order.id != self._order.id:
            self._forget()
        if order is not None and order != self._order:
            left = min(order.until - time.time(), FURTHEST_SECONDS)
            self._end = time.monotonic() + left
            logger.info("drill %s: disturb=%s, %.0f s at most", order.id, order.disturb, left)
        self._order = order
        if order is not None and address and self.is_in_force and self._target != (address, port):
            self._probe(address, port)
        self._report_at = 0.0

    @property
    def order(self) -> Order | None:
        """The order, in force or over."""
        return self._order

    @property
    def is_in_force(self) -> bool:
        """Whether there is an order whose end has not come."""
        order = self._order
        return order is not None and time.time() < order.until and time.monotonic() < self._end

    @property
    def disturbs(self) -> bool:
        """Whether what the order names is to be disturbed now."""
        return self.is_in_force and self._order is not None and self._order.disturb

    def disturbed(self, *, since: float) -> None:
        """Take note that it is disturbed, since this time (seconds since 1970); 0: it is not."""
        milliseconds = round(since * 1000)
        if bool(milliseconds) != bool(self._disturbed_ms):
            self._disturbed_ms = milliseconds
            self._report_at = 0.0

    def tick(self) -> float:
        """End the prober in time; return in how many seconds to look again."""
        if self._order is None:
            return _IDLE_SECONDS
        if not self.is_in_force:
            if self._prober is not None and self._prober.is_alive:
                self._prober.stop()
            return REPORT_SECONDS if self._prober is not None and self._news() else _IDLE_SECONDS
        left = min(self._order.until - time.time(), self._end - time.monotonic())
        return max(min(left, REPORT_SECONDS if self._prober is not None else left), 0.0)

    def report(self) -> DrillReport | None:
        """Return what to tell the console; the same one for half a second."""
        order = self._order
        if order is None:
            return None
        now = time.monotonic()
        if self._report is None or now >= self._report_at:
            self._report_at = now + REPORT_SECONDS
            prober = self._prober
            self._report = DrillReport(
                id=order.id,
                disturbed_ms=self._disturbed_ms,
                began_ms=round(prober.began_at * 1000) if prober is not None else 0,
                runs=tuple(_run(each) for each in self._news()[:MOST_RUNS]),
                fault=as_sentence(prober.fault)[:_LONGEST_FAULT] if prober and prober.fault else "",
            )
        return self._report

    def delivered(self, report: DrillReport) -> None:
        """Take note that the console has this report: what stands in it is not told again."""
        prober = self._prober
        if prober is None or not report.runs or report.began_ms != round(prober.began_at * 1000):
            return
        last = report.runs[-1]
        if self._told is None or last.sequence >= self._told.sequence:
            self._told = Run(
                last.sequence, last.started_ms, last.ended_ms, last.answered_by, last.probes
            )

    def close(self) -> None:
        """End the prober."""
        self._forget()

    def _news(self) -> list[Run]:
        """Return the runs that the console does not know, or not in full."""
        runs = self._prober.runs() if self._prober is not None else []
        told = self._told
        if told is None:
            return runs
        fresh = runs[told.sequence :]
        return fresh[1:] if fresh and fresh[0].probes == told.probes else fresh

    def _probe(self, address: str, port: int) -> None:
        if self._prober is not None:
            self._prober.stop()
        self._told, self._target = None, (address, port)
        self._prober = Prober(address, port, namespace=self._namespace)
        self._prober.start()

    def _forget(self) -> None:
        if self._prober is not None:
            self._prober.stop()
        self._prober, self._told, self._report = None, None, None
        self._target, self._disturbed_ms = ("", 0), 0


def _run(run: Run) -> ProbeRun:
    return ProbeRun(
        sequence=run.sequence,
        started_ms=run.started_ms,
        ended_ms=run.ended_ms,
        answered_by=run.answered_by,
        probes=run.probes,
    )

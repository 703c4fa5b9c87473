"""One fail-over, measured: a node that holds the address is lost, and probes from two places tell how long nobody answered."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import havip.fabric.linux.agent.probing as drill
from benchmarks.failover.files import PUBLISHED, file_of
from benchmarks.failover.keepalived import Keepalived, wait
from benchmarks.failover.network import EIP, HAVIP, Network
from havip.fabric.linux.agent.probing import Prober, Run, longest_silence_ms

KINDS = ("keepalived-stopped", "link-down", "instance-stopped")
INTERVAL_MS = 5
ANSWER_WITHIN_MS = 100
"""What a fail-over is measured with; two nodes that shall stay as they are, with what a drill uses: 20 and 250 ms."""
_STEADY_PROBES = 40
_GIVE_UP_SECONDS = 15.0
_LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Gap:
    """What one fail-over was like, in milliseconds."""

    inside_ms: int
    outside_ms: int
    stall_ms: int
    """By how much the prober itself was late, at the worst."""


class Pair:
    """The two nodes with their keepalived."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._first = Keepalived(network, network.first)
        self._second = Keepalived(network, network.second)
        self.profile = ""

    def use(self, profile: str) -> None:
        """Have both run with the files of a profile, the first as the holder."""
        if profile == self.profile:
            return
        self.close()
        self.profile = profile
        self._start(self._first)
        self._hold()

    def states(self) -> tuple[int, int]:
        """Return how many states each has taken on so far: it grows when one changes its mind."""
        return len(self._first.states()), len(self._second.states())

    def lose(self, kind: str) -> None:
        """Lose the first node."""
        if kind == "keepalived-stopped":
            self._first.stop()
        elif kind == "link-down":
            self._network.link(self._network.first, up=False)
        else:
            self._network.switch(self._network.first, on=False)

    def mend(self, kind: str) -> None:
        """Bring the first node back, and have it hold the address again."""
        if kind == "link-down":
            self._network.link(self._network.first, up=True)
            wait(lambda: self._first.states()[-1] != "FAULT", "the link is up again")
        else:
            if kind == "instance-stopped":
                self._network.switch(self._network.first, on=True)
                self._first.stop()
            self._start(self._first)
        # It takes over at once from a node that leaves in good order.
        self._second.stop()
        self._hold()

    def close(self) -> None:
        """Stop both."""
        self.profile = ""
        for each in (self._first, self._second):
            each.ask_to_stop()
        for each in (self._first, self._second):
            each.stop()

    def _hold(self) -> None:
        self._first.wait_for("MASTER")
        self._start(self._second)
        self._second.wait_for("BACKUP")

    def _start(self, one: Keepalived) -> None:
        network = self._network
        other = network.second if one is self._first else network.first
        one.start(file_of(self.profile, one.node, other), real_time=self.profile != PUBLISHED)


class Probes:
    """Probes from inside the VPC and from outside."""

    def __init__(
        self, network: Network, interval_ms: int, within_ms: int, longest_seconds: float
    ) -> None:
        self.inside, self.outside = (
            Prober(
                address,
                namespace=namespace,
                interval_ms=interval_ms,
                answer_within_ms=within_ms,
                longest_seconds=longest_seconds,
            )
            for address, namespace in ((HAVIP, network.router), (EIP, network.outside))
        )

    def both(self) -> tuple[Prober, Prober]:
        return self.inside, self.outside

    def wait_for(self, name: str, why: Callable[[], str] = str) -> None:
        """Wait until one node has answered for a while, at both places."""

        def answers() -> bool:
            last = [prober.runs()[-1:] for prober in self.both()]
            return all(
                runs and runs[0].answered_by == name and runs[0].probes >= _STEADY_PROBES
                for runs in last
            )

        wait(answers, f"{name} answers inside and outside", why, _GIVE_UP_SECONDS)


@contextlib.contextmanager
def probing(
    network: Network, interval_ms: int, within_ms: int, longest_seconds: float = _LONGEST_SECONDS
) -> Iterator[Probes]:
    """Probe for a while."""
    probes = Probes(network, interval_ms, within_ms, longest_seconds)
    for prober in probes.both():
        prober.start()
    try:
        yield probes
    finally:
        for prober in probes.both():
            prober.stop()
        for prober in probes.both():
            if prober.fault:
                raise OSError(prober.fault)


def measure(network: Network, pair: Pair, kind: str) -> Gap:
    """Lose the holder once; return how long nobody answered. The node is back afterwards. Raises Stuck."""
    first, second = network.first.name, network.second.name
    with probing(network, INTERVAL_MS, ANSWER_WITHIN_MS) as probes:
        probes.wait_for(first)
        pair.lose(kind)
        probes.wait_for(second)
    inside, outside = (gap_ms(prober.runs(), first, second) for prober in probes.both())
    stall = max(prober.longest_stall_ms for prober in probes.both())
    pair.mend(kind)
    return Gap(inside, outside, stall)


def gap_ms(runs: list[Run], first: str, second: str) -> int:
    """Return the time from the last answer of the first node to the first of the second, or a longer silence, if any."""
    lost = max(run.ended_ms for run in runs if run.answered_by == first)
    found = min(run.started_ms for run in runs if run.answered_by == second)
    return max(found - lost, longest_silence_ms(runs) or 0)


@dataclass(frozen=True, slots=True)
class Endurance:
    """How a profile did while every processor was busy."""

    seconds: float
    changes: int
    """How often a node changed its state: each one too many."""
    silence_inside_ms: int
    silence_outside_ms: int
    stall_ms: int
    others: int
    """Probes that somebody else than the first node answered, or nobody."""


def endure(network: Network, pair: Pair, seconds: float) -> Endurance:
    """Watch two healthy nodes for a while, and count what ought not to happen."""
    name = network.first.name
    before = pair.states()
    with probing(
        network, drill.INTERVAL_MS, drill.ANSWER_WITHIN_MS, seconds + _LONGEST_SECONDS
    ) as probes:
        probes.wait_for(name)
        began = time.monotonic()
        steady_ms = [prober.elapsed_ms for prober in probes.both()]
        time.sleep(seconds)
        took = time.monotonic() - began
    after = pair.states()
    # What was on the way before both answered steadily is no part of it.
    runs = [
        [run for run in prober.runs() if run.ended_ms >= since]
        for prober, since in zip(probes.both(), steady_ms, strict=True)
    ]
    return Endurance(
        seconds=took,
        changes=sum(after) - sum(before),
        silence_inside_ms=longest_silence_ms(runs[0]) or 0,
        silence_outside_ms=longest_silence_ms(runs[1]) or 0,
        stall_ms=max(prober.longest_stall_ms for prober in probes.both()),
        others=sum(run.probes for each in runs for run in each if run.answered_by != name),
    )

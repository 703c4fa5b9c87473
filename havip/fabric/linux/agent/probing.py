"""Asks a TCP port of an address again and again, and keeps who answered when: how long nobody did is what a drill is about.

Probes leave on a fixed grid, each on a connection of its own that waits for no other: a slow or lost one never delays the
next. A probe counts as answered, at the time when it was sent, if its connection was accepted within a stated limit at the
first asking: the kernel tells how long the handshake took, and whether it had to ask twice, so neither a repeated SYN nor
a busy processor here is taken for an answer, or for none.

Needs nothing but the standard library. Who answers is what the service says itself: see answers.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from havip.fabric.linux.agent.answers import LONGEST_ANSWER, is_complete, name_of, question_to

NOBODY = ""
INTERVAL_MS = 20
ANSWER_WITHIN_MS = 250
"""Below the second after which Linux repeats a SYN (RFC 6298, 2.1)."""
DEADLINE_MS = 1000
LONGEST_SECONDS = 180.0

_ABORT = struct.pack(
    "ii", 1, 0
)  # SO_LINGER: close by RST, so that no port stays behind in TIME-WAIT
# struct tcp_info of linux/tcp.h: eight single bytes, then numbers of 32 bits.
_TCP_INFO = struct.Struct("@8B24I")
_ROUND_TRIP, _RETRANSMISSIONS = 8 + 15, 8 + 23
_NETWORK_NAMESPACE = 0x40000000  # CLONE_NEWNET


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive probes with the same answer. Times are milliseconds since probing began, of sending."""

    sequence: int
    started_ms: int
    ended_ms: int
    answered_by: str
    """What the service said of itself, `UNNAMED` where it said nothing of use, empty where nobody answered."""
    probes: int


@dataclass(slots=True)
class _Probe:
    sent_ms: float
    connection: socket.socket | None
    accepted: bool = False
    answer: bytes = b""
    result: str | None = field(default=None)
    """None as long as it is not known."""


class Prober:
    """Probes one port of one IPv4 address in a thread of its own, from `start` until `stop` or `longest_seconds`.

    `namespace` is the path of a network namespace (`/run/netns/…`) to ask from; empty for the one of the caller. Every method
    may be called from any thread.
    """

    def __init__(
        self,
        address: str,
        port: int = 80,
        *,
        namespace: str = "",
        interval_ms: int = INTERVAL_MS,
        answer_within_ms: int = ANSWER_WITHIN_MS,
        deadline_ms: int = DEADLINE_MS,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        if not 1 <= port <= 65535:
            raise ValueError("port")
        if not 1 <= interval_ms <= answer_within_ms <= deadline_ms:
            raise ValueError("interval_ms, answer_within_ms and deadline_ms must not fall")
        self._target = (str(ipaddress.IPv4Address(address)), port)
        self._question = question_to(self._target[0])
        self._namespace = namespace
        self._interval_ms = interval_ms
        self._answer_within_ms = answer_within_ms
        self._deadline_ms = deadline_ms
        self._longest_ms = longest_seconds * 1000
        self._thread = threading.Thread(target=self._run, name="prober", daemon=True)
        self._bell, self._ring = socket.socketpair()
        self._ending = False
        self._zero = 0.0
        self._began_at = 0.0
        self._under_way: deque[_Probe] = deque()
        self._lock = threading.Lock()
        self._history = _History()
        self._fault = ""

    # --- For others ---

    def start(self) -> None:
        """Begin; the first probe leaves at once."""
        self._began_at = time.time()
        self._zero = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End. Probes that are not answered yet are not counted. A second time is fine, also without a start."""
        self._ending = True
        with contextlib.suppress(OSError):
            self._ring.send(b"!")
        if self._thread.ident is not None:
            self._thread.join()
        self._bell.close()
        self._ring.close()

    @property
    def began_at(self) -> float:
        """When probing began, in seconds since 1970: the zero of all times."""
        return self._began_at

    @property
    def elapsed_ms(self) -> int:
        """How long ago probing began."""
        return round(self._now())

    @property
    def is_alive(self) -> bool:
        """Whether it probes still: it ends by itself after its longest time, and at a fault."""
        return self._thread.is_alive()

    @property
    def fault(self) -> str:
        """Return why it could not probe, empty where it could."""
        return self._fault

    def news(self) -> list[Run]:
        """Return the runs that are new or have grown since the last call, oldest first."""
        with self._lock:
            return self._history.news()

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        with self._lock:
            return list(self._history.runs)

    @property
    def longest_silence_ms(self) -> int | None:
        """Return the longest time between two answered probes with none in between; None where there was no silence."""
        return longest_silence_ms(self.runs())

    @property
    def longest_stall_ms(self) -> int:
        """Return by how much the latest probe left too late, for want of processor time: the doubt in all figures."""
        return round(self._history.longest_stall_ms)

    # --- The thread ---

    def _now(self) -> float:
        return (time.monotonic() - self._zero) * 1000

    def _run(self) -> None:
        try:
            if self._namespace:
                _enter(self._namespace)
            with selectors.DefaultSelector() as selector:
                selector.register(self._bell, selectors.EVENT_READ)
                try:
                    self._probe(selector)
                finally:
                    for probe in self._under_way:
                        _close(selector, probe)
        except OSError as error:
            self._fault = f"{type(error).__name__}: {error.strerror or error}"

    def _probe(self, selector: selectors.BaseSelector) -> None:
        slot = 0
        while not self._ending:
            now = self._now()
            if now >= self._longest_ms:
                return
            due = slot * self._interval_ms
            if now >= due:
                self._history.longest_stall_ms = max(self._history.longest_stall_ms, now - due)
                self._send(selector)
                # What was slept through is not made up for: the next one is on the grid again.
                slot = int(self._now() // self._interval_ms) + 1
                due = slot * self._interval_ms
            # Whose time is over by now had its chance to be readable before it is given up.
            over = self._now()
            for key, _events in selector.select(max(due - over, 0) / 1000):
                if isinstance(key.data, _Probe):
                    self._advance(selector, key.data)
            self._expire(selector, over)
            self._settle()

    def _send(self, selector: selectors.BaseSelector) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        probe = _Probe(self._now(), connection)
        self._under_way.append(probe)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        try:
            connection.connect(self._target)
        except BlockingIOError:
            pass
        except OSError:
            # No way there, at the moment.
            connection.close()
            probe.connection, probe.result = None, NOBODY
            return
        selector.register(connection, selectors.EVENT_WRITE, probe)

    def _advance(self, selector: selectors.BaseSelector, probe: _Probe) -> None:
        connection = probe.connection
        assert connection is not None
        try:
            if probe.accepted:
                data = connection.recv(LONGEST_ANSWER - len(probe.answer))
                probe.answer += data
                if not data or is_complete(probe.answer):
                    self._finish(selector, probe)
                return
            error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error or not self._in_time(connection):
                self._finish(selector, probe)
                return
            probe.accepted = True
            connection.send(self._question)
            selector.modify(connection, selectors.EVENT_READ, probe)
        except BlockingIOError:
            pass
        except OSError:
            # Reset; but it was accepted, if it was.
            self._finish(selector, probe)

    def _in_time(self, connection: socket.socket) -> bool:
        """Return whether the connection was accepted within the limit, at the first asking."""
        raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        told = _TCP_INFO.unpack(raw)
        return not told[_RETRANSMISSIONS] and told[_ROUND_TRIP] <= self._answer_within_ms * 1000

    def _finish(self, selector: selectors.BaseSelector, probe: _Probe) -> None:
        _close(selector, probe)
        probe.result = name_of(probe.answer) if probe.accepted else NOBODY

    def _expire(self, selector: selectors.BaseSelector, now: float) -> None:
        for probe in self._under_way:
            limit = self._deadline_ms if probe.accepted else self._answer_within_ms
            if probe.result is None and now - probe.sent_ms >= limit:
                self._finish(selector, probe)

    def _settle(self) -> None:
        """Write down what is known, in the order of sending."""
        with self._lock:
            while self._under_way and self._under_way[0].result is not None:
                probe = self._under_way.popleft()
                self._history.add(round(probe.sent_ms), probe.result or NOBODY)


class _History:
    """The runs so far."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.longest_stall_ms = 0.0
        self._told = 0
        """How many runs were told in full at the last call, the last one of them with so many probes."""
        self._told_probes = 0

    def add(self, sent_ms: int, answered_by: str) -> None:
        last = self.runs[-1] if self.runs else None
        if last is not None and last.answered_by == answered_by:
            self.runs[-1] = replace(last, ended_ms=sent_ms, probes=last.probes + 1)
        else:
            self.runs.append(Run(len(self.runs), sent_ms, sent_ms, answered_by, 1))

    def news(self) -> list[Run]:
        fresh = self.runs[max(self._told - 1, 0) :]
        if fresh and self._told and fresh[0].probes == self._told_probes:
            fresh = fresh[1:]
        self._told = len(self.runs)
        self._told_probes = self.runs[-1].probes if self.runs else 0
        return fresh


def silences(runs: list[Run]) -> Iterator[tuple[Run, Run]]:
    """Yield the answered runs before and after each silence, as long as there are both."""
    before: Run | None = None
    silent = False
    for run in runs:
        if run.answered_by == NOBODY:
            silent = True
            continue
        if silent and before is not None:
            yield before, run
        before, silent = run, False


def longest_silence_ms(runs: list[Run]) -> int | None:
    """Return the time from the last answered probe before the longest silence to the first one after it.

    None where every probe between the first and the last answered one was answered.
    """
    return max(
        (after.started_ms - before.ended_ms for before, after in silences(runs)), default=None
    )


def _close(selector: selectors.BaseSelector, probe: _Probe) -> None:
    connection, probe.connection = probe.connection, None
    if connection is not None:
        with contextlib.suppress(KeyError):
            selector.unregister(connection)
        connection.close()


def _enter(path: str) -> None:
    """Put this thread, and no other, into a network namespace."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, _NETWORK_NAMESPACE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)

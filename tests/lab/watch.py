"""Eyes that do not close: who answers at an address, asked again and again, while a forger keeps announcing it."""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from tests.consoles import eventually
from tests.lab.agent import frames
from tests.lab.agent.network import Machine
from tests.lab.machine import enter

PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 0.4
_END_SECONDS = 60.0
_EVERYTHING = 3


def name_at(address: str, *, accepted_within: float, answered_within: float) -> str:
    """Ask a web server for the name that it answers with; empty where none came in so many seconds.

    The connection is the kernels' work alone: it comes about also while the processes at both ends get no processor.
    """
    try:
        with socket.create_connection((address, 80), accepted_within) as connection:
            connection.settimeout(answered_within)
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            said = b""
            while more := connection.recv(4096):
                said += more
    except OSError:
        return ""
    return said.rpartition(b"\r\n\r\n")[2].decode().strip()


class Watcher(threading.Thread):
    """A thread within a namespace that does the same again and again until it is told to stop."""

    def __init__(self, namespace: str) -> None:
        super().__init__(daemon=True)
        self._namespace = namespace
        self._over = threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            enter(self._namespace)
            self._begin()
            while not self._over.is_set():
                self._turn()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            self._failure = error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(_END_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _begin(self) -> None: ...

    def _turn(self) -> None:
        raise NotImplementedError

    def _rest(self, seconds: float) -> None:
        self._over.wait(seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question: asked when, over when (seconds since 1970), and which instance's name came; empty for nobody's."""

    asked: float
    over: float
    name: str


class Client(Watcher):
    """Asks an address for its name every 50 ms."""

    def __init__(self, namespace: str, address: str) -> None:
        super().__init__(namespace)
        self.address = address
        self.answers: list[Answer] = []

    def _turn(self) -> None:
        asked = time.time()
        name = name_at(
            self.address, accepted_within=_PATIENCE_SECONDS, answered_within=_PATIENCE_SECONDS
        )
        self.answers.append(Answer(asked, time.time(), name))
        self._rest(PAUSE_SECONDS)

    def names(self) -> set[str]:
        """Return who has answered."""
        return {each.name for each in self.answers} - {""}

    def longest_gap(self, since: float = 0.0) -> float:
        """Return for how long nobody answered, in seconds: from one answer to the next."""
        answered = [each.over for each in self.answers if each.name and each.over >= since]
        return max((b - a for a, b in pairwise(answered)), default=0.0)


class Forger(Watcher):
    """Announces an address by gratuitous ARP and sends IPv4 from it to a victim, both ways past its own network stack."""

    def __init__(self, forger: Machine, address: str, victim: Machine) -> None:
        super().__init__(forger.namespace)
        mac = frames.mac_of(victim)
        self._frames = [
            frames.gratuitous(forger, address, verb=1),
            frames.gratuitous(forger, address, verb=2),
            frames.udp(forger, mac, address, victim.address, b"forged"),
        ]
        self.rounds = 0

    def _begin(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind(("eth0", 0))

    def _turn(self) -> None:
        for frame in self._frames:
            self._socket.send(frame)
        self.rounds += 1
        self._rest(PAUSE_SECONDS)


class Victim(Watcher):
    """Counts the frames in which a forger claims an address, by ARP or as the source of IPv4, that arrive all the same."""

    def __init__(self, victim: Machine, forger: Machine, address: str) -> None:
        super().__init__(victim.namespace)
        self._mac, self._address = frames.mac_of(forger), frames.packed(address)
        self._counted = {"arp": 0, "ipv4": 0}
        self._emptied = 0

    @property
    def forged(self) -> dict[str, int]:
        """What has arrived by now: also what the thread has not had the time to take note of yet."""
        # The look that finds nothing more may have found that just before this question; the one after it has not.
        enough = self._emptied + 2
        eventually(lambda: self._emptied >= enough or not self.is_alive(), "all is counted")
        return dict(self._counted)

    def _begin(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
        self._socket.bind(("eth0", _EVERYTHING))
        self._socket.setblocking(False)

    def _turn(self) -> None:
        select.select([self._socket], [], [], PAUSE_SECONDS)
        try:
            while True:
                self._look(*self._socket.recvfrom(128))
        except BlockingIOError:
            self._emptied += 1

    def _look(self, frame: bytes, place: Any) -> None:
        if place[2] == socket.PACKET_OUTGOING or frame[6:12] != self._mac:
            return
        if frame[12:14] == b"\x08\x06" and frame[28:32] == self._address:
            self._counted["arp"] += 1
        elif frame[12:14] == b"\x08\x00" and frame[26:30] == self._address:
            self._counted["ipv4"] += 1

"""Sees who holds each HaVip: listens to ARP, and asks when nobody has spoken for a while.

One packet socket hears every ARP frame twice: at the port where it comes in, and at the bridge when the guard has let it
pass. Only the second counts as a claim; the first says which port it came from. So a forger whose frames are dropped is
never seen as a holder, and no frame is put down to a port that it merely pretends to come from.

Somebody new who claims an address is its holder at once. Whether the old holder still answers, too, is then asked twice: an
orderly hand-over may overlap for a moment, two that both answer the second question are a split brain.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from havip.fabric.linux.agent.roles import now
from havip.fabric.linux.protocol import Observed

logger = logging.getLogger("havip.agent")

_ETHER_ARP = 0x0806
_HEADER = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_BROADCAST = b"\xff" * 6
_FRAMES_AT_ONCE = 512
_RECEIVE_BUFFER = 1024 * 1024

IDLE_SECONDS = 1.0
"""Nobody has spoken for so long: ask."""
AGAIN_SECONDS = 0.35
"""No answer yet: ask again."""
GONE_SECONDS = 2.1
"""Silent for so long in spite of being asked three times: gone."""
_QUESTIONS = 3
QUESTION_SECONDS = 0.4
"""How long the answers to one question are awaited when somebody new has claimed an address."""
_UNBOUND_IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A HaVip to be watched. `holders` says what each bound port stands for; other ports stand for their interface."""

    havip_id: str
    address: str
    bridge: str
    gateway: str
    holders: Mapping[str, str]


@dataclass(slots=True)
class _Track:
    """What is known of one HaVip. `seen` has, for each port, when it claimed the address last."""

    subject: Watched
    since: float
    seen: dict[str, float] = field(default_factory=dict)
    holding: list[str] = field(default_factory=list)
    asked: deque[float] = field(default_factory=lambda: deque([0.0], maxlen=_QUESTIONS))
    """When it was asked for last."""
    question: int = 0
    question_at: float = 0.0
    believed: set[str] = field(default_factory=set)
    """Who has been taken for the holder since the questions began: each once, or two that both claim would take turns."""
    known: bool = False
    changed_at: datetime = field(default_factory=now)

    @property
    def asked_at(self) -> float:
        return self.asked[-1]

    def is_silent(self, since: float, at: float) -> bool:
        """Say whether nobody has answered since then, although asked often enough: whoever got no processor has asked nobody."""
        return (
            at - since >= GONE_SECONDS and len(self.asked) == _QUESTIONS and self.asked[0] > since
        )

    def hold(self, ports: list[str]) -> None:
        if ports != self.holding or not self.known:
            self.holding = ports
            self.known = True
            self.changed_at = now()
            whose = " and ".join(self.subject.holders.get(port, port) for port in ports)
            logger.info("%s is held by %s", self.subject.havip_id, whose or "nobody")


class ArpWatch:
    """Watches the HaVips of one gateway."""

    def __init__(
        self, port_of: Callable[[str], str], mac_of: Callable[[str], bytes | None]
    ) -> None:
        self._port_of = port_of
        self._mac_of = mac_of
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETHER_ARP))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._tracks: dict[str, _Track] = {}
        self._by_address: dict[bytes, _Track] = {}
        self._interfaces: dict[str, str] = {}
        self._came_in: dict[tuple[bytes, bytes], str] = {}

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop watching."""
        self._socket.close()

    def watch(self, subjects: Iterable[Watched], interfaces: Mapping[str, str]) -> None:
        """Watch these from now on; `interfaces` says whose each port is. Ports that lost an address are forgotten."""
        before = self._tracks
        self._interfaces = dict(interfaces)
        self._tracks = {}
        for subject in subjects:
            track = before.get(subject.havip_id)
            if track is None or (track.subject.address, track.subject.bridge) != (
                subject.address,
                subject.bridge,
            ):
                track = _Track(subject, time.monotonic())
            for port in set(track.subject.holders) - set(subject.holders):
                track.seen.pop(port, None)
            track.subject = subject
            if track.known:
                track.hold([port for port in track.holding if port in track.seen])
            self._tracks[subject.havip_id] = track
        self._by_address = {
            ipaddress.IPv4Address(track.subject.address).packed: track
            for track in self._tracks.values()
        }

    # --- Listening ---

    def read(self) -> None:
        """Take note of what was heard."""
        for _each in range(_FRAMES_AT_ONCE):
            try:
                frame, (link, *_rest) = self._socket.recvfrom(64)
            except BlockingIOError:
                return
            except OSError as error:
                logger.debug("the packet socket: %s", error)
                return
            self._hear(link, frame)

    def _hear(self, link: str, frame: bytes) -> None:
        if len(frame) < _HEADER.size + _ARP.size:
            return
        _to, source, _kind = _HEADER.unpack_from(frame)
        kind, protocol, hardware_length, length, _verb, _mac, sender, _, _ = _ARP.unpack_from(
            frame, _HEADER.size
        )
        track = self._by_address.get(sender)
        if track is None or (kind, protocol, hardware_length, length) != (1, 0x0800, 6, 4):
            return
        if link == track.subject.bridge:
            port = self._came_in.pop((source, sender), "")
            if port not in track.subject.holders:
                # The bridge learns only from frames that have passed: it knows better than a frame that was dropped.
                port = self._port_of(source.hex(":")) or port
            if port in self._interfaces:
                self._claim(track, port, time.monotonic())
            return
        if link in self._interfaces:
            if len(self._came_in) > _FRAMES_AT_ONCE:
                self._came_in.clear()
            self._came_in[source, sender] = link

    def _claim(self, track: _Track, port: str, at: float) -> None:
        track.seen[port] = at
        if port not in track.holding and port not in track.believed:
            track.believed.add(port)
            track.hold([port])
            track.question = 1
            self._question(track, at)

    # --- Asking ---

    def tick(self) -> float:
        """Ask and conclude what is due; return in how many seconds to look again."""
        self.read()  # what waits there may be the answers
        at = time.monotonic()
        due = at + IDLE_SECONDS
        for track in self._tracks.values():
            self._conclude(track, at)
            due = min(due, self._next(track, at))
        return max(due - at, 0.01)

    def _next(self, track: _Track, at: float) -> float:
        """Ask if it is time to; return when to look again."""
        if track.question:
            return track.question_at + QUESTION_SECONDS
        heard = min((track.seen[port] for port in track.holding), default=track.since)
        if not track.holding and track.known:
            idle = IDLE_SECONDS if track.subject.holders else _UNBOUND_IDLE_SECONDS
            ask_at = track.asked_at + idle
        else:
            ask_at = max(heard + IDLE_SECONDS, track.asked_at + AGAIN_SECONDS)
            if not track.known:
                ask_at = track.asked_at + AGAIN_SECONDS
        if at >= ask_at:
            self._ask(track, at)
            ask_at = at + AGAIN_SECONDS
        gone_at = heard + GONE_SECONDS
        if at < gone_at and (track.holding or not track.known):
            return min(ask_at, gone_at)
        return ask_at

    def _conclude(self, track: _Track, at: float) -> None:
        if track.question:
            if at < track.question_at + QUESTION_SECONDS:
                return
            if track.question == 1:
                track.question = 2
                self._question(track, at)
                return
            track.question = 0
            track.believed.clear()
            answered = [port for port, seen in track.seen.items() if seen >= track.question_at]
            if answered:
                first = [port for port in track.holding if port in answered]
                track.hold(first + sorted(set(answered) - set(first)))
            return
        fresh = {port for port, seen in track.seen.items() if not track.is_silent(seen, at)}
        if track.known:
            track.hold([port for port in track.holding if port in fresh])
        elif not track.holding and track.is_silent(track.since, at):
            track.hold([])
        track.seen = {port: seen for port, seen in track.seen.items() if port in fresh}

    def _question(self, track: _Track, at: float) -> None:
        track.question_at = at
        self._ask(track, at)

    def _ask(self, track: _Track, at: float) -> None:
        track.asked.append(at)
        subject = track.subject
        mac = self._mac_of(subject.bridge)
        if mac is not None:
            self._send(
                subject.bridge, arp_frame(1, mac, subject.gateway, b"\0" * 6, subject.address)
            )

    def announce(self, link: str, address: str) -> None:
        """Tell everybody on a link that an address is here (gratuitous ARP, both forms)."""
        mac = self._mac_of(link)
        if mac is not None:
            self._send(link, arp_frame(1, mac, address, b"\0" * 6, address))
            self._send(link, arp_frame(2, mac, address, _BROADCAST, address))

    def _send(self, link: str, frame: bytes) -> None:
        try:
            self._socket.sendto(frame, (link, _ETHER_ARP))
        except OSError as error:
            logger.debug("nothing can be sent on %s: %s", link, error)

    # --- Telling ---

    def observed(self) -> tuple[Observed, ...]:
        """Return who holds what, as far as it is known."""
        found = []
        for track in self._tracks.values():
            if not track.known:
                continue
            named = (
                track.subject.holders.get(port) or self._interfaces.get(port, "")
                for port in track.holding
            )
            holders = tuple(dict.fromkeys(name for name in named if name))
            found.append(
                Observed(
                    havip_id=track.subject.havip_id,
                    holder=holders[0] if holders else "",
                    holders=holders[:10],
                    at=track.changed_at,
                )
            )
        return tuple(found)


def arp_frame(verb: int, mac: bytes, sender: str, target_mac: bytes, target: str) -> bytes:
    """Return a broadcast ARP frame: a question (1) or an answer (2)."""
    return _HEADER.pack(_BROADCAST, mac, _ETHER_ARP) + _ARP.pack(
        1,
        0x0800,
        6,
        4,
        verb,
        mac,
        ipaddress.IPv4Address(sender).packed,
        target_mac,
        ipaddress.IPv4Address(target).packed,
    )

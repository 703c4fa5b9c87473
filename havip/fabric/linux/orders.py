"""A drill's part of a wanted document: what its agent disturbs and probes, and until when at the latest. Plain Python without Django.

An order names what the document has anyway, and its end: `until` is near, and the agent takes everything back by itself then,
whether or not it hears of the console again, and also when it was ended and started again meanwhile.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from havip.fabric.linux.checking import (
    ProtocolError,
    boolean,
    integer,
    ipv4_or_empty,
    many,
    once,
    one_of,
    required,
)
from havip.fabric.linux.terms import DRILL, HAVIP, INSTANCE, PORT

FURTHEST_SECONDS = 120
"""So far ahead an order may end, by the agent's own clock."""
KEEPALIVED_STOPPED = "keepalived_stopped"
LINK_DOWN = "link_down"
INSTANCE_STOPPED = "instance_stopped"
_KIND = one_of(KEEPALIVED_STOPPED, LINK_DOWN, INSTANCE_STOPPED)
_TCP_PORT = integer(1, 65535)
_UNTIL = integer(0, 2**53)


def _check_until(until: int) -> None:
    if until > time.time() + FURTHEST_SECONDS:
        raise ProtocolError("until", f"is more than {FURTHEST_SECONDS} s ahead")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDrill:
    """The node's keepalived is stopped while `disturb` is true. Seconds since 1970."""

    id: str = required(DRILL)
    kind: str = required(one_of(KEEPALIVED_STOPPED))
    until: int = required(_UNTIL)
    disturb: bool = required(boolean)
    havip_id: str = required(HAVIP)

    def __post_init__(self) -> None:
        _check_until(self.until)

    def check_place(self, havips: Iterable[str]) -> None:
        """Check it against the rest of its document. Raises ProtocolError."""
        if self.havip_id not in set(havips):
            raise ProtocolError("drill.havip_id", f"{self.havip_id} is not in the document")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDrill:
    """`address`, a HaVip's, is probed at `port` from the router (empty: not at all); `down` are ports that go down.

    Only a drill of the kind `link_down` that disturbs has ports, which are the HaVip's own.
    """

    id: str = required(DRILL)
    kind: str = required(_KIND)
    until: int = required(_UNTIL)
    disturb: bool = required(boolean)
    havip_id: str = required(HAVIP)
    address: str = required(ipv4_or_empty)
    port: int = required(_TCP_PORT)
    down: tuple[str, ...] = required(many(PORT, 10))

    def __post_init__(self) -> None:
        _check_until(self.until)
        once(self.down, "down", "port")
        if bool(self.down) != (self.disturb and self.kind == LINK_DOWN):
            raise ProtocolError("down", "has ports exactly while a link is to be down")

    def check_place(self, havips: Mapping[str, tuple[str, Collection[str]]]) -> None:
        """Check it against the document's HaVips: each one's address and ports. Raises ProtocolError."""
        if self.havip_id not in havips:
            raise ProtocolError("drill.havip_id", f"{self.havip_id} is not in the document")
        address, ports = havips[self.havip_id]
        if self.address not in ("", address):
            raise ProtocolError("drill.address", f"{self.address} is not that of {self.havip_id}")
        for name in self.down:
            if name not in ports:
                raise ProtocolError("drill.down", f"{name} is no port of {self.havip_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDrill:
    """`address`, public, is probed at `port` from the outside (empty: not at all).

    An instance is stopped (`stop`, or none), and cables are left alone that the gateway holds down (`down`).
    """

    id: str = required(DRILL)
    kind: str = required(_KIND)
    until: int = required(_UNTIL)
    disturb: bool = required(boolean)
    address: str = required(ipv4_or_empty)
    port: int = required(_TCP_PORT)
    stop: tuple[str, ...] = required(many(INSTANCE, 1))
    down: tuple[str, ...] = required(many(PORT, 10))

    def __post_init__(self) -> None:
        _check_until(self.until)
        once(self.down, "down", "port")
        if bool(self.stop) != (self.disturb and self.kind == INSTANCE_STOPPED):
            raise ProtocolError("stop", "has an instance exactly while one is to be stopped")
        if bool(self.down) != (self.disturb and self.kind == LINK_DOWN):
            raise ProtocolError("down", "has ports exactly while a link is to be down")

    def check_place(
        self, instances: Collection[str], ports: Collection[str], cidr_block: str
    ) -> None:
        """Check it against the rest of its VPC. Raises ProtocolError."""
        for identifier in self.stop:
            if identifier not in instances:
                raise ProtocolError("drill.stop", f"{identifier} is not in the document")
        for name in self.down:
            if name not in ports:
                raise ProtocolError("drill.down", f"{name} is not in the document")
        if self.address and ipaddress.IPv4Address(self.address) in ipaddress.IPv4Network(
            cidr_block
        ):
            raise ProtocolError("drill.address", f"{self.address} is inside the VPC")


Order = NodeDrill | GatewayDrill | HostDrill

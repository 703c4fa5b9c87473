"""What the agent does over netlink: links, addresses, routes of its own, neighbour entries, tracked connections."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute  # type: ignore[import-untyped]
from pyroute2.netlink.exceptions import NetlinkError  # type: ignore[import-untyped]
from pyroute2.netlink.nfnetlink.nfctsocket import (  # type: ignore[import-untyped]
    NFCTAttrTuple,
    NFCTSocket,
)

from havip.fabric.linux.agent.roles import NotYet, Refused

ROUTE_PROTOCOL = 205
"""What marks the agent's routes among those of others (the `proto` of ip-route(8)); no routing daemon uses it."""

_MAIN_TABLE = 254
_UNICAST = 1
_UP = 1


@dataclass(frozen=True, slots=True)
class Address:
    """An address on a link."""

    link: int
    address: str
    prefix_length: int


class Netlink:
    """One network namespace: the one in which the agent was started."""

    def __init__(self) -> None:
        self._ip: Any = IPRoute()

    def close(self) -> None:
        """Let go of the socket."""
        self._ip.close()

    # --- Links and addresses ---

    def find_link(self, name: str) -> int | None:
        """Return the index of a link; None where there is none of that name."""
        try:
            return socket.if_nametoindex(name)
        except OSError:
            return None

    def link(self, name: str) -> int:
        """Return the index of a link. Raises NotYet."""
        index = self.find_link(name)
        if index is None:
            raise NotYet(f"There is no link {name} yet.")
        return index

    def link_name(self, index: int) -> str:
        """Return the name of a link; empty when it has gone."""
        try:
            return socket.if_indextoname(index)
        except OSError:
            return ""

    def mac(self, name: str) -> bytes | None:
        """Return the MAC address of a link."""
        index = self.find_link(name)
        if index is None:
            return None
        try:
            found = self._ip.get_links(index)[0].get("address")
        except (NetlinkError, IndexError):
            return None
        return bytes.fromhex(found.replace(":", "")) if found else None

    def is_up(self, index: int) -> bool:
        """Say whether a link is switched on."""
        try:
            return bool(self._ip.get_links(index)[0]["flags"] & _UP)
        except (NetlinkError, IndexError):
            return False

    def switch(self, index: int, *, up: bool) -> None:
        """Switch a link on or off. One that has gone is fine. Raises NotYet."""
        state = "up" if up else "down"
        self._tolerate(errno.ENODEV, "set", self._ip.link, index=index, state=state)

    def addresses(self) -> set[Address]:
        """Return all IPv4 addresses of this namespace."""
        found = set()
        for message in self._ip.get_addr(family=socket.AF_INET):
            address = message.get("local") or message.get("address")
            if address:
                found.add(Address(message["index"], address, message["prefixlen"]))
        return found

    def add_address(self, link: int, address: str, prefix_length: int) -> None:
        """Add an address; one that is there already is fine."""
        self._tolerate(
            errno.EEXIST, "add", self._ip.addr, index=link, address=address, prefixlen=prefix_length
        )

    def remove_address(self, address: Address) -> None:
        """Remove an address; one that is gone already is fine."""
        self._tolerate(
            errno.EADDRNOTAVAIL,
            "del",
            self._ip.addr,
            index=address.link,
            address=address.address,
            prefixlen=address.prefix_length,
        )

    # --- Routes ---

    def own_routes(self) -> set[tuple[str, str]]:
        """Return destination and next hop of the routes that the agent has set."""
        found = set()
        for message in self._ip.get_routes(
            family=socket.AF_INET, proto=ROUTE_PROTOCOL, table=_MAIN_TABLE
        ):
            if message["proto"] == ROUTE_PROTOCOL:
                destination = message.get("dst") or "0.0.0.0"  # noqa: S104 - the default route
                next_hop = message.get("gateway") or ""
                found.add((f"{destination}/{message['dst_len']}", next_hop))
        return found

    def add_route(self, destination: str, next_hop: str) -> None:
        """Set a route. Never replaces anybody's. Raises Refused where one stands in the way, NotYet."""
        try:
            self._ip.route(
                "add",
                dst=destination,
                gateway=next_hop,
                proto=ROUTE_PROTOCOL,
                type=_UNICAST,
                table=_MAIN_TABLE,
            )
        except NetlinkError as error:
            if error.code == errno.EEXIST:
                raise Refused(
                    f"The router has a route to {destination} that the agent did not set."
                ) from error
            raise NotYet(f"The route to {destination} by {next_hop}: {error}") from error

    def remove_route(self, destination: str, next_hop: str) -> None:
        """Remove a route of the agent's own; one that is gone already is fine."""
        where = {"gateway": next_hop} if next_hop else {}
        self._tolerate(
            errno.ESRCH,
            "del",
            self._ip.route,
            dst=destination,
            proto=ROUTE_PROTOCOL,
            table=_MAIN_TABLE,
            **where,
        )

    # --- Neighbours and connections ---

    def forget_neighbour(self, link: int, address: str) -> None:
        """Forget which MAC address an IPv4 address had, so that it is asked for anew."""
        self._tolerate(errno.ENOENT, "del", self._ip.neigh, ifindex=link, dst=address)

    def port_of(self, mac: str) -> str:
        """Return the bridge port behind which a MAC address was seen last; empty when that is unknown."""
        try:
            entries = self._ip.get_neighbours(family=socket.AF_BRIDGE)
            for message in entries:
                if message.get("lladdr") == mac and message.get("master"):
                    return self.link_name(message["ifindex"])
        except NetlinkError:
            return ""
        return ""

    def forget_connections(self, addresses: Iterable[str]) -> int:
        """Forget tracked connections to or from these addresses: translations of before must not outlive their rule."""
        wanted = frozenset(addresses)
        forgotten = 0
        if not wanted:
            return 0
        with NFCTSocket() as tracked:
            for entry in list(tracked.dump()):
                original = NFCTAttrTuple.from_netlink(
                    socket.AF_INET, entry.get_attr("CTA_TUPLE_ORIG")
                )
                reply = NFCTAttrTuple.from_netlink(
                    socket.AF_INET, entry.get_attr("CTA_TUPLE_REPLY")
                )
                ends = {original.saddr, original.daddr, reply.saddr, reply.daddr}
                if ends & wanted:
                    try:
                        tracked.entry("del", tuple_orig=original)
                        forgotten += 1
                    except NetlinkError as error:
                        if error.code != errno.ENOENT:
                            raise
        return forgotten

    def _tolerate(self, code: int, verb: str, call: Any, **arguments: Any) -> None:
        try:
            call(verb, **arguments)
        except NetlinkError as error:
            if error.code not in (code, errno.ENODEV):
                raise NotYet(f"Netlink: {error}") from error

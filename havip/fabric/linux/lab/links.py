"""Links, addresses, routes and rules of one namespace, by netlink. Every `ensure_…` does nothing where all is well."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Self

from pyroute2 import NetNS  # type: ignore[import-untyped]
from pyroute2.netlink.exceptions import NetlinkError  # type: ignore[import-untyped]

from havip.fabric.linux.lab.topology import namespace_path

_IPV4 = 2
_MAIN_TABLE = 254
_UP = 1


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of one link. `peer` is the index of a veth's other end, in the namespace where that is."""

    index: int
    name: str
    kind: str
    alias: str
    mac: str
    up: bool
    master: int
    peer: int


@dataclass(frozen=True, slots=True)
class RouteTo:
    """A route: by a gateway, or to what the link reaches itself."""

    destination: str
    gateway: str = ""
    table: int = _MAIN_TABLE
    metric: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Which table is asked, for packets from an address or with a mark."""

    priority: int
    table: int
    source: str = ""
    mark: int = 0


class Inside:
    """One namespace, opened."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._netlink = NetNS(name, flags=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._netlink.close()

    def links(self) -> dict[str, Link]:
        """Return all links by their names."""
        found = (_link(message) for message in self._netlink.get_links())
        return {link.name: link for link in found}

    def ensure_bridge(self, name: str, mac: str = "") -> Link:
        """Return the bridge of this name, made where there was none, and up."""
        link = self.links().get(name)
        if link is not None and (link.kind != "bridge" or (mac and link.mac != mac)):
            self.delete(link)
            link = None
        if link is None:
            given = {"address": mac} if mac else {}
            self._netlink.link("add", ifname=name, kind="bridge", br_forward_delay=0, **given)
            link = self.links()[name]
        return self.ensure_up(link)

    def ensure_cable(
        self,
        port: str,
        bridge: Link,
        other: Inside,
        device: str,
        *,
        alias: str,
        mac: str = "",
        up: bool = True,
    ) -> None:
        """Lay a veth pair from a port of a bridge here to a device in another namespace.

        Both ends bear the alias once the pair is made; a pair that is half-made, or another one, is replaced. Without `up` the
        port is left as it is.
        """
        here, there = self.links(), other.links()
        near, far = here.get(port), there.get(device)
        if not _is_cable(near, far, alias, mac):
            for inside, link in ((self, near), (other, far)):
                if link is not None:
                    inside.delete(link)
            self._add_cable(port, other, device, mac)
            near, far = self.links()[port], other.links()[device]
            other.change(far, ifalias=alias)
            self.change(near, ifalias=alias)
        assert near is not None
        if near.master != bridge.index:
            self.change(near, master=bridge.index)
        if up:
            self.ensure_up(near)

    def _add_cable(self, port: str, other: Inside, device: str, mac: str) -> None:
        descriptor = os.open(namespace_path(other.name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            peer = {"ifname": device, "net_ns_fd": descriptor}
            if mac:
                peer["address"] = mac
            self._netlink.link("add", ifname=port, kind="veth", peer=peer)
        finally:
            os.close(descriptor)

    def delete(self, link: Link) -> None:
        """Remove a link, with its other end; one that is gone already is fine."""
        with _unless_gone():
            self._netlink.link("del", index=link.index)

    def change(self, link: Link, **values: Any) -> None:
        """Change a link."""
        self._netlink.link("set", index=link.index, **values)

    def ensure_up(self, link: Link) -> Link:
        """Switch a link on."""
        if not link.up:
            self.change(link, state="up")
        return link

    def ensure_down(self, link: Link) -> Link:
        """Switch a link off: the bridge at its other end loses the carrier."""
        if link.up:
            self.change(link, state="down")
        return link

    def addresses(self, link: Link) -> set[str]:
        """Return the IPv4 addresses of a link, each with its prefix length."""
        found = self._netlink.get_addr(family=_IPV4, index=link.index)
        return {f"{_address(message)}/{message['prefixlen']}" for message in found}

    def ensure_address(self, link: Link, address: str, prefix_length: int) -> None:
        """Give a link an address; others that it has stay."""
        if f"{address}/{prefix_length}" not in self.addresses(link):
            self._netlink.addr("add", index=link.index, address=address, prefixlen=prefix_length)

    def keep_addresses(self, link: Link, kept: AbstractSet[str]) -> None:
        """Take from a link what is not among these."""
        for each in self.addresses(link) - kept:
            address, _, length = each.partition("/")
            with _unless_gone():
                self._netlink.addr("del", index=link.index, address=address, prefixlen=int(length))

    def ensure_route(self, link: Link, route: RouteTo) -> None:
        """Set a route over a link, in place of another one to the same destination."""
        more: dict[str, Any] = {"gateway": route.gateway} if route.gateway else {"scope": "link"}
        if route.metric:
            more["priority"] = route.metric
        self._netlink.route(
            "replace", dst=route.destination, oif=link.index, table=route.table, **more
        )

    def ensure_unreachable(self, destination: str) -> None:
        """Let packets end here that nothing more exact than this destination leads anywhere."""
        self._netlink.route("replace", dst=destination, type="unreachable", priority=2**32 - 1)

    def ensure_rules(self, wanted: AbstractSet[Rule], priorities: range) -> None:
        """Have exactly these rules among the priorities given."""
        present: dict[Rule, Any] = {}
        for message in self._netlink.get_rules(family=_IPV4):
            rule = _rule(message)
            if rule.priority in priorities:
                present[rule] = message
        for rule in present.keys() - wanted:
            with _unless_gone():
                self._netlink.rule("del", **_rule_arguments(rule))
        for rule in wanted - present.keys():
            self._netlink.rule("add", **_rule_arguments(rule))


def _link(message: Any) -> Link:
    return Link(
        index=int(message["index"]),
        name=str(message.get("ifname")),
        kind=str(message.get(("linkinfo", "kind")) or ""),
        alias=str(message.get("ifalias") or ""),
        mac=str(message.get("address") or ""),
        up=bool(message["flags"] & _UP),
        master=int(message.get("master") or 0),
        peer=int(message.get("link") or 0),
    )


def _is_cable(near: Link | None, far: Link | None, alias: str, mac: str) -> bool:
    """Return whether these two are the ends of one veth pair that was finished for this purpose."""
    if near is None or far is None:
        return False
    joined = near.kind == far.kind == "veth" and near.peer == far.index and far.peer == near.index
    return joined and near.alias == far.alias == alias and mac in ("", far.mac)


def _address(message: Any) -> str:
    return str(message.get("local") or message.get("address"))


def _rule(message: Any) -> Rule:
    return Rule(
        priority=int(message.get("priority") or 0),
        table=int(message.get("table") or 0),
        source=str(message.get("src") or ""),
        mark=int(message.get("fwmark") or 0),
    )


def _rule_arguments(rule: Rule) -> dict[str, Any]:
    arguments: dict[str, Any] = {"priority": rule.priority, "table": rule.table}
    if rule.source:
        arguments |= {"src": str(ipaddress.IPv4Address(rule.source)), "src_len": 32}
    if rule.mark:
        arguments["fwmark"] = rule.mark
    return arguments


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Take it as done when the thing is not there (any more)."""
    gone = (2, 3, 19, 99)  # ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL
    try:
        yield
    except NetlinkError as error:
        if error.code not in gone:
            raise

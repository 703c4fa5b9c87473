"""The agent's two nftables tables, as data: what stands in them always (the structure), and what changes (the elements).

`table bridge havip_guard` sees every frame that comes in at a port of this namespace's bridges before anything else does:

- a frame that claims a HaVip, as the sender of ARP or the source of IPv4, passes only at a port that is bound to it;
- a frame that bears the MAC address of a bound port passes only at that port, so that nobody draws a holder's frames away;
- what could hide such a claim (a second VLAN tag, which hosts strip when it is zero; ARP of odd lengths) does not pass;
- on their way out, packets *to* a HaVip reach bound ports only, even while somebody's ARP cache is out of date.

What does not touch a HaVip is left alone. The router's own traffic does not come in at a port, so it is not looked at.

`table ip havip_nat` maps EIPs to HaVips both ways, lets the VPC's own clients use an EIP, too, and drops what comes from
outside with a HaVip as its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

GUARD = ("bridge", "havip_guard")
NAT = ("ip", "havip_nat")
GUARD_SETS: dict[str, str | list[str]] = {
    "havips": "ipv4_addr",
    "allowed": ["ifname", "ipv4_addr"],
    "macs": "ether_addr",
    "owners": ["ifname", "ether_addr"],
}
GUARD_COUNTERS = ("dropped_arp", "dropped_ipv4", "dropped_mac", "dropped_odd", "dropped_delivery")
NAT_COUNTERS = ("dropped_outside",)
_FIRST = -300


@dataclass(frozen=True, slots=True)
class Elements:
    """What is wanted of the tables now. Everything in it has passed the protocol's checks."""

    outside: str
    """The link to the outside; empty where there is none, and then there is no NAT."""
    cidr_block: str
    havips: frozenset[str]
    allowed: frozenset[tuple[str, str]]
    """Ports with the HaVips that they may announce and use."""
    owners: frozenset[tuple[str, str]]
    """Bound ports with their MAC addresses."""
    eips: frozenset[tuple[str, str]]
    """EIPs with their HaVips."""

    def of_sets(self) -> dict[tuple[str, str, str], frozenset[Any]]:
        """Return what stands in each set and map, by family, table and name."""
        found: dict[tuple[str, str, str], frozenset[Any]] = {
            (*GUARD, "havips"): self.havips,
            (*GUARD, "allowed"): self.allowed,
            (*GUARD, "macs"): frozenset(mac for _port, mac in self.owners),
            (*GUARD, "owners"): self.owners,
        }
        if self.outside:
            found[*NAT, "havips"] = self.havips
            found[*NAT, "eip_to_havip"] = self.eips
            found[*NAT, "havip_to_eip"] = frozenset((havip, eip) for eip, havip in self.eips)
        return found


def _payload(protocol: str, field: str) -> Json:
    return {"payload": {"protocol": protocol, "field": field}}


def _meta(key: str) -> Json:
    return {"meta": {"key": key}}


def _match(left: Json, right: Any, operator: str = "==") -> Json:
    return {"match": {"op": operator, "left": left, "right": right}}


def _pair(first: Json, second: Json) -> Json:
    return {"concat": [first, second]}


def _drop(counter: str) -> list[Json]:
    return [{"counter": counter}, {"drop": None}]


def _guard_rules() -> dict[str, list[list[Json]]]:
    arp, ipv4 = _match(_meta("protocol"), "arp"), _match(_meta("protocol"), "ip")
    port, source, sender = (
        _meta("iifname"),
        _payload("ip", "saddr"),
        _payload("arp", "saddr ip"),
    )
    ether, target = _payload("ether", "saddr"), _payload("ip", "daddr")
    odd = {"htype": 1, "hlen": 6, "plen": 4}
    return {
        "incoming": [
            [_match(_meta("protocol"), {"set": ["8021q", "8021ad"]}), *_drop("dropped_odd")],
            *(
                [arp, _match(_payload("arp", field), value, "!="), *_drop("dropped_odd")]
                for field, value in odd.items()
            ),
            [
                _match(ether, "@macs"),
                _match(_pair(port, ether), "@owners", "!="),
                *_drop("dropped_mac"),
            ],
            [arp, _match(_pair(port, sender), "@allowed"), {"accept": None}],
            [arp, _match(sender, "@havips"), *_drop("dropped_arp")],
            [ipv4, _match(_pair(port, source), "@allowed"), {"accept": None}],
            [ipv4, _match(source, "@havips"), *_drop("dropped_ipv4")],
        ],
        "delivery": [
            [ipv4, _match(_pair(_meta("oifname"), target), "@allowed"), {"accept": None}],
            [ipv4, _match(target, "@havips"), *_drop("dropped_delivery")],
        ],
        "forwarded": [[{"jump": {"target": "delivery"}}]],
        "own": [[{"jump": {"target": "delivery"}}]],
    }


def _nat_rules(outside: str, cidr_block: str) -> dict[str, list[list[Json]]]:
    address, _, length = cidr_block.partition("/")
    inside = {"prefix": {"addr": address, "len": int(length)}}
    source, target = _payload("ip", "saddr"), _payload("ip", "daddr")
    return {
        "arriving": [
            [
                _match(_meta("iifname"), outside),
                _match(source, "@havips"),
                *_drop("dropped_outside"),
            ]
        ],
        "destinations": [[{"dnat": {"addr": {"map": {"key": target, "data": "@eip_to_havip"}}}}]],
        "sources": [
            [
                _match(_meta("oifname"), outside),
                {"snat": {"addr": {"map": {"key": source, "data": "@havip_to_eip"}}}},
            ],
            [
                _match({"ct": {"key": "status"}}, "dnat", "in"),
                _match(source, inside),
                _match(target, "@havips"),
                {"masquerade": None},
            ],
        ],
    }


def _chain(kind: str, hook: str, priority: int) -> Json:
    return {"type": kind, "hook": hook, "prio": priority, "policy": "accept"}


_GUARD_CHAINS: dict[str, Json] = {
    "delivery": {},
    "incoming": _chain("filter", "prerouting", _FIRST),
    "forwarded": _chain("filter", "forward", _FIRST),
    "own": _chain("filter", "output", _FIRST),
}
_NAT_CHAINS: dict[str, Json] = {
    "arriving": _chain("filter", "prerouting", _FIRST),
    "destinations": _chain("nat", "prerouting", -100),
    "sources": _chain("nat", "postrouting", 100),
}


def replacement(elements: Elements) -> list[Json]:
    """Return the commands that put the tables there anew, whatever was there under their names."""
    commands = [*_table(GUARD), *_removal(NAT)]
    commands += _objects(GUARD, GUARD_COUNTERS)
    for name, kind in GUARD_SETS.items():
        commands.append({"add": {"set": _within(GUARD, name=name, type=kind)}})
    commands += _chains(GUARD, _GUARD_CHAINS, _guard_rules())
    if elements.outside:
        commands += [{"add": {"table": _named(NAT)}}, *_objects(NAT, NAT_COUNTERS)]
        commands.append({"add": {"set": _within(NAT, name="havips", type="ipv4_addr")}})
        for name in ("eip_to_havip", "havip_to_eip"):
            body = _within(NAT, name=name, type="ipv4_addr", map="ipv4_addr")
            commands.append({"add": {"map": body}})
        commands += _chains(NAT, _NAT_CHAINS, _nat_rules(elements.outside, elements.cidr_block))
    return commands + difference({}, elements)


def removal() -> list[Json]:
    """Return the commands that take both tables away."""
    return [*_removal(GUARD), *_removal(NAT)]


def difference(present: dict[tuple[str, str, str], frozenset[Any]], wanted: Elements) -> list[Json]:
    """Return the commands that turn what stands in the sets into what is wanted."""
    gone, new = [], []
    for (family, table, name), members in sorted(wanted.of_sets().items()):
        standing = present.get((family, table, name), frozenset())
        where = {"family": family, "table": table, "name": name}
        if standing - members:
            gone.append(_element("delete", where, standing - members))
        if members - standing:
            new.append(_element("add", where, members - standing))
    return gone + new


def _element(verb: str, where: dict[str, str], members: frozenset[Any]) -> Json:
    is_map = "_to_" in where["name"]
    elements: list[Any] = []
    for member in sorted(members):
        if isinstance(member, str):
            elements.append(member)
        else:
            elements.append(list(member) if is_map else {"concat": list(member)})
    return {verb: {"element": {**where, "elem": elements}}}


def _named(table: tuple[str, str]) -> Json:
    return {"family": table[0], "name": table[1]}


def _within(table: tuple[str, str], **more: Any) -> Json:
    return {"family": table[0], "table": table[1], **more}


def _removal(table: tuple[str, str]) -> list[Json]:
    # Adding first makes deleting succeed whether it was there or not.
    return [{"add": {"table": _named(table)}}, {"delete": {"table": _named(table)}}]


def _table(table: tuple[str, str]) -> list[Json]:
    return [*_removal(table), {"add": {"table": _named(table)}}]


def _objects(table: tuple[str, str], counters: tuple[str, ...]) -> list[Json]:
    return [{"add": {"counter": _within(table, name=name)}} for name in counters]


def _chains(
    table: tuple[str, str], chains: dict[str, Json], rules: dict[str, list[list[Json]]]
) -> list[Json]:
    commands = [
        {"add": {"chain": _within(table, name=name, **body)}} for name, body in chains.items()
    ]
    for name in chains:
        commands += [
            {"add": {"rule": _within(table, chain=name, expr=expression)}}
            for expression in rules[name]
        ]
    return commands

"""The outside: a namespace that is the internet, with a client in it and a link to each router.

    client ── bridge "internet" 198.51.100.1/24 ══ veth ══ "outside" 198.51.100.N/24 ── router of a VPC

The public addresses are reached over the same links, each asked for by ARP: the router whose gateway agent maps an address is
the one that answers. So every address of the pool can be handed out, and moves between VPCs without anybody being told.
"""

from __future__ import annotations

import ipaddress

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.links import Inside, Link, RouteTo
from havip.fabric.linux.lab.topology import (
    OUTSIDE_ADDRESS,
    OUTSIDE_BRIDGE,
    OUTSIDE_DEVICE,
    TRANSFER,
    Place,
    uplink_port,
)

# A client that asks again soon: an address that moved to another router is found there within two seconds.
_NEIGHBOURS = f"net/ipv4/neigh/{OUTSIDE_BRIDGE}"
_LAST = 1000
_PARAMETERS = (
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
    ("net/ipv4/ip_forward", "0"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/bridge/bridge-nf-call-iptables", "0"),
)
_BRIDGE_PARAMETERS = (
    (f"{_NEIGHBOURS}/base_reachable_time_ms", "1000"),
    (f"{_NEIGHBOURS}/delay_first_probe_time", "0"),
    (f"{_NEIGHBOURS}/retrans_time_ms", "100"),
    (f"net/ipv4/conf/{OUTSIDE_BRIDGE}/rp_filter", "0"),
)


def ensure_outside(place: Place, pool: str, present: set[str]) -> None:
    """Have the outside, without a link to any router yet."""
    if place.outside not in present:
        namespaces.create(place.outside, place.mark)
    namespaces.set_parameters(place.outside, _PARAMETERS)
    with Inside(place.outside) as outside:
        outside.ensure_up(outside.links()["lo"])
        bridge = outside.ensure_bridge(OUTSIDE_BRIDGE)
        namespaces.set_parameters(place.outside, _BRIDGE_PARAMETERS)
        outside.ensure_address(bridge, OUTSIDE_ADDRESS, TRANSFER.prefixlen)
        outside.ensure_route(bridge, RouteTo(str(ipaddress.IPv4Network(pool))))


def ensure_uplink(router: Inside, outside: Inside, vpc_id: str, address: str) -> Link:
    """Have a router's link to the outside, and its way to everywhere over it."""
    bridge = outside.links()[OUTSIDE_BRIDGE]
    outside.ensure_cable(uplink_port(vpc_id), bridge, router, OUTSIDE_DEVICE, alias=vpc_id)
    link = router.ensure_up(router.links()[OUTSIDE_DEVICE])
    router.ensure_address(link, address, TRANSFER.prefixlen)
    # A route entry of the VPC may lead everywhere, too: it comes before this one.
    router.ensure_route(link, RouteTo("0.0.0.0/0", OUTSIDE_ADDRESS, metric=_LAST))
    return link


def present_uplink(router: Inside) -> str:
    """Return the address that a router has on its outside link; empty for none."""
    link = router.links().get(OUTSIDE_DEVICE)
    if link is None:
        return ""
    for each in sorted(router.addresses(link)):
        interface = ipaddress.IPv4Interface(each)
        if interface.network == TRANSFER:
            return str(interface.ip)
    return ""

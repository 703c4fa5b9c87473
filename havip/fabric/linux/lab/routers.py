"""The router of a VPC: a namespace with a bridge for each vSwitch, and the gateway's address on each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.links import Inside
from havip.fabric.linux.lab.outside import ensure_uplink
from havip.fabric.linux.lab.topology import Machine, Place, bridge_mac, router_of
from havip.fabric.linux.protocol import HostVpc

_PARAMETERS = (
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    # A route entry's next hop may be in the sender's own vSwitch; the sender need not know.
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    # Frames between two ports of a bridge are none of the router's IPv4 rules' business.
    ("net/bridge/bridge-nf-call-iptables", "0"),
)
_BRIDGE = re.compile(r"b[0-9a-f]{12}")
_PORT = re.compile(r"p[0-9a-f]{12}")


def ensure_router(place: Place, vpc: HostVpc, uplink: str, present: set[str]) -> None:
    """Have the router of a VPC with its vSwitches and its way outside, and no vSwitch beside those."""
    name = router_of(vpc.id)
    if name not in present:
        namespaces.create(name, place.mark)
    namespaces.set_parameters(name, _PARAMETERS)
    with Inside(name) as router, Inside(place.outside) as outside:
        links = router.links()
        router.ensure_up(links["lo"])
        wanted = {subnet.bridge for subnet in vpc.vswitches}
        for link in links.values():
            if _BRIDGE.fullmatch(link.name) and link.name not in wanted:
                router.delete(link)
        for subnet in vpc.vswitches:
            bridge = router.ensure_bridge(subnet.bridge, bridge_mac(subnet.id))
            length = ipaddress.IPv4Network(subnet.cidr_block).prefixlen
            router.ensure_address(bridge, subnet.gateway, length)
            router.keep_addresses(bridge, {f"{subnet.gateway}/{length}"})
        ensure_uplink(router, outside, vpc.id, uplink)
        router.ensure_unreachable(vpc.cidr_block)


def remove_other_ports(vpc: HostVpc, machines: Sequence[Machine]) -> None:
    """Cut the cables that are not wanted (any more)."""
    wanted = {cable.port for machine in machines for cable in machine.cables}
    with Inside(router_of(vpc.id)) as router:
        for link in router.links().values():
            if _PORT.fullmatch(link.name) and link.name not in wanted:
                router.delete(link)

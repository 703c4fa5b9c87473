"""Finding what an operation is about, or refusing with the code for what is missing."""

from __future__ import annotations

from console.teams.models import Team
from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.regions import Region, find_region
from havip.rules import binding, creating, inventory
from havip.selectors.resources import find


def the_region(identifier: str) -> Region:
    """Return the region. Raises Refusal C2."""
    return creating.c2_region_known(find_region(identifier), identifier)


def the_vpc(team: Team, region: str, identifier: str) -> Vpc:
    """Return the team's VPC in the region. Raises Refusal C3."""
    return creating.c3_vpc_found(find(Vpc, team, identifier, region=region), identifier)


def the_vswitch(team: Team, region: str, identifier: str, vpc: Vpc | None = None) -> VSwitch:
    """Return the team's available vSwitch (of this VPC, where one is named). Raises Refusal C4."""
    vswitch = find(VSwitch, team, identifier, region=region)
    return creating.c4_vswitch_usable(vswitch, vpc, identifier)


def the_havip(team: Team, region: str, identifier: str) -> HaVip:
    """Return the team's HaVip in the region. Raises Refusal H1."""
    havip = find(HaVip, team, identifier, region=region)
    if havip is None:
        raise binding.NO_HAVIP.refuse(havip=identifier[:60])
    return havip


def the_instance(team: Team, region: str, identifier: str) -> Instance:
    """Return the team's instance in the region. Raises Refusal I0."""
    instance = find(Instance, team, identifier, region=region)
    if instance is None:
        raise inventory.I0_INSTANCE.refuse(instance=identifier[:60])
    return instance


def the_interface(team: Team, region: str, identifier: str) -> NetworkInterface:
    """Return the team's network interface in the region. Raises Refusal W0."""
    interface = find(NetworkInterface, team, identifier, region=region)
    if interface is None:
        raise inventory.W0_INTERFACE.refuse(interface=identifier[:60])
    return interface


def the_eip(team: Team, identifier: str, *, region: str | None = None) -> Eip:
    """Return the team's EIP, of any region unless one is named: binding checks it by E1. Raises Refusal E0."""
    eip = find(Eip, team, identifier, region=region)
    if eip is None:
        raise binding.NO_EIP.refuse(eip=identifier[:60])
    return eip


def the_route(team: Team, region: str, identifier: str) -> RouteEntry:
    """Return the team's route entry in the region. Raises Refusal R0."""
    route = find(RouteEntry, team, identifier, region=region)
    if route is None:
        raise inventory.R0_ROUTE.refuse(route=identifier[:60])
    return route

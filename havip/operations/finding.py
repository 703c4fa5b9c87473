"""Finding what an operation is about, or refusing with the code for what is missing."""

from __future__ import annotations

from console.operations.refusal import Rule
from console.teams.models import Team
from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.regions import Region, find_region
from havip.rules import binding, creating, inventory
from havip.selectors.resources import AnyResource, find, vpc_of_table


def the_region(identifier: str) -> Region:
    """Return the region. Raises Refusal C2."""
    return creating.c2_region_known(find_region(identifier), identifier)


def _found(
    model: type[AnyResource], team: Team, region: str, identifier: str
) -> AnyResource | None:
    """Return the team's resource in the region (in any, where none is named), or None.

    Raises Refusal C2 for a region that nobody knows.
    """
    record = find(model, team, identifier, region=region or None)
    if record is None and region:
        the_region(region)
    return record


def the_vpc(team: Team, region: str, identifier: str) -> Vpc:
    """Return the team's VPC in the region. Raises Refusal C3."""
    return creating.c3_vpc_found(_found(Vpc, team, region, identifier), identifier)


def the_vpc_of_table(team: Team, region: str, route_table_id: str) -> Vpc:
    """Return the team's VPC whose route table this is. Raises Refusal R0."""
    vpc = vpc_of_table(team, region, route_table_id)
    if vpc is None:
        if region:
            the_region(region)
        raise inventory.R0_TABLE.refuse(table=route_table_id[:60])
    return vpc


def the_vswitch(team: Team, region: str, identifier: str, vpc: Vpc | None = None) -> VSwitch:
    """Return the team's available vSwitch (of this VPC, where one is named). Raises Refusal C4."""
    vswitch = _found(VSwitch, team, region, identifier)
    return creating.c4_vswitch_usable(vswitch, vpc, identifier)


def the_havip(team: Team, region: str, identifier: str, missing: Rule = binding.NO_HAVIP) -> HaVip:
    """Return the team's HaVip in the region. Raises Refusal H1, by the one of its rules that is named."""
    havip = _found(HaVip, team, region, identifier)
    if havip is None:
        raise missing.refuse(havip=identifier[:60])
    return havip


def the_instance(team: Team, region: str, identifier: str) -> Instance:
    """Return the team's instance in the region. Raises Refusal I0."""
    instance = _found(Instance, team, region, identifier)
    if instance is None:
        raise inventory.I0_INSTANCE.refuse(instance=identifier[:60])
    return instance


def the_interface(team: Team, region: str, identifier: str) -> NetworkInterface:
    """Return the team's network interface in the region. Raises Refusal W0."""
    interface = _found(NetworkInterface, team, region, identifier)
    if interface is None:
        raise inventory.W0_INTERFACE.refuse(interface=identifier[:60])
    return interface


def the_eip(team: Team, identifier: str, *, region: str | None = None) -> Eip:
    """Return the team's EIP, of any region unless one is named: binding checks it by E1. Raises Refusal E0."""
    eip = find(Eip, team, identifier) if region is None else _found(Eip, team, region, identifier)
    if eip is None:
        raise binding.NO_EIP.refuse(eip=identifier[:60])
    return eip


def the_route(team: Team, region: str, identifier: str) -> RouteEntry:
    """Return the team's route entry in the region. Raises Refusal R0."""
    route = _found(RouteEntry, team, region, identifier)
    if route is None:
        raise inventory.R0_ROUTE.refuse(route=identifier[:60])
    return route

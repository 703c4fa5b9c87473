"""Finding and listing resources: always from the team, and within a region where there is one."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Count, QuerySet

from console.teams.models import Team
from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.models.base import Resource

AnyResource = TypeVar("AnyResource", bound=Resource)


def find(
    model: type[AnyResource], team: Team, identifier: str, *, region: str | None = None
) -> AnyResource | None:
    """Return the team's resource with this identifier (in this region, where one is given), or None."""
    if "\0" in identifier:
        return None
    found: QuerySet[AnyResource] = model._default_manager.filter(team=team, resource_id=identifier)
    if region is not None:
        found = found.filter(region=region)
    return found.first()


def vpcs(team: Team, region: str) -> QuerySet[Vpc]:
    """Return the VPCs of a team in a region, with counts of what is in them."""
    return (
        Vpc.objects.for_team(team)
        .in_region(region)
        .annotate(
            vswitch_count=Count("vswitches", distinct=True),
            havip_count=Count("havips", distinct=True),
        )
    )


def vswitches(team: Team, region: str) -> QuerySet[VSwitch]:
    """Return the vSwitches of a team in a region, with their VPC and the number of taken addresses."""
    return (
        VSwitch.objects.for_team(team)
        .in_region(region)
        .select_related("vpc")
        .annotate(taken_count=Count("addresses"))
    )


def instances(team: Team, region: str) -> QuerySet[Instance]:
    """Return the instances of a team in a region, with network, cards and bindings."""
    return (
        Instance.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc")
        .prefetch_related("interfaces", "bindings__havip")
    )


def interfaces(team: Team, region: str) -> QuerySet[NetworkInterface]:
    """Return the network interfaces of a team in a region, with network, instance and bindings."""
    return (
        NetworkInterface.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc", "instance")
        .prefetch_related("bindings__havip")
    )


def eips(team: Team, region: str) -> QuerySet[Eip]:
    """Return the EIPs of a team in a region, with the HaVip that each is bound to."""
    return Eip.objects.for_team(team).in_region(region).select_related("havip")


def routes(team: Team, region: str) -> QuerySet[RouteEntry]:
    """Return the route entries of a team in a region, with VPC and next hop."""
    return RouteEntry.objects.for_team(team).in_region(region).select_related("vpc", "havip")


def contents_of_vpc(vpc: Vpc) -> dict[str, int]:
    """Return how much of what is in a VPC (2-domain F5)."""
    return {
        "vSwitch": VSwitch.objects.filter(vpc=vpc).count(),
        "HaVip": HaVip.objects.filter(vpc=vpc).count(),
        "route entry": RouteEntry.objects.filter(vpc=vpc).count(),
    }


def contents_of_vswitch(vswitch: VSwitch) -> dict[str, int]:
    """Return how much of what is in a vSwitch (2-domain F5)."""
    return {
        "HaVip": HaVip.objects.filter(vswitch=vswitch).count(),
        "instance": Instance.objects.filter(vswitch=vswitch).count(),
        "network interface": NetworkInterface.objects.filter(
            vswitch=vswitch, interface_type="Secondary"
        ).count(),
    }

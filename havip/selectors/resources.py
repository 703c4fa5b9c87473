"""Finding resources, always from the team and within a region where there is one, and what they contain."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import QuerySet

from console.teams.models import Team
from havip.models import HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
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


def vpc_of_table(team: Team, region: str, route_table_id: str) -> Vpc | None:
    """Return the team's VPC in the region (in any, where none is named) whose route table this is, or None."""
    found = Vpc.objects.for_team(team)
    if region:
        found = found.in_region(region)
    return found.filter(route_table_id=route_table_id).first()


def contents_of_vpc(vpc: Vpc) -> dict[str, int]:
    """Return how much of what is in a VPC (2-domain F5)."""
    return {
        "vswitch": VSwitch.objects.filter(vpc=vpc).count(),
        "havip": HaVip.objects.filter(vpc=vpc).count(),
        "route": RouteEntry.objects.filter(vpc=vpc).count(),
    }


def contents_of_vswitch(vswitch: VSwitch) -> dict[str, int]:
    """Return how much of what is in a vSwitch (2-domain F5)."""
    return {
        "havip": HaVip.objects.filter(vswitch=vswitch).count(),
        "instance": Instance.objects.filter(vswitch=vswitch).count(),
        "interface": NetworkInterface.objects.filter(
            vswitch=vswitch, interface_type="Secondary"
        ).count(),
    }

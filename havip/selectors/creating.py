"""Reading what the create panel offers, and why nothing can be created now."""

from __future__ import annotations

from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import NetworkStatus, QuotaName, Vpc, VSwitch
from havip.regions import find_region
from havip.rules import creating
from havip.rules.catalogue import first_refusal
from havip.selectors import quotas

MOST_CHOICES = 500


def vswitches_to_choose(team: Team, region: str) -> list[VSwitch]:
    """Return the available vSwitches of a region with their VPCs, by name; at most as many as a select can hold."""
    return list(
        VSwitch.objects.for_team(team)
        .in_region(region)
        .filter(status=NetworkStatus.AVAILABLE)
        .select_related("vpc")
        .order_by("vpc__name", "vpc__pk", "name", "pk")[:MOST_CHOICES]
    )


def has_vswitch(team: Team, region: str) -> bool:
    """Return whether there is any vSwitch in the region that a HaVip could belong to."""
    return (
        VSwitch.objects.for_team(team)
        .in_region(region)
        .filter(status=NetworkStatus.AVAILABLE)
        .exists()
    )


def creation_refusal(principal: Principal, region: str) -> Refusal | None:
    """Return why this caller can create no HaVip at all in the region now (C1, C2, C9), or None."""
    team = principal.team
    if not principal.may(Permission.OPERATE):
        return PERMISSION.refuse()

    def check() -> None:
        creating.c1_beta_approved(quotas.beta_approved(team))
        creating.c2_region_supports_havip(find_region(region), region)
        creating.c9_team_quota(
            quotas.havips_of_team(team), quotas.quota(team, QuotaName.HAVIPS_PER_TEAM)
        )

    return first_refusal(check)


def vpc_use(team: Team, vpc: Vpc) -> tuple[int, int]:
    """Return how many HaVips the VPC has, and how many it may have (2-domain C10)."""
    return quotas.havips_of_vpc(vpc), quotas.quota(team, QuotaName.HAVIPS_PER_VPC)

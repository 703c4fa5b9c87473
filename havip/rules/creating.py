"""C1 to C10: what must hold for a HaVip to be created (2-domain, Creating). C5 to C8 are in `addresses`."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import NetworkStatus, Vpc, VSwitch
from havip.regions import Region
from havip.rules.catalogue import numbered

C1_BETA = Rule(
    "C1",
    code="Forbidden.HaVip",
    message=_("HaVip is in public beta, and this team's application is not approved."),
    remedy=_("File a beta application on the quotas page; a site administrator decides it."),
)
C2_UNKNOWN = Rule(
    "C2",
    code="InvalidRegionId.NotFound",
    message=_("There is no region %(region)s."),
    remedy=_("Choose a region from the switcher in the top bar."),
    field="region",
    status=HTTPStatus.NOT_FOUND,
)
C2_UNSUPPORTED = Rule(
    "C2",
    code="UnsupportedRegion.HaVip",
    message=_("The region %(region)s does not support HaVip."),
    remedy=_("Choose a region that does."),
    field="region",
)
C3_VPC = Rule(
    "C3",
    code="InvalidVpcId.NotFound",
    message=_("There is no VPC %(vpc)s of this team in this region."),
    remedy=_("Choose a VPC of the region; only VPC networks can hold HaVips."),
    field="vpc_id",
    status=HTTPStatus.NOT_FOUND,
)
C4_VSWITCH = Rule(
    "C4",
    code="InvalidVSwitchId.NotFound",
    message=_("There is no available vSwitch %(vswitch)s in that VPC."),
    remedy=_("Choose an available vSwitch of the VPC."),
    field="vswitch_id",
    status=HTTPStatus.NOT_FOUND,
)
C9_TEAM_QUOTA = Rule(
    "C9",
    code="QuotaExceeded.HaVip",
    message=_("The team has %(used)s of at most %(limit)s HaVips."),
    remedy=_("Delete one that is not needed, or ask for a higher quota."),
)
C10_VPC_QUOTA = Rule(
    "C10",
    code="QuotaExceeded.HaVipPerVpc",
    message=_("The VPC has %(used)s of at most %(limit)s HaVips."),
    remedy=_("Delete one that is not needed, use another VPC, or ask for a higher quota."),
    field="vpc_id",
)


def c1_beta_approved(approved: bool) -> None:
    """C1: the team's beta application is approved, or the deployment has switched the gate off."""
    if not approved:
        raise C1_BETA.refuse()


def c2_region_known(region: Region | None, identifier: str) -> Region:
    """C2, first half: the region is known; return it."""
    if region is None:
        raise C2_UNKNOWN.refuse(region=identifier[:40])
    return region


def c2_region_supports_havip(region: Region | None, identifier: str) -> Region:
    """C2: the region is known and supports HaVip; return it."""
    known = c2_region_known(region, identifier)
    if not known.supports_havip:
        raise C2_UNSUPPORTED.refuse(region=known.name)
    return known


def c3_vpc_found(vpc: Vpc | None, identifier: str) -> Vpc:
    """C3: the VPC exists, is the team's and in the region (the caller looked there); return it."""
    if vpc is None or vpc.status == NetworkStatus.DELETING:
        raise C3_VPC.refuse(vpc=identifier[:60])
    return vpc


def c4_vswitch_usable(vswitch: VSwitch | None, vpc: Vpc | None, identifier: str) -> VSwitch:
    """C4: the vSwitch exists, is the team's, belongs to that VPC (when one is named) and is available; return it."""
    if (
        vswitch is None
        or (vpc is not None and vswitch.vpc_id != vpc.pk)
        or vswitch.status != NetworkStatus.AVAILABLE
    ):
        raise C4_VSWITCH.refuse(vswitch=identifier[:60])
    return vswitch


def c9_team_quota(used: int, limit: int) -> None:
    """C9: HaVips per team."""
    if used >= limit:
        raise C9_TEAM_QUOTA.refuse(used=used, limit=limit)


def c10_vpc_quota(used: int, limit: int) -> None:
    """C10: HaVips per VPC."""
    if used >= limit:
        raise C10_VPC_QUOTA.refuse(used=used, limit=limit)


numbered("C1", "the team's beta application is approved", C1_BETA)
numbered("C2", "the region is known and supports HaVip", C2_UNKNOWN, C2_UNSUPPORTED)
numbered("C3", "the VPC exists, is the team's, is in the region", C3_VPC)
numbered("C4", "the vSwitch exists, is the team's, belongs to that VPC, is available", C4_VSWITCH)
numbered("C9", "HaVips per team: at most the quota", C9_TEAM_QUOTA)
numbered("C10", "HaVips per VPC: at most the quota", C10_VPC_QUOTA)

"""L1 to L7: the limits of 2-domain with their defaults, and what is said about requests to raise them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import BetaApplication, QuotaName, QuotaRequest, RequestState
from havip.rules.addresses import C5_OUT_OF_RANGE, C6_RESERVED, N2_VPC_EXCLUDED
from havip.rules.binding import B1_NETWORK_TYPE, B3_SLOTS, B6_PER_INSTANCE
from havip.rules.catalogue import numbered
from havip.rules.creating import C9_TEAM_QUOTA, C10_VPC_QUOTA
from havip.rules.inventory import R4_QUOTA

QUOTA_DEFAULTS: Mapping[QuotaName, int] = {
    QuotaName.HAVIPS_PER_TEAM: 5,
    QuotaName.HAVIPS_PER_VPC: 5,
    QuotaName.HAVIPS_PER_INSTANCE: 5,
    QuotaName.ROUTES_PER_VPC: 5,
}
MAXIMUM_QUOTA = 1_000_000

Q1_VALUE = Rule(
    "Q1",
    code="InvalidParameter",
    message=_("The new value must be above the present %(limit)s and at most %(maximum)s."),
    field="value",
)
Q2_OPEN = Rule(
    "Q2",
    code="IncorrectStatus",
    message=_("A request for this is open already."),
    remedy=_("Wait for the site administrator's decision."),
)
Q3_DECIDED = Rule(
    "Q3",
    code="IncorrectStatus",
    message=_("This was decided already (%(state)s)."),
)
Q4_REASON = Rule(
    "Q4",
    code="MissingParameter",
    message=_("Say why, in at most 500 characters: the site administrator decides by it."),
    field="reason",
)
MAXIMUM_REASON = 500


def q1_value(value: int, present: int) -> None:
    """Q1: a request raises the quota."""
    if not present < value <= MAXIMUM_QUOTA:
        raise Q1_VALUE.refuse(limit=present, maximum=MAXIMUM_QUOTA)


def q2_none_open(open_request: QuotaRequest | BetaApplication | None) -> None:
    """Q2: one open request at a time for the same thing."""
    if open_request is not None:
        raise Q2_OPEN.refuse()


def q3_undecided(request: QuotaRequest | BetaApplication) -> None:
    """Q3: only what is pending can be decided."""
    if request.state != RequestState.PENDING:
        raise Q3_DECIDED.refuse(state=str(RequestState(request.state).label))


def q4_reason(reason: str) -> None:
    """Q4: a reason is given."""
    if not reason.strip() or len(reason) > MAXIMUM_REASON:
        raise Q4_REASON.refuse()


numbered("L1", "network type: VPC only", B1_NETWORK_TYPE)
numbered("L2", "HaVips per instance: 5, raised by quota request", B6_PER_INSTANCE)
numbered("L3", "instances, or interfaces, per HaVip: 2, a deployment's setting", B3_SLOTS)
numbered(
    "L4",
    "broadcast and multicast are not supported: no such address can be a HaVip",
    C5_OUT_OF_RANGE,
    C6_RESERVED,
    N2_VPC_EXCLUDED,
)
numbered("L5", "HaVips per team: 5, raised by quota request", C9_TEAM_QUOTA)
numbered("L6", "HaVips per VPC: 5, raised by quota request", C10_VPC_QUOTA)
numbered("L7", "route entries to HaVips in a VPC: 5, raised by quota request", R4_QUOTA)
numbered("Q1", "a quota request raises the quota", Q1_VALUE)
numbered("Q2", "one open request at a time", Q2_OPEN)
numbered("Q3", "only what is pending is decided", Q3_DECIDED)
numbered("Q4", "a request says why", Q4_REASON)

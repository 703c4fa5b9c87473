"""Reading what a site administrator decides: beta applications and quota requests of all teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet

from havip.models import BetaApplication, QuotaName, QuotaOverride, QuotaRequest, RequestState
from havip.rules.limits import QUOTA_DEFAULTS

Filed = TypeVar("Filed", BetaApplication, QuotaRequest)
BETA = "beta"
QUOTA = "quota"
_PENDING_SHOWN = 200
_DECIDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """One request with what a decision needs; `present` is the quota's limit as it is now."""

    kind: str
    record: BetaApplication | QuotaRequest
    present: int | None = None


def pending_requests() -> list[SiteRequest]:
    """Return what waits for a decision, the oldest first."""
    betas = _of_state(BetaApplication.objects.all(), RequestState.PENDING).order_by("pk")
    quotas = _of_state(QuotaRequest.objects.all(), RequestState.PENDING).order_by("pk")
    found = [
        *(SiteRequest(BETA, record) for record in betas[:_PENDING_SHOWN]),
        *_with_limits(quotas[:_PENDING_SHOWN]),
    ]
    return sorted(found, key=lambda request: request.record.filed_at)


def decided_requests() -> list[SiteRequest]:
    """Return the latest decisions, the newest first."""
    states = (RequestState.APPROVED, RequestState.DECLINED)
    betas = _of_state(BetaApplication.objects.all(), *states).order_by("-decided_at", "-pk")
    quotas = _of_state(QuotaRequest.objects.all(), *states).order_by("-decided_at", "-pk")
    found = [
        *(SiteRequest(BETA, record) for record in betas[:_DECIDED_SHOWN]),
        *(SiteRequest(QUOTA, record) for record in quotas[:_DECIDED_SHOWN]),
    ]
    found.sort(key=lambda request: request.record.decided_at or request.record.filed_at)
    return found[::-1][:_DECIDED_SHOWN]


def find_request(kind: str, pk: int) -> BetaApplication | QuotaRequest | None:
    """Return the request of this kind, whatever its state, or None."""
    if kind == BETA:
        return BetaApplication.objects.select_related("team").filter(pk=pk).first()
    if kind == QUOTA:
        return QuotaRequest.objects.select_related("team").filter(pk=pk).first()
    return None


def _of_state(queryset: QuerySet[Filed], *states: RequestState) -> QuerySet[Filed]:
    return queryset.select_related("team").filter(state__in=states)


def _with_limits(requests: Iterable[QuotaRequest]) -> Iterable[SiteRequest]:
    """Give each quota request the team's limit as it is now, in one query."""
    wanted = list(requests)
    own = {
        (team_id, name): value
        for team_id, name, value in QuotaOverride.objects.filter(
            team__in={request.team_id for request in wanted}
        ).values_list("team_id", "name", "value")
    }
    for request in wanted:
        default = QUOTA_DEFAULTS[QuotaName(request.name)]
        yield SiteRequest(QUOTA, request, own.get((request.team_id, request.name), default))

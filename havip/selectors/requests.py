"""Reading what waits for a site administrator: beta applications and quota requests of all teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.teams.models import Team
from havip.models import BetaApplication, QuotaName, QuotaOverride, QuotaRequest, RequestState
from havip.rules.limits import QUOTA_DEFAULTS

BETA = "beta"
QUOTA = "quota"
_SHOWN = 200
_DECIDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """One request with what a decision needs: who asks, why, and for a quota the limit as it is now."""

    kind: str
    record: BetaApplication | QuotaRequest
    present: int | None = None

    @property
    def is_quota(self) -> bool:
        """Whether a limit is to be raised; otherwise it is a beta application."""
        return self.kind == QUOTA


def pending_requests() -> list[SiteRequest]:
    """Return what is to be decided, the oldest first."""
    betas = _betas(RequestState.PENDING)[:_SHOWN]
    quotas = list(_quotas(RequestState.PENDING).order_by("pk")[:_SHOWN])
    found = [*_as_requests(betas), *_with_limits(quotas)]
    return sorted(found, key=lambda request: request.record.filed_at)


def decided_requests() -> list[SiteRequest]:
    """Return the latest decisions, the newest first."""
    states = (RequestState.APPROVED, RequestState.DECLINED)
    betas = _betas(*states).order_by("-decided_at")[:_DECIDED_SHOWN]
    quotas = _quotas(*states).order_by("-decided_at")[:_DECIDED_SHOWN]
    found = [*_as_requests(betas), *(SiteRequest(QUOTA, record) for record in quotas)]
    found.sort(key=lambda request: request.record.decided_at or request.record.filed_at)
    return found[::-1][:_DECIDED_SHOWN]


def find_request(kind: str, pk: int) -> BetaApplication | QuotaRequest | None:
    """Return the request of this kind, whatever its state, or None."""
    if kind == BETA:
        return BetaApplication.objects.select_related("team").filter(pk=pk).first()
    return QuotaRequest.objects.select_related("team").filter(pk=pk).first()


def _betas(*states: RequestState) -> Iterable[BetaApplication]:
    return BetaApplication.objects.select_related("team").filter(state__in=states).order_by("pk")

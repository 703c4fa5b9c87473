"""Beta applications and quota requests: filed by a member, decided by a site administrator."""

from __future__ import annotations

from http import HTTPStatus

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.operations.framework import Outcome, current_change, operation
from console.operations.refusal import Rule
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import (
    BetaApplication,
    QuotaName,
    QuotaOverride,
    QuotaRequest,
    RequestState,
)
from havip.rules import limits
from havip.selectors.quotas import quota

UNKNOWN_QUOTA = Rule(
    "Q0",
    code="InvalidParameter",
    message=_("There is no quota %(name)s."),
    field="name",
    status=HTTPStatus.NOT_FOUND,
)
UNKNOWN_REQUEST = Rule(
    "Q0",
    code="InvalidRequestId.NotFound",
    message=_("There is no such request in this team."),
    status=HTTPStatus.NOT_FOUND,
)


@operation("beta.apply")
def apply_for_beta(*, principal: Principal, reason: str, client_token: str = "") -> Outcome:
    """File the team's application for the public beta (2-domain C1). Raises Refusal Q2, Q4."""
    change = current_change()
    change.concerns("beta", principal.team.slug, principal.team.name)
    limits.q4_reason(reason)
    limits.q2_none_open(
        BetaApplication.objects.filter(
            team=principal.team, state__in=[RequestState.PENDING, RequestState.APPROVED]
        ).first()
    )
    BetaApplication.objects.create(
        team=principal.team, reason=reason.strip(), filed_by=principal.label
    )
    change.after = {"state": RequestState.PENDING.value, "reason": reason.strip()}
    return change.outcome()


@operation("beta.decide", permission=Permission.ADMINISTER_SITE)
def decide_beta_application(
    *, principal: Principal, application_pk: int, approve: bool, client_token: str = ""
) -> Outcome:
    """Approve or decline a beta application. Raises Refusal Q0, Q3."""
    change = current_change()
    change.concerns("beta", principal.team.slug, principal.team.name)
    application = BetaApplication.objects.filter(team=principal.team, pk=application_pk).first()
    if application is None:
        raise UNKNOWN_REQUEST.refuse()
    _decide(application, principal, approve=approve)
    return change.outcome(state=application.state)


def _decide(
    request: BetaApplication | QuotaRequest, principal: Principal, *, approve: bool
) -> None:
    change = current_change()
    limits.q3_undecided(request)
    change.before = {"state": request.state, "reason": request.reason}
    request.state = RequestState.APPROVED if approve else RequestState.DECLINED
    request.decided_by = principal.label
    request.decided_at = timezone.now()
    request.save(update_fields=["state", "decided_by", "decided_at"])
    change.after = {"state": request.state}


@operation("quota.request", permission=Permission.MANAGE_TEAM)
def request_quota(
    *, principal: Principal, name: str, value: int, reason: str, client_token: str = ""
) -> Outcome:
    """Ask for a higher quota. Raises Refusal Q0, Q1, Q2, Q4."""
    change = current_change()
    change.concerns("quota", name[:32], name[:32])
    if name not in QuotaName.values:
        raise UNKNOWN_QUOTA.refuse(name=name[:32])
    wanted = QuotaName(name)
    change.concerns("quota", name, str(wanted.value))
    limits.q1_value(value, quota(principal.team, wanted))
    limits.q4_reason(reason)
    limits.q2_none_open(
        QuotaRequest.objects.filter(
            team=principal.team, name=wanted, state=RequestState.PENDING
        ).first()
    )
    QuotaRequest.objects.create(
        team=principal.team,
        name=wanted,
        value=value,
        reason=reason.strip(),
        filed_by=principal.label,
    )
    change.after = {"value": value, "reason": reason.strip()}
    return change.outcome()


@operation("quota.decide", permission=Permission.ADMINISTER_SITE)
def decide_quota_request(
    *, principal: Principal, request_pk: int, approve: bool, client_token: str = ""
) -> Outcome:
    """Approve or decline a quota request; approval takes effect at once. Raises Refusal Q0, Q3."""
    change = current_change()
    request = QuotaRequest.objects.filter(team=principal.team, pk=request_pk).first()
    if request is None:
        raise UNKNOWN_REQUEST.refuse()
    change.concerns("quota", request.name, request.name)
    _decide(request, principal, approve=approve)
    if approve:
        QuotaOverride.objects.update_or_create(
            team=principal.team, name=request.name, defaults={"value": request.value}
        )
    change.after = {**change.after, "value": request.value}
    return change.outcome(state=request.state)

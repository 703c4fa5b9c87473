"""The quotas page: every limit with its use, requests for more, and the team's beta application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from console.operations.refusal import PERMISSION, Refusal
from console.teams.access import operating_view, team_view
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import BetaApplication, QuotaName, RequestState
from havip.operations import apply_for_beta, request_quota
from havip.rules import limits
from havip.rules.catalogue import first_refusal
from havip.selectors import quotas as selectors
from havip.selectors.quotas import QuotaUse
from havip.web.answers import accepted, fragment, page
from havip.web.forms.quotas import BetaApplicationForm, QuotaRequestForm


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that a request can raise, with what the page says about it."""

    use: QuotaUse
    explanation: str
    refusal: Refusal | None

    @property
    def raised(self) -> bool:
        """Whether the team's own value is above the default."""
        return self.use.limit != self.use.default


@dataclass(frozen=True, slots=True)
class FixedLimit:
    """A limit that no request raises."""

    label: str
    value: str
    reason: str


@team_view()
def overview(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Show every limit with its use."""
    return page(request, "quotas/quotas.html", _context(principal))


@team_view()
def panel(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The part of the page that refreshes itself."""
    return fragment(request, "quotas/_panel.html", {**_context(principal), "fragment": True})


def _context(principal: Principal) -> Mapping[str, Any]:
    team = principal.team
    application = selectors.beta_application(team)
    return {
        "team": team.slug,
        "limits": [
            Limit(use, _explanations()[use.name], _request_refusal(principal, use))
            for use in selectors.quota_uses(team)
        ],
        "fixed_limits": _fixed_limits(),
        "beta_gate": settings.HAVIP_BETA_GATE,
        "application": application,
        "apply_refusal": _apply_refusal(principal, application),
        "panel_url": reverse("web:quotas-panel", args=[team.slug]),
    }


def _request_refusal(principal: Principal, use: QuotaUse) -> Refusal | None:
    """Return why this caller may not ask for more of it now, or None."""
    if not principal.may(Permission.MANAGE_TEAM):
        return PERMISSION.refuse()
    latest = use.request
    pending = latest if latest is not None and latest.state == RequestState.PENDING else None
    return first_refusal(lambda: limits.q2_none_open(pending))


def _apply_refusal(principal: Principal, application: BetaApplication | None) -> Refusal | None:
    """Return why this caller may not apply for the beta now, or None."""
    if not principal.may(Permission.OPERATE):
        return PERMISSION.refuse()
    declined = application is not None and application.state == RequestState.DECLINED
    return first_refusal(lambda: limits.q2_none_open(None if declined else application))


def _explanations() -> Mapping[QuotaName, str]:
    return {
        QuotaName.HAVIPS_PER_TEAM: _("All HaVips of the team, in all regions."),
        QuotaName.HAVIPS_PER_VPC: _("In the fullest VPC."),
        QuotaName.HAVIPS_PER_INSTANCE: _(
            "On the busiest instance; what is bound to its network interfaces counts, too."
        ),
        QuotaName.ROUTES_PER_VPC: _("In the VPC with the most route entries."),
    }


def _fixed_limits() -> list[FixedLimit]:
    return [
        FixedLimit(
            _("Instances, or network interfaces, bound to a HaVip"),
            str(settings.HAVIP_BINDING_SLOTS),
            _("Set for this deployment; never both kinds at once."),
        ),
        FixedLimit(
            _("EIPs bound to a HaVip"), "1", _("An EIP maps to exactly one private address.")
        ),
        FixedLimit(
            _("Network type"),
            _("VPC only"),
            _("Instances of the classic network cannot be bound."),
        ),
        FixedLimit(
            _("Traffic"),
            _("unicast only"),
            _("Broadcast and multicast are not supported: VRRP needs unicast peers."),
        ),
        FixedLimit(
            _("Reach"),
            _("one vSwitch"),
            _("A HaVip never leaves its vSwitch; its nodes stand in the same one."),
        ),
    ]


@team_view(for_reading=Permission.MANAGE_TEAM)
def ask(request: HttpRequest, principal: Principal, name: str) -> HttpResponse:
    """Ask for a higher quota."""
    uses = {str(use.name.value): use for use in selectors.quota_uses(principal.team)}
    if name not in uses:
        raise Http404
    use = uses[name]
    close_url = reverse("web:quotas", args=[principal.team.slug])
    form = QuotaRequestForm(
        request.POST if request.method == "POST" else None,
        initial={"value": max(2 * use.limit, use.limit + 1)},
    )
    if form.is_bound and form.is_valid():
        outcome = form.attempt(
            request_quota,
            principal=principal,
            name=name,
            value=form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
        )
        if outcome is not None:
            message = _("The request is filed. A site administrator decides it.")
            return accepted(request, close_url, message)
    context = {
        "form": form,
        "use": use,
        "refusal": _request_refusal(principal, use),
        "close_url": close_url,
        "overlay_kind": "drawer",
        "crumbs": [{"label": _("Quotas"), "url": close_url}, {"label": _("Ask for more")}],
    }
    return page(request, "quotas/ask.html", context, status=form.status)


@operating_view
def beta_apply(request: HttpRequest, principal: Principal) -> HttpResponse:
    """File the team's beta application."""
    close_url = reverse("web:quotas", args=[principal.team.slug])
    form = BetaApplicationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        outcome = form.attempt(
            apply_for_beta, principal=principal, reason=form.cleaned_data["reason"]
        )
        if outcome is not None:
            message = _("The application is filed. A site administrator decides it.")
            return accepted(request, close_url, message)
    context = {
        "form": form,
        "refusal": _apply_refusal(principal, selectors.beta_application(principal.team)),
        "close_url": close_url,
        "overlay_kind": "drawer",
        "crumbs": [{"label": _("Quotas"), "url": close_url}, {"label": _("Apply for the beta")}],
    }
    return page(request, "quotas/beta.html", context, status=form.status)

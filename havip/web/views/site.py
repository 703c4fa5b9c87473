"""The site administrator's page: what all teams have asked for, and the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.teams.access import site_principal, site_view
from console.teams.models import User
from havip.models import BetaApplication
from havip.operations import decide_beta_application, decide_quota_request
from havip.selectors import requests as selectors
from havip.web.answers import page
from havip.web.forms.quotas import DecisionForm


@require_safe
@site_view
def requests_page(request: HttpRequest, _administrator: User) -> HttpResponse:
    """List what waits for a decision, and what was decided lately."""
    return page(request, "site/requests.html", _context())


def _context() -> Mapping[str, Any]:
    return {
        "pending": selectors.pending_requests(),
        "decided": selectors.decided_requests(),
        "form": DecisionForm(),
    }


@require_POST
@site_view
def decide(request: HttpRequest, administrator: User, kind: str, pk: int) -> HttpResponse:
    """Approve or decline one request, acting in its team."""
    filed = selectors.find_request(kind, pk)
    if filed is None:
        raise Http404
    principal = site_principal(request, administrator, filed.team)
    form = DecisionForm(request.POST)
    outcome = None
    if form.is_valid():
        approve = form.cleaned_data["decision"] == "approve"
        if isinstance(filed, BetaApplication):
            outcome = form.attempt(
                decide_beta_application,
                principal=principal,
                application_pk=pk,
                approve=approve,
            )
        else:
            outcome = form.attempt(
                decide_quota_request, principal=principal, request_pk=pk, approve=approve
            )
    if outcome is None:
        return page(request, "site/requests.html", {**_context(), "form": form}, status=form.status)
    words = (
        _("The request of %(team)s is approved.")
        if approve
        else _("The request of %(team)s is declined.")
    )
    messages.success(request, words % {"team": filed.team.name})
    return HttpResponseRedirect(reverse("web:site-requests"))

"""Who holds a HaVip: the timeline and the open alerts, as a part of its page that refreshes itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.teams.access import team_view
from console.teams.principal import Principal
from havip.fabric.directory import fabric_for
from havip.fabric.linux.alerts import alerts
from havip.fabric.linux.holders import timeline
from havip.models import HaVip
from havip.web.answers import fragment
from havip.web.views.finding import the_havip


def holder_context(principal: Principal, havip: HaVip) -> Mapping[str, Any]:
    """Return what `holders/_panel.html` takes, for the page that includes it."""
    found = alerts(havip)
    return {
        "havip": havip,
        "announces": fabric_for(havip.region).announces,
        "alerts": found.shown,
        "busy": found.pending,
        "holders_url": reverse(
            "web:havip-holders", args=[principal.team.slug, havip.region, havip.resource_id]
        ),
        **timeline(havip).as_context(),
    }


@require_safe
@team_view()
def holders(request: HttpRequest, principal: Principal, region: str, havip_id: str) -> HttpResponse:
    """The timeline and the alerts of one HaVip; 304 while they are what the page has."""
    havip = the_havip(principal, region, havip_id)
    return fragment(request, "holders/_panel.html", holder_context(principal, havip))

"""The first page, the help page, and the pulse that open pages watch."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control

from console import pulse
from console.context import current_region
from console.teams.access import team_view, to_sign_in
from console.teams.models import Membership, User
from console.teams.principal import Principal
from havip.web.presenting.example import KEEPALIVED_EXAMPLE


def home(request: HttpRequest) -> HttpResponse:
    """Lead to the HaVip list of the person's first team; without a team, say so."""
    if not isinstance(request.user, User):
        return to_sign_in(request)
    membership = Membership.objects.select_related("team").filter(user=request.user).first()
    if membership is None:
        return render(request, "teams/no_team.html", status=200)
    region = current_region(request).identifier
    return HttpResponseRedirect(reverse("web:havip-list", args=[membership.team.slug, region]))


@team_view()
def watch_pulse(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Answer with the team's present pulse; 304 when it is the one that the page knows already."""
    tag = f'"{pulse.current(principal.team.pk)}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(tag.strip('"'), content_type="text/plain")
    response["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@team_view()
def help_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The facts that users ask for, in our own words."""
    return render(request, "help/help.html", {"keepalived_example": KEEPALIVED_EXAMPLE})

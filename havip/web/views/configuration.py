"""The keepalived file of each node: showing, downloading and checking it, and choosing its timers."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.teams.access import operating_view, team_view
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.keepalived import check
from havip.keepalived.installation import NOTIFY_SCRIPT
from havip.models import HaVip
from havip.operations import choose_timers
from havip.selectors.configurations import Configurations
from havip.web.answers import accepted, fragment, page
from havip.web.forms.configuration import CheckForm, TimersForm
from havip.web.presenting.configuration import (
    NOTIFY_SCRIPT_NAME,
    configuration_context,
    operating_refusal,
    profile_cards,
    verdict,
)
from havip.web.presenting.links import Links
from havip.web.views.finding import gone, havip_if_there, links_of, the_havip


@require_safe
@team_view()
def havip_configuration(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """The tab's content, for a page that refreshes itself."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    return fragment(request, "configuration/_panel.html", tab_context(request, principal, havip))


def tab_context(request: HttpRequest, principal: Principal, havip: HaVip) -> dict[str, Any]:
    """Return what the tab shows: the node and the family of distributions that the address asks for."""
    links = links_of(principal, havip.region)
    return configuration_context(
        havip,
        principal,
        links,
        chosen=request.GET.get("node", ""),
        family_name=request.GET.get("family", ""),
    )


@require_safe
@never_cache
@team_view(Permission.OPERATE)
def havip_configuration_file(
    _request: HttpRequest, principal: Principal, region: str, havip_id: str, instance_id: str
) -> HttpResponse:
    """Send a node's file, with its passwords: only for those who may operate."""
    havip = the_havip(principal, region, havip_id)
    found = Configurations(havip.vpc)
    file = found.file_of(instance_id) if instance_id in found.nodes_of(havip_id) else None
    if file is None:
        raise Http404
    return _attachment(file.text, file.file_name)


@require_safe
@team_view()
def notify_script(_request: HttpRequest, _principal: Principal, region: str) -> HttpResponse:
    """Send the notify script that the files name."""
    return _attachment(NOTIFY_SCRIPT, NOTIFY_SCRIPT_NAME)


def _attachment(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@operating_view
def havip_timers(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Choose how often the nodes of the HaVip's VPC say that they are alive."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    back = links.havip(havip, tab="configuration")
    form = TimersForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(
            choose_timers,
            principal=principal,
            region=region,
            vpc_id=havip.vpc.resource_id,
            profile=form.cleaned_data["profile"],
        )
        if outcome is not None:
            message = _("The timers of VPC %(vpc)s are chosen.") % {"vpc": havip.vpc.label}
            return accepted(request, back, message)
    current = Configurations(havip.vpc).profile.name
    title = _("Choose timers")
    context = {
        "havip": havip,
        "form": form,
        "profiles": profile_cards(form.data.get("profile") or current),
        "refusal": operating_refusal(principal),
        "close_url": back,
        "crumbs": _crumbs(links, havip, title),
    }
    return page(request, "configuration/timers.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@team_view()
def havip_check(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Check a file against what is bound to a HaVip; nothing of it is kept."""
    return _check(request, principal, region, the_havip(principal, region, havip_id))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@team_view()
def configuration_check(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """Check any file by itself; nothing of it is kept."""
    return _check(request, principal, region, None)


def _check(
    request: HttpRequest, principal: Principal, region: str, havip: HaVip | None
) -> HttpResponse:
    links = links_of(principal, region)
    found = Configurations(havip.vpc) if havip else None
    members = found.nodes_of(havip.resource_id) if found and havip else []
    against = [
        (each, _("Node %(node)s") % {"node": found.name_of(each)}) for each in members if found
    ]
    wanted = request.GET.get("against", "")
    initial = wanted if wanted in members else (members[0] if members else "")
    form = CheckForm(request.POST or None, against=against, initial={"against": initial})
    result = None
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["against"]
        file = found.file_of(chosen) if found and chosen else None
        text = form.cleaned_data["text"]
        expectation = file.expectation if file else None
        result = verdict(text, check(text, expectation=expectation))
    title = _("Check a keepalived file")
    if havip is None:
        crumbs = [{"label": _("HaVip"), "url": links.havips}, {"label": title, "url": ""}]
        here = links.of("configuration-check")
    else:
        crumbs = _crumbs(links, havip, title)
        here = links.of("havip-check", havip.resource_id)
    context = {
        "havip": havip,
        "form": form,
        "result": result,
        "compared": dict(against).get(form.data.get("against", ""), ""),
        "check_url": here,
        "crumbs": crumbs,
    }
    return page(request, "configuration/check.html", context, status=form.status)


def _crumbs(links: Links, havip: HaVip, title: str) -> list[dict[str, str]]:
    return [
        {"label": _("HaVip"), "url": links.havips},
        {"label": havip.label, "url": links.havip(havip, tab="configuration")},
        {"label": title, "url": ""},
    ]

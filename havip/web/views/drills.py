"""Fail-over drills: the list of a HaVip's drills, starting one, its own page with the live drawing, and stopping it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.forms import OperationForm, refusal_text
from console.jobs.models import JobState
from console.paging import page_size, paginate
from console.teams.access import operating_view, team_view
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import Drill, HaVip
from havip.operations.drills import start_drill, stop_drill
from havip.selectors.drill_options import drill_options
from havip.selectors.drills import answers_of, drill_of, drill_refusal, drills_of
from havip.selectors.havips import eip_of
from havip.web.answers import fragment, go_to, page
from havip.web.forms.drills import StartDrillForm
from havip.web.presenting.drill_start import kind_choices, neighbours
from havip.web.presenting.drills import drill_rows as rows_of
from havip.web.presenting.drills import drill_view
from havip.web.presenting.links import Links
from havip.web.views.finding import gone, havip_if_there, links_of, the_havip


@require_safe
@team_view()
def havip_drills(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """All drills of a HaVip, newest first, on a page of their own."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    links = links_of(principal, region)
    context = drills_context(request, principal, havip)
    context |= {"havip": havip, "crumbs": _crumbs(links, havip, _("Drills"))}
    return page(request, "drills/list.html", context)


@require_safe
@team_view()
def drill_rows(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """The list alone, for a page that refreshes itself."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    return fragment(request, "drills/_drills.html", drills_context(request, principal, havip))


def drills_context(request: HttpRequest, principal: Principal, havip: HaVip) -> dict[str, Any]:
    """Return what `drills/_drills.html` takes, also for the HaVip's page that includes it."""
    links = links_of(principal, havip.region)
    size = page_size(request.GET.get("size", ""))
    cursor = request.GET.get("before", "") or request.GET.get("after", "")
    found = paginate(
        drills_of(havip),
        orderings={"created": "pk"},
        default="-created",
        cursor=cursor,
        size=size,
    )
    rows = rows_of(found.rows, havip, links)
    own, shown = havip.resource_id, {"size": str(size)}
    return {
        "drill_rows": rows,
        "drills_are_running": any(row.drill.is_under_way for row in rows),
        "drills_url": links.of("drill-rows", own, **shown, **_place(request)),
        "start_url": links.of("drill-start", own),
        "start_refusal": drill_refusal(havip, principal),
        "previous_url": _page_url(links, own, before=found.previous_cursor, **shown),
        "next_url": _page_url(links, own, after=found.next_cursor, **shown),
    }


def _place(request: HttpRequest) -> dict[str, str]:
    """Return where in the list the page is, as parameters of an address."""
    return {name: request.GET.get(name, "") for name in ("before", "after")}


def _page_url(links: Links, havip_id: str, *, size: str, **cursor: str) -> str:
    """Return another page of the list; "" where there is none."""
    return links.of("havip-drills", havip_id, **cursor, size=size) if any(cursor.values()) else ""


def _crumbs(links: Links, havip: HaVip, *titles: str) -> list[dict[str, str]]:
    """Return the way to a page about drills; the last title is this page."""
    crumbs = [
        {"label": _("HaVip"), "url": links.havips},
        {"label": havip.label, "url": links.havip(havip, tab="failover")},
    ]
    if len(titles) > 1:
        crumbs.append({"label": titles[0], "url": links.of("havip-drills", havip.resource_id)})
    return [*crumbs, {"label": titles[-1], "url": ""}]


@operating_view
def drill_start(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Ask how a drill is to be done, and start it; then its page shows who answers."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    options = drill_options(havip, principal)
    initial = {"from_inside": True, "from_outside": options.outside is None}
    form = StartDrillForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        outcome = form.attempt(
            start_drill,
            principal=principal,
            region=region,
            havip_id=havip_id,
            **{name: form.cleaned_data[name] for name in _START_FIELDS},
        )
        if outcome is not None:
            return go_to(request, links.of("drill", havip_id, str(outcome.values["drill_id"])))
    eip = eip_of(havip)
    context = {
        "havip": havip,
        "eip": eip,
        "form": form,
        "options": options,
        "kinds": kind_choices(options, str(form["kind"].value() or "")),
        "neighbours": neighbours(options, form["accept_outage_of"].value() or ()),
        "close_url": links.havip(havip, tab="failover"),
        "crumbs": _crumbs(links, havip, _("Drills"), _("Start a drill")),
    }
    return page(request, "drills/start.html", context, status=form.status)


_START_FIELDS = ("kind", "from_inside", "from_outside", "port", "accept_outage_of")


@require_safe
@team_view()
def drill_detail(
    request: HttpRequest, principal: Principal, region: str, havip_id: str, drill_id: str
) -> HttpResponse:
    """One drill: how it goes or went, who answered when, and how long nobody did."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    drill = _the_drill(principal, havip, drill_id)
    context = dict(_drill_context(drill, havip, principal))
    links = links_of(principal, region)
    context["crumbs"] = _crumbs(links, havip, _("Drills"), drill.get_kind_display())
    return page(request, "drills/detail.html", context)


@require_safe
@team_view()
def drill_panel(
    request: HttpRequest, principal: Principal, region: str, havip_id: str, drill_id: str
) -> HttpResponse:
    """What changes while a drill runs, for a page that refreshes itself; 304 while it is what the page has."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    drill = _the_drill(principal, havip, drill_id)
    return fragment(request, "drills/_drill.html", _drill_context(drill, havip, principal))


def _the_drill(principal: Principal, havip: HaVip, drill_id: str) -> Drill:
    """Return the drill of the team's HaVip with all that a page shows. Raises Http404."""
    drill = drill_of(principal.team, havip.region, drill_id)
    if drill is None or drill.havip_id != havip.pk:
        raise Http404
    return drill


def _drill_context(drill: Drill, havip: HaVip, principal: Principal) -> Mapping[str, Any]:
    links = links_of(principal, havip.region)
    own = (havip.resource_id, drill.resource_id)
    audit_url = ""
    if principal.may(Permission.READ_AUDIT):
        audit_url = links.of_team("audit:list", object_kind=HaVip.KIND, object_id=own[0])
    return {
        "drill": drill,
        "havip": havip,
        "view": drill_view(drill, havip, answers_of(drill), principal, links),
        "form": OperationForm(auto_id=False),
        "panel_url": links.of("drill-panel", *own),
        "stop_url": links.of("drill-stop", *own),
        "havip_url": links.havip(havip, tab="failover"),
        "audit_url": audit_url,
    }


@require_POST
@team_view()
def drill_stop(
    request: HttpRequest, principal: Principal, region: str, havip_id: str, drill_id: str
) -> HttpResponse:
    """Bring the node back now; what was measured by then is kept."""
    drill = _the_drill(principal, the_havip(principal, region, havip_id), drill_id)
    form = OperationForm(request.POST)
    form.is_valid()
    outcome = form.attempt(
        stop_drill, principal=principal, region=region, drill_id=drill.resource_id
    )
    if outcome is not None and outcome.values["state"] == JobState.CANCELLED:
        messages.success(request, _("The drill was ended before anything was done."))
    elif outcome is not None:
        messages.success(request, _("The drill is being stopped: the node is brought back now."))
    elif form.refusal is not None:
        if form.refusal.status == 404:
            raise Http404
        if form.refusal.status == 403:
            raise PermissionDenied
        messages.error(request, refusal_text(form.refusal))
    return go_to(request, links_of(principal, region).of("drill", havip_id, drill_id))

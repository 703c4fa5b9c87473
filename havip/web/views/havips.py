"""The HaVip list and the page of one HaVip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console.audit.wording import action_name, channel_name, describe
from console.paging import SIZES, page_size, paginate
from console.teams.access import team_view
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for
from havip.fabric.linux.alerts import Alerts, alerts
from havip.filters.havips import DEFAULT_ORDERING, HaVipFilter, matching, orderings
from havip.models import HaVip, VSwitch
from havip.regions import regions
from havip.selectors.activity import active_job, activity_of, events_of, jobs_of
from havip.selectors.creating import creation_refusal, has_vswitch, vswitches_to_choose
from havip.selectors.havips import (
    capabilities,
    havips,
    is_in_transition,
    own_capabilities,
)
from havip.selectors.quotas import binding_limits
from havip.selectors.tags import tags_of, with_tags
from havip.web.answers import fragment, page
from havip.web.forms.havips import (
    vpc_choices,
    vswitch_choices,
)
from havip.web.presenting import snippets
from havip.web.presenting.drawing import drawing, scene_of, summary
from havip.web.presenting.havips import COLUMNS, column_labels, delete_action, row, rows
from havip.web.presenting.tags import tags
from havip.web.views.configuration import tab_context
from havip.web.views.drills import drills_context
from havip.web.views.finding import (
    gone,
    gone_row,
    havip_if_there,
    links_of,
    tell_what_became,
)
from havip.web.views.holders import holder_context

COLUMNS_COOKIE = "havip_columns_hidden"
_YEAR_SECONDS = 365 * 24 * 3600
_HISTORY_ROWS = 50


@team_view()
def havip_list(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """The HaVips of the region, filtered, ordered and paged."""
    if gone_id := request.GET.get("gone"):
        tell_what_became(request, principal, gone_id)
        return HttpResponseRedirect(links_of(principal, region).havips)
    context = _list_context(request, principal, region)
    vswitches = vswitches_to_choose(principal.team, region)
    form: Any = context["filter"].form
    vpc_id = _narrowing(request, vswitches)
    form.fields["vpc"].widget = forms.Select(choices=vpc_choices(vswitches, _("All")))
    form.fields["vswitch"].widget = forms.Select(
        choices=vswitch_choices(vswitches, vpc_id, _("All"))
    )
    form.fields["text"].widget = forms.TextInput(
        attrs={"type": "search", "placeholder": _("Name, ID or address"), "autocomplete": "off"}
    )
    labels = column_labels()
    links = context["links"]
    context |= {
        "column_choices": [(key, labels[key], key in context["columns"]) for key in COLUMNS],
        "export_query": _query_without(request, "after", "before", "size"),
        "export_url": links.of("havip-export"),
        "columns_url": links.of("havip-columns"),
        "here": request.get_full_path(),
        "tag_keys_url": links.of("tag-keys", HaVip.KIND),
    }
    return page(request, "havips/list.html", context)


def _narrowing(request: HttpRequest, vswitches: Sequence[VSwitch]) -> str:
    """Return the VPC whose vSwitches are offered; "" for all, also where the chosen one is another VPC's."""
    vpc_id, vswitch_id = request.GET.get("vpc", ""), request.GET.get("vswitch", "")
    if not vswitch_id:
        return vpc_id
    pairs = {(vswitch.vpc.resource_id, vswitch.resource_id) for vswitch in vswitches}
    return vpc_id if (vpc_id, vswitch_id) in pairs else ""


@team_view()
def havip_rows(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """The table alone, for a list page that refreshes itself."""
    return fragment(request, "havips/_rows.html", _list_context(request, principal, region))


@team_view()
def havip_row(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """One row in transition; a row whose HaVip is gone disappears."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone_row(principal, region, havip_id)
    context = {
        "row": row(havip, principal, binding_limits(principal.team), links_of(principal, region)),
        "columns": _shown_columns(request),
    }
    return fragment(request, "havips/_row.html", context)


def _list_context(request: HttpRequest, principal: Principal, region: str) -> dict[str, Any]:
    links = links_of(principal, region)
    found_here = with_tags(havips(principal.team, region))
    filtered = HaVipFilter(request.GET, queryset=found_here, request=request)
    size = page_size(request.GET.get("size", ""))
    found = paginate(
        matching(filtered),
        orderings=orderings(),
        ordering=request.GET.get("sort", ""),
        default=DEFAULT_ORDERING,
        cursor=request.GET.get("before", "") or request.GET.get("after", ""),
        size=size,
    )
    kept = _query_without(request, "after", "before")
    refusal = creation_refusal(principal, region)
    return {
        "filter": filtered,
        "rows": rows(found.rows, principal, binding_limits(principal.team), links),
        "columns": _shown_columns(request),
        "rows_url": links.of("havip-rows") + _joined(_query_without(request)),
        "create_url": links.of("havip-create"),
        "create_refusal": refusal,
        # What the empty list has to say: a vSwitch comes first.
        "needs_network": not found.rows and not has_vswitch(principal.team, region),
        "network_url": links.of("vpc-list"),
        "help_url": links.help("what"),
        "links": links,
        "previous_url": _joined(kept, before=found.previous_cursor),
        "next_url": _joined(kept, after=found.next_cursor),
        "size": size,
        "sizes": SIZES,
        "size_fields": _kept_fields(request, "size", "after", "before"),
    }


def _kept_fields(request: HttpRequest, *left_out: str) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    return [(name, value) for name, value in pairs if name not in left_out and value]


def _query_without(request: HttpRequest, *left_out: str) -> str:
    return urlencode(_kept_fields(request, *left_out))


def _joined(query: str, **cursor: str) -> str:
    """Return "?…" with a cursor; without one "": there is no such page. Without any cursor argument, the query alone."""
    if not cursor:
        return f"?{query}" if query else ""
    ((name, value),) = cursor.items()
    if not value:
        return ""
    return f"?{query}&{name}={value}" if query else f"?{name}={value}"


def _shown_columns(request: HttpRequest) -> list[str]:
    hidden = request.COOKIES.get(COLUMNS_COOKIE, "").split(".")
    return [name for name in COLUMNS if name not in hidden]


@require_POST
@team_view()
def havip_columns(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """Remember which columns this person wants to see."""
    wanted = request.POST.getlist("column")
    hidden = [name for name in COLUMNS if name not in wanted]
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = links_of(principal, region).havips
    response = HttpResponseRedirect(target)
    response.set_cookie(
        COLUMNS_COOKIE,
        ".".join(hidden),
        max_age=_YEAR_SECONDS,
        samesite="Lax",
        httponly=True,
        secure=request.is_secure(),
    )
    return response


@team_view()
def havip_detail(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """One HaVip: its facts, what is bound, its jobs, its audit events."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    tags_of([havip])  # once for the head and the scripts
    may_audit = principal.may(Permission.READ_AUDIT)
    labels = _tab_labels(region, may_audit=may_audit)
    tab = request.GET.get("tab", "overview")
    if tab == "audit" and not may_audit:
        raise PermissionDenied
    if tab not in labels:
        tab = "overview"
    context = head_context(havip, principal, region)
    links = context["links"]
    active = None
    if tab == "overview":
        context["snippets"] = snippets.reading(request, havip)
        context["snippets_url"] = links.of("havip-snippets", havip.resource_id)
        context |= _panel_context(havip, principal, region)
        active = context["active"]
    elif tab == "configuration":
        active = active_job(havip)
        context |= tab_context(request, principal, havip)
    elif tab == "failover":
        active = active_job(havip)
        context |= holder_context(principal, havip)
        context |= drills_context(request, principal, havip)
    else:
        active = active_job(havip)
        context |= _history_context(havip, principal, region, tab)
    context |= {
        "tab": tab,
        "tabs": [
            {
                "label": label,
                "url": links.havip(havip, tab="" if name == "overview" else name),
                "current": name == tab,
                "count": 1 if name == "jobs" and active else 0,
                "tone": "run",
            }
            for name, label in labels.items()
        ],
        "crumbs": [
            {"label": _("HaVip"), "url": links.havips},
            {"label": havip.label, "url": ""},
        ],
    }
    return page(request, "havips/detail.html", context)


def _tab_labels(region: str, *, may_audit: bool) -> dict[str, str]:
    """Return the tabs of a HaVip's page: fail-over only where something is announced, the audit log only for who may read it."""
    labels = {"overview": _("Overview"), "configuration": _("Node configuration")}
    if fabric_for(region).announces:
        labels["failover"] = _("Fail-over")
    labels["jobs"] = _("Jobs")
    if may_audit:
        labels["audit"] = _("Audit")
    return labels


@team_view()
def havip_head(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Name, status and facts, for a page that refreshes itself."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    context = head_context(havip, principal, region)
    context["was_edited"] = "edited" in request.GET  # the focus goes back to where it was
    return fragment(request, "havips/_head.html", context)


@team_view()
def havip_panel(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """What is bound, for a page that refreshes itself."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    return fragment(request, "havips/_panel.html", _panel_context(havip, principal, region))


@team_view()
def havip_history(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """The jobs or audit events, for a page that refreshes itself."""
    tab = request.GET.get("tab", "jobs")
    if tab == "audit" and not principal.may(Permission.READ_AUDIT):
        raise PermissionDenied
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    return fragment(
        request, "havips/_history.html", _history_context(havip, principal, region, tab)
    )


def head_context(havip: HaVip, principal: Principal, region: str) -> dict[str, Any]:
    """Return what the head of a HaVip's page shows."""
    links = links_of(principal, region)
    can = own_capabilities(havip, principal)
    return {
        "havip": havip,
        "region": regions()[region],
        "links": links,
        "is_busy": is_in_transition(havip),
        "modify_refusal": can.modify,
        "delete": delete_action(havip, can, links),
        "list_url": links.havips,
        "self_url": links.havip(havip),
        "head_url": links.of("havip-head", havip.resource_id),
        "edit_url": links.of("havip-edit", havip.resource_id),
        "vpc_url": links.resource(havip.vpc),
        "vswitch_url": links.resource(havip.vswitch),
        "tags": tags(havip, links),
        "tags_refusal": can.modify,
    }


def _panel_context(havip: HaVip, principal: Principal, region: str) -> dict[str, Any]:
    links = links_of(principal, region)
    activity = activity_of(havip)
    can = capabilities(havip, principal, binding_limits(principal.team))
    scene = scene_of(havip, can, activity, principal, links)
    found = alerts(havip) if scene.announces else Alerts()
    return {
        "havip": havip,
        "alerts": found.shown,
        "drawing": drawing(scene, found.shown),
        "summary": summary(scene),
        "announces": scene.announces,
        "is_busy": is_in_transition(havip) or activity.active is not None or found.pending,
        "active": activity.active,
        "routes_url": links.of("route-list", text=str(havip.ip_address)),
        "panel_url": links.of("havip-panel", havip.resource_id),
        "guide_url": links.of("guide", havip=havip.resource_id),
        "help_source": links.help("egress"),
        "help_unicast": links.help("unicast"),
    }


def _history_context(havip: HaVip, principal: Principal, region: str, tab: str) -> dict[str, Any]:
    links = links_of(principal, region)
    context: dict[str, Any] = {
        "havip": havip,
        "tab": tab,
        "history_url": links.of("havip-history", havip.resource_id, tab=tab),
        "most": _HISTORY_ROWS,
    }
    if tab == "audit":
        events = events_of(principal.team, havip.resource_id).order_by("-sequence")
        return context | {
            "events": [
                {
                    "event": event,
                    "label": describe(event),
                    "channel": channel_name(event.channel),
                    "url": links.of_entry(event.sequence),
                    "job_url": links.job(event.job_id) if event.job_id else "",
                }
                for event in events[:_HISTORY_ROWS]
            ],
            "all_url": links.of_team(
                "audit:list", object_kind=HaVip.KIND, object_id=havip.resource_id
            ),
        }
    jobs = list(jobs_of(principal.team, havip.resource_id).order_by("-pk")[:_HISTORY_ROWS])
    entries = [
        {"job": job, "label": action_name(job.kind), "url": links.job(job.resource_id)}
        for job in jobs
    ]
    return context | {
        "jobs": entries,
        "is_busy": any(job.is_active for job in jobs),
        "all_url": links.of_team("jobs:list", object_kind=HaVip.KIND, object_id=havip.resource_id),
    }

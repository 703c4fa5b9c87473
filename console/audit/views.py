"""The pages of the audit log: the list, one entry, one request, the export and the check of the chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from console.audit import changes, checks, export
from console.audit.filters import PINNED, AuditFilter
from console.audit.log import SITE_CHAIN, AuditEntry, record
from console.audit.models import AuditChain, AuditEvent, AuditResult
from console.audit.wording import (
    action_name,
    actor_label,
    channel_name,
    describe,
    fault_name,
    object_kind_name,
    object_label,
)
from console.links import Reference, find_links
from console.paging import SIZES, page_size
from console.teams.access import team_view, to_sign_in
from console.teams.models import Team, User
from console.teams.principal import Principal
from console.teams.roles import Permission

_LARGEST = 2**63 - 1
_REQUEST_LIMIT = 200
_EXPORTS = {
    "csv": ("text/csv", export.csv_rows, export.csv_head()),
    "jsonl": ("application/x-ndjson", export.json_lines, ""),
}


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as a page shows it: in words, with its links."""

    event: AuditEvent
    words: str
    actor: str
    channel: str
    object_kind: str
    object_label: str
    object_url: str
    url: str
    request_url: str
    job_url: str


def _shown(team: Team | None, events: Iterable[AuditEvent]) -> list[EventView]:
    """Describe events; asks the database once for all their objects."""
    events = list(events)
    links = find_links(team, (_reference(event) for event in events)) if team else {}
    return [_view(team, event, links.get(_reference(event), "")) for event in events]


def _reference(event: AuditEvent) -> Reference:
    return Reference(event.object_kind, event.object_id)


def _view(team: Team | None, event: AuditEvent, object_url: str) -> EventView:
    url = request_url = job_url = ""
    if team is not None:
        if event.job_id:
            job_url = reverse("jobs:detail", args=[team.slug, event.job_id])
        url = reverse("audit:entry", args=[team.slug, event.sequence])
        if event.request_id and "/" not in event.request_id:
            request_url = reverse("audit:request", args=[team.slug, event.request_id])
    return EventView(
        event=event,
        words=describe(event),
        actor=actor_label(event),
        channel=channel_name(event.channel),
        object_kind=object_kind_name(event.object_kind),
        object_label=object_label(event),
        object_url=object_url,
        url=url,
        request_url=request_url,
        job_url=job_url,
    )


def _chain_of(team: Team | None) -> AuditChain | None:
    if team is None:
        return AuditChain.objects.filter(name=SITE_CHAIN).first()
    return AuditChain.objects.filter(team=team).first()


def _events_of(chain: AuditChain | None) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(chain=chain) if chain else AuditEvent.objects.none()


# --- The list -------------------------------------------------------------------------------------------------


@require_safe
@team_view(Permission.READ_AUDIT)
def audit_list(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Show the team's audit log, newest first, with filters; with ?object_kind=&object_id= the history of one object."""
    slug = principal.team.slug
    context = _list_context(request, principal.team, reverse("audit:list", args=[slug]))
    export_url = reverse("audit:export", args=[slug])
    asked = context["asked"]
    return render(
        request,
        "audit/list.html",
        {
            **context,
            "verify_url": reverse("audit:verify", args=[slug]),
            "csv_url": f"{export_url}?{urlencode({**asked, 'format': 'csv'})}",
            "jsonl_url": f"{export_url}?{urlencode({**asked, 'format': 'jsonl'})}",
        },
    )


@require_safe
def site_audit(request: HttpRequest) -> HttpResponse:
    """Show what happened outside of any team (signing in) to site administrators; to others this page does not exist."""
    if not isinstance(request.user, User):
        return to_sign_in(request)
    if not request.user.is_site_administrator:
        raise Http404
    return render(request, "audit/list.html", _list_context(request, None, request.path))


def _list_context(request: HttpRequest, team: Team | None, here: str) -> dict[str, Any]:
    chain = _chain_of(team)
    chosen = AuditFilter(request.GET, queryset=_events_of(chain))
    size = page_size(request.GET.get("size", ""))
    page = _page(chosen.qs, request, size)
    asked = chosen.asked
    kept = {**asked, **({"size": str(size)} if request.GET.get("size") else {})}

    def turn(name: str, sequence: int | None) -> str:
        return f"{here}?{urlencode({**kept, name: sequence})}" if sequence is not None else ""

    return {
        "filter": chosen,
        "asked": asked,
        "rows": _shown(team, page.events),
        "of_site": team is None,
        "check": checks.last_check(chain),
        "check_fault": _fault_words(chain),
        "pinned": [
            {
                "label": _pin_words(name, asked),
                "url": f"{here}?{urlencode({key: asked[key] for key in asked if key != name})}",
            }
            for name in PINNED
            if name in asked
        ],
        "list_url": here,
        "fresh_url": ""
        if "before" in request.GET or "after" in request.GET
        else request.get_full_path(),
        "next_url": turn("before", page.older),
        "previous_url": turn("after", page.newer),
        "sizes": SIZES,
        "size": size,
        "size_fields": list(asked.items()),
    }


def _pin_words(name: str, asked: dict[str, str]) -> str:
    value = object_kind_name(asked[name]) if name == "object_kind" else asked[name]
    words = {
        "object_kind": _("object type: %(value)s"),
        "object_id": _("object: %(value)s"),
        "actor_id": _("actor: %(value)s"),
        "job_id": _("job: %(value)s"),
        "request_id": _("request: %(value)s"),
    }
    return words[name] % {"value": value}


def _fault_words(chain: AuditChain | None) -> str:
    known = checks.last_check(chain)
    return fault_name(known.fault) if known else ""


@dataclass(frozen=True, slots=True)
class _Page:
    events: list[AuditEvent]
    older: int | None
    newer: int | None


def _page(events: QuerySet[AuditEvent], request: HttpRequest, size: int) -> _Page:
    """Return one page by the chain's own numbers, which are its index: ?before= leads to older, ?after= to newer ones."""
    before, after = _number(request.GET.get("before")), _number(request.GET.get("after"))
    if after is not None:
        found = list(events.filter(sequence__gt=after).order_by("sequence")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        if before is not None:
            events = events.filter(sequence__lt=before)
        found = list(events.order_by("-sequence")[: size + 1])
        more_newer, more_older = before is not None, len(found) > size
        found = found[:size]
    if not found:
        return _Page([], None, None)
    return _Page(
        found,
        older=found[-1].sequence if more_older else None,
        newer=found[0].sequence if more_newer else None,
    )


def _number(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return None


# --- One entry, one request -----------------------------------------------------------------------------------


@require_safe
@team_view(Permission.READ_AUDIT)
def audit_entry(request: HttpRequest, principal: Principal, sequence: int) -> HttpResponse:
    """Show one entry with its before / after difference, its job, and the entries beside it."""
    slug = principal.team.slug
    chain = _chain_of(principal.team)
    if sequence > _LARGEST:
        raise Http404
    event = _events_of(chain).filter(sequence=sequence).first()
    if event is None or chain is None:
        raise Http404
    view = _shown(principal.team, [event])[0]
    arguments = event.after.get("arguments") if event.result != AuditResult.SUCCEEDED else None
    refused = isinstance(arguments, dict)
    same_request = 0
    if event.request_id:
        same_request = _events_of(chain).filter(request_id=event.request_id).count()
    cause_action, _hash, cause_sequence = event.cause.partition("#")
    history = {"object_kind": event.object_kind, "object_id": event.object_id}
    return render(
        request,
        "audit/entry.html",
        {
            "view": view,
            "event": event,
            "action": action_name(event.action),
            "changes": [] if refused else changes.change_rows(event.before, event.after),
            "arguments": changes.argument_rows(arguments) if isinstance(arguments, dict) else [],
            "same_request": same_request,
            "check": checks.last_check(chain),
            "check_fault": _fault_words(chain),
            "verify_url": reverse("audit:verify", args=[slug]),
            "history_url": f"{reverse('audit:list', args=[slug])}?{urlencode(history)}"
            if event.object_id
            else "",
            "actor_url": f"{reverse('audit:list', args=[slug])}?{urlencode({'actor_id': event.actor_id})}"
            if event.actor_id
            else "",
            "cause": action_name(cause_action),
            "cause_url": reverse("audit:entry", args=[slug, cause_sequence])
            if _number(cause_sequence)
            else "",
            "previous_url": reverse("audit:entry", args=[slug, sequence - 1])
            if sequence > 1
            else "",
            "next_url": reverse("audit:entry", args=[slug, sequence + 1])
            if sequence < chain.last_sequence
            else "",
            "crumbs": [
                {"label": _("Audit log"), "url": reverse("audit:list", args=[slug])},
                {"label": f"#{sequence}", "url": ""},
            ],
        },
    )


@require_safe
@team_view(Permission.READ_AUDIT)
def audit_request(request: HttpRequest, principal: Principal, request_id: str) -> HttpResponse:
    """Show everything that one request did, in the order in which it happened."""
    slug = principal.team.slug
    events = _events_of(_chain_of(principal.team)).filter(request_id=request_id)
    if "\0" in request_id or not (found := list(events.order_by("sequence")[:_REQUEST_LIMIT])):
        raise Http404
    return render(
        request,
        "audit/request.html",
        {
            "request_number": request_id,
            "rows": _shown(principal.team, found),
            "crumbs": [
                {"label": _("Audit log"), "url": reverse("audit:list", args=[slug])},
                {"label": _("One request"), "url": ""},
            ],
        },
    )


# --- Export and check -----------------------------------------------------------------------------------------


@require_GET
@team_view(Permission.READ_AUDIT)
def audit_export(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Send the filtered entries as a file; the export is itself an entry, written before the first byte."""
    chain = _chain_of(principal.team)
    kind = request.GET.get("format", "csv")
    if chain is None or kind not in _EXPORTS:
        raise Http404
    chosen = AuditFilter(request.GET, queryset=_events_of(chain))
    events = chosen.qs.filter(sequence__lte=chain.last_sequence)
    record(
        principal,
        AuditEntry(
            action="audit.export",
            object_kind="audit",
            object_id=chain.name,
            object_label=principal.team.name,
            after={"format": kind, "up_to": chain.last_sequence, "filters": chosen.asked},
        ),
    )
    mime, write, head = _EXPORTS[kind]
    content = export.export(events, write, head=head)
    response = StreamingHttpResponse(content, content_type=f"{mime}; charset=utf-8")
    name = f"audit-{principal.team.slug}-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@team_view(Permission.READ_AUDIT)
def audit_verify(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Check the team's chain, link by link, and say what was found; the check is itself an entry."""
    back = HttpResponseRedirect(reverse("audit:list", args=[principal.team.slug]))
    chain = _chain_of(principal.team)
    if chain is None:
        messages.error(request, _("The team's whole chain is missing."))
        return back
    try:
        found = checks.check(chain)
    except checks.CheckIsRunning:
        messages.info(request, _("Somebody is checking the chain at this moment."))
        return back
    fault = {"sequence": found.fault_sequence, "fault": found.fault} if not found.intact else {}
    record(
        principal,
        AuditEntry(
            action="audit.verify",
            result=AuditResult.SUCCEEDED if found.intact else AuditResult.FAILED,
            object_kind="audit",
            object_id=chain.name,
            object_label=principal.team.name,
            message=found.fault,
            after={"up_to": found.sequence, **fault},
        ),
    )
    if found.intact:
        messages.success(
            request, _("The chain is intact up to #%(number)d.") % {"number": found.sequence}
        )
    else:
        place = {"number": found.fault_sequence, "reason": fault_name(found.fault)}
        messages.error(request, _("The chain breaks at #%(number)d: %(reason)s.") % place)
    return back

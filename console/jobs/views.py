"""The pages of the jobs: the list, one job with its log, cancel and retry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.audit.wording import action_name, object_kind_name
from console.forms import OperationForm, refusal_text
from console.jobs.filters import JobFilter
from console.jobs.models import Job, JobLogLine, JobState
from console.jobs.operations import JOB_ENDED, JOB_NOT_RETRYABLE, cancel_job, retry_job
from console.links import Reference, find_links, register_link
from console.operations.framework import OPERATIONS, Outcome
from console.operations.refusal import PERMISSION, Refusal
from console.paging import SIZES, page_size, paginate
from console.teams.access import team_view
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission

LOG_LINES_SHOWN = 500
STOPPING = gettext_lazy("It was asked to stop already and does so at its next step.")


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as a page shows it: in words, with its links, and with why it cannot be cancelled or retried now."""

    job: Job
    name: str
    object_kind: str
    object_url: str
    url: str
    state: str
    state_label: str
    progress: str
    cancel_refusal: Refusal | Promise | None
    retry_refusal: Refusal | None


def _shown(principal: Principal, jobs: Iterable[Job]) -> list[JobView]:
    """Describe jobs; asks the database once for all their objects."""
    jobs = list(jobs)
    links = find_links(principal.team, (_reference(job) for job in jobs))
    return [_view(principal, job, links.get(_reference(job), "")) for job in jobs]


def _reference(job: Job) -> Reference:
    return Reference(job.target_kind, job.target_id)


def _view(principal: Principal, job: Job, object_url: str) -> JobView:
    state, label = job.state, job.get_state_display()
    if job.is_active and job.cancel_requested:
        state, label = "cancelling", _("Asked to stop")
    may = principal.may(Permission.OPERATE)
    return JobView(
        job=job,
        name=action_name(job.kind),
        object_kind=object_kind_name(job.target_kind),
        object_url=object_url,
        url=reverse("jobs:detail", args=[principal.team.slug, job.resource_id]),
        state=state,
        state_label=label,
        progress=_progress(job),
        cancel_refusal=_cancel_refusal(job) if may else PERMISSION.refuse(),
        retry_refusal=_retry_refusal(job) if may else PERMISSION.refuse(),
    )


def _progress(job: Job) -> str:
    """Say how far the job is, beside its state."""
    if job.is_active and job.cancel_requested:
        return ""
    if job.state == JobState.QUEUED and job.attempt == 0:
        return _("waits for a worker")
    if job.state == JobState.QUEUED:
        return _("attempt %(attempt)d of %(maximum)d did not work, tried again shortly") % {
            "attempt": job.attempt,
            "maximum": job.maximum_attempts,
        }
    if job.state == JobState.RUNNING and not job.lease_owner:
        return _("waits for the network")
    if job.attempt == 0:
        return ""
    return _("attempt %(attempt)d of %(maximum)d") % {
        "attempt": min(job.attempt, job.maximum_attempts),
        "maximum": job.maximum_attempts,
    }


def _cancel_refusal(job: Job) -> Refusal | Promise | None:
    if not job.is_active:
        return JOB_ENDED.refuse(state=job.get_state_display())
    if job.cancel_requested:
        return STOPPING
    return None


def _retry_refusal(job: Job) -> Refusal | None:
    ended_badly = job.state in (JobState.FAILED, JobState.CANCELLED)
    if not ended_badly or job.operation not in OPERATIONS:
        return JOB_NOT_RETRYABLE.refuse(state=job.get_state_display())
    return None


def job_links(team: Team, references: Collection[Reference]) -> dict[Reference, str]:
    """Return the pages of those jobs that exist: for the audit events about jobs themselves."""
    wanted = [reference.identifier for reference in references]
    known = Job.objects.for_team(team).filter(resource_id__in=wanted)
    return {
        Reference("job", job_id): reverse("jobs:detail", args=[team.slug, job_id])
        for job_id in known.values_list("resource_id", flat=True)
    }


register_link("job", job_links)


# --- The list -------------------------------------------------------------------------------------------------


@require_safe
@team_view()
def job_list(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Show the team's jobs, newest first, with filters."""
    return render(request, "jobs/list.html", _list_context(request, principal))


@require_safe
@team_view()
def job_rows(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Answer with the rows alone; 304 while they are what the page has."""
    context = _list_context(request, principal)
    rows: list[JobView] = context["rows"]
    return _unless_known(
        request,
        (_stamp(row.job) + row.object_url for row in rows),
        lambda: render(request, "jobs/_list.html", context),
    )


def _list_context(request: HttpRequest, principal: Principal) -> dict[str, Any]:
    slug = principal.team.slug
    jobs = Job.objects.for_team(principal.team).defer("instructions", "operation_arguments")
    chosen = JobFilter(request.GET, queryset=jobs)
    page = paginate(
        chosen.qs,
        orderings={"created": "pk"},
        default="-created",
        cursor=request.GET.get("cursor", ""),
        size=page_size(request.GET.get("size", "")),
    )
    rows = _shown(principal, page.rows)
    here = reverse("jobs:list", args=[slug])
    return {
        "filter": chosen,
        "rows": rows,
        "busy": any(row.job.is_active for row in rows),
        "rows_url": _with_query(reverse("jobs:rows", args=[slug]), request, {}),
        "list_url": here,
        "previous_url": page.previous_cursor
        and _with_query(here, request, {"cursor": page.previous_cursor}),
        "next_url": page.next_cursor and _with_query(here, request, {"cursor": page.next_cursor}),
        "sizes": SIZES,
        "size": page.size,
        "size_fields": [
            (name, value) for name, value in request.GET.items() if name not in ("size", "cursor")
        ],
    }


def _with_query(url: str, request: HttpRequest, changes: dict[str, str]) -> str:
    query = urlencode({**{name: value for name, value in request.GET.items() if value}, **changes})
    return f"{url}?{query}" if query else url


# --- One job --------------------------------------------------------------------------------------------------


@require_safe
@team_view()
def job_detail(request: HttpRequest, principal: Principal, job_id: str) -> HttpResponse:
    """Show one job: what it is for, how far it is, its log, and what can be done."""
    return render(request, "jobs/detail.html", _detail_context(principal, job_id))


@require_safe
@team_view()
def job_fragment(request: HttpRequest, principal: Principal, job_id: str) -> HttpResponse:
    """Answer with the part of the page that changes; 304 while it is what the page has."""
    context = _detail_context(principal, job_id)
    job: Job = context["job"]
    lines: list[JobLogLine] = context["log"]
    retries: list[JobView] = context["retries"]
    known = [_stamp(job), str(lines[-1].pk if lines else 0), *(_stamp(row.job) for row in retries)]
    return _unless_known(request, known, lambda: render(request, "jobs/_detail.html", context))


def _the_job(principal: Principal, job_id: str) -> Job:
    jobs = Job.objects.for_team(principal.team).select_related("retry_of")
    job = jobs.filter(resource_id=job_id).first()
    if job is None:
        raise Http404
    return job


def _detail_context(principal: Principal, job_id: str) -> dict[str, Any]:
    slug = principal.team.slug
    job = _the_job(principal, job_id)
    newest = job.log_lines.order_by("-pk")[: LOG_LINES_SHOWN + 1]
    lines = list(newest)[::-1]
    related = [job, *([job.retry_of] if job.retry_of else []), *job.retries.order_by("pk")[:20]]
    views = {view.job.pk: view for view in _shown(principal, related)}
    audit_url = request_url = ""
    if principal.may(Permission.READ_AUDIT):
        audit_url = f"{reverse('audit:list', args=[slug])}?{urlencode({'job_id': job.resource_id})}"
        if job.request_id:
            request_url = reverse("audit:request", args=[slug, job.request_id])
    return {
        "job": job,
        "view": views[job.pk],
        "earlier": views[job.retry_of.pk] if job.retry_of else None,
        "retries": [views[each.pk] for each in related if each.retry_of_id == job.pk],
        "log": lines[-LOG_LINES_SHOWN:],
        "log_is_cut": len(lines) > LOG_LINES_SHOWN,
        "audit_url": audit_url,
        "request_url": request_url,
        "fragment_url": reverse("jobs:fragment", args=[slug, job.resource_id]),
        "cancel_url": reverse("jobs:cancel", args=[slug, job.resource_id]),
        "retry_url": reverse("jobs:retry", args=[slug, job.resource_id]),
        "form": OperationForm(auto_id=False),
        "crumbs": [
            {"label": _("Jobs"), "url": reverse("jobs:list", args=[slug])},
            {"label": views[job.pk].name, "url": ""},
        ],
    }


# --- Cancel and retry -----------------------------------------------------------------------------------------


@require_POST
@team_view()
def job_cancel(request: HttpRequest, principal: Principal, job_id: str) -> HttpResponse:
    """Cancel a queued job, or ask a running one to stop."""
    outcome = _attempt(request, principal, cancel_job, job_id)
    if outcome is not None and outcome.values.get("state") == JobState.CANCELLED:
        messages.success(request, _("The job was cancelled; everything is as it was before it."))
    elif outcome is not None:
        messages.info(
            request, _("The job was asked to stop. It does so at its next step, not at once.")
        )
    return _go_to(request, principal, job_id)


@require_POST
@team_view()
def job_retry(request: HttpRequest, principal: Principal, job_id: str) -> HttpResponse:
    """Do again what a failed or cancelled job was to do, as a new job."""
    outcome = _attempt(request, principal, retry_job, job_id)
    if outcome is None:
        return _go_to(request, principal, job_id)
    messages.success(request, _("Tried again with a new job, after all rules were checked anew."))
    return _go_to(request, principal, outcome.job_id or job_id)


def _attempt(
    request: HttpRequest, principal: Principal, act: Callable[..., Outcome], job_id: str
) -> Outcome | None:
    """Call the operation; a refusal becomes a message. Another team's job is not there at all."""
    form = OperationForm(request.POST)
    form.is_valid()
    outcome = form.attempt(act, principal=principal, job_id=job_id)
    if form.refusal is not None:
        if form.refusal.status == 404:
            raise Http404
        messages.error(request, refusal_text(form.refusal))
    return outcome


def _go_to(request: HttpRequest, principal: Principal, job_id: str) -> HttpResponse:
    url = reverse("jobs:detail", args=[principal.team.slug, job_id])
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


# --- Refreshing -----------------------------------------------------------------------------------------------


def _stamp(job: Job) -> str:
    """Return what changes whenever a row of this job would look different; with every second while it is active."""
    now = int(timezone.now().timestamp()) if job.is_active else 0
    return f"{job.pk}/{job.state}/{job.attempt}/{job.cancel_requested}/{job.lease_owner}/{now};"


def _unless_known(
    request: HttpRequest, parts: Iterable[str], build: Callable[[], HttpResponse]
) -> HttpResponse:
    """Answer 304 if the browser has this very content (for this person, in this language), else build it."""
    minute = int(timezone.now().timestamp()) // 60  # "3 minutes ago" must not stand still
    whole = "".join((*parts, str(minute), str(get_language()), str(request.user.pk)))
    tag = f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'
    known = request.headers.get("If-None-Match") == tag
    response: HttpResponse = HttpResponseNotModified() if known else build()
    response["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    return response

"""Carrying out one job: claim, work, and end it in one transaction."""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from console import pulse
from console.audit.log import AuditEntry, record
from console.audit.models import AuditResult
from console.jobs import lease
from console.jobs.handlers import (
    Done,
    PermanentFailure,
    Stopped,
    TemporaryFailure,
    Waiting,
    handler_for,
    winds_down,
)
from console.jobs.models import ACTIVE_STATES, Job, JobLock, JobState
from console.jobs.queue import log, send
from console.teams.models import Team
from console.teams.principal import system_principal

logger = logging.getLogger(__name__)

TOOK_TOO_LONG = gettext_noop("It took longer than the time limit of %(seconds)s seconds.")
CANCELLED = gettext_noop("Cancelled by %(who)s.")
DEADLINE = gettext_noop("It was not done by its deadline. Last word: %(note)s")
WORKERS_DIED = gettext_noop("The worker stopped in the middle of it %(attempts)s times.")
DATABASE = gettext_noop("The database was busy or away (%(name)s).")
BEGINS = gettext_noop("Attempt %(attempt)s begins.")
WAITS = gettext_noop("Waits: %(note)s")
INTERNAL = gettext_noop("An internal error stopped it (%(name)s). The log of the worker has it.")


def run(job_pk: int) -> JobState | None:
    """Carry the job out if it can be claimed now; return its state afterwards, or None when it was not ours."""
    job = lease.claim(job_pk, lease.new_owner())
    if job is None:
        _undo_left(job_pk)
        return None
    pulse.touch(job.team_id)
    if _is_to_end_now(job):
        return conclude_cancelled(job)
    if job.attempt > job.maximum_attempts:
        return _fail(job, WORKERS_DIED, attempts=job.attempt - 1)
    _log_once(job, BEGINS, attempt=job.attempt)
    try:
        with lease.kept_alive(job):
            result = handler_for(job).carry_out(job)
    except TemporaryFailure as failure:
        return _later(job, failure)
    except PermanentFailure as failure:
        return _fail(job, failure.message, **failure.parameters)
    except SoftTimeLimitExceeded:
        limit = settings.HAVIP_JOB_SOFT_LIMIT
        return _later(job, TemporaryFailure(TOOK_TOO_LONG, seconds=limit))
    except OperationalError as error:
        logger.warning("job %s: the database failed", job.resource_id, exc_info=True)
        return _later(job, TemporaryFailure(DATABASE, name=type(error).__name__))
    except Exception as error:
        logger.exception("job %s failed by an internal error", job.resource_id)
        return _fail(job, INTERNAL, name=type(error).__name__)
    return _conclude(job, result)


def _conclude(job: Job, result: Done | Waiting | Stopped) -> JobState | None:
    match result:
        case Waiting():
            return _wait(job, result)
        case Stopped():
            return conclude_cancelled(job, result)
        case Done():
            return _succeed(job, result)


def _is_to_end_now(job: Job) -> bool:
    """Tell whether somebody cancelled the job and nothing of it has to be carried on."""
    return job.cancel_requested and not winds_down(job)


def _log_once(job: Job, message: str, **parameters: object) -> None:
    """Log what is still so only when it was not so before: a job that waits is looked at again and again."""
    last = job.log_lines.filter(message=message).last()
    if last is None or last.parameters != parameters:
        log(job, message, level="info", **parameters)


def _held(job: Job) -> Job | None:
    """Lock the team, then the job; return it if this claim still holds it. Only inside a transaction."""
    Team.objects.select_for_update(no_key=True).get(pk=job.team_id)
    held = Job.objects.select_for_update(of=("self",)).filter(
        pk=job.pk, lease_owner=job.lease_owner, state=JobState.RUNNING
    )
    return held.select_related("team").first()


def _succeed(job: Job, result: Done) -> JobState | None:
    with transaction.atomic():
        held = _held(job)
        if held is None:
            return None
        handler_for(held).settle(held)
        log(
            held,
            gettext_noop("Succeeded after %(seconds).1f seconds."),
            seconds=held.elapsed_seconds,
        )
        return _end(held, JobState.SUCCEEDED)


def _later(job: Job, failure: TemporaryFailure) -> JobState | None:
    """Give the job back to the queue with back-off, or fail it when it had all its attempts."""
    if job.attempt >= job.maximum_attempts:
        return _fail(job, failure.message, **failure.parameters)
    delay = backoff_seconds(job.attempt)
    with transaction.atomic():
        held = _held(job)
        if held is None:
            return None
        log(held, failure.message, level="warning", **failure.parameters)
        if not _is_to_end_now(held):
            log(held, gettext_noop("Tried again in %(seconds).1f seconds."), seconds=delay)
            _release(held, JobState.QUEUED, delay)
            transaction.on_commit(lambda: send(held.pk, delay_seconds=delay), robust=True)
            return JobState.QUEUED
        state = _cancel(held)
    _undo(job)
    return state


def backoff_seconds(attempt: int) -> float:
    """Return the pause after this attempt: doubling from the base, with jitter, at most a minute."""
    base: float = settings.HAVIP_JOB_BACKOFF_SECONDS
    pause: float = min(60.0, base * 2 ** (attempt - 1))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret


def _wait(job: Job, waiting: Waiting) -> JobState | None:
    """Park the job: no worker sits waiting. A report, or the sweeper, takes it up again."""
    with transaction.atomic():
        held = _held(job)
        if held is None:
            return None
        if _is_to_end_now(held):
            state = _cancel(held)
        elif held.deadline_at is not None and timezone.now() >= held.deadline_at:
            state = _end_failed(held, DEADLINE, {"note": waiting.note})
        else:
            if waiting.note:
                _log_once(held, WAITS, note=waiting.note)
            held.attempt -= 1  # waiting is no attempt of its own
            _release(held, JobState.RUNNING, waiting.seconds)
            transaction.on_commit(lambda: send(held.pk, delay_seconds=waiting.seconds), robust=True)
            return JobState.RUNNING
    _undo(job)
    return state


def _release(job: Job, state: JobState, delay_seconds: float) -> None:
    now = timezone.now()
    job.state = state
    job.lease_owner = ""
    job.lease_until = now
    job.due_at = now + timedelta(seconds=delay_seconds)
    job.sent_at = now
    job.save(update_fields=["state", "attempt", "lease_owner", "lease_until", "due_at", "sent_at"])
    pulse.touch(job.team_id)


def _fail(job: Job, message: str, **parameters: object) -> JobState | None:
    with transaction.atomic():
        held = _held(job)
        if held is None:
            return None
        state = _end_failed(held, message, parameters)
    _undo(job)
    return state


def _end_failed(job: Job, message: str, parameters: dict[str, object]) -> JobState:
    """End a held job as failed: records back, reason in the log, one audit event. Inside a transaction."""
    job.explanation, job.explanation_parameters = message, parameters
    handler_for(job).give_back(job)
    log(job, message, level="error", **parameters)
    record(
        system_principal(job.team, label=job.requested_by, request_id=job.request_id),
        AuditEntry(
            action=job.kind,
            result=AuditResult.FAILED,
            object_kind=job.target_kind,
            object_id=job.target_id,
            object_label=job.target_label,
            code="JobFailed",
            message=message,
            message_parameters=parameters,
            after={"arguments": job.operation_arguments},
            job_id=job.resource_id,
        ),
    )
    return _end(job, JobState.FAILED)


def conclude_cancelled(job: Job, stopped: Stopped | None = None) -> JobState | None:
    """End a job that this claim holds as cancelled, with its handler's last word, and put the records back."""
    with transaction.atomic():
        held = _held(job)
        if held is None:
            return None
        if stopped is not None:
            held.explanation, held.explanation_parameters = (
                stopped.message,
                dict(stopped.parameters),
            )
        state = _cancel(held)
    _undo(job)
    return state


def _cancel(job: Job) -> JobState:
    """End a locked job as cancelled. Inside a transaction; also used for a queued one by its operation."""
    if not job.explanation:
        job.explanation = gettext_noop("Cancelled.")
    handler_for(job).give_back(job)
    log(job, gettext_noop("Cancelled."))
    return _end(job, JobState.CANCELLED)


def ask_to_stop(job: Job, *, who: str) -> None:
    """End an active job that the caller has locked in its transaction, or have it ended by a worker.

    One that no worker has touched is cancelled at once, and nothing stays locked; other jobs of its network may have told what it was
    about, so a worker tells the network once more. An attempt of any other may have told the network something already:
    a worker takes that back, at once or (`winds_down`) step by step, and ends the job.
    """
    if job.state == JobState.QUEUED and job.attempt == 0:
        job.explanation, job.explanation_parameters = CANCELLED, {"who": who}
        _cancel(job)
        transaction.on_commit(lambda: send(job.pk), robust=True)
        return
    job.cancel_requested = True
    if not job.lease_owner:
        job.due_at = timezone.now()
        transaction.on_commit(lambda: send(job.pk), robust=True)
    job.save(update_fields=["cancel_requested", "due_at"])
    pulse.touch(job.team_id)


def _end(job: Job, state: JobState) -> JobState:
    """Write the final state. Inside a transaction.

    What the job held is let go at once only if the network is as the records say; else `_undo` lets go, when it has told the
    network: nobody may change the same things in between.
    """
    if job.state not in ACTIVE_STATES:
        raise RuntimeError(f"{job.resource_id} has ended already")
    job.state = state
    job.finished_at = timezone.now()
    job.lease_owner, job.lease_until = "", None
    job.save()
    if state == JobState.SUCCEEDED or job.attempt == 0:
        JobLock.objects.filter(job=job).delete()
    pulse.touch(job.team_id)
    return state


def _undo(job: Job) -> None:
    """Make the network follow the records again, then let go of what the job held.

    What does not work is logged: the records are right already. A worker that dies here leaves the locks, and the sweeper sends
    the job again (`left_to_undo`).
    """
    try:
        handler_for(job).undo(job)
    except Exception:
        logger.warning("job %s: putting back did not work", job.resource_id, exc_info=True)
    JobLock.objects.filter(job=job).delete()
    pulse.touch(job.team_id)


def left_to_undo() -> QuerySet[Job, int]:
    """Return the jobs that ended without success and whose worker died before it had told the network."""
    patience = timedelta(seconds=settings.HAVIP_JOB_HARD_LIMIT)
    ended = Job.objects.exclude(state__in=ACTIVE_STATES).filter(
        locks__isnull=False, finished_at__lt=timezone.now() - patience
    )
    return ended.order_by("pk").values_list("pk", flat=True).distinct()


def _undo_left(job_pk: int) -> None:
    left = Q(pk__in=left_to_undo().filter(pk=job_pk))
    before_its_turn = Q(state=JobState.CANCELLED, attempt=0)
    job = Job.objects.select_related("team").filter(left | before_its_turn, pk=job_pk).first()
    if job is not None:
        _undo(job)

"""Writing jobs and saying "look" to the workers. A job is a row first and a message second."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from console import pulse
from console.jobs.models import ACTIVE_STATES, Job, JobLock, JobLogLine, lock_key
from console.teams.principal import Principal

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What an operation wants carried out.

    `locks` are (kind, identifier) pairs; while the job is active no other job may lock the same. `instructions` are the
    handler's own, plain JSON values.
    """

    kind: str
    handler: str
    target_kind: str
    target_id: str
    target_label: str
    region: str = ""
    locks: Iterable[tuple[str, str]] = ()
    instructions: Mapping[str, Any] = field(default_factory=dict)


def enqueue(
    principal: Principal,
    request: JobRequest,
    *,
    operation: str,
    operation_arguments: Mapping[str, Any],
    retry_of: Job | None = None,
) -> Job:
    """Write the job and its locks in the running transaction; send it after the commit.

    Raises IntegrityError when another active job holds one of the locks.
    """
    job = Job.objects.create(
        team=principal.team,
        kind=request.kind,
        handler=request.handler,
        region=request.region,
        target_kind=request.target_kind,
        target_id=request.target_id,
        target_label=request.target_label[:200],
        instructions=dict(request.instructions),
        operation=operation,
        operation_arguments=dict(operation_arguments),
        retry_of=retry_of,
        maximum_attempts=settings.HAVIP_JOB_ATTEMPTS,
        requested_by=principal.label,
        requested_by_id=principal.identifier,
        request_id=principal.request_id,
    )
    keys = sorted({lock_key(kind, identifier) for kind, identifier in request.locks})
    JobLock.objects.bulk_create([JobLock(key=key, job=job) for key in keys])
    log(job, gettext_noop("Queued by %(who)s."), who=principal.label)
    pulse.touch(job.team_id)
    transaction.on_commit(lambda: send(job.pk), robust=True)
    return job


def log(job: Job, message: str, *, level: str = "info", **parameters: object) -> None:
    """Write one line into the job's log; `message` is marked with gettext_noop by the caller."""
    JobLogLine.objects.create(job=job, level=level, message=message, parameters=parameters)


def send(job_pk: int, *, delay_seconds: float = 0) -> bool:
    """Tell the workers to look at a job; return whether the broker took the message.

    A broker that is away loses nothing: the sweeper sends what was not looked at.
    """
    from console.jobs.tasks import run_job

    try:
        run_job.apply_async(args=(job_pk,), countdown=delay_seconds)
    except Exception as error:  # noqa: BLE001 - the row is the truth: the sweeper sends again
        logger.warning("job %s could not be sent, the sweeper will: %s", job_pk, error)
        return False
    Job.objects.filter(pk=job_pk, state__in=ACTIVE_STATES).update(sent_at=timezone.now())
    return True

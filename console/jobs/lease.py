"""Claiming a job and holding on to it: compare-and-set on the row, never a message."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.jobs.models import Job, JobState
from console.lifeline import lives

logger = logging.getLogger(__name__)


def new_owner() -> str:
    """Return a name for one claim: never used twice, so that a late worker cannot pass for the present one."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(6)}"


def claimable(now_filter: Q | None = None) -> Q:
    """Return which jobs may be claimed now: queued and due, or running without a living lease and due."""
    now = timezone.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    return free & Q(due_at__lte=now) & (now_filter or Q())


def claim(job_pk: int, owner: str) -> Job | None:
    """Take the job if it can be taken; return it, or None when somebody else has it or it is not due."""
    now = timezone.now()
    taken = Job.objects.filter(claimable(), pk=job_pk).update(
        state=JobState.RUNNING,
        lease_owner=owner,
        lease_until=now + timedelta(seconds=settings.HAVIP_JOB_LEASE_SECONDS),
        attempt=F("attempt") + 1,
        started_at=Coalesce(F("started_at"), now),
        # From the first attempt on, not from the creation: a queue that stood still is no fault of the job.
        deadline_at=Coalesce(
            F("deadline_at"), now + timedelta(seconds=settings.HAVIP_JOB_DEADLINE_SECONDS)
        ),
    )
    return Job.objects.select_related("team").get(pk=job_pk) if taken else None


def renew(job_pk: int, owner: str) -> bool:
    """Prolong the lease; return False when it was lost."""
    until = timezone.now() + timedelta(seconds=settings.HAVIP_JOB_LEASE_SECONDS)
    return _held_by(owner, job_pk).update(lease_until=until) == 1


def take_from_the_dead() -> None:
    """End the leases of processes that are gone, so that their jobs are taken up at once. Only where all workers are local."""
    held = Job.objects.filter(state=JobState.RUNNING).exclude(lease_owner="")
    for job_pk, owner in held.values_list("pk", "lease_owner"):
        pid = owner.rpartition(":")[0].rpartition(":")[2]
        if pid.isdecimal() and not lives(int(pid)):
            free = {"lease_owner": "", "lease_until": timezone.now(), "sent_at": None}
            if _held_by(owner, job_pk).update(**free):
                logger.warning("the worker of job %s is gone: it is taken up again", job_pk)


def _held_by(owner: str, job_pk: int) -> QuerySet[Job]:
    return Job.objects.filter(pk=job_pk, lease_owner=owner, state=JobState.RUNNING)


@contextmanager
def kept_alive(job: Job) -> Iterator[None]:
    """Renew the lease from a thread while the body runs; the thread dies with the process."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_renew_until, args=(job.pk, job.lease_owner, stop), name="job-lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=settings.HAVIP_JOB_LEASE_SECONDS)


def _renew_until(job_pk: int, owner: str, stop: threading.Event) -> None:
    interval = settings.HAVIP_JOB_LEASE_SECONDS / 3
    try:
        while not stop.wait(interval):
            try:
                if not renew(job_pk, owner):
                    return
            except Exception:  # the next round may succeed; a lost lease is found at the end
                logger.warning("lease of job %s not renewed", job_pk, exc_info=True)
                connection.close()
    finally:
        connection.close()

"""The Celery tasks of the job queue: run one, sweep for lost ones, clean up."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone

from console.jobs import lease
from console.jobs.models import Job
from console.jobs.queue import send
from console.jobs.runner import left_to_undo, run

logger = logging.getLogger(__name__)
_SWEEP_BATCH = 100


@shared_task(name="console.jobs.tasks.run_job", ignore_result=True)
def run_job(job_pk: int) -> None:
    """Carry out one job; a message that comes twice, late or for a finished job does nothing."""
    run(job_pk)


@shared_task(name="console.jobs.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Send again what nobody looks at: lost messages, and jobs whose worker died. Return how many."""
    if settings.HAVIP_WORKERS_ARE_LOCAL:
        lease.take_from_the_dead()
    now = timezone.now()
    patience = timedelta(seconds=settings.HAVIP_JOB_RESEND_SECONDS)
    # Whoever waits longest first, and only so many: a long queue must not be sent again and again as a whole.
    unseen = (
        Job.objects.filter(lease.claimable())
        .filter(Q(sent_at=None) | Q(sent_at__lt=now - patience))
        .order_by("due_at", "pk")
    )
    sent = 0
    for pk in [*unseen.values_list("pk", flat=True)[:_SWEEP_BATCH], *left_to_undo()]:
        if not send(pk):
            break  # the broker is away: the next tick tries again
        sent += 1
    if sent:
        logger.info("sweeper sent %s job(s) again", sent)
    return sent


@shared_task(name="console.jobs.tasks.cleanup", ignore_result=True)
def cleanup() -> None:
    """Forget what has served its time: idempotency tokens and sessions."""
    from console.operations.idempotency import forget_expired

    forget_expired()
    call_command("clearsessions")

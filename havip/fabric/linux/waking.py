"""Waking who waits for a scope: agents in a long poll, and jobs that an agent's report may advance.

A mark per scope lies in the shared cache; whoever waits looks whether it is still the one from before. It may be lost: then
somebody looks into the database once too often, which is harmless.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from console.jobs.models import Job, JobState
from console.jobs.queue import send
from console.recollection import keep, recall
from havip.fabric.linux.models import Agent, AgentRole
from havip.models import HaVip, Instance, Vpc

_LIFETIME_SECONDS = 24 * 3600
_LOOK_SECONDS = 0.15
_WITHOUT_CACHE_SECONDS = 2.0
_waiting = threading.BoundedSemaphore(settings.HAVIP_AGENT_WAITERS)


def _key(scope: str) -> str:
    return f"agent-scope:{scope}"


def wake(scope: str) -> None:
    """Let the scope's agent, if it waits, ask again; once the running transaction is committed."""
    transaction.on_commit(lambda: _mark(scope), robust=True)


def _mark(scope: str) -> None:
    keep(_key(scope), str(time.time_ns()), seconds=_LIFETIME_SECONDS)


def mark_of(scope: str) -> str | None:
    """Return the scope's present mark; None when the cache cannot be asked."""
    mark = recall(_key(scope), "")
    return None if mark is None else str(mark)


def wait_for(scope: str, mark: str | None, seconds: float) -> bool:
    """Wait until the scope's mark is another one, at most so long; return False at once when too many wait already.

    Holds neither a transaction nor a connection to the database meanwhile.
    """
    if not _waiting.acquire(blocking=False):
        return False
    try:
        if not connection.in_atomic_block:
            connection.close()
        end = time.monotonic() + (seconds if mark is not None else _WITHOUT_CACHE_SECONDS)
        while (left := end - time.monotonic()) > 0:
            if mark is not None and mark_of(scope) != mark:
                break
            time.sleep(min(_LOOK_SECONDS, left))
        return True
    finally:
        _waiting.release()


def wake_jobs(agent: Agent) -> None:
    """Send the jobs that wait for this agent to the workers now, once the running transaction is committed."""
    pks = _waiting_jobs(agent)
    if pks:
        transaction.on_commit(lambda: _send(pks), robust=True)


def _waiting_jobs(agent: Agent) -> list[int]:
    waiting = Job.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=timezone.now()),
        state=JobState.RUNNING,
        region=agent.region,
    ).values_list("pk", "instructions")
    jobs = list(waiting)
    if not jobs or agent.role == AgentRole.HOST:
        return [pk for pk, _ in jobs]
    vpcs = _vpcs_of(agent)
    havips = set(HaVip.objects.filter(vpc__in=vpcs).values_list("pk", flat=True))
    return [
        pk
        for pk, told in jobs
        if vpcs.intersection(told.get("networks", ()))
        or havips.intersection(told.get("havips", ()))
    ]


def _vpcs_of(agent: Agent) -> set[int]:
    if agent.role == AgentRole.GATEWAY:
        return set(Vpc.objects.filter(resource_id=agent.subject).values_list("pk", flat=True))
    instances = Instance.objects.filter(resource_id=agent.subject, vswitch__isnull=False)
    return set(instances.values_list("vswitch__vpc_id", flat=True).order_by())


def _send(pks: Iterable[int]) -> None:
    for pk in pks:
        # A job that waits is not due before its pause is over: now there is something to look at.
        Job.objects.filter(pk=pk, state=JobState.RUNNING, lease_owner="").update(
            due_at=timezone.now()
        )
        send(pk)

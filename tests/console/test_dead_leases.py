"""Where all workers are of this machine, the lease of one that is gone is not waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.jobs import lease, tasks
from console.jobs.models import Job, JobState
from tests.cast import World
from tests.fabrics import ScriptedFabric


@pytest.fixture
def job(world: World, fabric: ScriptedFabric) -> Job:
    """The job of a new HaVip, whose message has been sent just now."""
    job = Job.objects.get(resource_id=world.act("havip.create", vswitch_id=world.vswitch).job_id)
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    return job


@pytest.fixture(params=["reaped", "a zombie"])
def gone(request: pytest.FixtureRequest) -> Iterator[int]:
    """The process id of a worker that was killed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if request.param == "reaped":
        process.wait()
    yield process.pid
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def test_the_sweeper_takes_it_back_at_once(job: Job, gone: int, settings: Any) -> None:
    settings.HAVIP_WORKERS_ARE_LOCAL = True
    assert lease.claim(job.pk, f"an-old-name:{gone}:0123") is not None
    assert tasks.sweep() == 1
    again = lease.claim(job.pk, lease.new_owner())
    assert again is not None
    assert again.attempt == 2


def test_whoever_lives_keeps_it(job: Job, settings: Any) -> None:
    settings.HAVIP_WORKERS_ARE_LOCAL = True
    mine = lease.new_owner()
    assert lease.claim(job.pk, mine) is not None
    assert tasks.sweep() == 0
    assert lease.renew(job.pk, mine)


def test_on_several_machines_a_process_id_says_nothing(job: Job, gone: int) -> None:
    assert lease.claim(job.pk, f"another-machine:{gone}:0123") is not None
    assert tasks.sweep() == 0
    assert lease.claim(job.pk, lease.new_owner()) is None


def test_a_job_that_waits_is_left_waiting(job: Job, settings: Any) -> None:
    """It is running, and nobody's."""
    settings.HAVIP_WORKERS_ARE_LOCAL = True
    later = timezone.now() + timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, lease_owner="", due_at=later)
    assert tasks.sweep() == 0
    job.refresh_from_db()
    assert job.due_at == later

"""Jobs at each stage of their life, for the tests of their pages."""

from __future__ import annotations

import pytest

from console.jobs import lease
from console.jobs.models import Job, JobState
from tests.cast import World, carry_out_jobs
from tests.console.pages import JOBS
from tests.fabrics import ScriptedFabric


def url_of(job_id: str, what: str = "") -> str:
    return f"{JOBS}{job_id}/{what}"


@pytest.fixture(name="job")
def queued_job(world: World) -> Job:
    """A queued job: the creation of a HaVip."""
    outcome = world.act(
        "havip.create", vswitch_id=world.vswitch, name="web-vip", ip_address="192.168.0.88"
    )
    return Job.objects.get(resource_id=outcome.job_id)


def make_running(job: Job) -> Job:
    claimed = lease.claim(job.pk, lease.new_owner())
    assert claimed is not None
    return claimed


def make_failed(job: Job, fabric: ScriptedFabric) -> Job:
    fabric.refuse()
    carry_out_jobs()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    return job

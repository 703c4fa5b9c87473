"""Jobs that bind, as the tests take them from one report to the next."""

from __future__ import annotations

from django.utils import timezone

from console.jobs.models import Job, JobState
from havip.fabric.linux.protocol import NodeDocument
from tests.cast import carry_out_jobs
from tests.havip.fabric.linux.conftest import Agents
from tests.havip.fabric.linux.scripted import ScriptedAgent


def begin_bind(agents: Agents, havip: str, resource: str) -> Job:
    agents.world.act("havip.bind_instance", havip_id=havip, instance_id=resource)
    (job,) = carry_out_jobs()
    assert (job.state, job.lease_owner) == (JobState.RUNNING, "")
    return job


def advance(job: Job) -> None:
    Job.objects.filter(state="running").update(due_at=timezone.now())
    carry_out_jobs()
    job.refresh_from_db()


def served_by(agent: ScriptedAgent) -> list[str]:
    document = agent.document()
    assert isinstance(document, NodeDocument)
    return [havip.id for havip in document.havips]

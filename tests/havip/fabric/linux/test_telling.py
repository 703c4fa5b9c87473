"""Who is told of a HaVip, and when: never before those who serve it, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from console.jobs import runner
from console.jobs.models import Job, JobState
from havip.fabric.linux import store, tasks
from havip.fabric.linux.models import WantedState
from tests.cast import carry_out_jobs
from tests.havip.fabric.linux.binding import advance, begin_bind, served_by
from tests.havip.fabric.linux.conftest import Agents
from tests.havip.fabric.linux.scripted import ScriptedAgent

pytestmark = pytest.mark.slow

VERSIONS_ARE_ASKED_FOR = (
    'SELECT "linux_wantedstate"."scope" AS "scope", "linux_wantedstate"."version" '
)


def test_a_second_node_is_told_when_the_serving_one_knows_of_it(
    agents: Agents, unbound: str
) -> None:
    """Else it would find nobody there and take the address from the node that serves."""
    world = agents.world
    job = begin_bind(agents, unbound, world.ecs1)
    agents.gateway.obey()
    agents.ecs1.obey()
    advance(job)
    assert job.state == JobState.SUCCEEDED

    job = begin_bind(agents, unbound, world.ecs2)
    agents.gateway.obey()
    agents.ecs2.obey()
    advance(job)
    assert job.state == JobState.RUNNING
    assert served_by(agents.ecs2) == []
    # Another reason to compute everything anew does not let it out either.
    store.refresh_vpc(world.region, world.vpc)
    assert served_by(agents.ecs2) == []

    agents.ecs1.obey()
    advance(job)
    assert (job.state, served_by(agents.ecs2)) == (JobState.RUNNING, [unbound])
    agents.ecs2.obey()
    advance(job)
    assert job.state == JobState.SUCCEEDED


def test_a_bind_is_not_done_before_the_second_node_is_told(agents: Agents, unbound: str) -> None:
    """Also when the serving node reports between the look at it and the judgement: then everybody has what was wanted."""
    world = agents.world
    job = begin_bind(agents, unbound, world.ecs1)
    agents.gateway.obey()
    agents.ecs1.obey()
    advance(job)
    job = begin_bind(agents, unbound, world.ecs2)
    agents.gateway.obey()
    agents.ecs2.obey()
    reported = []

    def report_before_the_judgement(
        execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith(VERSIONS_ARE_ASKED_FOR) and not reported:
            reported.append(True)
            agents.ecs1.obey()
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(report_before_the_judgement):
        advance(job)
    assert reported
    assert (job.state, served_by(agents.ecs2)) == (JobState.RUNNING, [])
    advance(job)
    assert (job.state, served_by(agents.ecs2)) == (JobState.RUNNING, [unbound])
    agents.ecs2.obey()
    advance(job)
    assert job.state == JobState.SUCCEEDED


# --- Time mends what nobody came back for -------------------------------------------------------------------------------


def versions() -> dict[str, int]:
    return dict(WantedState.objects.values_list("scope", "version"))


def test_what_was_told_for_a_job_that_was_cancelled_is_taken_back(
    agents: Agents, havip: str
) -> None:
    """Another job of the VPC tells all that is recorded, also what a job that no worker has touched is about."""
    world = agents.world
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs2)
    job = Job.objects.active().get()
    store.refresh_vpc(world.region, world.vpc)
    assert served_by(agents.ecs2) == []
    world.act("job.cancel", job_id=job.resource_id)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    tasks.tell_anew()
    agents.obey()
    tasks.tell_anew()
    assert served_by(agents.ecs2) == [havip]


def test_what_may_not_be_had_is_taken_back_as_soon_as_a_worker_looks(
    agents: Agents, unbound: str
) -> None:
    """A bind that was cancelled before its turn leaves nobody who may announce the address, and time need not mend that."""
    world = agents.world
    world.act("havip.bind_instance", havip_id=unbound, instance_id=world.ecs1)
    job = Job.objects.active().get()
    store.refresh_vpc(world.region, world.vpc)
    assert served_by(agents.ecs1) == [unbound]
    world.act("job.cancel", job_id=job.resource_id)
    runner.run(job.pk)
    assert served_by(agents.ecs1) == []


def test_there_is_time_for_one_at_least_and_none_is_always_the_last(
    agents: Agents, havip: str
) -> None:
    world = agents.world
    another = world.act("vpc.create", cidr_block="10.0.0.0/8").object_id
    ScriptedAgent(f"gateway:{another}")
    carry_out_jobs()
    gateways = WantedState.objects.filter(scope__startswith="gateway:")
    assert gateways.count() == 2
    gateways.update(document={})
    store.refresh_all(seconds=0)
    assert gateways.filter(document={}).count() == 1
    for _ in range(60):
        store.refresh_all(seconds=0)
    assert not gateways.filter(document={}).exists()


def test_what_is_as_it_should_be_stays(agents: Agents, havip: str) -> None:
    before = versions()
    tasks.tell_anew()
    assert versions() == before

"""How jobs end when it gets rough: nothing told is left behind, and nobody else acts before it is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from kombu.pools import reset as reset_pools

from console.celery import app
from console.jobs import runner, tasks
from console.jobs.models import Job, JobLock, JobState
from console.jobs.operations import cancel_job, retry_job
from console.operations.refusal import Refusal
from havip.fabric.wanted import wanted_havip
from havip.models import HaVip
from tests.cast import World, carry_out_jobs
from tests.fabrics import ScriptedFabric


@pytest.fixture
def binding(world: World, fabric: ScriptedFabric) -> Job:
    """The queued job that binds ecs1 to a HaVip."""
    havip = world.havip()
    outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    return Job.objects.get(resource_id=outcome.job_id)


def test_what_an_attempt_told_is_taken_back_when_the_job_is_cancelled_between_two(
    world: World, fabric: ScriptedFabric, binding: Job
) -> None:
    fabric.busy()
    assert runner.run(binding.pk) == JobState.QUEUED
    told = len(fabric.calls)
    outcome = cancel_job(principal=world.principal, job_id=binding.resource_id)
    assert outcome.values["state"] == JobState.QUEUED
    assert runner.run(binding.pk) == JobState.CANCELLED
    assert len(fabric.calls) == told + 1
    assert fabric.havips[binding.target_id].nodes == ()
    assert not JobLock.objects.filter(job=binding).exists()


def test_what_others_told_for_it_is_taken_back_when_it_is_cancelled_before_its_turn(
    world: World,
    fabric: ScriptedFabric,
    binding: Job,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Another job of the same network tells all that is recorded, also what waits for its turn."""
    fabric.apply_havip(wanted_havip(HaVip.objects.get(resource_id=binding.target_id)))
    assert fabric.havips[binding.target_id].nodes
    app.control.purge()
    with django_capture_on_commit_callbacks(execute=True):
        outcome = cancel_job(principal=world.principal, job_id=binding.resource_id)
    assert outcome.values["state"] == JobState.CANCELLED
    assert app.control.purge() == 1, "a worker is told to look at it"
    assert runner.run(binding.pk) is None
    assert fabric.havips[binding.target_id].nodes == ()


def test_a_job_that_waits_is_stopped_at_once(
    world: World, fabric: ScriptedFabric, binding: Job
) -> None:
    fabric.take_long(3600)
    assert runner.run(binding.pk) == JobState.RUNNING
    cancel_job(principal=world.principal, job_id=binding.resource_id)
    assert runner.run(binding.pk) == JobState.CANCELLED


def test_nobody_acts_before_the_network_is_told(
    world: World, fabric: ScriptedFabric, binding: Job
) -> None:
    fabric.refuse()
    refused: list[str] = []

    def meanwhile() -> None:
        if Job.objects.get(pk=binding.pk).state == JobState.FAILED:
            with pytest.raises(Refusal) as refusal:
                world.act("havip.bind_instance", havip_id=binding.target_id, instance_id=world.ecs2)
            refused.append(refusal.value.code)

    fabric.before_answer = meanwhile
    assert runner.run(binding.pk) == JobState.FAILED
    assert refused
    fabric.before_answer = None
    world.bind(binding.target_id, world.ecs2)


class DeadWorkerError(BaseException):
    """Ends a worker as nothing that the runner could catch."""


def test_a_worker_that_dies_before_it_took_back_is_followed_by_another(
    fabric: ScriptedFabric, binding: Job, settings: Any
) -> None:
    fabric.refuse()

    def die() -> None:
        if Job.objects.get(pk=binding.pk).state == JobState.FAILED:
            raise DeadWorkerError

    fabric.before_answer = die
    with pytest.raises(DeadWorkerError):
        runner.run(binding.pk)
    fabric.before_answer = None
    told = len(fabric.calls)
    assert runner.run(binding.pk) is None
    assert len(fabric.calls) == told, "not while the first may still be at it"
    late = timezone.now() - timedelta(seconds=settings.HAVIP_JOB_HARD_LIMIT + 1)
    Job.objects.filter(pk=binding.pk).update(finished_at=late)
    assert tasks.sweep() == 1
    assert runner.run(binding.pk) is None
    assert len(fabric.calls) == told + 1
    assert not JobLock.objects.filter(job=binding).exists()


def test_a_retry_that_is_sent_twice_answers_twice_and_acts_once(world: World, binding: Job) -> None:
    cancel_job(principal=world.principal, job_id=binding.resource_id)
    answers = {
        retry_job(principal=world.principal, job_id=binding.resource_id, client_token="one").job_id
        for _ in range(2)
    }
    assert len(answers) == 1
    assert Job.objects.filter(retry_of=binding).count() == 1


def test_waiting_is_logged_once(fabric: ScriptedFabric, binding: Job) -> None:
    fabric.take_long(0, times=4)
    carry_out_jobs()
    lines = [line.sentence for line in binding.log_lines.all()]
    assert lines.count("Attempt 1 begins.") == 1
    assert lines.count("Waits: a gateway") == 1


def test_a_busy_database_is_no_reason_to_give_up(fabric: ScriptedFabric, binding: Job) -> None:
    def locked() -> None:
        fabric.before_answer = None
        raise OperationalError("database is locked")

    fabric.before_answer = locked
    assert runner.run(binding.pk) == JobState.QUEUED


def _waiting(world: World, count: int) -> None:
    """Write jobs that nobody was told to look at."""
    Job.objects.bulk_create(
        Job(
            team=world.team, kind="x", handler="x", target_kind="x", target_id=str(i), operation="x"
        )
        for i in range(count)
    )


def test_a_long_queue_is_not_sent_again_as_a_whole(world: World) -> None:
    _waiting(world, 130)
    assert tasks.sweep() == 100
    assert Job.objects.filter(sent_at=None, kind="x").count() == 30


def test_a_broker_that_is_away_loses_nothing(world: World, settings: Any) -> None:
    _waiting(world, 3)
    away = "redis://127.0.0.1:1/0"
    present, app.conf.broker_url = app.conf.broker_url, away
    app.pool.force_close_all()
    try:
        assert tasks.sweep() == 0
    finally:
        app.conf.broker_url = present
        reset_pools()
        app._after_fork()  # forgets the closed connections, so that the next test gets new ones
    assert Job.objects.filter(sent_at=None, kind="x").count() == 3

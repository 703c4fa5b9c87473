"""One job from its claim to its end: leases, retries, waiting, cancelling, and what is never done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from console.audit.models import AuditEvent
from console.jobs import lease, runner, tasks
from console.jobs.handlers import Done, JobHandler, Waiting, register
from console.jobs.models import Job, JobLock, JobState
from console.jobs.queue import JobRequest, enqueue
from console.operations.refusal import Refusal
from havip.models import HaVip
from tests.cast import World, carry_out_jobs
from tests.fabrics import ScriptedFabric

START = datetime(2026, 3, 1, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """A clock that stands still until a test moves it."""
    with time_machine.travel(START, tick=False) as travel:
        yield travel


@pytest.fixture
def job(world: World, fabric: ScriptedFabric, clock: time_machine.Coordinates) -> Job:
    """The queued job of a new HaVip."""
    return Job.objects.get(resource_id=_queued(world))


def _queued(world: World) -> str:
    return world.act("havip.create", vswitch_id=world.vswitch).job_id


def _log(job: Job) -> list[str]:
    return [line.sentence for line in job.log_lines.all()]


class TestClaim:
    def test_only_one_gets_it(self, job: Job) -> None:
        assert lease.claim(job.pk, "first") is not None
        assert lease.claim(job.pk, "second") is None

    def test_a_claim_names_its_holder_and_counts_the_attempt(self, job: Job) -> None:
        claimed = lease.claim(job.pk, "first")
        assert claimed is not None
        assert (claimed.state, claimed.lease_owner, claimed.attempt) == ("running", "first", 1)

    def test_an_expired_lease_may_be_taken_over(
        self, job: Job, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        lease.claim(job.pk, "first")
        clock.shift(settings.HAVIP_JOB_LEASE_SECONDS - 1)
        assert lease.claim(job.pk, "second") is None
        clock.shift(2)
        assert lease.claim(job.pk, "second") is not None
        assert not lease.renew(job.pk, "first")

    def test_a_renewed_lease_may_not(
        self, job: Job, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        lease.claim(job.pk, "first")
        clock.shift(settings.HAVIP_JOB_LEASE_SECONDS - 1)
        assert lease.renew(job.pk, "first")
        clock.shift(settings.HAVIP_JOB_LEASE_SECONDS - 1)
        assert lease.claim(job.pk, "second") is None

    def test_what_is_not_due_is_not_claimed(self, job: Job) -> None:
        Job.objects.update(due_at=timezone.now() + timedelta(seconds=1))
        assert lease.claim(job.pk, "first") is None

    @pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
    def test_what_has_ended_is_not_claimed(self, job: Job, state: str) -> None:
        Job.objects.filter(pk=job.pk).update(state=state)
        assert lease.claim(job.pk, "first") is None

    def test_owners_are_never_named_twice(self) -> None:
        assert len({lease.new_owner() for _ in range(100)}) == 100


class TestFencing:
    """A worker that lost its lease while it worked writes nothing, however it ends."""

    @pytest.mark.parametrize("ending", ["success", "busy", "refusal", "breakdown", "waiting"])
    def test_a_lost_lease_has_no_effect(
        self,
        world: World,
        fabric: ScriptedFabric,
        job: Job,
        clock: time_machine.Coordinates,
        ending: str,
    ) -> None:
        {
            "success": lambda: None,
            "busy": fabric.busy,
            "refusal": fabric.refuse,
            "breakdown": fabric.break_down,
            "waiting": fabric.take_long,
        }[ending]()
        taken_over: list[Job | None] = []

        def lose_the_lease() -> None:
            fabric.before_answer = None
            clock.shift(3600)
            taken_over.append(lease.claim(job.pk, "somebody else"))

        fabric.before_answer = lose_the_lease
        assert runner.run(job.pk) is None
        assert taken_over[0] is not None
        now = Job.objects.get(pk=job.pk)
        assert (now.state, now.lease_owner, now.attempt) == ("running", "somebody else", 2)
        assert HaVip.objects.get(resource_id=job.target_id).status == "Creating"
        assert now.locks.exists()
        assert not AuditEvent.objects.filter(result="failed").exists()


class TestRetrying:
    def test_a_busy_network_is_asked_again_after_a_pause(
        self, job: Job, fabric: ScriptedFabric, clock: time_machine.Coordinates
    ) -> None:
        fabric.busy()
        assert runner.run(job.pk) == JobState.QUEUED
        assert runner.run(job.pk) is None, "not due yet"
        clock.shift(2)
        assert runner.run(job.pk) == JobState.SUCCEEDED
        assert "The network is busy." in _log(job)

    def test_pauses_double_and_stay_below_a_minute(self, settings: Any) -> None:
        settings.HAVIP_JOB_BACKOFF_SECONDS = 2
        for attempt, expected in ((1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (30, 60)):
            for _ in range(20):
                assert 0.8 * expected <= runner.backoff_seconds(attempt) <= 1.2 * expected

    def test_after_the_last_attempt_it_fails_with_the_sentence(
        self, job: Job, fabric: ScriptedFabric, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        fabric.busy("Nobody at the gateway answers.", times=100)
        for _ in range(settings.HAVIP_JOB_ATTEMPTS - 1):
            assert runner.run(job.pk) == JobState.QUEUED
            clock.shift(100)
        assert runner.run(job.pk) == JobState.FAILED
        job.refresh_from_db()
        assert job.reason == "Nobody at the gateway answers."
        assert not HaVip.objects.filter(resource_id=job.target_id).exists()
        assert AuditEvent.objects.latest("pk").sentence == "Nobody at the gateway answers."
        assert not job.locks.exists()

    def test_workers_that_die_use_up_the_attempts(
        self, job: Job, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        for number in range(settings.HAVIP_JOB_ATTEMPTS):
            assert lease.claim(job.pk, f"dead {number}") is not None
            clock.shift(settings.HAVIP_JOB_LEASE_SECONDS + 1)
        assert runner.run(job.pk) == JobState.FAILED
        job.refresh_from_db()
        assert job.reason == "The worker stopped in the middle of it 5 times."

    def test_a_permanent_failure_puts_the_havip_back_and_says_why(
        self, world: World, fabric: ScriptedFabric
    ) -> None:
        havip = world.havip(world.ecs1)
        fabric.refuse("There is no %(what)s.")
        failed = world.done("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
        assert world.status(havip) == "InUse"
        assert Job.objects.get(resource_id=failed.job_id).reason == "There is no this."

    def test_an_internal_error_fails_it_by_name_and_no_more(
        self, job: Job, fabric: ScriptedFabric, caplog: pytest.LogCaptureFixture
    ) -> None:
        fabric.break_down()
        assert runner.run(job.pk) == JobState.FAILED
        job.refresh_from_db()
        assert "ZeroDivisionError" in job.reason
        assert "Traceback" in caplog.text
        assert "Traceback" not in " ".join(_log(job))


class TestWaiting:
    def test_it_is_parked_and_taken_up_again(
        self, job: Job, fabric: ScriptedFabric, clock: time_machine.Coordinates
    ) -> None:
        fabric.take_long(7)
        assert runner.run(job.pk) == JobState.RUNNING
        job.refresh_from_db()
        assert (job.lease_owner, job.attempt) == ("", 0), "waiting is no attempt"
        assert runner.run(job.pk) is None
        clock.shift(8)
        assert runner.run(job.pk) == JobState.SUCCEEDED

    def test_it_is_given_up_at_its_deadline(
        self, job: Job, fabric: ScriptedFabric, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        fabric.never_finish(note="the gateway")
        runner.run(job.pk)
        clock.shift(settings.HAVIP_JOB_DEADLINE_SECONDS + 1)
        assert runner.run(job.pk) == JobState.FAILED
        job.refresh_from_db()
        assert "the gateway" in job.reason
        assert not HaVip.objects.filter(resource_id=job.target_id).exists()

    def test_a_waiting_job_stops_when_that_is_asked(
        self, world: World, job: Job, fabric: ScriptedFabric, clock: time_machine.Coordinates
    ) -> None:
        fabric.never_finish()
        runner.run(job.pk)
        world.act("job.cancel", job_id=job.resource_id)
        assert Job.objects.get(pk=job.pk).cancel_requested
        clock.shift(8)
        assert runner.run(job.pk) == JobState.CANCELLED
        assert not HaVip.objects.filter(resource_id=job.target_id).exists()


class TestCancelling:
    def test_a_queued_job_ends_at_once(self, world: World, job: Job) -> None:
        world.act("job.cancel", job_id=job.resource_id)
        job.refresh_from_db()
        assert (job.state, job.reason) == ("cancelled", "Cancelled by operator.")
        assert not job.locks.exists()
        assert not HaVip.objects.filter(resource_id=job.target_id).exists()
        assert runner.run(job.pk) is None

    def test_a_running_job_ends_at_its_next_stop(
        self, world: World, fabric: ScriptedFabric, clock: time_machine.Coordinates
    ) -> None:
        havip = world.havip()
        binding = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
        job = Job.objects.get(resource_id=binding.job_id)
        fabric.before_answer = lambda: Job.objects.filter(pk=job.pk).update(cancel_requested=True)  # type: ignore[assignment,return-value]
        fabric.busy()
        assert runner.run(job.pk) == JobState.CANCELLED
        assert world.status(havip) == "Available"
        assert fabric.havips[havip].nodes == (), "the network follows the records again"

    def test_what_has_ended_cannot_be_cancelled(self, world: World, job: Job) -> None:
        runner.run(job.pk)
        with pytest.raises(Refusal) as caught:
            world.act("job.cancel", job_id=job.resource_id)
        assert caught.value.number == "J2"

    def test_another_teams_job_is_not_there(self, world: World, job: Job, cast: Any) -> None:
        from console.teams.roles import Role
        from tests.cast import principal

        with pytest.raises(Refusal) as caught:
            world.act("job.cancel", by=principal(cast.beta, Role.OWNER), job_id=job.resource_id)
        assert (caught.value.number, caught.value.status) == ("J1", 404)


class TestRetryByHand:
    def _failed(self, world: World, fabric: ScriptedFabric) -> tuple[str, str]:
        havip = world.havip()
        fabric.refuse()
        failed = world.done("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
        return havip, failed.job_id

    def test_it_is_a_new_job_that_names_the_first(
        self, world: World, fabric: ScriptedFabric
    ) -> None:
        havip, failed = self._failed(world, fabric)
        again = world.done("job.retry", job_id=failed).job_id
        assert again != failed
        assert Job.objects.get(resource_id=again).retry_of == Job.objects.get(resource_id=failed)
        assert world.status(havip) == "InUse"
        event = AuditEvent.objects.get(job_id=again)
        assert (event.action, event.after["retry_of"]) == ("havip.bind_instance", failed)

    def test_all_rules_are_checked_anew(self, world: World, fabric: ScriptedFabric) -> None:
        havip, failed = self._failed(world, fabric)
        world.bind(havip, world.card1)
        with pytest.raises(Refusal) as caught:
            world.act("job.retry", job_id=failed)
        assert caught.value.number == "B4"

    def test_what_succeeded_is_not_retried(self, world: World, job: Job) -> None:
        runner.run(job.pk)
        with pytest.raises(Refusal) as caught:
            world.act("job.retry", job_id=job.resource_id)
        assert caught.value.number == "J3"

    def test_what_was_cancelled_is(self, world: World, job: Job) -> None:
        world.act("job.cancel", job_id=job.resource_id)
        world.done("job.retry", job_id=job.resource_id)
        assert HaVip.objects.get().status == "Available"


class TestOneJobAtATime:
    def test_the_lock_is_unique_in_the_database(self, world: World, job: Job) -> None:
        other = Job.objects.exclude(pk=job.pk).first()
        with pytest.raises(IntegrityError), transaction.atomic():
            JobLock.objects.create(key=f"havip:{job.target_id}", job=other)

    def test_a_second_job_on_the_same_object_is_refused(self, world: World, job: Job) -> None:
        request = JobRequest(
            kind="havip.delete",
            handler="fabric",
            target_kind="havip",
            target_id=job.target_id,
            target_label="",
            locks=[("havip", job.target_id)],
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            enqueue(world.principal, request, operation="havip.delete", operation_arguments={})

    def test_the_lock_ends_with_the_job(self, world: World, job: Job) -> None:
        runner.run(job.pk)
        assert not JobLock.objects.exists()
        world.act("havip.delete", havip_id=job.target_id)

    def test_an_instance_whose_interface_is_being_attached_is_locked(self, world: World) -> None:
        world.act("interface.attach", interface_id=world.loose, instance_id=world.spare)
        with pytest.raises(Refusal):
            world.act("instance.delete", instance_id=world.spare)


class TestDelivery:
    def test_a_message_that_comes_twice_has_one_effect(
        self, world: World, job: Job, fabric: ScriptedFabric
    ) -> None:
        for _ in range(3):
            tasks.run_job(job.pk)
        assert len(fabric.calls) == 1
        assert Job.objects.get(pk=job.pk).attempt == 1

    def test_a_message_about_nothing_does_nothing(self, db: None) -> None:
        assert runner.run(2**40) is None

    def test_a_kind_that_nobody_knows_ends_failed(self, world: World) -> None:
        request = JobRequest(
            kind="of.old", handler="nobody", target_kind="x", target_id="x", target_label="x"
        )
        job = enqueue(world.principal, request, operation="of.old", operation_arguments={})
        assert runner.run(job.pk) == JobState.FAILED
        job.refresh_from_db()
        assert job.reason == "Nobody carries out jobs of this kind."

    def test_the_sweeper_sends_what_is_due_and_nothing_else(
        self, world: World, job: Job, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
        assert tasks.sweep() == 0
        clock.shift(settings.HAVIP_JOB_RESEND_SECONDS + 1)
        assert tasks.sweep() == 1
        lease.claim(job.pk, "dead")
        assert tasks.sweep() == 0
        clock.shift(settings.HAVIP_JOB_LEASE_SECONDS + 1)
        assert tasks.sweep() == 1
        runner.run(job.pk)
        clock.shift(3600)
        assert tasks.sweep() == 0

    def test_a_handler_that_is_carried_out_again_ends_the_same(
        self, world: World, fabric: ScriptedFabric, clock: time_machine.Coordinates, settings: Any
    ) -> None:
        """The worker died after the network had been told, before it could write that down."""
        havip = world.havip()
        binding = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
        job = Job.objects.get(resource_id=binding.job_id)
        from console.jobs.handlers import handler_for

        claimed = lease.claim(job.pk, "dead")
        assert claimed is not None
        handler_for(claimed).carry_out(claimed)
        told = fabric.havips[havip]
        clock.shift(settings.HAVIP_JOB_LEASE_SECONDS + 1)
        assert runner.run(job.pk) == JobState.SUCCEEDED
        assert fabric.havips[havip] == told
        assert [node.instance_id for node in told.nodes] == [world.ecs1]


class _Counting:
    """A handler of another domain: the runner knows nothing of HaVips."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def carry_out(self, job: Job) -> Done | Waiting:
        self.said.append("carried out")
        return Done()

    def settle(self, job: Job) -> None:
        self.said.append("settled")

    def give_back(self, job: Job) -> None:
        self.said.append("given back")

    def undo(self, job: Job) -> None:
        self.said.append("undone")


def test_any_domain_may_register_its_handler(world: World) -> None:
    handler = _Counting()
    typed: JobHandler = handler
    register("counting", typed)
    request = JobRequest(
        kind="count", handler="counting", target_kind="x", target_id="x", target_label="x"
    )
    enqueue(world.principal, request, operation="count", operation_arguments={})
    carry_out_jobs()
    assert handler.said == ["carried out", "settled"]

"""Fail-over drills over agents: the stages, what each agent is told, and every way in which one can end."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from console.audit.models import AuditEvent
from console.jobs.models import JobLock, JobState
from console.operations.refusal import Refusal
from havip.fabric.linux.models import Agent, HolderInterval
from havip.models import Drill, DrillStatus
from havip.selectors.drills import answers_of
from tests.havip.fabric.linux.drilling import BEFORE, Stage, disturbed, restored
from tests.havip.fabric.linux.scripted import ScriptedAgent, sighting

pytestmark = pytest.mark.slow
ADDRESS = "192.168.0.88"


def test_the_whole_way(stage: Stage) -> None:
    drill = stage.start()
    assert stage.agents.gateway.document().drill.address == ADDRESS
    assert stage.agents.gateway.document().drill.down == ()
    assert stage.agents.ecs1.document().drill is None

    stage.after(1)
    stage.probes(drill, (0, 980, "ecs1"))
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.PROBING
    stage.after(1.1)
    stage.probes(drill, (0, 2080, "ecs1"))
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.DISTURBED
    order = stage.agents.ecs1.document().drill
    assert (order.disturb, order.kind) == (True, "keepalived_stopped")
    assert stage.agents.ecs2.document().drill is None
    assert order.until - timezone.now().timestamp() <= 23

    stage.node(drill, disturbed=True)
    drill.refresh_from_db()
    assert drill.disturbed_at == timezone.now()
    stage.after(3)
    stage.agents.gateway.report(observations=[sighting(stage.havip, [stage.agents.world.ecs2])])
    runs = [(0, 2120, "ecs1"), (2140, 3640, ""), (3660, 5060, "ecs2")]
    stage.probes(drill, *runs)
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.DISTURBED
    stage.after(1)
    stage.probes(drill, *runs[:2], (3660, 6060, "ecs2"))
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.RESTORING
    assert not stage.agents.ecs1.document().drill.disturb

    stage.node(drill, disturbed=False)
    drill.refresh_from_db()
    assert drill.restored_at == timezone.now()
    assert stage.job().state == JobState.RUNNING
    stage.after(2.1)
    stage.probes(drill, *runs[:2], (3660, 8160, "ecs2"))
    stage.look()
    drill.refresh_from_db()
    assert (drill.status, drill.taken_over_by, drill.reason) == ("finished", "ecs2", "")
    assert (drill.gap_inside_ms, drill.gap_outside_ms) == (3660 - 2120, None)
    assert stage.job().state == JobState.SUCCEEDED
    assert not JobLock.objects.exists()
    answers = [
        (each.started_ms, each.ended_ms, each.answered_by) for each in answers_of(drill)["inside"]
    ]
    assert answers == [*runs[:2], (3660, 8160, "ecs2")]
    newest = HolderInterval.objects.filter(havip__resource_id=stage.havip).first()
    assert newest is not None
    assert (newest.holder_label, newest.reason) == ("ecs2", "drill")
    told = AuditEvent.objects.filter(action__in=("havip.drill", "havip.drill_result"))
    began, ended = told.order_by("sequence")
    assert (ended.actor_kind, ended.cause) == ("system", f"havip.drill#{began.sequence}")
    assert ended.after["gap_inside_ms"] == 1540


ENDED_EARLY = ["havip.stop_drill", "job.cancel"]


def end_early(stage: Stage, drill: Drill, way: str) -> None:
    """Have somebody end it, on its own page or on its job's."""
    which = {"job_id": stage.job().resource_id, "drill_id": drill.resource_id}
    name = "job_id" if way == "job.cancel" else "drill_id"
    stage.agents.world.act(way, **{name: which[name]})


class TestEndings:
    """However it ends: the node is told to come back, the reason says why, and nothing stays locked."""

    def test_the_standby_never_answers(self, stage: Stage) -> None:
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        stage.after(14.9)
        stage.probes(drill, BEFORE, (2100, 16_800, ""))
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.DISTURBED
        stage.after(0.2)
        stage.look()
        drill = restored(stage, drill)
        assert drill.status == DrillStatus.FAILED
        assert drill.reason == (
            "ecs2 did not answer within 15 seconds, asked from: inside the VPC."
        )
        assert (drill.taken_over_by, drill.gap_inside_ms) == ("", None)
        assert stage.job().state == JobState.FAILED
        assert stage.job().reason == drill.reason
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.result) == ("havip.drill", "failed")

    def test_nobody_answers_beforehand(self, stage: Stage) -> None:
        drill = stage.start(port=8080)
        stage.after(15.1)
        stage.probes(drill, (0, 15_000, ""))
        stage.look()
        drill = restored(stage, drill)
        assert drill.status == DrillStatus.FAILED
        assert "Nothing was disturbed" in drill.reason
        assert "port 8080" in drill.reason
        assert drill.disturbed_at is None

    def test_answers_that_come_and_go_disturb_nothing(self, stage: Stage) -> None:
        drill = stage.start()
        stage.after(4)
        stage.probes(drill, (0, 1500, "ecs1"), (1520, 1540, ""), (1560, 3500, "ecs1"))
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.PROBING

    def test_the_gateway_never_probes(self, stage: Stage) -> None:
        drill = stage.start()
        stage.clock.shift(15.1)
        stage.look()
        stage.agents.gateway.obey()
        drill = restored(stage, drill)
        assert "Nobody began to probe" in drill.reason
        assert "the gateway of vpc" in drill.reason

    def test_the_node_s_agent_never_disturbs(self, stage: Stage) -> None:
        drill = disturbed(stage)
        stage.clock.shift(20.1)
        stage.look()
        drill = restored(stage, drill)
        assert drill.reason.startswith("ecs1 could not be disturbed in time: ")
        assert "the node ecs1 has not answered" in drill.reason

    def test_the_node_s_agent_refuses(self, stage: Stage) -> None:
        drill = disturbed(stage)
        stage.agents.ecs1.fail("keepalived does not end.")
        stage.look()
        drill = restored(stage, drill)
        assert drill.reason == "The node ecs1 reported: keepalived does not end."

    @pytest.mark.parametrize("way", ENDED_EARLY)
    def test_it_is_ended_early(self, stage: Stage, way: str) -> None:
        """On the drill's page as on its job's: nothing is let go before the node is back."""
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        held = JobLock.objects.count()
        end_early(stage, drill, way)
        for _ in range(2):
            stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.RESTORING
        assert JobLock.objects.count() == held
        assert not stage.agents.ecs1.document().drill.disturb
        drill = restored(stage, drill)
        assert drill.status == DrillStatus.FAILED
        assert drill.reason == "It was stopped by hand before the standby had taken over."
        assert (stage.job().state, stage.job().reason) == (JobState.CANCELLED, drill.reason)
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.actor_kind) == ("havip.drill_result", "system")

    @pytest.mark.parametrize("way", ENDED_EARLY)
    def test_ended_early_and_the_node_is_not_heard_of_again(self, stage: Stage, way: str) -> None:
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        end_early(stage, drill, way)
        stage.look()
        stage.clock.shift(29.9)
        stage.look()
        assert JobLock.objects.exists()
        stage.clock.shift(0.2)
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.FAILED
        assert drill.reason.startswith("It was stopped by hand before the standby had taken over. ")
        assert "ecs1 is not known to be back: " in drill.reason
        assert "the node ecs1 has not answered" in drill.reason
        assert stage.job().state == JobState.FAILED
        assert not JobLock.objects.exists()

    @pytest.mark.parametrize("way", ENDED_EARLY)
    def test_ended_before_it_began(self, stage: Stage, way: str) -> None:
        """No worker has looked at it, so there is nothing to wait for."""
        outcome = stage.agents.world.act(
            "havip.drill", havip_id=stage.havip, kind="link_down", from_outside=False
        )
        drill = Drill.objects.get(resource_id=outcome.values["drill_id"])
        end_early(stage, drill, way)
        drill.refresh_from_db()
        assert drill.status == DrillStatus.FAILED
        assert drill.reason.startswith("Cancelled by ")
        assert stage.job().state == JobState.CANCELLED
        assert not JobLock.objects.exists()

    def test_the_node_is_not_heard_of_again(self, stage: Stage) -> None:
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        stage.after(3)
        stage.probes(drill, BEFORE, (2100, 2680, ""), (2700, 5060, "ecs2"))
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.RESTORING
        stage.clock.shift(30.1)
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.FAILED
        assert drill.reason.startswith("ecs1 is not known to be back: ")
        assert "the node ecs1 has not answered" in drill.reason
        assert (drill.taken_over_by, drill.gap_inside_ms) == ("ecs2", 620)
        assert not JobLock.objects.exists()

    @pytest.mark.parametrize("who", ["node:", "gateway:"])
    def test_an_agent_is_revoked_in_the_middle(self, stage: Stage, who: str) -> None:
        """What it says is heard no more; what is locked is let go when the others have had their time."""
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        agent = Agent.objects.filter(scope__startswith=who).earliest("pk")
        stage.agents.world.act(
            "agent.revoke", by=stage.agents.world.owner, agent_id=agent.resource_id
        )
        stage.clock.shift(15.1)
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.RESTORING
        stage.agents.ecs1.report()
        stage.clock.shift(30.1)
        stage.look()
        drill.refresh_from_db()
        assert drill.status == DrillStatus.FAILED
        assert "did not answer within 15 seconds" in drill.reason
        assert not JobLock.objects.exists()

    def test_the_console_was_away_for_the_whole_of_it(self, stage: Stage) -> None:
        """The agents have restored by themselves; what they saw arrives late, and ends the drill."""
        drill = disturbed(stage)
        stage.node(drill, disturbed=True)
        stage.clock.shift(60)
        runs = [BEFORE, (2100, 5700, ""), (5720, 24_000, "ecs2")]
        stage.probes(drill, *runs)
        stage.look()
        drill = restored(stage, drill)
        assert (drill.status, drill.taken_over_by) == (DrillStatus.FINISHED, "ecs2")
        assert drill.gap_inside_ms == 5720 - 2080


def test_while_it_is_under_way_nothing_else_is_done_to_it(stage: Stage) -> None:
    world = stage.agents.world
    stage.start()
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("havip.unbind_instance", {"havip_id": stage.havip, "instance_id": world.ecs2}),
        ("havip.bind_eip", {"havip_id": stage.havip, "eip_id": world.eip1}),
        ("instance.stop", {"instance_id": world.ecs1}),
        ("instance.delete", {"instance_id": world.ecs1}),
    ]
    for action, arguments in attempts:
        with pytest.raises(Refusal) as caught:
            world.act(action, **arguments)
        assert caught.value.code in ("IncorrectHaVipStatus", "IncorrectStatus"), action


class TestOrders:
    """What each agent is told in each kind of drill."""

    def test_a_link_goes_down_at_the_gateway(self, stage: Stage) -> None:
        disturbed(stage, "link_down")
        document = stage.agents.gateway.document()
        (port,) = document.drill.down
        assert document.havips[0].holders[port] == stage.agents.world.ecs1
        assert stage.agents.ecs1.document().drill is None

    def test_in_the_lab_the_host_stops_the_instance_and_asks_from_outside(
        self, stage: Stage
    ) -> None:
        world = stage.agents.world
        host = ScriptedAgent(f"host:{world.region}")
        world.act("havip.bind_eip", havip_id=stage.havip, eip_id=world.eip1)
        for _ in range(2):
            stage.look()
            stage.agents.obey()
            host.obey()
        stage.look()
        drill = stage.start("instance_stopped", from_inside=False, from_outside=True)
        order = host.document().vpcs[0].drill
        assert (order.address, order.stop) == (world.get(world.eip1).ip_address, ())
        assert stage.agents.gateway.document().drill.address == ""
        Drill.objects.filter(pk=drill.pk).update(status=DrillStatus.DISTURBED)
        stage.look()
        document = host.document()
        assert document.vpcs[0].drill.stop == (world.ecs1,)
        assert all(instance.running for instance in document.vpcs[0].instances)

    def test_without_a_drill_no_document_has_a_word_of_it(self, stage: Stage) -> None:
        assert "drill" not in stage.agents.gateway.ask(after=0).json()

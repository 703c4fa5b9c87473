"""What agents report of a drill: taken in once, from whom it concerns, whatever comes twice, late or from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from havip.models import DrillAnswer, DrillStatus
from havip.selectors.drills import answers_of
from tests.havip.fabric.linux.drilling import BEFORE, Stage, disturbed, restored
from tests.havip.fabric.linux.scripted import ScriptedAgent, sighting

pytestmark = pytest.mark.slow


def test_who_does_not_say_its_name_is_known_by_the_address(stage: Stage) -> None:
    """A service that answers alike everywhere: the gateway's sight of the holder decides."""
    drill = stage.start()
    stage.after(2.1)
    stage.probes(drill, (0, 2080, "?"))
    stage.look()
    stage.node(drill, disturbed=True)
    stage.after(3)
    runs = [(0, 2080, "?"), (2100, 2680, ""), (2700, 5060, "?")]
    stage.probes(drill, *runs)
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.DISTURBED
    stage.agents.gateway.report(observations=[sighting(stage.havip, [stage.agents.world.ecs2])])
    stage.after(2.1)
    stage.probes(drill, *runs[:2], (2700, 7160, "?"))
    stage.look()
    drill = restored(stage, drill)
    assert (drill.status, drill.taken_over_by) == (DrillStatus.FINISHED, "ecs2")


@pytest.mark.parametrize("late_seconds", [0, 16])
def test_a_prober_that_begins_anew_continues_the_list(stage: Stage, late_seconds: int) -> None:
    """Also when its report had to wait for a console that was away."""
    drill = disturbed(stage)
    stage.after(3)
    first, stage.began_ms = stage.began_ms, stage.now_ms - 1000
    later = stage.began_ms - first
    stage.clock.shift(late_seconds)
    stage.probes(drill, (0, 400, ""), (420, 1000, "ecs2"))
    found = list(
        DrillAnswer.objects.filter(drill=drill).values_list("sequence", "started_ms", "ended_ms")
    )
    again = [(1, later, later + 400), (2, later + 420, later + 1000)]
    assert found == [(0, 0, 2080), *again]


def test_what_comes_twice_or_late_changes_nothing(stage: Stage) -> None:
    drill = disturbed(stage)
    stage.probes(drill, BEFORE, (2100, 2400, ""))
    stage.probes(drill, (0, 500, "ecs1"))
    assert [each.ended_ms for each in answers_of(drill)["inside"]] == [2080, 2400]


def test_a_clock_that_is_far_off_is_not_believed(stage: Stage) -> None:
    drill = stage.start()
    stage.began_ms = stage.now_ms - 86_400_000
    stage.after(2)
    stage.probes(drill, (0, 2000, "ecs1"))
    drill.refresh_from_db()
    assert drill.probing_since == timezone.now() - timedelta(seconds=2)


def test_other_agents_have_no_say(stage: Stage) -> None:
    """Neither the standby's agent nor another network's writes into a drill."""
    drill = disturbed(stage)
    stage.node(drill, disturbed=True, agent=stage.agents.ecs2)
    world = stage.agents.world
    vpc = world.done("vpc.create", cidr_block="10.0.0.0/8").object_id
    stranger = ScriptedAgent(f"gateway:{vpc}")
    stage.agents.gateway, ours = stranger, stage.agents.gateway
    stage.probes(drill, (0, 9000, "ecs2"))
    stage.agents.gateway = ours
    drill.refresh_from_db()
    assert drill.disturbed_at is None
    assert [each.answered_by for each in answers_of(drill)["inside"]] == ["ecs1"]


def test_an_older_state_s_report_does_not_count(stage: Stage) -> None:
    """What a node says before it has applied the order to come back is no word about being back."""
    drill = disturbed(stage)
    stage.node(drill, disturbed=True)
    stage.agents.world.act("havip.stop_drill", drill_id=drill.resource_id)
    stage.look()
    entry = {"id": drill.resource_id, "disturbed_ms": 0}
    stage.agents.ecs1.report(drills=[entry])
    drill.refresh_from_db()
    assert drill.restored_at is None


def test_an_ended_drill_takes_in_nothing(stage: Stage) -> None:
    drill = disturbed(stage)
    stage.agents.world.act("job.cancel", job_id=stage.job().resource_id)
    stage.look()
    drill = restored(stage, drill)
    stage.probes(drill, (0, 9000, "ecs2"))
    assert [each.ended_ms for each in answers_of(drill)["inside"]] == [2080]

"""The timeline of holders, the alerts that raise and clear themselves, and what follows from the holder."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from console import pulse
from console.operations.refusal import Refusal
from havip.fabric.linux.alerts import alerts, alerts_of, examine_agents
from havip.fabric.linux.holders import expect_drill, timeline, vrrp_of
from havip.fabric.linux.models import Alert, HolderInterval
from havip.models import Binding, HaVip
from tests.havip.fabric.linux.conftest import Agents, Committed

pytestmark = pytest.mark.slow


def record(identifier: str) -> HaVip:
    return HaVip.objects.get(resource_id=identifier)


def story(identifier: str) -> list[tuple[str, str]]:
    """What the timeline tells, oldest first."""
    rows = HolderInterval.objects.filter(havip__resource_id=identifier).order_by("since", "pk")
    return [(row.holder_label, row.reason) for row in rows]


def kinds(identifier: str) -> list[str]:
    return [each.kind for each in alerts(record(identifier)).shown]


# --- The timeline -----------------------------------------------------------------------------------------------------


def test_first_start_fail_over_and_return(agents: Agents, havip: str) -> None:
    world, see = agents.world, agents.gateway.see
    see(havip)
    assert story(havip) == []
    see(havip, world.ecs1)
    assert record(havip).holder_id == world.ecs1
    see(havip)
    assert (record(havip).holder_id, record(havip).holder_since) == ("", None)
    see(havip, world.ecs2)
    see(havip)
    see(havip, world.ecs2)
    assert story(havip) == [
        ("ecs1", "first_start"),
        ("", "lost"),
        ("ecs2", "fail_over"),
        ("", "lost"),
        ("ecs2", "returned"),
    ]
    opened = HolderInterval.objects.get(until__isnull=True)
    assert record(havip).holder_since == opened.since


def test_the_same_word_again_changes_nothing_but_the_time(
    agents: Agents, havip: str, committed: Committed
) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    before, seen = pulse.current(agents.world.team.pk), record(havip).observed_at
    assert seen is not None
    with committed():
        agents.gateway.see(havip, agents.world.ecs1)
    assert pulse.current(agents.world.team.pk) == before
    after = record(havip).observed_at
    assert after is not None
    assert after > seen
    with committed():
        agents.gateway.see(havip, agents.world.ecs2)
    assert pulse.current(agents.world.team.pk) != before


def test_a_drill_is_called_a_drill(agents: Agents, havip: str) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    expect_drill(record(havip), until=timezone.now() + timedelta(minutes=1))
    agents.gateway.see(havip, agents.world.ecs2)
    expect_drill(record(havip), until=None)
    agents.gateway.see(havip, agents.world.ecs1)
    assert [reason for _, reason in story(havip)] == ["first_start", "drill", "fail_over"]


def test_unbinding_the_holder_says_so(agents: Agents, havip: str) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    Binding.objects.get(instance__resource_id=agents.world.ecs1).delete()
    agents.gateway.see(havip, agents.world.ecs2)
    assert story(havip)[-1] == ("ecs2", "unbound")


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_does_not_tear_the_timeline(agents: Agents, havip: str, days: int) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    agents.gateway.see(havip, agents.world.ecs2, at=timezone.now() + timedelta(days=days))
    first, second = HolderInterval.objects.order_by("pk")
    assert first.until == second.since
    assert first.since <= second.since <= timezone.now()


def test_what_is_not_bound_is_no_holder(agents: Agents, havip: str) -> None:
    world = agents.world
    agents.gateway.see(havip, world.ecs1)
    agents.gateway.see(havip, world.spare)
    assert record(havip).holder_id == ""
    assert all(label != "spare" for label, _ in story(havip))


def test_another_vpc_s_gateway_and_nodes_have_no_say(agents: Agents, havip: str) -> None:
    agents.ecs1.see(havip, agents.world.ecs1)
    assert record(havip).holder_id == ""
    agents.gateway.report(vrrp=[])
    assert agents.gateway.is_in(havip, "MASTER").status_code == 200
    assert vrrp_of(record(havip)) == {}


def test_the_holder_is_unbound_only_by_force(agents: Agents, havip: str) -> None:
    world = agents.world
    agents.gateway.see(havip, world.ecs1)
    with pytest.raises(Refusal) as refused:
        world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1)
    assert refused.value.number == "U3"
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1, force=True)


def test_the_strip_and_its_words(
    agents: Agents, havip: str, django_assert_max_num_queries: Any
) -> None:
    start = timezone.now()
    HaVip.objects.filter(resource_id=havip).update(created_at=start)
    for minutes, holders in ((1, [agents.world.ecs1]), (30, []), (31, [agents.world.ecs2])):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            agents.gateway.see(havip, *holders)
    with (
        time_machine.travel(start + timedelta(minutes=61), tick=False),
        django_assert_max_num_queries(4),
    ):
        drawn = timeline(record(havip))
    assert [(each["tone"], each["label"]) for each in drawn.segments] == [
        ("a", "ecs1"),
        ("gap", ""),
        ("b", "ecs2"),
    ]
    assert sum(float(each["width"]) for each in drawn.segments) <= 100.1
    assert "ecs2" in drawn.timeline_label
    assert len(drawn.axis) == 5
    assert [row.holder_label for row in drawn.rows] == ["ecs2", "", "ecs1"]


@pytest.mark.parametrize("seconds", [8, 90, 239, 240, 3600])
def test_no_moment_of_the_axis_is_told_twice(agents: Agents, havip: str, seconds: int) -> None:
    with time_machine.travel(record(havip).created_at + timedelta(seconds=seconds), tick=False):
        axis = timeline(record(havip)).axis
    assert len(set(axis)) == 5


def test_an_empty_strip_has_words_too(agents: Agents, havip: str) -> None:
    drawn = timeline(record(havip))
    assert drawn.segments == []
    assert "nobody" in drawn.timeline_label


# --- Alerts -----------------------------------------------------------------------------------------------------------


def test_two_announcers_are_a_split_brain_at_once_and_it_clears_itself(
    agents: Agents, havip: str
) -> None:
    world = agents.world
    agents.gateway.see(havip, world.ecs1, world.ecs2)
    assert kinds(havip) == ["split_brain"]
    assert "ecs1, ecs2" in alerts(record(havip)).shown[0].sentence
    agents.gateway.see(havip, world.ecs1)
    assert kinds(havip) == []
    assert Alert.objects.get(kind="split_brain").cleared_at


def test_two_masters_are_a_split_brain_only_when_both_live(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    agents.ecs1.is_in(havip, "MASTER")
    time_passes(1)
    agents.ecs2.is_in(havip, "MASTER")
    assert kinds(havip) == []
    time_passes(1)
    agents.ecs2.ask(wait=0)
    assert kinds(havip) == []
    agents.ecs1.ask(wait=0)
    time_passes(1)
    agents.ecs2.ask(wait=0)
    assert kinds(havip) == ["split_brain"]
    agents.ecs1.is_in(havip, "BACKUP")
    assert kinds(havip) == []


def test_a_node_that_died_as_master_is_no_split_brain(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    agents.ecs1.is_in(havip, "MASTER")
    for _ in range(5):
        time_passes(5)
        agents.ecs2.is_in(havip, "MASTER")
        agents.ecs2.ask(wait=0)
    assert kinds(havip) == []


def test_nobody_is_an_alert_once_it_lasts(agents: Agents, havip: str, time_passes: Any) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    agents.gateway.see(havip)
    assert kinds(havip) == []
    assert alerts(record(havip)).pending
    time_passes(3)
    agents.gateway.see(havip, agents.world.ecs2)
    assert not Alert.objects.exists(), "a fail-over is no alert"
    agents.gateway.see(havip)
    time_passes(6)
    assert kinds(havip) == ["no_holder"]
    agents.gateway.see(havip, agents.world.ecs1)
    assert kinds(havip) == []
    assert Alert.objects.get().cleared_at


def test_nobody_is_right_while_no_bound_node_runs(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    for name in ("ecs1", "ecs2"):
        instance = agents.world.get(getattr(agents.world, name))
        instance.status = "Stopped"
        instance.save()
    agents.gateway.see(havip)
    time_passes(60)
    assert kinds(havip) == []


def test_a_holder_that_is_not_bound_is_named(agents: Agents, havip: str, time_passes: Any) -> None:
    agents.gateway.see(havip, agents.world.spare)
    time_passes(2)
    (alert,) = alerts(record(havip)).shown
    assert alert.kind == "unbound_holder"
    assert "spare" in alert.sentence
    agents.gateway.see(havip, agents.world.ecs1)
    assert kinds(havip) == []


def test_a_silent_agent_is_an_alert_at_its_havips(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    examine_agents()
    assert kinds(havip) == []
    time_passes(31)
    agents.ecs1.report()
    agents.ecs2.report()
    assert examine_agents() == 1
    assert examine_agents() == 0
    assert kinds(havip) == ["agent_silent"]
    assert "the gateway of vpc" in alerts(record(havip)).shown[0].sentence
    agents.gateway.report()
    assert kinds(havip) == []


def test_an_agent_s_error_is_an_alert_when_it_lasts(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    agents.ecs2.report(error="keepalived does not start: no <b>.")
    assert examine_agents() == 1
    assert kinds(havip) == []
    time_passes(16)
    agents.ecs2.report(error="keepalived is not installed.")
    assert examine_agents() == 0
    (alert,) = alerts(record(havip)).shown
    assert alert.kind == "agent_failed"
    assert "the node ecs2" in alert.sentence
    assert "keepalived is not installed." in alert.sentence
    # What it said last is old when it is silent.
    time_passes(31)
    for agent in (agents.gateway, agents.ecs1):
        agent.report()
    examine_agents()
    assert kinds(havip) == ["agent_silent"]
    agents.ecs2.report()
    examine_agents()
    assert kinds(havip) == []


def test_a_stopped_instance_s_agent_is_silent_by_right(
    agents: Agents, havip: str, time_passes: Any
) -> None:
    instance = agents.world.get(agents.world.ecs2)
    instance.status = "Stopped"
    instance.save()
    time_passes(31)
    agents.gateway.report()
    agents.ecs1.report()
    assert examine_agents() == 0


def test_the_list_s_alerts_cost_the_same_for_many(
    agents: Agents, havip: str, django_assert_num_queries: Any
) -> None:
    world = agents.world
    agents.gateway.see(havip, world.ecs1, world.ecs2)
    other = world.act("havip.create", vswitch_id=world.vswitch).object_id
    havips = [record(havip), record(other)]
    with django_assert_num_queries(2):
        found = alerts_of(havips)
    assert set(found) == {havips[0].pk}
    with django_assert_num_queries(2):
        alerts_of(havips[:1])


@pytest.fixture
def time_passes() -> Any:
    """A clock that stands still until the test moves it."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:

        def shift(seconds: float) -> datetime:
            traveller.shift(timedelta(seconds=seconds))
            return timezone.now()

        yield shift

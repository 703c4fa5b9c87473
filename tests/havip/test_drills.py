"""What is read of drills and nodes, and what the two operations promise beside their rules."""

from __future__ import annotations

from typing import Any

import pytest

from console.operations.refusal import Refusal
from console.teams.roles import Role
from havip.models import Drill, HaVip
from havip.selectors.drill_options import drill_options
from havip.selectors.drill_results import longest_silence_ms
from havip.selectors.drills import (
    answers_of,
    drill_of,
    drill_refusal,
    drills_of,
)
from havip.selectors.nodes import node_states
from tests.cast import REGION, Cast, World, principal
from tests.havip.cases_drills import ready
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent
from tests.havip.web import drilling

pytestmark = pytest.mark.slow
Counted = Any


def possible(world: World) -> list[str]:
    """Return the disturbances that the region can do."""
    kinds = drill_options(HaVip.objects.get(resource_id=world.havip()), world.principal).kinds
    return [kind.value for kind, refusal in kinds.items() if refusal is None]


def test_a_network_that_is_only_recorded_cannot_be_drilled(world: World) -> None:
    assert possible(world) == []


def test_only_the_lab_stops_instances(world: World) -> None:
    world.settings.HAVIP_FABRICS = {"*": FABRIC}
    assert possible(world) == ["keepalived_stopped", "link_down"]
    ScriptedAgent(f"host:{REGION}")
    assert possible(world) == ["keepalived_stopped", "link_down", "instance_stopped"]


def test_a_repeated_token_begins_one_drill(world: World) -> None:
    arguments = ready(world)
    first = world.act("havip.drill", client_token="once", **arguments)
    assert world.act("havip.drill", client_token="once", **arguments) == first
    (drill,) = Drill.objects.all()
    assert first.values == {"drill_id": drill.resource_id}
    assert first.job_id == drill.job.resource_id
    assert (drill.node_label, drill.standby_label) == ("ecs1", "ecs2")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_operate_may_not_drill(world: World, role: Role) -> None:
    arguments = ready(world)
    who = principal(world.team, role)
    with pytest.raises(Refusal) as caught:
        world.act("havip.drill", by=who, **arguments)
    assert caught.value.status == 403
    refusal = drill_refusal(HaVip.objects.get(resource_id=arguments["havip_id"]), who)
    assert refusal is not None
    assert refusal.status == 403


def test_another_team_s_drill_is_not_there(world: World, cast: Cast) -> None:
    drill = drilling.drill_of(world.havip(), status="probing")
    assert drill_of(cast.alpha, REGION, drill.resource_id) == drill
    assert drill_of(cast.beta, REGION, drill.resource_id) is None
    assert drill_of(cast.alpha, "cn-elsewhere", drill.resource_id) is None
    stranger = principal(cast.beta, Role.OWNER)
    with pytest.raises(Refusal) as caught:
        world.act("havip.stop_drill", by=stranger, drill_id=drill.resource_id)
    assert (caught.value.number, caught.value.status) == ("X0", 404)
    drill.refresh_from_db()
    assert not drill.stop_requested


def test_the_newest_comes_first(world: World) -> None:
    havip = world.havip()
    made = [drilling.drill_of(havip, status="finished") for _ in range(3)]
    assert list(drills_of(HaVip.objects.get(resource_id=havip))) == made[::-1]


def test_what_is_known_of_each_node(world: World, django_assert_num_queries: Counted) -> None:
    arguments = ready(world)
    havip = HaVip.objects.get(resource_id=arguments["havip_id"])
    with django_assert_num_queries(1):
        found = node_states(havip)
    assert [(each.binding.slot, each.state, each.keepalived_version) for each in found] == [
        (1, "MASTER", "2.2.7"),
        (2, "BACKUP", "2.2.7"),
    ]
    assert all(each.heard and each.runs and each.last_seen for each in found)


@pytest.mark.parametrize(
    ("runs", "silence"),
    [
        ([], None),
        ([(0, 100, "")], None),
        ([(0, 100, "a")], 0),
        ([(0, 100, "a"), (120, 200, "b")], 0),
        ([(0, 100, "a"), (120, 600, ""), (620, 900, "b")], 520),
        ([(0, 100, "a"), (120, 600, "")], None),
        ([(0, 100, ""), (120, 600, "a")], 0),
        (
            [(0, 100, "a"), (120, 140, ""), (160, 300, "a"), (320, 900, ""), (920, 999, "b")],
            620,
        ),
    ],
)
def test_the_longest_silence(
    world: World, runs: list[tuple[int, int, str]], silence: int | None
) -> None:
    drill = drilling.drill_of(world.havip(), inside=runs, status="probing")
    assert longest_silence_ms(answers_of(drill)["inside"]) == silence

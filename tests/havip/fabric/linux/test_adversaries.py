"""Agents that lie, and a console whose database was put back to an older state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.teams.roles import Role
from havip.fabric.linux import store
from havip.fabric.linux.models import (
    Agent,
    Alert,
    HolderInterval,
    NodeVrrp,
    Sighting,
    WantedState,
)
from havip.models import HaVip
from tests.cast import Cast, World, carry_out_jobs
from tests.havip.fabric.linux.conftest import Agents, bound_havip
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent

pytestmark = [pytest.mark.slow, pytest.mark.urls("tests.havip.fabric.linux.urls")]


def vrrp(havip: str, state: str = "MASTER", interface: str = "") -> dict[str, Any]:
    at = timezone.now().isoformat()
    return {"havip_id": havip, "interface_id": interface, "state": state, "at": at}


def test_a_restored_database_never_gives_one_version_to_two_states(agents: Agents) -> None:
    """Else an agent that was away meanwhile would keep the state of the lost future, and nobody would notice."""
    world, gateway = agents.world, agents.gateway
    gateway.obey()
    backup = WantedState.objects.get(scope=gateway.scope)
    lost = [f"192.168.0.{number}" for number in (11, 12, 13)]
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        for address in lost:
            world.done("havip.create", vswitch_id=world.vswitch, ip_address=address)
        gateway.obey()
    held = gateway.applied
    assert {each.address for each in gateway.document().havips} == set(lost)
    # Put back to the back-up, with what is in the records gone, too; then as many changes as there were before.
    HaVip.objects.all().delete()
    backup.save()
    assert gateway.ask(after=held).json()["version"] == backup.version
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        while WantedState.objects.get(scope=gateway.scope).version < held:
            number = 21 + HaVip.objects.count()
            address = f"192.168.0.{number}"
            world.done("havip.create", vswitch_id=world.vswitch, ip_address=address)
        answer = gateway.ask(after=held)
        assert answer.status_code == 200, "the agent would keep the state of the lost future"
        gateway.report(applied_version=held, attempted_version=held)
    row = Agent.objects.get(resource_id=gateway.agent_id)
    assert row.applied_version != answer.json()["version"]


@pytest.fixture
def theirs(world: World, cast: Cast, settings: Any) -> World:
    """Another team's network."""
    settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    network = World(cast.beta, role=Role.OWNER)
    settings.HAVIP_FABRICS = {"*": FABRIC}
    return network


def test_a_gateway_learns_no_name_of_another_team(
    theirs: World, agents: Agents, havip: str
) -> None:
    agents.gateway.see(havip, theirs.ecs1)
    alert = Alert.objects.get(kind="unbound_holder")
    assert alert.parameters == {"holders": theirs.ecs1}


def test_nobody_held_an_address_before_it_was_there(
    agents: Agents, havip: str, viewer_client: Client
) -> None:
    """Whatever an agent's clock says."""
    created = HaVip.objects.get(resource_id=havip).created_at
    agents.gateway.see(havip, agents.world.ecs1, at=datetime(1, 1, 1, tzinfo=UTC))
    assert HolderInterval.objects.get().since == created
    said = {**vrrp(havip), "at": "0001-01-01T00:00:00+00:00"}
    agents.ecs1.report(vrrp=[said])
    assert NodeVrrp.objects.get().since == created
    page = reverse("web:havip-holders", args=[agents.world.team.slug, agents.world.region, havip])
    assert viewer_client.get(page).status_code == 200


def test_words_about_what_is_not_one_s_business_are_passed_over(
    theirs: World, agents: Agents, havip: str
) -> None:
    world = agents.world
    stranger = ScriptedAgent(f"gateway:{theirs.vpc}")
    unbound = ScriptedAgent(f"node:{world.spare}")
    assert stranger.see(havip, world.ecs1).status_code == 200
    assert agents.ecs1.see(havip, world.ecs1).status_code == 200
    assert agents.gateway.is_in(havip, "MASTER").status_code == 200
    assert unbound.is_in(havip, "MASTER").status_code == 200
    assert not Sighting.objects.exists()
    assert not NodeVrrp.objects.exists()
    assert not HolderInterval.objects.exists()
    assert not Alert.objects.exists()


def test_a_node_has_one_state_however_many_cards_it_names(agents: Agents, havip: str) -> None:
    for number in range(3):
        agents.ecs1.report(vrrp=[vrrp(havip, "MASTER", f"eni-{number}")])
    agents.ecs1.report(vrrp=[vrrp(havip, "BACKUP", "eni-9")])
    kept = NodeVrrp.objects.values_list("interface_id", "state")
    assert list(kept) == [("eni-9", "BACKUP")]


def test_a_node_that_was_unbound_is_master_no_more(agents: Agents) -> None:
    world = agents.world
    havip = bound_havip(agents, world.ecs1, world.ecs2)
    agents.ecs1.is_in(havip, "MASTER")
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1)
    carry_out_jobs()
    agents.obey()
    assert not NodeVrrp.objects.exists()


def test_versions_rise_even_when_the_clock_goes_back(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    before = store.wanted_by(scope, world.region)
    assert before is not None
    with time_machine.travel(timezone.now() - timedelta(days=30)):
        world.done("havip.create", vswitch_id=world.vswitch, ip_address="192.168.0.11")
    after = WantedState.objects.get(scope=scope)
    assert after.version > before.version

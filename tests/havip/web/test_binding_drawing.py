"""What the drawing of a HaVip says of its nodes: the role that is observed, keepalived's version, and when it was heard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.jobs.models import Job, JobLock
from havip.fabric.linux.models import Agent
from tests.cast import REGION, World
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent
from tests.havip.web.drilling import watched

pytestmark = pytest.mark.slow


def slots(browser: Client, havip: str, name: str = "havip-panel") -> list[str]:
    """Return the words of each slot's card."""
    answer: Any = browser.get(reverse(f"web:{name}", args=["alpha", REGION, havip]))
    assert answer.status_code == 200
    cards = answer.content.decode().split('class="drawing__slot"')[1:]
    return [
        " ".join(re.sub(r"<[^>]+>", " ", card.split("</article>")[0]).split()) for card in cards
    ]


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip bound to both instances."""
    return world.havip(world.ecs1, world.ecs2)


def test_roles_versions_and_signs_of_life(viewer_client: Client, world: World, havip: str) -> None:
    _gateway, _holder, standby = watched(world, havip, world.ecs1, world.ecs2)
    standby.report(software={"agent": "1.0", "keepalived": "1.2.13"})
    first, second = slots(viewer_client, havip)
    assert "MASTER · holds the address" in first
    assert "keepalived 2.2.7" in first
    assert "recommended" not in first
    assert "configured primary" in first
    assert "BACKUP · standing by" in second
    assert "keepalived 1.2.13 · 1.2.15 or newer is recommended" in second
    assert "seen" in second
    assert "never seen" not in first + second


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("FAULT", "FAULT · cannot take over"),
        ("STOP", "STOP · keepalived is stopped"),
        ("INIT", "INIT · keepalived is starting"),
        ("MASTER", "MASTER · not seen announcing"),
    ],
)
def test_what_keepalived_says_is_told_as_it_is(
    viewer_client: Client, world: World, havip: str, state: str, told: str
) -> None:
    *_others, standby = watched(world, havip, world.ecs1, world.ecs2)
    standby.is_in(havip, state)
    assert told in slots(viewer_client, havip)[1]


def test_in_a_split_brain_nobody_is_the_holder(
    viewer_client: Client, world: World, havip: str
) -> None:
    """The drawing says the same as the alert above it: both announce, and no card is the holder's."""
    gateway, _holder, standby = watched(world, havip, world.ecs1, world.ecs2)
    standby.is_in(havip, "MASTER")
    gateway.see(havip, world.ecs1, world.ecs2)
    for card in slots(viewer_client, havip):
        assert "MASTER · announces the address" in card
    answer: Any = viewer_client.get(reverse("web:havip-panel", args=["alpha", REGION, havip]))
    page = answer.content.decode()
    assert "Let VRRP (IP protocol 112) through between the nodes" in page
    assert "announced by more than one node" in page
    assert "node--holder" not in page


def test_a_node_that_fell_silent_is_no_standby(
    viewer_client: Client, world: World, havip: str
) -> None:
    """What it said last may be true no longer; who holds the address is what the gateway sees all the same."""
    watched(world, havip, world.ecs1, world.ecs2)
    Agent.objects.filter(role="node").update(last_seen=timezone.now() - timedelta(minutes=3))
    first, second = slots(viewer_client, havip)
    assert "holds the address" in first
    assert "MASTER" not in first
    assert "not heard any more" in second
    assert "BACKUP" not in second
    assert "seen 3 minutes ago" in second


def test_without_agents_nothing_is_claimed(viewer_client: Client, world: World, havip: str) -> None:
    for card in slots(viewer_client, havip):
        assert "observed role unknown" in card
        assert "keepalived" not in card
        assert "seen" not in card
    world.settings.HAVIP_FABRICS = {"*": FABRIC}
    for card in slots(viewer_client, havip):
        assert "observed role unknown" in card
        assert "never seen" in card


def test_a_card_s_role_is_its_instance_s(viewer_client: Client, world: World) -> None:
    havip = world.havip(world.card1, world.card2)
    world.settings.HAVIP_FABRICS = {"*": FABRIC}
    ScriptedAgent(f"gateway:{world.vpc}").see(havip, world.card1)
    for name, state in (("ecs1", "MASTER"), ("ecs2", "BACKUP")):
        ScriptedAgent(f"node:{getattr(world, name)}").is_in(havip, state)
    first, second = slots(viewer_client, havip, "havip-detail")
    assert "MASTER · holds the address" in first
    assert "BACKUP · standing by" in second


def test_a_drill_that_failed_is_no_fault_of_the_binding(
    operator_client: Client, world: World, havip: str
) -> None:
    watched(world, havip, world.ecs1, world.ecs2)
    world.act("havip.drill", havip_id=havip, kind="link_down", from_outside=False)
    panel = reverse("web:havip-panel", args=["alpha", REGION, havip])
    assert "node--busy" in operator_client.get(panel).content.decode()
    JobLock.objects.all().delete()
    Job.objects.filter(kind="havip.drill").update(state="failed", finished_at=timezone.now())
    shown = operator_client.get(panel).content.decode()
    assert "node--failed" not in shown
    assert "Retry" not in shown

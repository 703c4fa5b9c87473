"""The guide: each step is ticked off when it is true, has one button while it is not, and follows the network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.jobs.models import Job
from havip.fabric.linux.models import HolderInterval, HolderReason
from havip.fabric.linux.protocol import NodeDocument
from havip.models import HaVip
from tests.cast import OTHER_REGION, REGION, World, carry_out_jobs, digest
from tests.fabrics import ScriptedFabric
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent

CODES = ("network", "instances", "havip", "binding", "keepalived", "eip", "holder", "access")


def url(name: str, *arguments: str, region: str = REGION) -> str:
    return reverse(f"web:{name}", args=["alpha", region, *arguments])


def text(response: Any) -> str:
    return str(response.content.decode())


def page(client: Client, *, region: str = REGION, **query: str) -> str:
    answer = client.get(url("guide", region=region), query)
    assert answer.status_code == 200
    return text(answer)


def states(shown: str) -> dict[str, str]:
    return dict(re.findall(r'id="step-([a-z]+)" data-state="([a-z_]+)"', shown))


def part(shown: str, code: str) -> str:
    """Return one step of the page."""
    return shown.split(f'id="step-{code}"')[1].split("</li>\n      \n        <li id=", maxsplit=1)[
        0
    ]


def primary(shown: str) -> list[str]:
    """Return where the page's one main button leads."""
    return re.findall(r'class="btn btn--primary" href="([^"]+)"', shown.split('id="guide"')[1])


def test_an_empty_region_begins_at_the_beginning(operator_client: Client, world: World) -> None:
    shown = page(operator_client, region=OTHER_REGION)
    assert tuple(states(shown)) == CODES
    assert set(states(shown).values()) == {"open"}
    assert primary(shown) == [url("vpc-create", region=OTHER_REGION)]


def test_each_step_is_ticked_off_as_it_becomes_true(operator_client: Client, world: World) -> None:
    def now(*done: str) -> str:
        shown = page(operator_client)
        seen = {code for code, state in states(shown).items() if state == "done"}
        assert seen == set(done)
        assert f"{len(done)} of 8 done" in shown
        return shown

    assert primary(now("network", "instances")) == [url("havip-create")]
    havip = world.havip(ip_address="192.168.0.88")
    assert primary(now("network", "instances", "havip")) == [url("havip-bind", havip)]
    world.bind(havip, world.ecs1)
    shown = now("network", "instances", "havip")
    assert primary(shown) == [url("havip-bind", havip)]
    for instance in (world.ecs1, world.ecs2):  # two run, though only one is bound
        assert url("instance-detail", instance) in part(shown, "instances")
    world.bind(havip, world.ecs2)
    shown = now("network", "instances", "havip", "binding")
    assert states(shown)["keepalived"] == "by_hand"
    assert primary(shown) == [url("havip-bind-eip", havip)]
    world.done("havip.bind_eip", havip_id=havip, eip_id=world.eip1)
    shown = now("network", "instances", "havip", "binding", "eip")
    assert f"curl http://{world.get(world.eip1).ip_address}/" in shown
    assert "At first ecs1 answers." in shown
    assert url("instance-stop", world.ecs1) in shown
    assert f"{url('havip-detail', havip)}?tab=configuration&amp;node={world.ecs2}" in shown


def test_a_stopped_instance_is_offered_to_be_started(operator_client: Client, world: World) -> None:
    for name in (world.ecs1, world.spare):
        world.done("instance.stop", instance_id=name)
    shown = page(operator_client)
    assert states(shown)["instances"] == "open"
    assert primary(shown) == [url("instance-start", world.ecs1)]


def test_who_may_only_look_sees_every_button_with_its_reason(
    viewer_client: Client, world: World
) -> None:
    world.havip()
    before = digest()
    shown = page(viewer_client)
    assert "aria-disabled" in part(shown, "binding")
    assert primary(shown) == []
    assert digest() == before


def test_a_change_under_way_makes_the_page_look_again(
    operator_client: Client, world: World, fabric: ScriptedFabric
) -> None:
    havip = world.havip()
    fabric.never_finish()
    world.bind(havip, world.ecs1)
    fragment = operator_client.get(url("guide-steps"), headers={"HX-Request": "true"})
    assert "every 1s" in text(fragment)
    assert states(text(fragment))["binding"] == "busy"
    again = operator_client.get(
        url("guide-steps"), headers={"HX-Request": "true", "If-None-Match": fragment["ETag"]}
    )
    assert again.status_code == 304


def test_the_holder_is_what_the_network_shows(
    operator_client: Client, world: World, fabric: ScriptedFabric
) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    assert states(page(operator_client))["holder"] == "open"
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs2)
    shown = page(operator_client)
    assert states(shown)["holder"] == "done"
    assert "At first ecs2 answers." in shown
    assert states(shown)["access"] == "open"
    HolderInterval.objects.create(
        havip=HaVip.objects.get(resource_id=havip),
        holder_id=world.ecs2,
        since=timezone.now(),
        reason=HolderReason.FAIL_OVER,
    )
    assert states(page(operator_client))["access"] == "done"


def test_agents_say_when_keepalived_is_configured(
    operator_client: Client, world: World, settings: Any
) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    settings.HAVIP_FABRICS = {"*": FABRIC}
    shown = page(operator_client)
    assert states(shown)["keepalived"] == "open"
    assert "No agent is enrolled" in shown
    agents = [ScriptedAgent(f"node:{each}") for each in (world.ecs1, world.ecs2)]
    assert states(page(operator_client))["keepalived"] != "done"
    for agent in agents:
        agent.obey()
    assert states(page(operator_client))["keepalived"] == "done"
    tab = operator_client.get(url("havip-detail", havip), {"tab": "configuration"})
    assert "has applied it" in text(tab)
    agents[0].report(error="keepalived refuses its file: line 3.")
    shown = page(operator_client)
    assert states(shown)["keepalived"] == "open"
    assert "keepalived refuses its file" in shown


def test_the_havip_that_is_furthest_is_shown_unless_another_is_chosen(
    operator_client: Client, world: World
) -> None:
    idle = world.havip(name="idle")
    world.havip(world.ecs1, name="busy")
    assert "busy (" in part(page(operator_client), "havip")
    assert "idle (" in part(page(operator_client, havip=idle), "havip")
    assert "busy (" in part(page(operator_client, havip="havip-nobodys"), "havip")


def test_strangers_see_nothing(stranger_client: Client, world: World) -> None:
    assert stranger_client.get(url("guide")).status_code == 404
    assert stranger_client.get(url("guide-steps")).status_code == 404


@pytest.mark.parametrize("name", ["guide", "guide-steps"])
def test_the_number_of_queries_is_constant(
    operator_client: Client, world: World, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            operator_client.get(url(name))
        return len(seen)

    world.raise_quota("havips_per_vpc", 20)
    world.raise_quota("havips_per_team", 20)
    world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    queries()
    before = queries()
    for _ in range(3):
        world.havip(world.ecs1, world.ecs2)
    world.done("instance.create", vswitch_id=world.vswitch)
    assert queries() == before


def test_timers_are_with_the_nodes_when_their_job_is_done(world: World, settings: Any) -> None:
    world.havip(world.ecs1, world.ecs2)
    settings.HAVIP_FABRICS = {"*": FABRIC}
    scopes = (f"gateway:{world.vpc}", f"node:{world.ecs1}", f"node:{world.ecs2}")
    agents = [ScriptedAgent(scope) for scope in scopes]
    for agent in agents:
        agent.obey()
    outcome = world.done("vpc.choose_timers", vpc_id=world.vpc, profile="fast")
    job = Job.objects.filter(resource_id=outcome.job_id)
    assert job.get().state == "running"
    for agent in agents:
        agent.obey()
    document = agents[1].document()
    assert isinstance(document, NodeDocument)
    assert document.profile == "fast"
    job.update(due_at=timezone.now())
    carry_out_jobs()
    assert job.get().state == "succeeded"


def test_in_the_lab_the_outside_is_named(
    operator_client: Client, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HAVIP_DATA_DIRECTORY = "/srv/havip"
    monkeypatch.setattr("havip.web.presenting.guide.LAB_REGION", REGION)
    world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    assert re.search(r"ip netns exec havip-o-[0-9a-f]{10} curl http://", page(operator_client))

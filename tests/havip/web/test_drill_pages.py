"""Drills on the pages: what is offered and why not, starting and stopping, and the drawing of who answered when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.jobs.models import Job
from havip.fabric.linux.models import Agent
from havip.models import Drill, Eip, HaVip
from tests.cast import REGION, World, digest
from tests.conftest import SignIn
from tests.havip.fabric.linux.scripted import ScriptedAgent
from tests.havip.web.drilling import (
    AFTER,
    BEFORE,
    SILENCE,
    drill_of,
    page_of,
    prepared,
    text,
    url,
)

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}
START = {"kind": "keepalived_stopped", "from_inside": "on", "port": "80"}


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with an EIP, held by ecs1, with ecs2 standing by; the region is not a lab."""
    return prepared(world)


@pytest.fixture
def lab(havip: str) -> str:
    """The same in a lab, whose host stops instances and asks from outside."""
    ScriptedAgent(f"host:{REGION}")
    return havip


# --- What is offered --------------------------------------------------------------------------------------------------


def test_the_tab_offers_a_drill_and_lists_the_earlier_ones(
    operator_client: Client, havip: str
) -> None:
    tab = url("havip-detail", havip) + "?tab=failover"
    fresh = text(operator_client.get(tab))
    assert f'href="{url("drill-start", havip)}"' in fresh
    assert "No drill yet" in fresh
    assert "css/drills" in fresh
    gaps = {"gap_inside_ms": 3340, "taken_over_by": "ecs2"}
    drill = drill_of(havip, status="finished", ended_at=timezone.now(), **gaps)
    for address in (tab, url("havip-drills", havip), url("drill-rows", havip)):
        shown = text(operator_client.get(address))
        assert page_of(drill) in shown
        assert "ecs2 took over after 3340 ms." in shown
        assert shown.count("3340 ms") == 2
        assert "every 1s" not in shown.split('id="drills"')[1]


def test_the_guide_leads_to_the_drills(operator_client: Client, havip: str) -> None:
    assert f'href="{url("havip-drills", havip)}"' in text(operator_client.get(url("guide")))


Spoil = Callable[[World, str], None]


def _record_only(world: World, _havip: str) -> None:
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}


def _being_changed(world: World, havip: str) -> None:
    world.act("havip.unbind_eip", havip_id=havip, eip_id=world.eip1)


def _holder_being_stopped(world: World, _havip: str) -> None:
    world.act("instance.stop", instance_id=world.ecs1)


def _nobody_holds(world: World, havip: str) -> None:
    HaVip.objects.filter(resource_id=havip).update(holder_id="")


def _standby_silent(world: World, _havip: str) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    Agent.objects.filter(scope=f"node:{world.ecs2}").update(last_seen=long_ago)


def _gateway_silent(world: World, _havip: str) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    Agent.objects.filter(scope=f"gateway:{world.vpc}").update(last_seen=long_ago)


def _one_under_way(_world: World, havip: str) -> None:
    drill_of(havip)


REFUSED: list[tuple[str, str, Spoil]] = [
    ("X1", "recorded here, not announced", _record_only),
    ("X2", "it must be in use", _being_changed),
    ("X2", "A job is under way", _holder_being_stopped),
    ("X3", "No bound node is seen holding", _nobody_holds),
    ("X3", "no live standby", _standby_silent),
    ("X3", "does not answer", _gateway_silent),
    ("X4", "is under way in the same VPC", _one_under_way),
]


@pytest.mark.parametrize(("number", "reason", "spoil"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_refused_now_is_drawn_disabled_with_its_reason(
    operator_client: Client, world: World, havip: str, number: str, reason: str, spoil: Spoil
) -> None:
    spoil(world, havip)
    shown = text(operator_client.get(url("havip-drills", havip)))
    assert url("drill-start", havip) not in shown
    assert f'<span class="rule">{number}</span>' in shown
    assert reason in shown
    dialog = text(operator_client.get(url("drill-start", havip)))
    assert reason in dialog
    assert 'class="btn btn--destroy" aria-disabled="true"' in dialog
    before = Drill.objects.count()
    answer = operator_client.post(url("drill-start", havip), START)
    assert reason in text(answer, 422)
    assert Drill.objects.count() == before


@pytest.mark.parametrize("who", ["viewer", "auditor"])
def test_who_may_only_look_sees_why(sign_in: SignIn, havip: str, who: str) -> None:
    browser = sign_in(who)
    shown = text(browser.get(url("havip-drills", havip)))
    assert url("drill-start", havip) not in shown
    assert "No drill can be started now" in shown
    assert browser.get(url("drill-start", havip)).status_code == 403
    assert browser.post(url("drill-start", havip), START).status_code == 403
    assert not Drill.objects.exists()


# --- Starting one -----------------------------------------------------------------------------------------------------


def choice(dialog: str, identity: str) -> str:
    """Return the input with this id."""
    (found,) = re.findall(rf'<input [^>]*id="{identity}"[^>]*>', dialog)
    return found


def test_the_dialog_in_a_region_without_a_lab(operator_client: Client, havip: str) -> None:
    dialog = text(operator_client.get(url("drill-start", havip)))
    assert "checked" in choice(dialog, "kind-keepalived_stopped")
    assert "disabled" not in choice(dialog, "kind-link_down")
    assert "disabled" in choice(dialog, "kind-instance_stopped")
    assert "not started and stopped by us" in dialog
    assert "disabled" in choice(dialog, "id_from_outside")
    assert "nobody outside who could probe" in dialog
    assert "interrupted for a moment" in dialog
    assert 'value="80"' in choice(dialog, "id_port")


def test_the_dialog_in_a_lab_offers_everything(operator_client: Client, lab: str) -> None:
    dialog = text(operator_client.get(url("drill-start", lab)))
    assert "disabled" not in choice(dialog, "kind-instance_stopped")
    assert "checked" in choice(dialog, "id_from_outside")
    assert "checked" in choice(dialog, "id_from_inside")


def test_without_an_eip_there_is_no_outside(
    operator_client: Client, world: World, lab: str
) -> None:
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    world.done("havip.unbind_eip", havip_id=lab, eip_id=world.eip1)
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.linux.fabric.LinuxFabric"}
    dialog = text(operator_client.get(url("drill-start", lab)))
    assert "disabled" in choice(dialog, "id_from_outside")
    assert "checked" not in choice(dialog, "id_from_outside")
    assert "needs an EIP, and none is bound" in dialog


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"kind": ""}, "kind", "Choose how the node"),
        ({"kind": "set_on_fire"}, "kind", "(X1"),
        ({"kind": "instance_stopped"}, "kind", "(X1"),
        ({"from_inside": ""}, "from_inside", "(X5"),
        ({"from_outside": "on"}, "from_outside", "(X5"),
        ({"port": ""}, "port", "Say which port"),
        ({"port": "eighty"}, "port", "A port is a whole number"),
        ({"port": "80.5"}, "port", "A port is a whole number"),
        ({"port": "0"}, "port", "(X5"),
        ({"port": "-1"}, "port", "(X5"),
        ({"port": "65536"}, "port", "(X5"),
        ({"port": "9" * 400}, "port", ""),
    ],
)
def test_what_is_wrong_is_said_where_it_is(
    operator_client: Client, havip: str, fields: dict[str, str], field: str, message: str
) -> None:
    before = digest()
    sent = {name: value for name, value in (START | fields).items() if value or name == "port"}
    shown = text(operator_client.post(url("drill-start", havip), sent), 422)
    at_field = shown.split(f'id="id_{field}-error"')[1].split("</div>")[0]
    assert message in at_field
    assert digest() == before


def test_starting_leads_to_the_drill(operator_client: Client, havip: str) -> None:
    answer = operator_client.post(url("drill-start", havip), START, headers=HTMX)
    drill = Drill.objects.get()
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == page_of(drill)
    assert (drill.kind, drill.node_label, drill.standby_label) == (
        "keepalived_stopped",
        "ecs1",
        "ecs2",
    )
    assert (drill.from_inside, drill.from_outside, drill.port) == (True, False, 80)
    shown = text(operator_client.get(page_of(drill)))
    assert "Waiting for the agents." in shown
    assert "every 500ms" in shown


def test_starting_without_script_and_sending_the_form_twice(
    operator_client: Client, havip: str
) -> None:
    sent = START | {"client_token": "the-same-form"}
    first = operator_client.post(url("drill-start", havip), sent)
    again = operator_client.post(url("drill-start", havip), sent)
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"] == page_of(Drill.objects.get())


# --- Stopping one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("begun", "said"), [(True, "It was asked to stop."), (False, "Cancelled")])
def test_stopping_asks_for_it_and_says_so(
    operator_client: Client, havip: str, begun: bool, said: str
) -> None:
    operator_client.post(url("drill-start", havip), START)
    drill = Drill.objects.get()
    if begun:
        Job.objects.update(state="running")
    stop = url("drill-stop", havip, drill.resource_id)
    assert f'action="{stop}"' in text(operator_client.get(page_of(drill)))
    shown = text(operator_client.post(stop, follow=True))
    assert "the node is brought back now" in shown or not begun
    assert "before anything was done" in shown or begun
    assert said in shown
    assert Drill.objects.get().stop_requested == begun
    assert operator_client.get(stop).status_code == 405


@pytest.mark.rule("X6", through="page")
def test_an_ended_drill_cannot_be_stopped(operator_client: Client, havip: str) -> None:
    """X6: the page was old, the answer is a sentence."""
    drill = drill_of(havip, status="finished")
    stop = url("drill-stop", havip, drill.resource_id)
    assert "X6" in text(operator_client.post(stop, follow=True))


def test_only_who_operates_stops(sign_in: SignIn, havip: str) -> None:
    drill = drill_of(havip, status="disturbed")
    for who in ("viewer", "auditor"):
        browser = sign_in(who)
        assert 'aria-disabled="true"' in text(browser.get(page_of(drill)))
        stop = url("drill-stop", havip, drill.resource_id)
        assert browser.post(stop).status_code == 403
    assert not Drill.objects.get().stop_requested


def test_a_drill_stands_below_its_own_havip_alone(
    operator_client: Client, world: World, havip: str
) -> None:
    drill = drill_of(havip)
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    other = world.havip()
    for name in ("drill", "drill-panel"):
        assert operator_client.get(url(name, other, drill.resource_id)).status_code == 404
        assert operator_client.get(url(name, havip, "drill-nowhere")).status_code == 404
    assert operator_client.post(url("drill-stop", other, drill.resource_id)).status_code == 404


# --- What is no longer there -------------------------------------------------------------------------------------------


def test_an_open_page_of_a_drill_whose_havip_is_deleted_leads_away(
    operator_client: Client, world: World
) -> None:
    havip = world.havip()
    drill = drill_of(havip, status="finished")
    world.done("havip.delete", havip_id=havip)
    for name in ("drill", "drill-panel"):
        answer = operator_client.get(url(name, havip, drill.resource_id), headers=HTMX)
        assert answer.status_code == 204
        assert f"gone={havip}" in answer["HX-Redirect"]


def test_the_address_that_was_asked_stays_with_the_result(
    operator_client: Client, world: World, lab: str
) -> None:
    address = world.get(world.eip1).ip_address
    operator_client.post(url("drill-start", lab), START | {"from_outside": "on"})
    drill = Drill.objects.get()
    Eip.objects.filter(resource_id=world.eip1).update(ip_address="203.0.113.250")
    shown = text(operator_client.get(page_of(drill)))
    assert f"{address}:80" in shown
    assert "203.0.113.250" not in shown


# --- How much it costs ------------------------------------------------------------------------------------------------


def queries(browser: Client, address: str) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_many_drills_and_answers_cost_what_few_do(
    operator_client: Client, world: World, havip: str
) -> None:
    def all_of(drill: Drill) -> dict[str, int]:
        own = drill.resource_id
        addresses = {
            "tab": url("havip-detail", havip) + "?tab=failover",
            "list": url("havip-drills", havip),
            "rows": url("drill-rows", havip),
            "start": url("drill-start", havip),
            "page": url("drill", havip, own),
            "panel": url("drill-panel", havip, own),
        }
        return {name: queries(operator_client, address) for name, address in addresses.items()}

    with time_machine.travel(timezone.now(), tick=False):  # no agent falls silent meanwhile
        few = all_of(drill_of(havip, status="finished", inside=[BEFORE, SILENCE, AFTER]))
        for _ in range(60):
            drill_of(havip, status="finished")
        runs = [(20 * number, 20 * number, "ecs1") for number in range(200)]
        assert all_of(drill_of(havip, status="finished", inside=runs, outside=runs)) == few
    most = {"tab": 13, "list": 9, "rows": 9, "start": 8, "page": 8, "panel": 8}
    assert {name: number for name, number in few.items() if number > most[name]} == {}


def test_pages_of_the_list(operator_client: Client, havip: str) -> None:
    for number in range(25):
        drill_of(havip, status="finished", node_label=f"node-{number:02}")
    tab = text(operator_client.get(url("havip-detail", havip) + "?tab=failover"))
    assert "node-24" in tab
    assert "node-04" not in tab
    (following,) = re.findall(r'href="([^"]+)" rel="next"', tab)
    older = text(operator_client.get(following.replace("&amp;", "&")))
    assert "node-04" in older
    assert "node-24" not in older
    assert 'rel="prev"' in older

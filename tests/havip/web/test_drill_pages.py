"""Drills on the pages: what is offered and why not, starting and stopping, and the drawing of who answered when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from havip.fabric.linux.models import Agent
from havip.models import Drill, HaVip
from tests.cast import REGION, World, digest
from tests.conftest import SignIn
from tests.havip.fabric.linux.scripted import ScriptedAgent
from tests.havip.web.drilling import Run, drill_of, watched

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}
START = {"kind": "keepalived_stopped", "from_inside": "on", "port": "80"}
BEFORE: Run = (0, 2110, "ecs1")
SILENCE: Run = (2130, 5430, "")
AFTER: Run = (5450, 9800, "ecs2")


def url(name: str, *arguments: str) -> str:
    return reverse(f"web:{name}", args=["alpha", REGION, *arguments])


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return str(response.content.decode())


def words(shown: str) -> str:
    """Return what is read, without the markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", shown).replace("&#x27;", "'").split())


def page_of(drill: Drill) -> str:
    return url("drill", drill.havip.resource_id, drill.resource_id)


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with an EIP, held by ecs1, with ecs2 standing by; the region is not a lab."""
    made = world.havip(world.ecs1, world.ecs2, eip=world.eip1, name="web")
    watched(world, made, world.ecs1, world.ecs2)
    return made


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


# --- One drill --------------------------------------------------------------------------------------------------------


def test_a_running_drill_is_drawn_and_asks_again(viewer_client: Client, havip: str) -> None:
    drill = drill_of(
        havip, status="disturbed", disturbed_ms=2100, inside=[BEFORE, (2130, 4430, "")]
    )
    for address in (
        page_of(drill),
        url("drill-panel", drill.havip.resource_id, drill.resource_id),
    ):
        shown = text(viewer_client.get(address))
        assert 'hx-trigger="havip:changed from:body, every 500ms"' in shown
        assert "ecs1 is disturbed; waiting for ecs2 to answer." in shown
        assert 'data-tone="a"' in shown
        assert 'data-tone="gap"' in shown
        assert "disturbed · 2.1 s" in shown
        assert "restored ·" not in shown
        assert "2320 ms" in words(shown)
        assert "without an answer so far" in shown


def test_the_drawing_says_the_same_as_the_table(viewer_client: Client, havip: str) -> None:
    drill = drill_of(
        havip,
        status="finished",
        inside=[BEFORE, SILENCE, AFTER],
        outside=[(0, 9800, "ecs1")],
        from_outside=True,
        disturbed_ms=2100,
        restored_ms=7500,
        gap_inside_ms=3340,
        gap_outside_ms=0,
        taken_over_by="ecs2",
        ended_at=timezone.now(),
    )
    shown = text(viewer_client.get(page_of(drill)))
    assert "every " not in shown.split('id="drill"')[1]
    assert "Stop and restore" not in shown
    assert "ecs2 took over after 3340 ms (inside the VPC) and 0 ms (outside)." in shown
    address, eip = HaVip.objects.get().ip_address, HaVip.objects.get().eip.ip_address
    chart = shown.split('id="chart-whole"')[1].split("</svg>\n")[0]
    assert re.findall(r'class="drill-chart__run"[^>]*data-tone="(\w*)"', chart) == [
        "a",
        "gap",
        "b",
        "a",
    ]
    for told in (
        f"Inside the VPC → {address}:80",
        f"Outside → {eip}:80",
        "nobody, from 2.130 s to 5.430 s",
    ):
        assert told in chart
    table = words(shown.split("drill-answers")[1].split("</table>")[0])
    assert "ecs1 0 ms 2110 ms 2110 ms 106" in table
    assert "nobody 2130 ms 5430 ms 3340 ms 166" in table
    assert "ecs2 5450 ms 9800 ms 4350 ms 218" in table


def geometry(shown: str, chart: str) -> list[tuple[float, float]]:
    drawn = shown.split(f'id="chart-{chart}"')[1].split("</svg>\n", maxsplit=1)[0]
    runs = re.findall(r'class="drill-chart__run" x="([\d.]+)%" y="\d+" width="([\d.]+)%"', drawn)
    return [(float(left), float(width)) for left, width in runs]


def test_a_short_silence_is_visible_and_shown_close_up(viewer_client: Client, havip: str) -> None:
    runs = [(0, 29_900, "ecs1"), (29_920, 29_940, ""), (29_960, 60_000, "ecs2")]
    drill = drill_of(havip, status="finished", inside=runs, gap_inside_ms=60, taken_over_by="ecs2")
    shown = text(viewer_client.get(page_of(drill)))
    for _left, width in geometry(shown, "whole"):
        assert width >= 0.35
    (_, silence, _) = geometry(shown, "close-up")
    assert silence[1] > 5
    for left, width in (*geometry(shown, "whole"), *geometry(shown, "close-up")):
        assert left >= 0
        assert left + width <= 100.01


@pytest.mark.parametrize("status", ["queued", "probing", "disturbed", "restoring", "failed"])
def test_nothing_answered_yet_is_no_error(viewer_client: Client, havip: str, status: str) -> None:
    drill = drill_of(havip, status=status, probing_since=None)
    shown = text(viewer_client.get(page_of(drill)))
    assert "nobody has asked yet" in shown
    assert "close-up" not in shown


@pytest.mark.parametrize(
    "runs", [[(0, 0, "")], [(0, 0, "ecs1")], [(5, 5, ""), (2**31 - 1,) * 2 + ("x",)]]
)
def test_strange_answers_are_drawn_all_the_same(
    viewer_client: Client, havip: str, runs: list[Run]
) -> None:
    drill = drill_of(havip, status="finished", inside=runs)
    for left, width in geometry(text(viewer_client.get(page_of(drill))), "whole"):
        assert 0 <= left <= left + width <= 100.01


def test_a_flapping_network_is_cut_and_says_so(viewer_client: Client, havip: str) -> None:
    runs = [(20 * number, 20 * number, "ecs1" if number % 2 else "") for number in range(500)]
    drill = drill_of(havip, status="finished", inside=runs)
    shown = text(viewer_client.get(page_of(drill)))
    assert "400 more changes are not listed." in shown
    assert len(geometry(shown, "whole")) == 400


def test_what_answers_is_never_markup(viewer_client: Client, havip: str) -> None:
    hostile = "<script>alert(1)</script>\"'%(x)s"
    drill = drill_of(
        havip, status="finished", inside=[(0, 900, hostile)], node_label=hostile, taken_over_by="x"
    )
    for address in (page_of(drill), url("havip-drills", havip)):
        assert "<script>alert" not in text(viewer_client.get(address))


RESULTS: list[tuple[dict[str, Any], str]] = [
    ({"taken_over_by": "ecs2", "gap_inside_ms": 182}, "ecs2 took over after 182 ms."),
    (
        {"taken_over_by": "ecs2", "gap_inside_ms": 0},
        "ecs2 took over, and no probe went unanswered.",
    ),
    ({"taken_over_by": "ecs2"}, "ecs2 took over."),
    ({"taken_over_by": "ecs1"}, "ecs1 answered all the time: nobody had to take over."),
    ({}, "Nobody took over."),
    (
        {
            "status": "failed",
            "explanation": "%(standby)s did not answer within %(seconds)s seconds, asked from: %(places)s.",
            "explanation_parameters": {"standby": "ecs2", "seconds": 15, "places": "outside"},
        },
        "ecs2 did not answer within 15 seconds, asked from: outside.",
    ),
]


@pytest.mark.parametrize(("fields", "told"), RESULTS, ids=[told for _fields, told in RESULTS])
def test_the_result_in_words(
    viewer_client: Client, havip: str, fields: dict[str, Any], told: str
) -> None:
    drill = drill_of(havip, **{"status": "finished", "inside": [BEFORE, SILENCE, AFTER]} | fields)
    for address in (page_of(drill), url("havip-drills", havip)):
        assert told in words(text(viewer_client.get(address)))


def test_a_drawing_that_did_not_change_is_not_sent_again(viewer_client: Client, havip: str) -> None:
    drill = drill_of(havip, status="disturbed", inside=[BEFORE])
    panel = url("drill-panel", havip, drill.resource_id)
    known = {"If-None-Match": viewer_client.get(panel)["ETag"]}
    assert viewer_client.get(panel, headers=known).status_code == 304
    drill.answers.update(ended_ms=2200)
    assert viewer_client.get(panel, headers=known).status_code == 200


# --- Stopping one -----------------------------------------------------------------------------------------------------


def test_stopping_asks_for_it_and_says_so(operator_client: Client, havip: str) -> None:
    operator_client.post(url("drill-start", havip), START)
    drill = Drill.objects.get()
    stop = url("drill-stop", havip, drill.resource_id)
    assert f'action="{stop}"' in text(operator_client.get(page_of(drill)))
    shown = text(operator_client.post(stop, follow=True))
    assert "the node is brought back now" in shown
    assert "It was asked to stop." in shown
    assert Drill.objects.get().stop_requested
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

    few = all_of(drill_of(havip, status="finished", inside=[BEFORE, SILENCE, AFTER]))
    for _ in range(60):
        drill_of(havip, status="finished")
    runs = [(20 * number, 20 * number, "ecs1") for number in range(200)]
    assert all_of(drill_of(havip, status="finished", inside=runs, outside=runs)) == few
    assert few["panel"] <= 12


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

"""The page of one drill: who answered when, as a drawing, as a table and in words."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from havip.models import HaVip
from tests.cast import World
from tests.havip.web.drilling import (
    AFTER,
    BEFORE,
    SILENCE,
    Run,
    drill_of,
    page_of,
    prepared,
    text,
    url,
    words,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with an EIP, held by ecs1, with ecs2 standing by."""
    return prepared(world)


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
        eip_address=HaVip.objects.get().eip.ip_address,
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
    with time_machine.travel(timezone.now(), tick=False):  # the seconds that it takes would change
        known = {"If-None-Match": viewer_client.get(panel)["ETag"]}
        assert viewer_client.get(panel, headers=known).status_code == 304
        drill.answers.update(ended_ms=2200)
        assert viewer_client.get(panel, headers=known).status_code == 200

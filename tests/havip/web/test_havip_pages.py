"""The HaVip pages as a browser sees them: list, the page of one HaVip, export, help."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.audit.models import AuditEvent
from console.jobs.models import Job
from havip.models import HaVip
from tests.cast import OTHER_REGION, REGION, Cast, World, carry_out_jobs
from tests.fabrics import ScriptedFabric

HTMX = {"HX-Request": "true"}


def url(name: str, *arguments: str, team: str = "alpha", region: str = REGION) -> str:
    return reverse(f"web:{name}", args=[team, region, *arguments])


def text(response: Any) -> str:
    return str(response.content.decode())


# --- The list -------------------------------------------------------------------------------------------------


def test_empty_list_says_what_to_do_next(operator_client: Client, world: World) -> None:
    answer = operator_client.get(url("havip-list"))
    assert answer.status_code == 200
    assert "No HaVip in this region yet" in text(answer)
    assert url("havip-create") in text(answer)


def test_list_shows_every_column(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1, name="web-vip")
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs2)
    answer = text(operator_client.get(url("havip-list")))
    for expected in (havip, "web-vip", "192.168.0.1", "vswitch", "In use", "ecs1", "ecs2"):
        assert expected in answer
    assert answer.count("node-ref--holder") == 1
    assert str(world.get(world.eip1).ip_address) in answer


def test_refused_actions_are_drawn_with_their_reason(operator_client: Client, world: World) -> None:
    world.havip(world.ecs1, eip=world.eip1)
    answer = text(operator_client.get(url("havip-list")))
    assert 'aria-disabled="true"' in answer
    assert "D1" in answer
    assert "E3" in answer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"text": "web-"}, {"web-vip"}),
        ({"text": "192.168.0.9"}, {"db-vip"}),
        ({"text": "web- 192.168.0.8"}, {"web-vip"}),
        ({"status": "Available"}, {"web-vip", "db-vip"}),
        ({"status": "InUse"}, set()),
        ({"status": "nonsense"}, set()),
        ({"vpc": "vpc-nobodys"}, set()),
        ({"text": "\0"}, set()),
    ],
)
def test_list_is_filtered(
    operator_client: Client, world: World, query: dict[str, str], found: set[str]
) -> None:
    world.havip(name="web-vip", ip_address="192.168.0.88")
    world.havip(name="db-vip", ip_address="192.168.0.9")
    answer = text(operator_client.get(url("havip-list"), query))
    assert {name for name in ("web-vip", "db-vip") if f">{name}</a>" in answer} == found


def test_list_is_filtered_by_network(operator_client: Client, world: World) -> None:
    world.havip(name="web-vip")
    for query in ({"vpc": world.vpc}, {"vswitch": world.vswitch}):
        assert ">web-vip</a>" in text(operator_client.get(url("havip-list"), query))


def test_addresses_are_ordered_as_numbers(operator_client: Client, world: World) -> None:
    for address in ("192.168.0.10", "192.168.0.9", "192.168.0.100"):
        world.havip(name=f"at-{address}", ip_address=address)
    answer = text(operator_client.get(url("havip-list"), {"sort": "ip"}))
    places = [answer.index(f">at-192.168.0.{last}</a>") for last in (9, 10, 100)]
    assert places == sorted(places)


def test_pages_follow_each_other_by_key(operator_client: Client, world: World) -> None:
    world.raise_quota("havips_per_team", 30)
    world.raise_quota("havips_per_vpc", 30)
    for number in range(22):
        world.act("havip.create", vswitch_id=world.vswitch, name=f"vip-{number:02}")
    carry_out_jobs()
    seen: list[str] = []
    query = {"sort": "name"}
    answer = operator_client.get(url("havip-list"), query)
    for _ in range(2):
        seen += [row.havip.name for row in answer.context["rows"]]
        following = answer.context["next_url"]
        if following:
            answer = operator_client.get(url("havip-list") + following)
    assert seen == [f"vip-{number:02}" for number in range(22)]
    assert answer.context["previous_url"]
    assert operator_client.get(url("havip-list"), {"after": "gibberish"}).status_code == 200


@pytest.mark.parametrize("sort", ["name", "-ip", "status", "-created", "nonsense"])
def test_tampered_cursors_are_harmless(operator_client: Client, world: World, sort: str) -> None:
    for after in ("WzAsMSwxXQ", "WzAsIlx1ZDgwMCIsMV0", "WzAsImFiYyIsMV0", "WzAsMWU5OTksMV0", "e30"):
        answer = operator_client.get(url("havip-list"), {"sort": sort, "after": after})
        assert answer.status_code == 200


def test_columns_are_remembered(operator_client: Client, world: World) -> None:
    world.havip(name="web-vip")
    answer = operator_client.post(
        url("havip-columns"), {"column": ["ip", "status"], "next": url("havip-list")}
    )
    assert answer.status_code == 302
    page = operator_client.get(url("havip-list"))
    assert page.context["columns"] == ["ip", "status"]
    outside = operator_client.post(url("havip-columns"), {"next": "https://example.org/"})
    assert outside["Location"] == url("havip-list")


def test_queries_do_not_grow_with_the_rows(operator_client: Client, world: World) -> None:
    world.raise_quota("havips_per_team", 30)
    world.raise_quota("havips_per_vpc", 30)
    world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    operator_client.get(url("havip-list"))
    with CaptureQueriesContext(connection) as few:
        operator_client.get(url("havip-list"))
    for _ in range(8):
        world.act("havip.create", vswitch_id=world.vswitch)
    carry_out_jobs()
    with CaptureQueriesContext(connection) as many:
        operator_client.get(url("havip-list"))
    assert len(many) == len(few) <= 12


def test_row_in_transition_refreshes_itself_and_disappears(
    operator_client: Client, world: World
) -> None:
    havip = world.act("havip.create", vswitch_id=world.vswitch).object_id
    row = operator_client.get(url("havip-row", havip), headers=HTMX)
    assert 'hx-trigger="every 1s"' in text(row)
    carry_out_jobs()
    with time_machine.travel(timezone.now(), tick=False):  # "3 seconds ago" would change
        row = operator_client.get(url("havip-row", havip), headers=HTMX)
        again = operator_client.get(
            url("havip-row", havip), headers={**HTMX, "If-None-Match": row["ETag"]}
        )
    assert "every 1s" not in text(row)
    assert "Available" in text(row)
    assert again.status_code == 304
    world.done("havip.delete", havip_id=havip)
    gone = operator_client.get(url("havip-row", havip), headers=HTMX)
    assert gone["HX-Reswap"] == "delete"


def test_rows_fragment_has_no_frame(operator_client: Client, world: World) -> None:
    world.havip(name="web-vip")
    answer = text(operator_client.get(url("havip-rows"), headers=HTMX))
    assert "web-vip" in answer
    assert "<html" not in answer


# --- The page of one HaVip ------------------------------------------------------------------------------------


def test_page_of_an_empty_havip(operator_client: Client, world: World) -> None:
    havip = world.havip(name="web-vip", description="in front of the shop")
    answer = text(operator_client.get(url("havip-detail", havip)))
    for expected in ("web-vip", "in front of the shop", havip, "Available", "Bind now", "Bind EIP"):
        assert expected in answer
    assert answer.count('class="drawing__slot"') == settings.HAVIP_BINDING_SLOTS
    assert "0 of 2 nodes" in answer


def test_page_shows_configured_and_observed_role(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    plain = text(operator_client.get(url("havip-detail", havip)))
    assert plain.count("observed role unknown") == 2
    assert "Recorded, not announced" in plain
    assert "configured primary" in plain
    assert "configured standby" in plain


def test_number_of_slots_is_a_setting(operator_client: Client, world: World, settings: Any) -> None:
    settings.HAVIP_BINDING_SLOTS = 4
    havip = world.havip(world.ecs1)
    answer = text(operator_client.get(url("havip-detail", havip)))
    assert answer.count('class="drawing__slot"') == 4


def test_running_job_stands_at_its_slot(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1)
    outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    answer = operator_client.get(url("havip-panel", havip), headers=HTMX)
    slots = answer.context["drawing"]["slots"]
    assert slots[1]["job"]["state"] == "queued"
    assert slots[0]["job"] is None
    assert "every 1s" in text(answer)
    assert reverse("jobs:detail", args=["alpha", outcome.job_id]) in text(answer)
    assert "B8" in text(answer) or "U2" in text(answer)


def test_failed_job_says_why_and_offers_retry(
    operator_client: Client, world: World, fabric: ScriptedFabric
) -> None:
    havip = world.havip()
    fabric.refuse()
    world.bind(havip, world.ecs1)
    answer = operator_client.get(url("havip-detail", havip))
    job = Job.objects.get(kind="havip.bind_instance")
    assert "The network says no to this." in text(answer)
    assert reverse("jobs:retry", args=["alpha", job.resource_id]) in text(answer)
    assert answer.context["drawing"]["slots"][0]["job"]["state"] == "failed"


def test_queries_of_the_page_are_few(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    operator_client.get(url("havip-detail", havip))
    with CaptureQueriesContext(connection) as queries:
        operator_client.get(url("havip-detail", havip))
    assert len(queries) <= 12


def test_name_and_description_are_edited_in_place(operator_client: Client, world: World) -> None:
    havip = world.havip(name="old")
    form = text(operator_client.get(url("havip-edit", havip), headers=HTMX))
    assert 'id="havip-head"' in form
    assert "<html" not in form
    answer = operator_client.post(
        url("havip-edit", havip), {"name": "new", "description": "why"}, headers=HTMX
    )
    assert answer.status_code == 200
    assert ">new</h1>" in text(answer)
    bad = operator_client.post(url("havip-edit", havip), {"name": "x" * 129}, headers=HTMX)
    assert bad.status_code == 422
    assert "M1" in text(bad)
    plain = operator_client.post(url("havip-edit", havip), {"name": "newest"})
    assert plain["Location"] == url("havip-detail", havip)


def test_tabs(owner_client: Client, operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1)
    page = url("havip-detail", havip)
    jobs = operator_client.get(page, {"tab": "jobs"})
    assert {entry["job"].kind for entry in jobs.context["jobs"]} == {
        "havip.create",
        "havip.bind_instance",
    }
    assert "tab=audit" not in text(jobs)
    assert operator_client.get(page, {"tab": "audit"}).status_code == 403
    assert operator_client.get(url("havip-history", havip), {"tab": "audit"}).status_code == 403
    audit = owner_client.get(page, {"tab": "audit"})
    assert audit.status_code == 200
    assert {entry["event"].object_id for entry in audit.context["events"]} == {havip}


@pytest.mark.parametrize("name", ["havip-head", "havip-panel", "havip-history", "havip-detail"])
def test_vanished_havip_leads_to_the_list(operator_client: Client, world: World, name: str) -> None:
    havip = world.havip(name="short-lived")
    world.done("havip.delete", havip_id=havip)
    answer = operator_client.get(url(name, havip), headers=HTMX)
    target = f"{url('havip-list')}?gone={havip}"
    assert answer["HX-Redirect"] == target
    operator_client.get(target)  # another part of the same page, at the same moment
    shown = operator_client.get(target, follow=True)
    assert shown.redirect_chain == [(url("havip-list"), 302)]
    assert text(shown).count("The HaVip short-lived") == 1
    assert "was deleted by operator" in text(shown)


def test_failed_creation_says_why(
    operator_client: Client, world: World, fabric: ScriptedFabric
) -> None:
    fabric.refuse()
    havip = world.done("havip.create", vswitch_id=world.vswitch).object_id
    answer = operator_client.get(url("havip-detail", havip), follow=True)
    assert "could not be created: The network says no to this." in text(answer)


# --- Export ---------------------------------------------------------------------------------------------------


def test_export_holds_the_filtered_rows(viewer_client: Client, world: World) -> None:
    world.havip(world.ecs1, world.ecs2, eip=world.eip1, name="web-vip")
    world.havip(name="db-vip")
    whole = viewer_client.get(url("havip-export"), {"format": "csv"})
    lines = list(csv.DictReader(b"".join(whole.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert [line["name"] for line in lines] == ["db-vip", "web-vip"]
    assert lines[1]["bound_resources"] == f"{world.ecs1} {world.ecs2}"
    some = viewer_client.get(url("havip-export"), {"format": "jsonl", "text": "db-"})
    records = [json.loads(line) for line in b"".join(some.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert [record["name"] for record in records] == ["db-vip"]
    assert "attachment" in some["Content-Disposition"]
    assert viewer_client.get(url("havip-export"), {"format": "xml"}).status_code == 400


def test_export_holds_no_formula(viewer_client: Client, world: World) -> None:
    world.havip(name="=1+1")
    answer = viewer_client.get(url("havip-export"), {"format": "csv"})
    assert ",'=1+1," in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


# --- Who may ---------------------------------------------------------------------------------------------------

READING = ["havip-list", "havip-rows", "havip-export"]
READING_ONE = ["havip-detail", "havip-head", "havip-panel", "havip-history", "havip-row"]
CHANGING = ["havip-create", "address-check", "address-suggest", "vswitch-options"]
CHANGING_ONE = ["havip-edit", "havip-delete", "havip-bind", "havip-bind-eip", "havip-unbind-eip"]


def test_viewer_reads_and_cannot_change(viewer_client: Client, world: World) -> None:
    havip = world.havip()
    for name in READING:
        assert viewer_client.get(url(name)).status_code == 200, name
    for name in READING_ONE:
        assert viewer_client.get(url(name, havip)).status_code == 200, name
    for name in CHANGING:
        assert viewer_client.get(url(name)).status_code == 403, name
    for name in CHANGING_ONE:
        assert viewer_client.get(url(name, havip)).status_code == 403, name
    refused = viewer_client.post(url("havip-delete", havip))
    assert refused.status_code == 403
    event = AuditEvent.objects.for_team(world.team).latest("sequence")
    assert (event.action, event.rule, event.actor_label) == ("havip.delete", "A1", "viewer")


def test_foreign_team_and_region_are_not_found(
    stranger_client: Client, operator_client: Client, world: World, cast: Cast
) -> None:
    havip = world.havip()
    for name in (*READING_ONE, *CHANGING_ONE):
        assert stranger_client.get(url(name, havip)).status_code == 404, name
        assert stranger_client.get(url(name, havip, team="beta")).status_code == 404, name
        moved = url(name, havip, region=OTHER_REGION)
        if name != "havip-row":
            assert operator_client.get(moved).status_code == 404, name
    assert operator_client.get(f"/t/alpha/nowhere-1/havips/{havip}/").status_code == 404
    assert operator_client.get("/t/alpha/jobs/havips/").status_code == 404


def test_signed_out_people_are_led_to_the_sign_in_page(client: Client, world: World) -> None:
    answer = client.get(url("havip-list"))
    assert answer["Location"].startswith("/sign-in/?next=")


# --- Help ------------------------------------------------------------------------------------------------------


def test_help_has_every_anchor_that_pages_link_to(viewer_client: Client, cast: Cast) -> None:
    answer = text(viewer_client.get(reverse("web:help", args=["alpha"])))
    for anchor in ("what", "unicast", "limits", "egress", "best-practice", "beta"):
        assert f'id="{anchor}"' in answer
    for fact in ("1.2.15", "LVS", "Pacemaker", "vrrp_garp_interval", "nopreempt"):
        assert fact in answer


def test_the_first_page_is_of_the_first_region_until_another_was_looked_at(
    viewer_client: Client, cast: Cast, own_region: str, settings: Any
) -> None:
    settings.HAVIP_FIRST_REGION = own_region
    assert viewer_client.get("/")["Location"] == f"/t/alpha/{own_region}/havips/"
    viewer_client.get("/t/alpha/cn-beijing/havips/")
    assert viewer_client.get("/")["Location"] == "/t/alpha/cn-beijing/havips/"


def test_person_without_a_team_is_told_so(administrator_client: Client, cast: Cast) -> None:
    assert "not a member of any team" in text(administrator_client.get("/"))


@pytest.mark.parametrize("tab", ["nonsense", "failover", ""])
def test_a_tab_that_is_not_there_is_the_overview(
    operator_client: Client, world: World, settings: Any, tab: str
) -> None:
    havip = world.havip()
    settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    answer = operator_client.get(url("havip-detail", havip), {"tab": tab})
    assert answer.status_code == 200
    assert answer.context["tab"] == "overview"
    assert 'id="bound"' in text(answer)

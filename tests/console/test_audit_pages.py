"""The pages of the audit log: who reads it, what it says, and how it is narrowed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.audit.log import AuditEntry, record
from console.teams.principal import system_principal
from tests.cast import REGION, Cast, World, carry_out_jobs
from tests.console.pages import (
    AUDIT,
    body_of,
    count_queries,
    entries_of,
    link_to,
    newest,
    page_of,
    refused,
    write_entries,
)
from tests.fabrics import ScriptedFabric


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with ecs1 bound to it."""
    return world.havip(world.ecs1, name="web-vip", ip_address="192.168.0.88")


# --- Who may read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),
        ("auditor", 200),
        ("operator", 403),
        ("viewer", 403),
        ("stranger", 404),
        ("administrator", 404),
    ],
)
def test_the_log_is_for_owners_and_auditors(
    sign_in: Any, world: World, who: str, status: int
) -> None:
    client = sign_in(who)
    for path in ("", "1/", "request/TEST-REQUEST/", "export/?format=csv"):
        assert client.get(f"{AUDIT}{path}").status_code == status, path
    assert client.post(f"{AUDIT}verify/").status_code == (302 if status == 200 else status)


def test_another_teams_entries_are_not_there(stranger_client: Client, world: World) -> None:
    number = newest(world).sequence
    assert stranger_client.get(f"/t/beta/audit/{number}/").status_code == 404
    assert stranger_client.get("/t/beta/audit/request/TEST-REQUEST/").status_code == 404
    page = page_of(stranger_client, "/t/beta/audit/")
    assert "ecs1" not in page


@pytest.mark.parametrize("number", ["0", "99999", "9" * 30])
def test_numbers_that_are_not_there(owner_client: Client, world: World, number: str) -> None:
    assert owner_client.get(f"{AUDIT}{number}/").status_code == 404


# --- The list -------------------------------------------------------------------------------------------------


def test_a_row_says_who_what_how_and_from_where(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    page = page_of(auditor_client, AUDIT)
    row = page[page.index(f'id="entry-{event.sequence}"') :].partition("</tr>")[0]
    for part in (
        "Tried to bind instance",
        "operator",
        "page",
        "Refused",
        "B5",
        "ResourceAlreadyAssociated",
        "192.0.2.7",
        "TEST-REQUEST",
        f'href="/t/alpha/{REGION}/havips/{havip}/"',
        "<time datetime=",
    ):
        assert part in row, part


def test_the_label_survives_the_object(auditor_client: Client, world: World) -> None:
    havip = world.havip(name="short-lived", ip_address="192.168.0.99")
    world.done("havip.delete", havip_id=havip)
    page = page_of(auditor_client, f"{AUDIT}?object_kind=havip&object_id={havip}")
    assert len(entries_of(page)) == 2
    assert "short-lived (192.168.0.99)" in page
    assert f'href="/t/alpha/{REGION}/havips/{havip}/"' not in page


def test_filters(auditor_client: Client, world: World, havip: str) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    alone = [event.sequence]

    def found(query: str) -> list[int]:
        return entries_of(page_of(auditor_client, f"{AUDIT}?{query}"))

    assert found("result=refused") == alone
    assert alone[0] in found("action=havip.bind_instance")
    assert set(found("action=havip.bind_instance&result=refused")) == set(alone)
    assert found("text=ResourceAlreadyAssociated") == alone
    assert found("text=NoSuchWord") == []
    assert alone[0] in found("actor=OPERATOR")
    assert found("actor=operator&actor_id=user:0") == []
    assert alone[0] in found("object=web-vip")
    assert alone[0] in found(f"object={havip}")
    assert found(f"object_kind=vpc&object_id={havip}") == []
    job = newest(world, action="havip.create").job_id
    assert found(f"job_id={job}") == [newest(world, action="havip.create").sequence]


def test_a_range_of_time(auditor_client: Client, world: World, havip: str) -> None:
    now = timezone.now()
    minute = f"{now:%Y-%m-%dT%H:%M}"
    tomorrow = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    yesterday = f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}"
    last = newest(world).sequence
    assert last in entries_of(page_of(auditor_client, f"{AUDIT}?since={yesterday}&until={minute}"))
    assert entries_of(page_of(auditor_client, f"{AUDIT}?since={tomorrow}")) == []
    assert entries_of(page_of(auditor_client, f"{AUDIT}?until={yesterday}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "since=nonsense",
        "until=9999-12-31T23:59",
        "since=0001-01-01T00:00",
        "action=nonsense",
        "result=%00",
        "text=%00",
        "before=-1",
        "before=" + "9" * 40,
        "after=x",
        "after=²",
        "size=1",
        "object_id=" + "x" * 3000,
        "job_id=%ff",
    ],
)
def test_nonsense_in_the_query_never_breaks_the_list(
    auditor_client: Client, world: World, query: str
) -> None:
    assert auditor_client.get(f"{AUDIT}?{query}").status_code == 200
    response = auditor_client.get(f"{AUDIT}export/?{query}")
    assert response.status_code == 200
    body_of(response)


def test_pinned_filters_can_be_taken_away(auditor_client: Client, world: World, havip: str) -> None:
    page = page_of(auditor_client, f"{AUDIT}?object_kind=havip&object_id={havip}&result=succeeded")
    assert f"object: {havip}" in page
    assert 'href="/t/alpha/audit/?result=succeeded&object_kind=havip"' in page


def test_paging_shows_every_entry_once_in_both_directions(
    auditor_client: Client, world: World
) -> None:
    write_entries(world, 45)
    last = newest(world).sequence
    url, seen, pages = AUDIT, [], []
    while True:
        page = page_of(auditor_client, url)
        pages.append(entries_of(page))
        seen += pages[-1]
        if not (url := link_to(page, "next")):
            break
    assert seen == list(range(last, 0, -1))
    for expected in reversed(pages[:-1]):
        page = page_of(auditor_client, link_to(page, "prev"))
        assert entries_of(page) == expected


@pytest.mark.parametrize("path", ["", "request/TEST-REQUEST/"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    auditor_client: Client, world: World, path: str
) -> None:
    write_entries(world, 8)
    few = count_queries(auditor_client, f"{AUDIT}{path}")
    write_entries(world, 60)
    assert count_queries(auditor_client, f"{AUDIT}{path}?size=50") == few <= 12


# --- One entry, one request -----------------------------------------------------------------------------------


def test_an_entry_shows_what_changed(auditor_client: Client, world: World, havip: str) -> None:
    world.act("havip.modify", havip_id=havip, description="the front door")
    event = newest(world, action="havip.modify")
    page = page_of(auditor_client, f"{AUDIT}{event.sequence}/")
    assert "Edited HaVip web-vip (192.168.0.88)" in page
    assert re.search(r'class="is"><span>the front door</span>', page)
    assert event.hash in page
    assert event.previous_hash in page
    assert f"{AUDIT}{event.sequence - 1}/" in page
    assert 'rel="next"' not in page


def test_an_entry_leads_to_its_job_and_its_request(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = newest(world, action="havip.bind_instance")
    page = page_of(auditor_client, f"{AUDIT}{event.sequence}/")
    assert f'href="/t/alpha/jobs/{event.job_id}/"' in page
    assert f'href="{AUDIT}request/TEST-REQUEST/"' in page
    assert f"object_id={havip}" in page


def test_a_refused_entry_shows_the_rule_and_what_was_asked_for(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    page = page_of(auditor_client, f"{AUDIT}{event.sequence}/")
    assert "ecs1 is bound to this HaVip already." in page
    assert "B5" in page
    assert "What was asked for" in page
    assert world.ecs1 in page
    assert "What changed" not in page


def test_a_consequence_leads_to_its_cause(auditor_client: Client, world: World, havip: str) -> None:
    world.done("instance.delete", instance_id=world.ecs1)
    cause = newest(world, action="instance.delete")
    consequence = newest(world, action="havip.unbind_instance")
    page = page_of(auditor_client, f"{AUDIT}{consequence.sequence}/")
    assert f'href="{AUDIT}{cause.sequence}/">Delete instance' in page


def test_names_are_escaped(auditor_client: Client, world: World, havip: str) -> None:
    write_entries(world, 1)
    record(
        world.principal,
        AuditEntry(action="havip.create", object_label="<script>x</script>", after={"name": "<b>"}),
    )
    for url in (AUDIT, f"{AUDIT}{newest(world).sequence}/"):
        assert "<script>x" not in auditor_client.get(url).content.decode()


def test_all_entries_of_one_request(auditor_client: Client, world: World, havip: str) -> None:
    mine = replace(world.principal, request_id="ONE-REQUEST")
    record(mine, AuditEntry(action="havip.modify", object_label="first"))
    record(mine, AuditEntry(action="havip.modify", object_label="second"))
    page = page_of(auditor_client, f"{AUDIT}request/ONE-REQUEST/")
    assert len(entries_of(page)) == 2
    assert page.index("first") < page.index("second")
    assert auditor_client.get(f"{AUDIT}request/NO-REQUEST/").status_code == 404


def test_the_system_is_an_actor(auditor_client: Client, cast: Cast) -> None:
    record(system_principal(cast.alpha), AuditEntry(action="team.add_member", object_label="x"))
    assert "system" in page_of(auditor_client, AUDIT)


def test_jobs_that_fail_are_entries_with_their_job(
    auditor_client: Client, world: World, havip: str, fabric: ScriptedFabric
) -> None:
    fabric.refuse()
    outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    carry_out_jobs()
    page = page_of(auditor_client, f"{AUDIT}?job_id={outcome.job_id}")
    assert len(entries_of(page)) == 2
    failed = page_of(auditor_client, f"{AUDIT}{newest(world).sequence}/")
    assert "The network says no to this." in failed

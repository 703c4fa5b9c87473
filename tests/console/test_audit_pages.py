"""The pages of the audit log: who reads it, what it says, how it is narrowed, exported and checked."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import tracemalloc
from datetime import timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from console.audit import changes, export, guards, wording
from console.audit.log import AuditEntry, record
from console.audit.models import AuditChain, AuditEvent, AuditResult
from console.operations.framework import OPERATIONS
from console.operations.refusal import Refusal
from console.teams.principal import Channel, system_principal
from tests.cast import REGION, Cast, World, carry_out_jobs
from tests.fabrics import ScriptedFabric

ROOT = Path(__file__).resolve().parents[2]
LIST = "/t/alpha/audit/"


def page_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, response
    return unescape(response.content.decode())


def entries_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="entry-(\d+)"', page)]


def body_of(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def newest(world: World, **wanted: Any) -> AuditEvent:
    return AuditEvent.objects.for_team(world.team).filter(**wanted).latest("sequence")


def refused(world: World, operation: str, **arguments: Any) -> AuditEvent:
    with pytest.raises(Refusal):
        world.act(operation, **arguments)
    return newest(world)


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with ecs1 bound to it."""
    return world.havip(world.ecs1, name="web-vip", ip_address="192.168.0.88")


# --- Words ----------------------------------------------------------------------------------------------------


def recorded_actions() -> set[str]:
    """Return every action that the code writes into the log beside the operations' own, read from the source."""
    found: set[str] = set()
    for path in [*ROOT.glob("console/**/*.py"), *ROOT.glob("havip/**/*.py")]:
        tree = ast.parse(path.read_text())
        makers = {"AuditEntry"} | {
            function.name
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            and function.args.args
            and function.args.args[0].arg == "action"
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in makers:
                given = [word.value for word in call.keywords if word.arg == "action"]
                for value in [*given, *call.args[:1]]:
                    found |= {
                        part.value
                        for part in ast.walk(value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    }
    return {action for action in found if re.fullmatch(r"[a-z]+\.[a-z_]+", action)}


def test_the_source_is_read_well_enough() -> None:
    assert {
        "team.create",
        "team.add_member",
        "session.sign_in",
        "audit.export",
    } <= recorded_actions()


@pytest.mark.parametrize("action", sorted({*OPERATIONS, *recorded_actions()}))
def test_every_action_has_its_words(action: str) -> None:
    words = wording.WORDS.get(action)
    assert words is not None, f"console.audit.wording knows no words for {action}"
    assert str(words.name)
    assert str(words.done) != str(words.tried)
    assert bool(words.done_with) == bool(words.tried_with)
    for text in (words.done_with, words.tried_with):
        assert not text or "%(resource)s" in str(text)


def test_no_words_are_left_over() -> None:
    assert set(wording.WORDS) == {*OPERATIONS, *recorded_actions()}


def test_jobs_are_named_by_the_same_words(world: World, havip: str) -> None:
    from console.jobs.models import Job

    kinds = set(Job.objects.values_list("kind", flat=True))
    assert kinds
    assert all(wording.WORDS[kind].queues_job for kind in kinds)


def test_sentences_name_the_object_and_what_took_part(
    world: World, havip: str, fabric: ScriptedFabric
) -> None:
    assert (
        wording.describe(newest(world, action="havip.create"))
        == "Created HaVip web-vip (192.168.0.88)"
    )
    assert (
        wording.describe(newest(world, action="havip.bind_instance"))
        == "Bound instance ecs1 to HaVip web-vip (192.168.0.88)"
    )
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    assert (
        wording.describe(event)
        == f"Tried to bind instance {world.ecs1} to HaVip web-vip (192.168.0.88)"
    )
    event = refused(world, "havip.delete", havip_id="havip-unknown")
    assert wording.describe(event) == "Tried to delete HaVip havip-unknown"
    fabric.refuse()
    world.done("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    assert (
        wording.describe(newest(world, result=AuditResult.FAILED))
        == "Tried to bind an instance to HaVip web-vip (192.168.0.88)"
    )


def test_a_refusal_before_the_object_was_found_names_what_was_asked_for(
    viewer_client: Client, world: World, havip: str
) -> None:
    viewer = world.principal
    from dataclasses import replace

    from console.teams.roles import Role

    with pytest.raises(Refusal):
        OPERATIONS["havip.delete"](
            principal=replace(viewer, role=Role.VIEWER), region=REGION, havip_id=havip
        )
    assert wording.describe(newest(world)) == f"Tried to delete HaVip {havip}"


def test_events_about_jobs_name_what_the_job_was_for(
    owner_client: Client, world: World, havip: str
) -> None:
    job = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2).job_id
    world.act("job.cancel", job_id=job)
    event = newest(world, action="job.cancel")
    words = "Cancelled the job “Bind instance to HaVip: web-vip (192.168.0.88)”"
    assert wording.describe(event) == words
    assert f'href="/t/alpha/jobs/{job}/"' in page_of(owner_client, f"{LIST}{event.sequence}/")


def test_an_attempt_without_an_object_has_a_dash(world: World) -> None:
    event = AuditEvent(action="vpc.create", result="refused")
    assert wording.describe(event) == "Tried to create VPC —"


def test_words_of_another_version_are_the_action_itself(world: World) -> None:
    event = AuditEvent(action="dns.publish", object_label="www", result="succeeded")
    assert wording.describe(event) == "dns.publish www"


def test_percent_signs_in_names_are_only_text(world: World) -> None:
    event = AuditEvent(action="havip.create", object_label="100% %(x)s", result="succeeded")
    assert wording.describe(event) == "Created HaVip 100% %(x)s"


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
        assert client.get(f"{LIST}{path}").status_code == status, path
    assert client.post(f"{LIST}verify/").status_code == (302 if status == 200 else status)


def test_another_teams_entries_are_not_there(stranger_client: Client, world: World) -> None:
    number = newest(world).sequence
    assert stranger_client.get(f"/t/beta/audit/{number}/").status_code == 404
    assert stranger_client.get("/t/beta/audit/request/TEST-REQUEST/").status_code == 404
    page = page_of(stranger_client, "/t/beta/audit/")
    assert "ecs1" not in page


@pytest.mark.parametrize("number", ["0", "99999", "9" * 30])
def test_numbers_that_are_not_there(owner_client: Client, world: World, number: str) -> None:
    assert owner_client.get(f"{LIST}{number}/").status_code == 404


# --- The list -------------------------------------------------------------------------------------------------


def test_a_row_says_who_what_how_and_from_where(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    page = page_of(auditor_client, LIST)
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
    page = page_of(auditor_client, f"{LIST}?object_kind=havip&object_id={havip}")
    assert len(entries_of(page)) == 2
    assert "short-lived (192.168.0.99)" in page
    assert f'href="/t/alpha/{REGION}/havips/{havip}/"' not in page


def test_filters(auditor_client: Client, world: World, havip: str) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    alone = [event.sequence]

    def found(query: str) -> list[int]:
        return entries_of(page_of(auditor_client, f"{LIST}?{query}"))

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
    assert last in entries_of(page_of(auditor_client, f"{LIST}?since={yesterday}&until={minute}"))
    assert entries_of(page_of(auditor_client, f"{LIST}?since={tomorrow}")) == []
    assert entries_of(page_of(auditor_client, f"{LIST}?until={yesterday}")) == []


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
    assert auditor_client.get(f"{LIST}?{query}").status_code == 200
    response = auditor_client.get(f"{LIST}export/?{query}")
    assert response.status_code == 200
    body_of(response)


def test_pinned_filters_can_be_taken_away(auditor_client: Client, world: World, havip: str) -> None:
    page = page_of(auditor_client, f"{LIST}?object_kind=havip&object_id={havip}&result=succeeded")
    assert f"object: {havip}" in page
    assert 'href="/t/alpha/audit/?result=succeeded&object_kind=havip"' in page


def write(world: World, number: int) -> None:
    kinds = [("havip", "havip-x"), ("vpc", "vpc-x"), ("eip", "eip-x"), ("job", "job-x")]
    for index in range(number):
        kind, identifier = kinds[index % 4]
        record(
            world.principal,
            AuditEntry(
                action="havip.modify",
                object_kind=kind,
                object_id=identifier,
                object_label=f"=row {index}",
            ),
        )


def test_paging_shows_every_entry_once_in_both_directions(
    auditor_client: Client, world: World
) -> None:
    write(world, 45)
    last = newest(world).sequence
    url, seen, pages = LIST, [], []
    while True:
        page = page_of(auditor_client, url)
        pages.append(entries_of(page))
        seen += pages[-1]
        following = re.search(r'href="([^"]*)" rel="next"', page)
        if not following:
            break
        url = following[1]
    assert seen == list(range(last, 0, -1))
    for expected in reversed(pages[:-1]):
        back = re.search(r'href="([^"]*)" rel="prev"', page)
        assert back
        page = page_of(auditor_client, back[1])
        assert entries_of(page) == expected


@pytest.mark.parametrize("path", ["", "request/TEST-REQUEST/"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    auditor_client: Client, world: World, path: str
) -> None:
    def count(url: str) -> int:
        auditor_client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert auditor_client.get(url).status_code == 200
        return len(queries)

    write(world, 8)
    few = count(f"{LIST}{path}")
    write(world, 60)
    assert count(f"{LIST}{path}?size=50") == few <= 12


# --- One entry, one request -----------------------------------------------------------------------------------


def test_an_entry_shows_what_changed(auditor_client: Client, world: World, havip: str) -> None:
    world.act("havip.modify", havip_id=havip, description="the front door")
    event = newest(world, action="havip.modify")
    page = page_of(auditor_client, f"{LIST}{event.sequence}/")
    assert "Edited HaVip web-vip (192.168.0.88)" in page
    assert re.search(r'class="is"><span>the front door</span>', page)
    assert event.hash in page
    assert event.previous_hash in page
    assert f"{LIST}{event.sequence - 1}/" in page
    assert 'rel="next"' not in page


def test_an_entry_leads_to_its_job_and_its_request(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = newest(world, action="havip.bind_instance")
    page = page_of(auditor_client, f"{LIST}{event.sequence}/")
    assert f'href="/t/alpha/jobs/{event.job_id}/"' in page
    assert f'href="{LIST}request/TEST-REQUEST/"' in page
    assert f"object_id={havip}" in page


def test_a_refused_entry_shows_the_rule_and_what_was_asked_for(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    page = page_of(auditor_client, f"{LIST}{event.sequence}/")
    assert "ecs1 is bound to this HaVip already." in page
    assert "B5" in page
    assert "What was asked for" in page
    assert world.ecs1 in page
    assert "What changed" not in page


def test_a_consequence_leads_to_its_cause(auditor_client: Client, world: World, havip: str) -> None:
    world.done("instance.delete", instance_id=world.ecs1)
    cause = newest(world, action="instance.delete")
    consequence = newest(world, action="havip.unbind_instance")
    page = page_of(auditor_client, f"{LIST}{consequence.sequence}/")
    assert f'href="{LIST}{cause.sequence}/">Delete instance' in page


def test_names_are_escaped(auditor_client: Client, world: World, havip: str) -> None:
    write(world, 1)
    record(
        world.principal,
        AuditEntry(action="havip.create", object_label="<script>x</script>", after={"name": "<b>"}),
    )
    for url in (LIST, f"{LIST}{newest(world).sequence}/"):
        assert "<script>x" not in auditor_client.get(url).content.decode()


def test_all_entries_of_one_request(auditor_client: Client, world: World, havip: str) -> None:
    from dataclasses import replace

    mine = replace(world.principal, request_id="ONE-REQUEST")
    record(mine, AuditEntry(action="havip.modify", object_label="first"))
    record(mine, AuditEntry(action="havip.modify", object_label="second"))
    page = page_of(auditor_client, f"{LIST}request/ONE-REQUEST/")
    assert len(entries_of(page)) == 2
    assert page.index("first") < page.index("second")
    assert auditor_client.get(f"{LIST}request/NO-REQUEST/").status_code == 404


def test_difference_rows() -> None:
    rows = changes.change_rows(
        {"name": "a", "status": "Available", "old": "x"},
        {"name": "a", "status": "InUse", "slot": 1, "force": True, "empty": ""},
    )
    assert [(row.name, row.before, row.after, row.look) for row in rows] == [
        ("Status", "Available", "InUse", "changed"),
        ("old", "x", None, "removed"),
        ("Slot", None, "1", "added"),
        ("Forced", None, "yes", "added"),
        ("empty", None, "", "added"),
        ("Name", "a", "a", "same"),
    ]
    nested = changes.change_rows({}, {"filters": {"actor": "x"}, "list": [1, None, "b"]})
    assert [(row.name, row.after) for row in nested] == [
        ("Filters · actor", "x"),
        ("list", "1, , b"),
    ]


# --- Export ---------------------------------------------------------------------------------------------------


def test_csv_holds_the_filtered_entries_and_is_an_entry_itself(
    auditor_client: Client, world: World, havip: str
) -> None:
    refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    last = newest(world).sequence
    response = auditor_client.get(f"{LIST}export/?format=csv&result=refused")
    assert response["Content-Type"].startswith("text/csv")
    assert re.search(
        r'attachment; filename="audit-alpha-\d{8}-\d{6}\.csv"', response["Content-Disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(body_of(response))))
    assert [(row["sequence"], row["rule"]) for row in rows] == [(str(last), "B5")]
    assert rows[0]["explanation"] == "ecs1 is bound to this HaVip already."
    assert json.loads(rows[0]["after"])["arguments"]["havip_id"] == havip
    event = newest(world)
    assert (event.action, event.sequence, event.actor_label) == (
        "audit.export",
        last + 1,
        "auditor",
    )
    assert event.after == {"format": "csv", "up_to": last, "filters": {"result": "refused"}}


def test_json_lines_hold_everything_that_is_hashed(
    auditor_client: Client, world: World, havip: str
) -> None:
    last = newest(world).sequence
    lines = body_of(auditor_client.get(f"{LIST}export/?format=jsonl")).splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["sequence"] for entry in entries] == list(range(last, 0, -1))
    for newer, older in pairwise(entries):
        assert newer["previous_hash"] == older["hash"]


def test_no_cell_is_a_formula(auditor_client: Client, world: World) -> None:
    write(world, 1)
    rows = csv.DictReader(io.StringIO(body_of(auditor_client.get(f"{LIST}export/?format=csv"))))
    assert next(rows)["object_label"] == "'=row 0"


def test_an_unknown_format_is_not_there(auditor_client: Client, world: World) -> None:
    assert auditor_client.get(f"{LIST}export/?format=xml").status_code == 404


def test_the_export_is_in_the_language_of_its_reader(world: World) -> None:
    with translation.override("zh-hans"):
        pieces = export.export(AuditEvent.objects.for_team(world.team), export.json_lines)
        first = next(pieces)
    assert translation.get_language() == "en"
    assert json.loads(first.splitlines()[0])["description"]


def test_an_export_takes_the_memory_of_one_piece(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(export, "CHUNK", 50)
    write(world, 400)
    pieces = export.export(AuditEvent.objects.for_team(world.team), export.csv_rows)
    next(pieces)
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection) as queries:
            for _piece in pieces:
                pass
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert all("LIMIT 50" in query["sql"] for query in queries)


# --- The chain ------------------------------------------------------------------------------------------------


def test_the_badge_says_how_far_the_chain_is_intact(
    auditor_client: Client, world: World, havip: str
) -> None:
    assert "Chain not checked yet" in page_of(auditor_client, LIST)
    last = newest(world).sequence
    page = unescape(auditor_client.post(f"{LIST}verify/", follow=True).content.decode())
    assert f"The chain is intact up to #{last}." in page
    assert f"Chain intact up to #{last}" in page
    event = newest(world)
    assert (event.action, event.result, event.after) == (
        "audit.verify",
        "succeeded",
        {"up_to": last},
    )
    assert f"Chain intact up to #{last}" in page_of(auditor_client, f"{LIST}{last}/")


def test_the_badge_says_where_the_chain_breaks(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = newest(world, action="havip.create")
    guards.remove(connection)
    AuditEvent.objects.filter(pk=event.pk).update(actor_label="somebody else")
    guards.install(connection)
    page = unescape(auditor_client.post(f"{LIST}verify/", follow=True).content.decode())
    assert f"Chain breaks at #{event.sequence}" in page
    assert "edited or inserted: the hash does not match" in page
    checked = newest(world)
    assert (checked.action, checked.result) == ("audit.verify", "failed")


def test_a_check_takes_a_post_and_runs_once_at_a_time(auditor_client: Client, world: World) -> None:
    from django.core.cache import cache

    assert auditor_client.get(f"{LIST}verify/").status_code == 405
    chain = AuditChain.objects.get(team=world.team)
    cache.set(f"audit-check:{chain.pk}:running", "1")
    page = auditor_client.post(f"{LIST}verify/", follow=True).content.decode()
    assert "Somebody is checking the chain at this moment." in page


def test_every_fault_has_its_words() -> None:
    source = (ROOT / "console/audit/verify.py").read_text()
    reasons = {
        node.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ChainFault"
        for node in call.args[3:]
        if isinstance(node, ast.Constant)
    }
    known = set(wording._FAULTS) | {"removed: the team's whole chain is missing"}
    assert reasons == known


def test_channels_are_named() -> None:
    assert set(wording.CHANNELS) == {channel.value for channel in Channel}


def test_the_system_is_an_actor(auditor_client: Client, cast: Cast) -> None:
    record(system_principal(cast.alpha), AuditEntry(action="team.add_member", object_label="x"))
    assert "system" in page_of(auditor_client, LIST)


def test_jobs_that_fail_are_entries_with_their_job(
    auditor_client: Client, world: World, havip: str, fabric: ScriptedFabric
) -> None:
    fabric.refuse()
    outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    carry_out_jobs()
    page = page_of(auditor_client, f"{LIST}?job_id={outcome.job_id}")
    assert len(entries_of(page)) == 2
    failed = page_of(auditor_client, f"{LIST}{newest(world).sequence}/")
    assert "The network says no to this." in failed

"""The audit log as a file, and the check of its chain."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from console.audit import export, guards
from console.audit.models import AuditChain, AuditEvent
from tests.cast import World
from tests.console.pages import AUDIT, body_of, newest, page_after, page_of, refused, write_entries

pytestmark = pytest.mark.slow


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with ecs1 bound to it."""
    return world.havip(world.ecs1, name="web-vip", ip_address="192.168.0.88")


def test_csv_holds_the_filtered_entries_and_is_an_entry_itself(
    auditor_client: Client, world: World, havip: str
) -> None:
    refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    last = newest(world).sequence
    response = auditor_client.get(f"{AUDIT}export/?format=csv&result=refused")
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
    lines = body_of(auditor_client.get(f"{AUDIT}export/?format=jsonl")).splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["sequence"] for entry in entries] == list(range(last, 0, -1))
    for newer, older in pairwise(entries):
        assert newer["previous_hash"] == older["hash"]


def test_no_cell_is_a_formula(auditor_client: Client, world: World) -> None:
    write_entries(world, 1)
    rows = csv.DictReader(io.StringIO(body_of(auditor_client.get(f"{AUDIT}export/?format=csv"))))
    assert next(rows)["object_label"] == "'=row 0"


def test_an_unknown_format_is_not_there(auditor_client: Client, world: World) -> None:
    assert auditor_client.get(f"{AUDIT}export/?format=xml").status_code == 404


def test_the_export_is_in_the_language_of_its_reader(world: World) -> None:
    with translation.override("zh-hans"):
        pieces = export.export(AuditEvent.objects.for_team(world.team), export.json_lines)
        first = next(pieces)
    assert translation.get_language() == "en"
    assert json.loads(first.splitlines()[0])["description"]


def test_an_export_takes_the_memory_of_one_piece(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(export, "CHUNK", 50)
    write_entries(world, 400)
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
    assert "Chain not checked yet" in page_of(auditor_client, AUDIT)
    last = newest(world).sequence
    page = page_after(auditor_client, f"{AUDIT}verify/")
    assert f"The chain is intact up to #{last}." in page
    assert f"Chain intact up to #{last}" in page
    event = newest(world)
    assert (event.action, event.result, event.after) == (
        "audit.verify",
        "succeeded",
        {"up_to": last},
    )
    assert f"Chain intact up to #{last}" in page_of(auditor_client, f"{AUDIT}{last}/")


def test_the_badge_says_where_the_chain_breaks(
    auditor_client: Client, world: World, havip: str
) -> None:
    event = newest(world, action="havip.create")
    guards.remove(connection)
    AuditEvent.objects.filter(pk=event.pk).update(actor_label="somebody else")
    guards.install(connection)
    page = page_after(auditor_client, f"{AUDIT}verify/")
    assert f"Chain breaks at #{event.sequence}" in page
    assert "edited or inserted: the hash does not match" in page
    checked = newest(world)
    assert (checked.action, checked.result) == ("audit.verify", "failed")


def test_a_check_takes_a_post_and_runs_once_at_a_time(auditor_client: Client, world: World) -> None:
    assert auditor_client.get(f"{AUDIT}verify/").status_code == 405
    chain = AuditChain.objects.get(team=world.team)
    cache.set(f"audit-check:{chain.pk}:running", "1")
    page = page_after(auditor_client, f"{AUDIT}verify/")
    assert "Somebody is checking the chain at this moment." in page

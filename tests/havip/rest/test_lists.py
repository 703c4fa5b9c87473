"""Lists: the pages' filters and orderings, strictly, and pages that cost the same however far down they are."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.audit.models import AuditEvent
from havip.models import HaVip, PrivateAddress
from havip.rest.documented import SPECS
from tests.cast import World
from tests.havip.rest.asking import Script, problem

LISTS = {
    "listHaVips": "havips",
    "listVpcs": "vpcs",
    "listVSwitches": "vswitches",
    "listRouteEntries": "route-entries",
    "listInstances": "instances",
    "listInterfaces": "interfaces",
    "listEips": "eips",
    "listJobs": "/api/v1/jobs",
    "listAuditEvents": "/api/v1/audit/events",
    "listAgents": "/api/v1/agents",
}
MOST_QUERIES = 6


def _many_havips(world: World, count: int) -> None:
    """Write HaVips with nothing bound, as many as no operation would make in good time."""
    vswitch = world.get(world.vswitch)
    first = HaVip.objects.count()
    HaVip.objects.bulk_create(
        [
            HaVip(
                team=world.team,
                region=world.region,
                resource_id=f"havip-{number:020d}",
                name=f"n{number % 7}",
                vpc=vswitch.vpc,
                vswitch=vswitch,
                ip_address=f"192.168.{8 + number // 250}.{number % 250}",
                status="Available",
            )
            for number in range(first, first + count)
        ]
    )
    PrivateAddress.objects.bulk_create(
        [
            PrivateAddress(
                vswitch=vswitch,
                address=int.from_bytes(bytes(map(int, str(havip.ip_address).split(".")))),
                owner="havip",
                havip=havip,
            )
            for havip in HaVip.objects.filter(address_row__isnull=True)
        ]
    )


def test_every_list_is_known_here() -> None:
    listings = {name for name, spec in SPECS.items() if spec.listing}
    assert listings - {"listDrills"} == set(LISTS)


@pytest.mark.parametrize(
    "ordering", ["created", "-created", "name", "-name", "ip", "-ip", "status"]
)
def test_every_row_is_on_one_page(api: Script, world: World, ordering: str) -> None:
    _many_havips(world, 23)
    seen: list[str] = []
    address, pages = f"havips?page_size=5&ordering={ordering}", 0
    while address:
        page = api.get(address).json()
        seen += [each["id"] for each in page["items"]]
        pages, address, back = pages + 1, page["next"], page["previous"]
    assert pages == 5
    assert len(seen) == len(set(seen)) == 23
    before = api.get(back).json()
    assert [each["id"] for each in before["items"]] == seen[15:20]
    assert before["next_cursor"]
    column = {"ip": "ip_address"}.get(ordering.strip("-"), ordering.strip("-"))
    if column == "name":
        names = [HaVip.objects.get(resource_id=each).name for each in seen]
        assert names == sorted(names, reverse=ordering.startswith("-"))


def test_filters_are_the_pages_own(api: Script, world: World) -> None:
    used, idle = world.havip(world.ecs1, name="used"), world.havip(name="idle")
    found = {
        "status=InUse": [used],
        "status=Available": [idle],
        "text=idle": [idle],
        f"vswitch={world.vswitch}&text=used": [used],
        "vpc=vpc-nothing": [],
    }
    for query, expected in found.items():
        listed = api.get(f"havips?{query}").json()["items"]
        assert [each["id"] for each in listed] == expected, query
    assert api.get("instances?network_type=vpc&status=Running").json()["items"]
    assert api.get("interfaces?interface_type=Secondary&ordering=ip").json()["items"]
    assert api.get("/api/v1/jobs?kind=havip.create&state=succeeded").json()["items"]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("colour=red", "colour", "UnknownParameter"),
        ("status=Sleeping", "status", "InvalidParameter"),
        ("status=", "status", "InvalidParameter"),
        ("status=InUse&status=Available", "status", "InvalidParameter"),
        ("text=%00", "text", "InvalidParameter"),
        (f"text={'x' * 300}", "text", "InvalidParameter"),
        ("page_size=0", "page_size", "InvalidParameter"),
        ("page_size=101", "page_size", "InvalidParameter"),
        ("page_size=ten", "page_size", "InvalidParameter"),
        ("ordering=colour", "ordering", "InvalidParameter"),
        ("ordering=", "ordering", "InvalidParameter"),
        ("cursor=nonsense", "cursor", "InvalidParameter"),
        ("cursor=-created:nonsense", "cursor", "InvalidParameter"),
        ("cursor=", "cursor", "InvalidParameter"),
        ("tag==x", "tag", "InvalidParameter"),
    ],
)
def test_what_makes_no_sense_is_refused(
    api: Script, world: World, query: str, parameter: str, code: str
) -> None:
    told = problem(api.get(f"havips?{query}"), 400, code)
    assert [fault["parameter"] for fault in told["errors"]] == [parameter]


def test_parameters_are_refused_where_there_are_none(api: Script, world: World) -> None:
    problem(api.get(f"vpcs/{world.vpc}?status=Available"), 400, "UnknownParameter")
    problem(api.post("havips?dry=1", {"vswitch_id": world.vswitch}), 400, "UnknownParameter")


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_moments_make_sense(owner_api: Script, world: World, moment: str) -> None:
    address = f"/api/v1/audit/events?since={moment.replace('+', '%2B')}"
    told = problem(owner_api.get(address), 400, "InvalidParameter")
    assert told["errors"][0]["parameter"] == "since"


def _cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("ordering", "parts"),
    [
        ("name", [0, 5, "x"]),
        ("name", [0, None, 5]),
        ("name", [0, "\0", 5]),
        ("name", [0, ["a"], 5]),
        ("ip", [0, "ten", 5]),
        ("ip", [0, 10**30, 5]),
        ("-created", [0, 5, 10**30]),
        ("-created", [0, 5]),
        ("-created", "text"),
    ],
)
def test_a_cursor_that_was_tampered_with(
    api: Script, world: World, ordering: str, parts: Any
) -> None:
    cursor = f"{ordering}:{_cursor(*parts)}"
    told = problem(api.get(f"havips?ordering={ordering}&cursor={cursor}"), 400)
    assert told["errors"][0]["parameter"] == "cursor"


def test_a_cursor_belongs_to_its_order(api: Script, world: World) -> None:
    _many_havips(world, 3)
    cursor = api.get("havips?page_size=1").json()["next_cursor"]
    assert api.get(f"havips?cursor={cursor}&page_size=1").status_code == 200
    problem(api.get(f"havips?cursor={cursor}&ordering=name"), 400)


@pytest.mark.parametrize("name", list(LISTS))
def test_a_list_asks_the_database_a_few_times(owner_api: Script, world: World, name: str) -> None:
    world.havip(world.ecs1, eip=world.eip1)
    owner_api.get(LISTS[name])  # notes when the key was used: once a minute
    with CaptureQueriesContext(connection) as asked:
        assert owner_api.get(LISTS[name]).status_code == 200
    assert len(asked) <= MOST_QUERIES, [each["sql"] for each in asked]


@pytest.mark.slow
def test_a_list_costs_the_same_among_many(api: Script, world: World) -> None:
    """The same number of queries at 10 and 1,000 rows, on the first page and on the last."""
    counts = set()
    for rows in (10, 990):
        _many_havips(world, rows)
        api.get("havips")
        for query in ("page_size=100", "page_size=100&ordering=created", "ordering=-ip"):
            with CaptureQueriesContext(connection) as asked:
                assert api.get(f"havips?{query}").json()["items"]
            counts.add(len(asked))
    page = api.get("havips?page_size=100").json()
    for _ in range(9):
        with CaptureQueriesContext(connection) as asked:
            page = api.get(page["next"]).json()
        counts.add(len(asked))
    assert page["next"] is None
    assert len(counts) == 1, counts


def test_the_audit_log_is_for_those_who_may_read_it(
    scripts: dict[str, Script], world: World
) -> None:
    world.havip()
    for role, status in (("owner", 200), ("auditor", 200), ("operator", 403), ("viewer", 403)):
        for path in ("events", "events/1", "export"):
            answer = scripts[role].get(f"/api/v1/audit/{path}")
            assert answer.status_code == status, (role, path)
            if status == 403:
                problem(answer, 403, "Forbidden", "A1")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_log_as_a_file(owner_api: Script, world: World, kind: str) -> None:
    world.havip(name="kept")
    answer = owner_api.get(f"/api/v1/audit/export?format={kind}&action=havip.create")
    text = b"".join(answer).decode()
    lines = text.splitlines()
    assert len(lines) == (2 if kind == "csv" else 1)
    assert "kept" in lines[-1]
    if kind == "jsonl":
        assert json.loads(lines[0])["action"] == "havip.create"
    event = AuditEvent.objects.for_team(world.team).latest("pk")
    assert (event.action, event.channel) == ("audit.export", "rest")
    assert event.after["filters"] == {"action": "havip.create"}
    problem(owner_api.get("/api/v1/audit/export?format=xml"), 400)
    problem(owner_api.get("/api/v1/audit/export?action=dance"), 400)


def test_the_chain_is_checked(owner_api: Script, api: Script, world: World) -> None:
    world.havip()
    last = AuditEvent.objects.for_team(world.team).latest("pk").sequence
    seen = owner_api.post("/api/v1/audit/verify").json()
    assert seen == {"intact": True, "checked_up_to": last, "fault_sequence": None, "fault": ""}
    assert AuditEvent.objects.for_team(world.team).latest("pk").action == "audit.verify"
    problem(api.post("/api/v1/audit/verify"), 403, rule="A1")

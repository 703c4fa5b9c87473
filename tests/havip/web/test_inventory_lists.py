"""The inventory's lists: rows, filters, order, pages, refreshing, and how many queries they cost."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from havip.models import (
    AddressOwner,
    Binding,
    Eip,
    HaVip,
    Instance,
    InterfaceType,
    NetworkInterface,
    PrivateAddress,
    RouteEntry,
    Vpc,
    VSwitch,
)
from tests.cast import REGION, World, carry_out_jobs

HOME = f"/t/alpha/{REGION}"
LISTS = ("vpcs", "vswitches", "routes", "instances", "interfaces", "eips")
HTMX = {"HX-Request": "true"}


def pages(world: World) -> dict[str, str]:
    """One resource of each kind that has a page, by the address of its list."""
    return {
        "vpcs": world.vpc,
        "vswitches": world.vswitch,
        "instances": world.ecs1,
        "interfaces": world.card1,
    }


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# --- Lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_lists_and_their_rows_are_drawn(world: World, operator_client: Client, name: str) -> None:
    havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    world.done(
        "route.create", vpc_id=world.vpc, destination_cidr_block="10.8.0.0/16", havip_id=havip
    )
    page = operator_client.get(f"{HOME}/{name}/")
    rows = operator_client.get(f"{HOME}/{name}/rows/")
    assert page.status_code == rows.status_code == 200
    assert "<html" in text(page)
    assert "<html" not in text(rows)
    assert '<tr id="' in text(rows)
    # Nothing is in transition, so no row asks for itself.
    assert "every 1s" not in text(rows)


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_to_do_next(stranger_client: Client, name: str) -> None:
    page = text(stranger_client.get(f"/t/beta/{REGION}/{name}/"))
    assert 'class="empty"' in page


def test_the_first_steps_follow_each_other(world: World, stranger_client: Client) -> None:
    beta = f"/t/beta/{REGION}"
    assert f"{beta}/vpcs/create/" in text(stranger_client.get(f"{beta}/vswitches/"))
    assert f"{beta}/vswitches/" in text(stranger_client.get(f"{beta}/instances/"))
    assert f"{beta}/havips/" in text(stranger_client.get(f"{beta}/routes/"))


def test_an_instance_links_to_its_havips(world: World, operator_client: Client) -> None:
    direct = world.havip(world.ecs1)
    through_card = world.havip(world.card1)
    row = text(operator_client.get(f"{HOME}/instances/{world.ecs1}/row/"))
    assert f"{HOME}/havips/{direct}/" in row
    assert f"{HOME}/havips/{through_card}/" in row


def test_a_row_in_transition_asks_for_itself_and_then_stops(
    world: World, operator_client: Client
) -> None:
    world.act("instance.stop", instance_id=world.ecs1)
    row = f"{HOME}/instances/{world.ecs1}/row/"
    assert f'hx-get="{row}" hx-trigger="every 1s"' in text(operator_client.get(row))
    rows = text(operator_client.get(f"{HOME}/instances/rows/"))
    assert rows.count("every 1s") == 1
    carry_out_jobs()
    assert "every 1s" not in text(operator_client.get(row))


def test_a_row_whose_resource_is_gone_has_the_list_look_again(
    world: World, operator_client: Client
) -> None:
    gone = operator_client.get(f"{HOME}/eips/eip-gone/row/", headers=HTMX)
    assert gone.status_code == 204
    assert gone["HX-Trigger"] == "havip:changed"


def test_an_unchanged_fragment_is_not_sent_again(world: World, operator_client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False):  # "3 minutes ago" would change
        first = operator_client.get(f"{HOME}/eips/rows/")
        again = operator_client.get(f"{HOME}/eips/rows/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=ecs1", ["ecs1"]),
        ("text=192.168.0.210", ["ecs2"]),
        ("status=Stopped", []),
        ("status=Running", ["ecs1", "ecs2", "spare"]),
        ("network_type=classic", []),
        ("vpc={vpc}", ["ecs1", "ecs2", "spare"]),
        ("vswitch={vswitch}&text=spare", ["spare"]),
        ("vpc=vpc-unknown", []),
        ("sort=name", ["ecs1", "ecs2", "spare"]),
        ("sort=-name", ["spare", "ecs2", "ecs1"]),
    ],
)
def test_instances_are_filtered_and_sorted(
    world: World, operator_client: Client, query: str, found: list[str]
) -> None:
    query = query.format(vpc=world.vpc, vswitch=world.vswitch)
    page = operator_client.get(f"{HOME}/instances/?{query}")
    names = [row.record.name for row in page.context["rows"]]
    assert sorted(names) == sorted(found)
    if query.startswith("sort="):
        assert names == found


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "text=%00",
        "status=Nonsense",
        "vpc=%00",
        "after=nonsense",
        "size=-1",
        "sort=password",
        "before=%FF",
    ],
)
def test_a_nonsensical_query_is_no_fault(
    world: World, operator_client: Client, name: str, query: str
) -> None:
    assert operator_client.get(f"{HOME}/{name}/?{query}").status_code == 200


def test_lists_are_paged_by_key(world: World, operator_client: Client) -> None:
    Eip.objects.bulk_create(
        Eip(
            team=world.team,
            region=REGION,
            name=f"row-{number:03}",
            resource_id=f"eip-{number:03}",
            ip_address=f"198.51.100.{number}",
        )
        for number in range(50)
    )
    seen: list[str] = []
    url = f"{HOME}/eips/?text=row-&sort=name"
    while url:
        page = operator_client.get(url)
        seen += [row.record.name for row in page.context["rows"]]
        next_url = page.context["next_url"]
        url = f"{HOME}/eips/{next_url}" if next_url else ""
    assert seen == [f"row-{number:03}" for number in range(50)]
    back = operator_client.get(f"{HOME}/eips/{page.context['previous_url']}")
    assert [row.record.name for row in back.context["rows"]] == seen[20:40]
    assert len(operator_client.get(f"{HOME}/eips/?size=50").context["rows"]) == 50


# --- Query counts -----------------------------------------------------------------------------------------------


def crowd(world: World, numbers: Iterable[int]) -> None:
    """Add a resource of every kind for each number, each with what its row shows."""
    vpc, vswitch = world.get(world.vpc), world.get(world.vswitch)
    base = int(ipaddress.IPv4Address("192.168.128.0"))
    common = {"team": world.team, "region": REGION}
    made: dict[type[Any], list[Any]] = {}

    def add(model: type[Any], row: int, **values: Any) -> Any:
        prefix = f"{model.IDENTIFIER_PREFIX}-" if hasattr(model, "IDENTIFIER_PREFIX") else ""
        named = {"resource_id": f"{prefix}{row}", **common} if prefix else {}
        record = model(**named, **values)
        made.setdefault(model, []).append(record)
        return record

    for row in numbers:
        block = f"{ipaddress.IPv4Address(base + 8 * row)}/29"
        address = str(ipaddress.IPv4Address(base + row))
        add(Vpc, row, cidr_block="10.0.0.0/8", status="Available")
        add(VSwitch, row, vpc=vpc, zone="z", cidr_block=block, status="Available")
        instance = add(Instance, row, vswitch=vswitch, status="Running", private_ip=address)
        card = add(
            NetworkInterface,
            row,
            vswitch=vswitch,
            instance=instance,
            interface_type=InterfaceType.PRIMARY,
            private_ip=address,
            status="InUse",
        )
        havip = add(HaVip, row, vpc=vpc, vswitch=vswitch, ip_address=address, status="InUse")
        tie = (
            {"kind": "EcsInstance", "instance": instance}
            if row % 2
            else {"kind": "NetworkInterface", "interface": card}
        )
        add(Binding, row, havip=havip, slot=1, state="bound", **tie)
        destination = f"10.{row // 250}.{row % 250}.0/24"
        add(
            RouteEntry,
            row,
            vpc=vpc,
            destination_cidr_block=destination,
            havip=havip,
            status="Available",
        )
        public = str(ipaddress.IPv4Address("198.18.0.0") + row)
        add(Eip, row, ip_address=public, havip=havip, status="InUse")
        add(
            PrivateAddress,
            row,
            vswitch=vswitch,
            address=base + row,
            owner=AddressOwner.HAVIP,
            havip=havip,
        )
    for model, records in made.items():
        model._base_manager.bulk_create(records)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.slow
def test_query_counts_do_not_grow_with_the_rows(world: World, operator_client: Client) -> None:
    world.havip(world.ecs1)
    urls = [f"{HOME}/{name}/?size=100" for name in LISTS]
    urls += [f"{HOME}/{name}/{world.get(one).resource_id}/" for name, one in pages(world).items()]
    queries(operator_client, urls[0])  # the first request of a session costs more
    crowd(world, range(10))
    few = {url: queries(operator_client, url) for url in urls}
    crowd(world, range(10, 1000))
    many = {url: queries(operator_client, url) for url in urls}
    assert many == few
    assert max(few.values()) <= 12, few

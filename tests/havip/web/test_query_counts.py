"""A page costs a constant number of queries, however many rows there are: at most twelve."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.audit.log import AuditEntry, record
from console.jobs.models import Job
from havip.models import (
    AddressOwner,
    Binding,
    Eip,
    HaVip,
    Instance,
    NetworkInterface,
    PrivateAddress,
    RouteEntry,
    Tag,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from tests.cast import REGION, World

pytestmark = pytest.mark.slow
FEW, MANY, MOST = 10, 1000, 12
Grow = Callable[[World, int], None]


def _common(world: World) -> dict[str, Any]:
    return {"team": world.team, "region": world.region, "created_by": "test"}


def _addresses(world: World, count: int) -> tuple[VSwitch, list[str]]:
    """Make a vSwitch of its own, and return the first addresses in it."""
    vpc = world.get(world.vpc)
    vswitch = VSwitch.objects.create(
        **_common(world), vpc=vpc, zone="z", cidr_block="192.168.32.0/19", status="Available"
    )
    first = vswitch.network.network_address + 1
    return vswitch, [str(first + number) for number in range(count)]


def _tags(resources: Iterable[Resource]) -> None:
    """Hang four tags on each, one of them on all."""
    Tag.objects.bulk_create(
        Tag(team=resource.team, key=key, value=str(number % 3), **{resource.KIND: resource})
        for number, resource in enumerate(resources)
        for key in ("env", f"own-{number}", f"some-{number % 10}", "tier")
    )


def instances(world: World, count: int) -> None:
    vswitch, addresses = _addresses(world, count)
    made = Instance.objects.bulk_create(
        Instance(
            **_common(world),
            resource_id=f"i-{address}".replace(".", ""),
            vswitch=vswitch,
            private_ip=address,
            status="Running",
        )
        for address in addresses
    )
    _tags(made)
    NetworkInterface.objects.bulk_create(
        NetworkInterface(
            **_common(world),
            resource_id=f"eni-{instance.pk}",
            vswitch=vswitch,
            instance=instance,
            interface_type="Primary",
            private_ip=instance.private_ip,
            status="InUse",
        )
        for instance in made
    )


def havips(world: World, count: int) -> None:
    """So many HaVips, each with two instances, an EIP and a route; some in transition."""
    instances(world, 2 * count)
    vswitch = VSwitch.objects.latest("pk")
    first = ipaddress.IPv4Address("192.168.48.1")
    made = HaVip.objects.bulk_create(
        HaVip(
            **_common(world),
            resource_id=f"havip-{number}",
            vpc=vswitch.vpc,
            vswitch=vswitch,
            name=f"h{number}",
            ip_address=str(first + number),
            status="Associating" if number % 7 == 0 else "InUse",
        )
        for number in range(count)
    )
    PrivateAddress.objects.bulk_create(
        PrivateAddress(
            vswitch=vswitch, address=int(first) + number, owner=AddressOwner.HAVIP, havip=havip
        )
        for number, havip in enumerate(made)
    )
    _tags(made)
    nodes = list(Instance.objects.filter(vswitch=vswitch).order_by("pk"))
    Binding.objects.bulk_create(
        Binding(
            havip=havip,
            slot=slot,
            kind="EcsInstance",
            instance=nodes[2 * number + slot - 1],
            state="bound",
        )
        for number, havip in enumerate(made)
        for slot in (1, 2)
    )
    eips(world, count)
    loose = Eip.objects.filter(name="grown").order_by("pk")
    for havip, eip in zip(made, loose, strict=True):
        eip.havip, eip.status = havip, "InUse"
    Eip.objects.bulk_update(loose, ["havip", "status"])
    RouteEntry.objects.bulk_create(
        RouteEntry(
            **_common(world),
            resource_id=f"rte-{number}",
            vpc=vswitch.vpc,
            havip=havip,
            destination_cidr_block=f"10.{number // 250}.{number % 250}.0/24",
            status="Available",
        )
        for number, havip in enumerate(made)
    )


def eips(world: World, count: int) -> None:
    first = ipaddress.IPv4Address("198.18.0.1")
    made = [
        Eip(
            **_common(world),
            resource_id=f"eip-q{number}",
            name="grown",
            ip_address=str(first + number),
        )
        for number in range(count)
    ]
    _tags(Eip.objects.bulk_create(made))


def interfaces(world: World, count: int) -> None:
    vswitch, addresses = _addresses(world, count)
    NetworkInterface.objects.bulk_create(
        NetworkInterface(
            **_common(world),
            resource_id=f"eni-q{number}",
            vswitch=vswitch,
            private_ip=address,
            status="Available",
        )
        for number, address in enumerate(addresses)
    )


def vpcs(world: World, count: int) -> None:
    made = Vpc.objects.bulk_create(
        Vpc(
            **_common(world),
            resource_id=f"vpc-{number}",
            cidr_block="10.0.0.0/8",
            status="Available",
        )
        for number in range(count)
    )
    _tags(made)


def vswitches(world: World, count: int) -> None:
    vpc = Vpc.objects.create(**_common(world), cidr_block="10.0.0.0/8", status="Available")
    made = VSwitch.objects.bulk_create(
        VSwitch(
            **_common(world),
            resource_id=f"vsw-{number}",
            vpc=vpc,
            zone="z",
            cidr_block=f"10.{number // 250}.{number % 250}.0/24",
            status="Available",
        )
        for number in range(count)
    )
    _tags(made)


def jobs(world: World, count: int) -> None:
    havip = world.havip()
    Job.objects.bulk_create(
        Job(
            team=world.team,
            kind="havip.create",
            target_kind="havip",
            target_id=havip,
            target_label=havip,
            handler="fabric",
            operation="havip.create",
            state="failed" if number % 2 else "succeeded",
            finished_at=timezone.now(),
            requested_by="test",
            region=REGION,
        )
        for number in range(count)
    )


def events(world: World, count: int) -> None:
    havip = world.havip()
    for number in range(count):
        entry = AuditEntry(
            action="havip.modify",
            object_kind="havip",
            object_id=havip,
            object_label=havip,
            before={"name": "a"},
            after={"name": f"b{number}"},
        )
        record(world.principal, entry)


LISTS: list[tuple[str, Grow, bool]] = [
    ("web:havip-list", havips, True),
    ("web:havip-rows", havips, True),
    ("web:vpc-list", vpcs, True),
    ("web:vswitch-list", vswitches, True),
    ("web:route-list", havips, True),
    ("web:instance-list", havips, True),
    ("web:interface-list", interfaces, True),
    ("web:eip-list", havips, True),
    ("web:havip-list?tag=env&tag=tier%3D1", havips, True),
    ("web:instance-list?tag=env%3D1", havips, True),
    ("web:quotas", havips, False),
    ("jobs:list", jobs, False),
    ("audit:list", events, False),
]


def queries(browser: Client, address: str) -> int:
    """Return how many queries a page takes, once the browser has been there before."""
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(address)
        if answer.streaming:
            b"".join(answer)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize(("name", "grow", "regional"), LISTS, ids=[name for name, *_ in LISTS])
class TestLists:
    def test_many_rows_cost_what_few_do(
        self, world: World, owner_client: Client, name: str, grow: Grow, regional: bool
    ) -> None:
        name, _mark, query = name.partition("?")
        address = reverse(name, args=["alpha", *([REGION] if regional else [])])
        address += f"?size=100&{query}"
        counts = {}
        for rows in (FEW, MANY):
            with _undone():
                grow(world, rows)
                counts[rows] = queries(owner_client, address)
        assert counts[FEW] == counts[MANY], counts
        assert counts[MANY] <= MOST, counts


def test_an_export_is_read_in_large_pieces(world: World, owner_client: Client) -> None:
    havips(world, MANY)
    assert queries(owner_client, reverse("web:havip-export", args=["alpha", REGION])) <= MOST


@contextmanager
def _undone() -> Iterator[None]:
    """Undo at the end whatever is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


DETAILS: list[tuple[str, Grow, Callable[[World], str]]] = [
    ("web:havip-detail", havips, lambda _world: HaVip.objects.earliest("pk").resource_id),
    ("web:havip-panel", havips, lambda _world: HaVip.objects.earliest("pk").resource_id),
    ("web:havip-bind", havips, lambda _world: HaVip.objects.earliest("pk").resource_id),
    ("web:havip-bind-eip", havips, lambda _world: HaVip.objects.earliest("pk").resource_id),
    ("web:vpc-detail", havips, lambda world: world.vpc),
    ("web:vswitch-detail", havips, lambda _world: VSwitch.objects.latest("pk").resource_id),
    ("web:instance-detail", havips, lambda _world: Instance.objects.latest("pk").resource_id),
    ("web:interface-detail", interfaces, lambda world: world.card1),
    ("web:eip-detail", havips, lambda world: world.eip1),
    ("web:havip-tags", havips, lambda _world: HaVip.objects.earliest("pk").resource_id),
    ("web:havip-create", havips, lambda _world: ""),
    ("web:route-create", havips, lambda _world: ""),
]


@pytest.mark.parametrize(("name", "grow", "which"), DETAILS, ids=[name for name, *_ in DETAILS])
class TestDetails:
    def test_a_large_network_costs_what_a_small_one_does(
        self,
        world: World,
        operator_client: Client,
        name: str,
        grow: Grow,
        which: Callable[[World], str],
    ) -> None:
        counts = {}
        for rows in (FEW, MANY):
            with _undone():
                grow(world, rows)
                own = which(world)
                address = reverse(name, args=["alpha", REGION, *([own] if own else [])])
                counts[rows] = queries(operator_client, address)
        assert counts[FEW] == counts[MANY], counts
        assert counts[MANY] <= MOST, counts

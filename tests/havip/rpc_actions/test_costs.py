"""What reading costs: as many queries for a thousand rows as for ten, and few of them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from havip.models import (
    Binding,
    BindingKind,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkStatus,
    RouteEntry,
    Tag,
    Vpc,
    VSwitch,
)
from havip.models.identifiers import new_identifier
from tests.cast import REGION, World
from tests.havip.rpc_actions.client import ECS, VPC, Api

pytestmark = pytest.mark.slow

# Of them three tell whose key it is: the key with its team, the nonce, and when the key was last used.
MOST = 8


def _fill(world: World, begin: int, end: int) -> None:
    """Write rows of every kind into one VPC: what they would be if operations had made them one by one."""
    owner = {"team": world.team, "region": REGION}
    vpc, vswitch = (
        Vpc.objects.get(resource_id=world.vpc),
        VSwitch.objects.get(resource_id=world.vswitch),
    )
    numbers = range(begin, end)

    def named(model: Any, number: int, **values: Any) -> Any:
        identifier = new_identifier(model.IDENTIFIER_PREFIX)
        return model(resource_id=identifier, name=f"n{number}", **owner, **values)

    settled = {"status": NetworkStatus.AVAILABLE}
    Vpc.objects.bulk_create(
        named(Vpc, n, cidr_block=f"10.{n // 256}.{n % 256}.0/24", **settled) for n in numbers
    )
    VSwitch.objects.bulk_create(
        named(VSwitch, n, vpc=vpc, zone="z", cidr_block=f"172.{n // 256}.{n % 256}.0/24", **settled)
        for n in numbers
    )
    instances = Instance.objects.bulk_create(
        named(
            Instance, n, vswitch=vswitch, status=InstanceStatus.RUNNING, private_ip=_address(10, n)
        )
        for n in numbers
    )
    NetworkInterface.objects.bulk_create(
        named(
            NetworkInterface,
            n,
            vswitch=vswitch,
            instance=instance,
            interface_type=InterfaceType.PRIMARY,
            status=InterfaceStatus.IN_USE,
            private_ip=_address(10, n),
        )
        for n, instance in zip(numbers, instances, strict=True)
    )
    havips = HaVip.objects.bulk_create(
        named(
            HaVip,
            n,
            vpc=vpc,
            vswitch=vswitch,
            ip_address=_address(11, n),
            status=HaVipStatus.IN_USE,
        )
        for n in numbers
    )
    Binding.objects.bulk_create(
        Binding(
            havip=havip,
            slot=1,
            kind=BindingKind.INSTANCE,
            instance=instance,
            state=BindingState.BOUND,
        )
        for havip, instance in zip(havips, instances, strict=True)
    )
    Eip.objects.bulk_create(
        named(Eip, n, ip_address=_address(12, n), status=EipStatus.IN_USE, havip=havip)
        for n, havip in zip(numbers, havips, strict=True)
    )
    RouteEntry.objects.bulk_create(
        named(
            RouteEntry,
            n,
            vpc=vpc,
            havip=havip,
            destination_cidr_block=f"20.{n // 256}.{n % 256}.0/24",
            **settled,
        )
        for n, havip in zip(numbers, havips, strict=True)
    )
    Tag.objects.bulk_create(
        Tag(team=world.team, key="use", value=f"{n % 2}", havip=havip)
        for n, havip in zip(numbers, havips, strict=True)
    )


def _address(first: int, number: int) -> str:
    return f"{first}.9.{number // 256}.{number % 256}"


READS = {
    "DescribeHaVips": (VPC, {"PageSize": 50}),
    "DescribeHaVips by tag": (VPC, {"PageSize": 50, "Tags.1.Key": "use", "Tags.1.Value": "1"}),
    "DescribeHaVips of a VPC": (
        VPC,
        {"PageSize": 50, "Filter.1.Key": "VpcId", "Filter.1.Value.1": "{vpc}"},
    ),
    "DescribeEipAddresses": (VPC, {"PageSize": 50}),
    "DescribeVpcs": (VPC, {"PageSize": 50}),
    "DescribeVSwitches": (VPC, {"PageSize": 50}),
    "DescribeRouteTableList": (VPC, {"PageSize": 50}),
    "DescribeRouteEntryList": (VPC, {"MaxResult": 50, "RouteTableId": "{table}"}),
    "ListTagResources": (VPC, {"MaxResults": 50, "ResourceType": "HAVIP"}),
    "DescribeInstances": (ECS, {"PageSize": 50}),
    "DescribeInstances by token": (ECS, {"MaxResults": 50}),
    "DescribeNetworkInterfaces": (ECS, {"PageSize": 50}),
}


def _queries(api: Api, world: World) -> dict[str, int]:
    """Return how many queries each way of reading makes; the key's last use is noted already."""
    names = {"vpc": world.vpc, "table": Vpc.objects.get(resource_id=world.vpc).route_table_id}
    api.ok("DescribeRegions")
    found = {}
    for read, (version, wanted) in READS.items():
        sent = {name: str(value).format(**names) for name, value in wanted.items()}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            api.ok(read.split()[0], version, **sent)
        found[read] = sum(
            not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
            for query in captured.captured_queries
        )
    return found


def test_queries_for_ten_and_for_a_thousand_rows(api: Api, world: World) -> None:
    _fill(world, 0, 10)
    with time_machine.travel(timezone.now(), tick=False):  # no minute passes in between
        few = _queries(api, world)
        _fill(world, 10, 1000)
        many = _queries(api, world)
    assert many == few
    assert max(many.values()) <= MOST, many


def test_a_page_far_down_reads_only_its_own_rows(api: Api, world: World) -> None:
    _fill(world, 0, 200)
    with CaptureQueriesContext(connection) as captured:
        answer = api.ok("DescribeHaVips", PageNumber=4, PageSize=50)
    assert len(answer["HaVips"]["HaVip"]) == 50
    assert answer["TotalCount"] == 200
    paged = [query["sql"] for query in captured.captured_queries if "OFFSET 150" in query["sql"]]
    assert len(paged) == 1
    # The rows that are passed over are counted by their keys alone, within the page's own query.
    inner = paged[0].partition(" IN (")[2]
    assert "JOIN" not in inner.partition("OFFSET 150")[0]

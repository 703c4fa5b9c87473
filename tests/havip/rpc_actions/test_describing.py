"""What the describing actions return: filters, pages, tokens, tags, and answers that have every wrapper."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from havip.fabric.linux.models import Agent
from havip.models import HaVip
from tests.cast import OTHER_REGION, World
from tests.havip.rpc.clients import HOST
from tests.havip.rpc_actions.client import ECS, VPC, Api
from tests.havip.rpc_actions.lists import described, filters, rows_of, tagged

pytestmark = pytest.mark.slow


class TestHaVips:
    @pytest.fixture
    def three(self, world: World) -> tuple[str, str, str]:
        """One with both instances and an EIP, one with a card, one with nothing."""
        return (
            world.havip(world.ecs1, world.ecs2, eip=world.eip1, ip_address="192.168.0.88"),
            world.havip(world.card1, ip_address="192.168.0.89", name="second"),
            world.havip(ip_address="192.168.0.90"),
        )

    def test_newest_first_with_what_is_bound(
        self, api: Api, world: World, three: tuple[str, str, str]
    ) -> None:
        HaVip.objects.filter(resource_id=three[0]).update(holder_id=world.ecs2)
        answer = api.ok("DescribeHaVips")
        rows = rows_of(answer, "DescribeHaVips")
        assert [row["HaVipId"] for row in rows] == [three[2], three[1], three[0]]
        empty, card, both = rows
        assert both == {
            "HaVipId": three[0],
            "RegionId": world.region,
            "VpcId": world.vpc,
            "VSwitchId": world.vswitch,
            "IpAddress": "192.168.0.88",
            "Status": "InUse",
            "Name": "",
            "Description": "",
            "CreateTime": both["CreateTime"],
            "ChargeType": "",
            "ResourceGroupId": "",
            "MasterInstanceId": world.ecs2,
            "AssociatedInstanceType": "EcsInstance",
            "AssociatedInstances": {"associatedInstance": [world.ecs1, world.ecs2]},
            "AssociatedEipAddresses": {"associatedEipAddresse": [world.get(world.eip1).ip_address]},
            "Tags": {"Tag": []},
        }
        assert both["CreateTime"].endswith("Z")
        assert len(both["CreateTime"]) == 20
        assert card["AssociatedInstanceType"] == "NetworkInterface"
        assert card["AssociatedInstances"] == {"associatedInstance": [world.card1]}
        assert (empty["Status"], empty["MasterInstanceId"]) == ("Available", "")
        assert empty["AssociatedInstances"] == {"associatedInstance": []}
        assert empty["AssociatedEipAddresses"] == {"associatedEipAddresse": []}

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ([("HaVipId", ["{0}", "{2}"])], (2, 0)),
            ([("HaVipAddress", ["192.168.0.89"])], (1,)),
            ([("HaVipAddress", ["192.168.0.89", "not an address"])], (1,)),
            ([("Status", ["Available"])], (2,)),
            ([("Status", ["Available", "InUse"])], (2, 1, 0)),
            ([("Status", ["Elsewhere"])], ()),
            ([("VpcId", ["{vpc}"]), ("Status", ["InUse"])], (1, 0)),
            ([("VpcId", ["vpc-none"])], ()),
            ([("VSwitchId", ["{vswitch}"])], (2, 1, 0)),
            ([("vswitchid", ["{vswitch}"]), ("HaVipId", ["{1}"])], (1,)),
            ([("HaVipId", ["{0}", "{1}"]), ("HaVipId", ["{1}", "{2}"])], (1,)),
        ],
    )
    def test_filters(
        self,
        api: Api,
        world: World,
        three: tuple[str, str, str],
        wanted: list[tuple[str, list[str]]],
        found: tuple[int, ...],
    ) -> None:
        names = {"vpc": world.vpc, "vswitch": world.vswitch}
        filled = [
            (key, [value.format(*three, **names) for value in values]) for key, values in wanted
        ]
        assert described(api, "DescribeHaVips", **filters(*filled)) == [three[n] for n in found]

    def test_tags_of_which_all_must_be_there(self, api: Api, world: World) -> None:
        made = [
            world.havip(tags=tags)
            for tags in ({"use": "web", "of": "shop"}, {"use": "web"}, {"use": "mail", "of": ""})
        ]
        for wanted, found in (
            ([("use", "web")], (1, 0)),
            ([("use", "web"), ("of", "shop")], (0,)),
            ([("of", None)], (2, 0)),
            ([("of", "")], (2,)),
            ([("USE", "web")], ()),
        ):
            sent = tagged("Tags", *wanted)
            assert described(api, "DescribeHaVips", **sent) == [made[n] for n in found], wanted
        (row,) = rows_of(
            api.ok("DescribeHaVips", **filters(("HaVipId", made[:1]))), "DescribeHaVips"
        )
        assert row["Tags"] == {
            "Tag": [{"Key": "of", "Value": "shop"}, {"Key": "use", "Value": "web"}]
        }


class TestEips:
    def test_filters(self, api: Api, world: World) -> None:
        havip = world.havip(eip=world.eip1)
        address = world.get(world.eip2).ip_address
        for wanted, found in (
            ({"AllocationId": f"{world.eip1},{world.eip2}"}, [world.eip2, world.eip1]),
            ({"EipAddress": address}, [world.eip2]),
            ({"EipName": "eip1"}, [world.eip1]),
            ({"Status": "InUse"}, [world.eip1]),
            ({"Status": "Available"}, [world.eip2]),
            ({"AssociatedInstanceId": havip}, [world.eip1]),
            ({"AssociatedInstanceType": "HaVip"}, [world.eip1]),
            ({"AssociatedInstanceType": "Nat"}, []),
            ({"ChargeType": "PrePaid"}, []),
            ({"ChargeType": "PostPaid", "ISP": "BGP"}, [world.eip2, world.eip1]),
            ({"ISP": "BGP_PRO"}, []),
            ({"LockReason": "financial"}, []),
            (filters(("CreationStartTime", ["2001-01-01T00:00Z"])), [world.eip2, world.eip1]),
            (filters(("CreationEndTime", ["2001-01-01T00:00:00Z"])), []),
            ({"RegionId": OTHER_REGION}, [world.far_eip]),
            ({"AllocationId": ""}, [world.eip2, world.eip1]),
        ):
            assert described(api, "DescribeEipAddresses", **wanted) == found, wanted

    def test_a_time_that_is_none(self, api: Api) -> None:
        wanted = filters(("CreationStartTime", ["yesterday"]))
        assert api("DescribeEipAddresses", **wanted).code == "InvalidParameter.Format"

    def test_an_unbound_one_says_so(self, api: Api, world: World) -> None:
        (row,) = rows_of(
            api.ok("DescribeEipAddresses", AllocationId=world.eip1), "DescribeEipAddresses"
        )
        assert (row["InstanceId"], row["InstanceType"], row["Status"]) == ("", "", "Available")
        assert row["Bandwidth"] == "5"


class TestNetworks:
    def test_filters(self, api: Api, world: World) -> None:
        other = world.done("vpc.create", cidr_block="10.0.0.0/16", name="other").object_id
        vpc = world.get(world.vpc)
        for action, wanted, found in (
            ("DescribeVpcs", {"VpcId": f"{world.vpc},{other}"}, [other, world.vpc]),
            ("DescribeVpcs", {"VpcName": "other"}, [other]),
            ("DescribeVpcs", {"IsDefault": "true"}, []),
            ("DescribeVpcs", {"IsDefault": "false"}, [other, world.vpc]),
            ("DescribeVSwitches", {"VpcId": other}, []),
            ("DescribeVSwitches", {"VpcId": world.vpc, "RegionId": None}, [world.vswitch]),
            ("DescribeVSwitches", {"RouteTableId": vpc.route_table_id}, [world.vswitch]),
            ("DescribeVSwitches", {"ZoneId": "cn-hangzhou-a"}, [world.vswitch]),
            ("DescribeVSwitches", {"ZoneId": "cn-hangzhou-b"}, []),
            ("DescribeRouteTableList", {"RouterId": vpc.router_id}, [vpc.route_table_id]),
            ("DescribeRouteTableList", {"RouteTableType": "Custom"}, []),
        ):
            assert described(api, action, **wanted) == found, (action, wanted)

    def test_a_vswitch_without_any_place(self, api: Api) -> None:
        assert api("DescribeVSwitches", RegionId=None).code == "MissingParameter"

    def test_free_addresses_are_counted(self, api: Api, world: World) -> None:
        (row,) = rows_of(api.ok("DescribeVSwitches"), "DescribeVSwitches")
        world.havip()
        (then,) = rows_of(api.ok("DescribeVSwitches"), "DescribeVSwitches")
        assert then["AvailableIpAddressCount"] == row["AvailableIpAddressCount"] - 1
        assert row["AvailableIpAddressCount"] == 256 - 4 - 6


class TestRoutes:
    def test_filters(self, api: Api, world: World) -> None:
        havip = world.havip()
        block = "172.20.0.0/16"
        route = world.done(
            "route.create", vpc_id=world.vpc, havip_id=havip, destination_cidr_block=block
        ).object_id
        table = world.get(world.vpc).route_table_id
        for wanted, found in (
            ({}, [route]),
            ({"RouteEntryId": route}, [route]),
            ({"RouteEntryId": "rte-none"}, []),
            ({"DestinationCidrBlock": block}, [route]),
            ({"DestCidrBlockList.1": block, "DestCidrBlockList.2": "1.2.3.0/24"}, [route]),
            ({"DestinationCidrBlock": "1.2.3.0/24", "DestCidrBlockList.1": block}, []),
            ({"NextHopType": "HaVip", "NextHopId": havip}, [route]),
            ({"NextHopType": "Instance"}, []),
            ({"RouteEntryType": "System"}, []),
            ({"IpVersion": "ipv6"}, []),
        ):
            answer = api.ok("DescribeRouteEntryList", RouteTableId=table, **wanted)
            entries = answer["RouteEntrys"]["RouteEntry"]
            assert [entry["RouteEntryId"] for entry in entries] == found, wanted
        gone = {"RouteTableId": table, "DestinationCidrBlock": block, "RegionId": None}
        api.ok("DeleteRouteEntry", **gone)
        assert world.status(route) == "Deleting"

    def test_what_names_no_route(self, api: Api, world: World) -> None:
        table = world.get(world.vpc).route_table_id
        for wanted, code in (
            ({}, "MissingParameter"),
            ({"RouteTableId": table}, "MissingParameter"),
            (
                {"RouteTableId": table, "DestinationCidrBlock": "1.2.3.0/24"},
                "InvalidRouteEntry.NotFound",
            ),
            ({"RouteEntryId": "rte-none"}, "InvalidRouteEntry.NotFound"),
        ):
            assert api("DeleteRouteEntry", **wanted).code == code, wanted


class TestInstances:
    def test_filters(self, api: Api, world: World) -> None:
        everybody = [world.spare, world.ecs2, world.ecs1]
        for wanted, found in (
            ({"InstanceIds": json.dumps([world.ecs1, "i-none"])}, [world.ecs1]),
            ({"InstanceIds": "[]"}, []),
            ({"InstanceName": "spare"}, [world.spare]),
            ({"VpcId": world.vpc, "VSwitchId": world.vswitch}, everybody),
            ({"VpcId": "vpc-none"}, []),
            ({"Status": "Running"}, everybody),
            ({"Status": "Stopped"}, []),
            ({"InstanceNetworkType": "classic"}, []),
            ({"PrivateIpAddresses": '["192.168.0.209"]'}, [world.ecs1]),
            ({"PublicIpAddresses": '["192.0.2.1"]'}, []),
        ):
            assert described(api, "DescribeInstances", **wanted) == found, wanted

    def test_a_host_name_is_what_its_agent_says(self, api: Api, world: World) -> None:
        for scope, name, revoked in (
            (f"node:{world.ecs1}", "old", timezone.now()),
            (f"node:{world.ecs1}", "db-1", None),
            (f"gateway:{world.vpc}", "gw", None),
        ):
            Agent.objects.create(
                scope=scope,
                region=world.region,
                team=world.team,
                hostname=name,
                key_digest=f"{scope}{name}",
                revoked_at=revoked,
            )
        rows = rows_of(api.ok("DescribeInstances", ECS), "DescribeInstances")
        shown = {row["InstanceId"]: row["HostName"] for row in rows}
        assert shown[world.ecs1] == "db-1"
        assert shown[world.ecs2] == ""

    def test_one_that_is_being_deleted_is_stopping(self, api: Api, world: World) -> None:
        world.act("instance.delete", instance_id=world.spare)
        wanted = {"Status": "Stopping"}
        (row,) = rows_of(api.ok("DescribeInstances", ECS, **wanted), "DescribeInstances")
        assert (row["InstanceId"], row["Status"]) == (world.spare, "Stopping")

    def test_a_classic_one_stands_in_no_vpc(self, api: Api, world: World) -> None:
        classic = world.done("instance.create", network_type="classic").object_id
        wanted = {"InstanceIds": json.dumps([classic])}
        (row,) = rows_of(api.ok("DescribeInstances", ECS, **wanted), "DescribeInstances")
        assert row["InstanceNetworkType"] == "classic"
        assert row["VpcAttributes"] == {
            "VpcId": "",
            "VSwitchId": "",
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": []},
        }

    def test_its_cards_begin_with_its_own(self, api: Api, world: World) -> None:
        wanted = {"InstanceIds": json.dumps([world.ecs1])}
        (row,) = rows_of(api.ok("DescribeInstances", ECS, **wanted), "DescribeInstances")
        cards = row["NetworkInterfaces"]["NetworkInterface"]
        assert [card["Type"] for card in cards] == ["Primary", "Secondary"]
        assert cards[1]["NetworkInterfaceId"] == world.card1

    def test_filters_of_network_interfaces(self, api: Api, world: World) -> None:
        for wanted, found in (
            (
                {"NetworkInterfaceId.1": world.card1, "NetworkInterfaceId.2": world.loose},
                [world.loose, world.card1],
            ),
            ({"InstanceId": world.ecs1, "Type": "Secondary"}, [world.card1]),
            ({"Status": "Available"}, [world.loose]),
            ({"PrimaryIpAddress": "192.168.0.219"}, [world.card1]),
            (
                {"PrivateIpAddress.1": "192.168.0.219", "PrivateIpAddress.2": "192.168.0.220"},
                [world.card2, world.card1],
            ),
            ({"PrimaryIpAddress": "192.168.0.219", "PrivateIpAddress.1": "192.168.0.220"}, []),
            ({"NetworkInterfaceName": "loose"}, [world.loose]),
            ({"VSwitchId": "vsw-none"}, []),
            ({"ServiceManaged": "true"}, []),
        ):
            assert described(api, "DescribeNetworkInterfaces", **wanted) == found, wanted


@pytest.mark.parametrize(
    ("action", "name", "operation", "arguments"),
    [
        ("DescribeVpcs", "VpcId", "vpc.create", {"cidr_block": "10.0.0.0/16"}),
        ("DescribeVSwitches", "VSwitchId", "vswitch.create", {"cidr_block": "192.168.9.0/24"}),
        ("DescribeEipAddresses", "AllocationId", "eip.allocate", {}),
        ("DescribeInstances", "InstanceId", "instance.create", {}),
    ],
)
def test_tags_find_every_kind(
    api: Api, world: World, action: str, name: str, operation: str, arguments: dict[str, Any]
) -> None:
    where = {
        "vswitch.create": {"vpc_id": world.vpc},
        "instance.create": {"vswitch_id": world.vswitch},
    }
    tags = {"use": "web"}
    made = world.done(operation, **arguments, **where.get(operation, {}), tags=tags).object_id
    assert described(api, action, **tagged("Tag", ("use", "web"))) == [made]
    assert described(api, action, **tagged("Tag", ("use", "mail"))) == []


class TestRegions:
    @pytest.mark.parametrize("version", [VPC, ECS])
    def test_in_two_languages(self, api: Api, version: str) -> None:
        for language, name in (("en-US", "China East 1 (Hangzhou)"), (None, "华东1（杭州）")):
            answer = api.ok("DescribeRegions", version, RegionId=None, AcceptLanguage=language)
            regions = {row["RegionId"]: row for row in answer["Regions"]["Region"]}
            assert regions["cn-hangzhou"]["LocalName"] == name
            assert regions["cn-hangzhou"]["RegionEndpoint"] == HOST
            assert len(regions) == 23

    @pytest.mark.parametrize("version", [VPC, ECS])
    def test_zones(self, api: Api, version: str) -> None:
        zones = api.ok("DescribeZones", version)["Zones"]["Zone"]
        assert [zone["ZoneId"] for zone in zones] == [f"cn-hangzhou-{letter}" for letter in "abc"]
        assert zones[0]["LocalName"] == "华东1（杭州） A"
        assert api("DescribeZones", version, RegionId="cn-mars").code == "InvalidRegionId.NotFound"

"""The whole documented workflow in one test: every action answers, and the cloud's states are seen on the way."""

from __future__ import annotations

import json

import pytest

from tests.cast import World, carry_out_jobs
from tests.havip.rpc_actions.client import ECS, Api

pytestmark = pytest.mark.slow


def test_the_documented_workflow(api: Api, world: World) -> None:
    vpc = api.ok("CreateVpc", CidrBlock="10.7.0.0/16", VpcName="shop")
    assert vpc["VRouterId"].startswith("vrt-")
    assert vpc["RouteTableId"].startswith("vtb-")
    described = api.ok("DescribeVpcs", VpcId=vpc["VpcId"])["Vpcs"]["Vpc"]
    assert [each["Status"] for each in described] == ["Pending"]
    carry_out_jobs()
    place = {"VpcId": vpc["VpcId"], "ZoneId": "cn-hangzhou-a", "CidrBlock": "10.7.1.0/24"}
    vswitch = api.ok("CreateVSwitch", **place)["VSwitchId"]
    carry_out_jobs()
    run = {"VSwitchId": vswitch, "InstanceName": "web", "Amount": 2, "ImageId": "debian"}
    first, second = api.ok("RunInstances", ECS, **run)["InstanceIdSets"]["InstanceIdSet"]
    carry_out_jobs()
    havip = api.ok("CreateHaVip", VSwitchId=vswitch, IpAddress="10.7.1.88", Name="web")
    assert havip["IpAddress"] == "10.7.1.88"
    the = {"HaVipId": havip["HaVipId"]}
    assert _havip(api, the["HaVipId"])["Status"] == "Creating"
    carry_out_jobs()
    assert _havip(api, the["HaVipId"])["Status"] == "Available"

    api.ok("AssociateHaVip", **the, InstanceId=first)
    assert _havip(api, the["HaVipId"])["Status"] == "Associating"
    carry_out_jobs()
    api.ok("AssociateHaVip", **the, InstanceId=second, InstanceType="EcsInstance")
    carry_out_jobs()
    seen = _havip(api, the["HaVipId"])
    assert seen["Status"] == "InUse"
    assert seen["AssociatedInstances"] == {"associatedInstance": [first, second]}
    assert seen["AssociatedInstanceType"] == "EcsInstance"

    eip = api.ok("AllocateEipAddress", Bandwidth="10", InternetChargeType="PayByTraffic")
    bind = {"AllocationId": eip["AllocationId"], "InstanceId": the["HaVipId"]}
    api.ok("AssociateEipAddress", **bind, InstanceType="HAVIP")
    carry_out_jobs()
    assert _havip(api, the["HaVipId"])["AssociatedEipAddresses"] == {
        "associatedEipAddresse": [eip["EipAddress"]]
    }
    (row,) = api.ok("DescribeEipAddresses", AssociatedInstanceId=the["HaVipId"])["EipAddresses"][
        "EipAddress"
    ]
    assert (row["Status"], row["InstanceType"], row["Bandwidth"]) == ("InUse", "HaVip", "10")
    assert row["InternetChargeType"] == "PayByTraffic"

    route = api.ok(
        "CreateRouteEntry",
        RouteTableId=vpc["RouteTableId"],
        DestinationCidrBlock="172.20.0.0/16",
        NextHopType="HaVip",
        NextHopId=the["HaVipId"],
        RegionId=None,
    )
    carry_out_jobs()
    (entry,) = api.ok("DescribeRouteEntryList", RouteTableId=vpc["RouteTableId"])["RouteEntrys"][
        "RouteEntry"
    ]
    assert entry["RouteEntryId"] == route["RouteEntryId"]
    assert entry["NextHops"]["NextHop"][0]["NextHopId"] == the["HaVipId"]
    tables = api.ok("DescribeRouteTableList", VpcId=vpc["VpcId"])["RouterTableList"]
    assert tables["RouterTableListType"][0]["RouteTableId"] == vpc["RouteTableId"]

    api.ok(
        "TagResources",
        ResourceType="HAVIP",
        **{"ResourceId.1": the["HaVipId"], "Tag.1.Key": "use", "Tag.1.Value": "web"},
    )
    found = api.ok("DescribeHaVips", **{"Tags.1.Key": "use", "Tags.1.Value": "web"})
    assert [each["HaVipId"] for each in found["HaVips"]["HaVip"]] == [the["HaVipId"]]
    listed = api.ok("ListTagResources", ResourceType="HAVIP", **{"ResourceId.1": the["HaVipId"]})
    assert listed["TagResources"]["TagResource"] == [
        {"ResourceId": the["HaVipId"], "ResourceType": "HAVIP", "TagKey": "use", "TagValue": "web"}
    ]
    api.ok(
        "UnTagResources",
        ResourceType="HAVIP",
        **{"ResourceId.1": the["HaVipId"], "TagKey.1": "use"},
    )

    api.ok("DeleteRouteEntry", RouteEntryId=route["RouteEntryId"], RegionId=None)
    api.ok("UnassociateEipAddress", AllocationId=eip["AllocationId"], RegionId=None)
    carry_out_jobs()
    api.ok("ReleaseEipAddress", AllocationId=eip["AllocationId"])
    for instance in (first, second):
        api.ok("UnassociateHaVip", **the, InstanceId=instance, Force="True")
        carry_out_jobs()
    assert _havip(api, the["HaVipId"])["AssociatedInstances"] == {"associatedInstance": []}
    api.ok("DeleteHaVip", **the)
    carry_out_jobs()
    assert _havips(api, the["HaVipId"]) == []

    card = api.ok("CreateNetworkInterface", ECS, VSwitchId=vswitch, PrimaryIpAddress="10.7.1.9")
    assert card["PrivateIpAddress"] == "10.7.1.9"
    carry_out_jobs()
    plug = {"NetworkInterfaceId": card["NetworkInterfaceId"], "InstanceId": first}
    api.ok("AttachNetworkInterface", ECS, **plug)
    carry_out_jobs()
    cards = api.ok("DescribeNetworkInterfaces", ECS, InstanceId=first)["NetworkInterfaceSets"]
    assert [each["Type"] for each in cards["NetworkInterfaceSet"]] == ["Secondary", "Primary"]
    api.ok("DetachNetworkInterface", ECS, **plug)
    carry_out_jobs()
    api.ok("DeleteNetworkInterface", ECS, NetworkInterfaceId=card["NetworkInterfaceId"])
    carry_out_jobs()
    api.ok("StopInstance", ECS, InstanceId=first, RegionId=None)
    carry_out_jobs()
    seen = api.ok("DescribeInstances", ECS, InstanceIds=json.dumps([first]))["Instances"][
        "Instance"
    ]
    assert [each["Status"] for each in seen] == ["Stopped"]
    api.ok("StartInstance", ECS, InstanceId=first, RegionId=None)
    carry_out_jobs()
    for instance in (first, second):
        api.ok("DeleteInstance", ECS, InstanceId=instance, Force="true", RegionId=None)
    carry_out_jobs()
    api.ok("DeleteVSwitch", VSwitchId=vswitch, RegionId=None)
    carry_out_jobs()
    api.ok("DeleteVpc", VpcId=vpc["VpcId"], RegionId=None)
    carry_out_jobs()
    assert api.ok("DescribeVpcs", VpcId=vpc["VpcId"])["TotalCount"] == 0


def _havips(api: Api, havip: str) -> list[dict[str, object]]:
    wanted = {"Filter.1.Key": "HaVipId", "Filter.1.Value.1": havip}
    rows: list[dict[str, object]] = api.ok("DescribeHaVips", **wanted)["HaVips"]["HaVip"]
    return rows


def _havip(api: Api, havip: str) -> dict[str, object]:
    (row,) = _havips(api, havip)
    return row

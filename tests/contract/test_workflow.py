"""The whole life of the documented workflow, by each of the cloud's own SDKs against a running console."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.consoles import eventually
from tests.contract.conftest import Site
from tests.contract.driving import SDKS, Answer, Driver
from tests.contract.fields import NOT_KNOWN_HERE

pytestmark = pytest.mark.contract


class Steps:
    """The steps of the workflow, in the words of the cloud's API."""

    def __init__(self, driver: Driver, site: Site) -> None:
        self.driver = driver
        self.site = site
        self.name = f"{driver.sdk.name}-{uuid.uuid4().hex[:6]}"

    def token(self) -> str:
        return uuid.uuid4().hex

    def one(self, action: str, outer: str, inner: str, /, **wanted: Any) -> dict[str, Any]:
        """Describe what should be exactly one thing."""
        (row,) = self.driver.ok(action, **wanted)[outer][inner]
        found: dict[str, Any] = row
        return found

    def havip(self, identifier: str) -> dict[str, Any] | None:
        wanted = [{"Key": "HaVipId", "Value": [identifier]}]
        rows = self.driver.ok("DescribeHaVips", Filter=wanted)["HaVips"]["HaVip"]
        return rows[0] if rows else None

    def until(self, identifier: str, status: str) -> dict[str, Any]:
        """Wait until a HaVip has this status; return it."""

        def there() -> dict[str, Any] | None:
            found = self.havip(identifier)
            return found if found and found["Status"] == status else None

        found: dict[str, Any] = eventually(there, f"{identifier} to be {status}")
        return found

    def until_gone(self, identifier: str) -> None:
        eventually(lambda: self.havip(identifier) is None, f"{identifier} to be gone")

    def until_instances(self, identifiers: list[str], *statuses: str) -> None:
        """Wait until instances have this status; none: until they are gone."""

        def there() -> bool:
            asked = self.driver.ecs_ok("DescribeInstances", InstanceIds=json.dumps(identifiers))
            rows = asked["Instances"]["Instance"]
            found = {row["InstanceId"]: row["Status"] for row in rows}
            if not statuses:
                return not found
            return len(found) == len(identifiers) and set(found.values()) == set(statuses)

        eventually(there, f"{identifiers} to be {statuses or 'gone'}")

    def until_card(self, identifier: str, status: str) -> dict[str, Any]:
        """Wait until a network interface has this status; an empty one: until it is gone."""

        def there() -> dict[str, Any] | None:
            asked = self.driver.ecs_ok("DescribeNetworkInterfaces", NetworkInterfaceId=[identifier])
            rows = asked["NetworkInterfaceSets"]["NetworkInterfaceSet"]
            if not status:
                return None if rows else {"gone": True}
            return rows[0] if rows and rows[0]["Status"] == status else None

        found: dict[str, Any] = eventually(there, f"{identifier} to be {status or 'gone'}")
        return found

    def until_network(self, action: str, outer: str, inner: str, /, **wanted: Any) -> None:
        """Wait until a VPC, vSwitch or route entry is Available."""

        def there() -> bool:
            rows = self.driver.ok(action, **wanted)[outer][inner]
            return bool(rows) and rows[0]["Status"] == "Available"

        eventually(there, f"{wanted} to be Available")

    def until_no(self, action: str, /, **wanted: Any) -> None:
        """Wait until nothing is described any more."""
        eventually(lambda: self.driver.ok(action, **wanted)["TotalCount"] == 0, f"no {wanted}")


@pytest.fixture
def steps(driver: Driver, site: Site) -> Steps:
    return Steps(driver, site)


def test_the_documented_workflow(steps: Steps) -> None:
    driver, name = steps.driver, steps.name
    regions = driver.ok("DescribeRegions", RegionId=None)["Regions"]["Region"]
    assert {"cn-hangzhou", "me-east-1"} <= {region["RegionId"] for region in regions}
    zone = driver.ok("DescribeZones")["Zones"]["Zone"][0]["ZoneId"]

    # The network, with tags.
    made = driver.ok(
        "CreateVpc",
        CidrBlock="192.168.0.0/16",
        VpcName=name,
        Description="the shop's 网络",
        ClientToken=steps.token(),
        Tag=[{"Key": "of", "Value": name}],
    )
    vpc, table = made["VpcId"], made["RouteTableId"]
    steps.until_network("DescribeVpcs", "Vpcs", "Vpc", VpcId=vpc)
    seen = steps.one("DescribeVpcs", "Vpcs", "Vpc", Tag=[{"Key": "of", "Value": name}])
    assert (seen["VpcId"], seen["VRouterId"]) == (vpc, made["VRouterId"])
    assert seen["Description"] == "the shop's 网络"
    assert seen["RouterTableIds"] == {"RouterTableIds": [table]}
    vswitch = driver.ok(
        "CreateVSwitch",
        VpcId=vpc,
        ZoneId=zone,
        CidrBlock="192.168.0.0/24",
        VSwitchName=name,
        ClientToken=steps.token(),
    )["VSwitchId"]
    steps.until_network("DescribeVSwitches", "VSwitches", "VSwitch", VSwitchId=vswitch)
    inside = steps.one("DescribeVSwitches", "VSwitches", "VSwitch", VpcId=vpc)
    assert (inside["VSwitchId"], inside["AvailableIpAddressCount"]) == (vswitch, 252)
    assert inside["RouteTable"]["RouteTableId"] == table

    # Two instances, as in the published best practice.
    nodes = []
    for number in (209, 210):
        run = driver.ecs_ok(
            "RunInstances",
            VSwitchId=vswitch,
            PrivateIpAddress=f"192.168.0.{number}",
            InstanceName=f"{name}-{number}",
            Amount=1,
            ImageId="debian_12",
            InstanceType="ecs.g7.large",
            ClientToken=steps.token(),
            Tag=[{"Key": "of", "Value": name}],
        )
        nodes += run["InstanceIdSets"]["InstanceIdSet"]
    steps.until_instances(nodes, "Running")
    tagged = driver.ecs_ok("DescribeInstances", Tag=[{"Key": "of", "Value": name}], PageSize=10)
    assert tagged["TotalCount"] == 2
    shown = {row["InstanceId"]: row for row in tagged["Instances"]["Instance"]}
    first = shown[nodes[0]]
    assert first["VpcAttributes"]["PrivateIpAddress"] == {"IpAddress": ["192.168.0.209"]}
    assert first["Tags"] == {"Tag": [{"TagKey": "of", "TagValue": name}]}
    assert len(first["NetworkInterfaces"]["NetworkInterface"]) == 1

    # The HaVip, and what it is bound to.
    token = steps.token()
    wanted = {
        "VSwitchId": vswitch,
        "IpAddress": "192.168.0.88",
        "Name": "测试 a*b~c+d'(!)",
        "Description": "d/e",
        "Tag": [{"Key": "of", "Value": name}],
        "ClientToken": token,
    }
    havip = driver.ok("CreateHaVip", **wanted)
    again = driver.ok("CreateHaVip", **wanted)
    assert _without_request(again) == _without_request(havip)
    the = havip["HaVipId"]
    seen = steps.until(the, "Available")
    assert (seen["IpAddress"], seen["Name"]) == ("192.168.0.88", wanted["Name"])
    assert seen["AssociatedInstances"] == {"associatedInstance": []}
    assert seen["MasterInstanceId"] == ""
    driver.ok("ModifyHaVipAttribute", HaVipId=the, Name=name)
    for node in nodes:
        driver.ok("AssociateHaVip", HaVipId=the, InstanceId=node, ClientToken=steps.token())
        seen = steps.until(the, "InUse")
    assert seen["AssociatedInstances"] == {"associatedInstance": nodes}
    assert (seen["AssociatedInstanceType"], seen["Name"]) == ("EcsInstance", name)

    # The EIP.
    eip = driver.ok(
        "AllocateEipAddress", Bandwidth="7", Name=name, Tag=[{"Key": "of", "Value": name}]
    )
    bind = {"AllocationId": eip["AllocationId"], "InstanceId": the, "InstanceType": "HaVip"}
    driver.ok("AssociateEipAddress", **bind)
    seen = steps.until(the, "InUse")
    assert seen["AssociatedEipAddresses"] == {"associatedEipAddresse": [eip["EipAddress"]]}
    wanted_eip = {"AllocationId": eip["AllocationId"], "Tag": [{"Key": "of", "Value": name}]}
    row = steps.one("DescribeEipAddresses", "EipAddresses", "EipAddress", **wanted_eip)
    assert (row["Status"], row["InstanceId"], row["InstanceType"]) == ("InUse", the, "HaVip")
    assert (row["Bandwidth"], row["IpAddress"]) == ("7", eip["EipAddress"])

    # Finding: filters and tags together, and pages.
    filters = [
        {"Key": "VpcId", "Value": [vpc]},
        {"Key": "Status", "Value": ["InUse", "Available"]},
        {"Key": "HaVipAddress", "Value": ["192.168.0.88"]},
    ]
    tag = [{"Key": "of", "Value": name}]
    found = driver.ok("DescribeHaVips", Filter=filters, Tags=tag, PageNumber=1, PageSize=1)
    assert (found["TotalCount"], found["PageNumber"], found["PageSize"]) == (1, 1, 1)
    assert found["HaVips"]["HaVip"][0]["Tags"] == {"Tag": tag}
    beyond = driver.ok("DescribeHaVips", Filter=filters, Tags=tag, PageNumber=2, PageSize=1)
    assert (beyond["TotalCount"], beyond["HaVips"]) == (1, {"HaVip": []})

    # Tags.
    named = {"ResourceType": "HAVIP", "ResourceId": [the]}
    driver.ok("TagResources", **named, Tag=[{"Key": "cost", "Value": "42"}])
    listed = driver.ok("ListTagResources", **named)["TagResources"]["TagResource"]
    assert {(each["TagKey"], each["TagValue"]) for each in listed} == {("of", name), ("cost", "42")}
    driver.ok("UnTagResources", **named, TagKey=["cost"])

    # A route entry.
    route = driver.ok(
        "CreateRouteEntry",
        RouteTableId=table,
        DestinationCidrBlock="172.31.0.0/16",
        NextHopType="HaVip",
        NextHopId=the,
        RouteEntryName=name,
        ClientToken=steps.token(),
    )["RouteEntryId"]
    in_table = {"RouteTableId": table}
    steps.until_network("DescribeRouteEntryList", "RouteEntrys", "RouteEntry", **in_table)
    entry = steps.one("DescribeRouteEntryList", "RouteEntrys", "RouteEntry", **in_table)
    assert (entry["RouteEntryId"], entry["DestinationCidrBlock"]) == (route, "172.31.0.0/16")
    assert entry["NextHops"]["NextHop"][0]["NextHopId"] == the
    listed = steps.one(
        "DescribeRouteTableList", "RouterTableList", "RouterTableListType", VpcId=vpc
    )
    assert (listed["RouteTableId"], listed["VSwitchIds"]["VSwitchId"]) == (table, [vswitch])
    driver.ok("DeleteRouteEntry", RouteEntryId=route)
    steps.until_no("DescribeRouteEntryList", **in_table)

    # From instances to a network interface.
    for node in nodes:
        driver.ok("UnassociateHaVip", HaVipId=the, InstanceId=node, Force="True")
        steps.until(the, "Available" if node == nodes[-1] else "InUse")
    card = driver.ecs_ok(
        "CreateNetworkInterface",
        VSwitchId=vswitch,
        PrimaryIpAddress="192.168.0.219",
        NetworkInterfaceName=name,
        ClientToken=steps.token(),
    )["NetworkInterfaceId"]
    steps.until_card(card, "Available")
    driver.ecs_ok("AttachNetworkInterface", NetworkInterfaceId=card, InstanceId=nodes[0])
    assert steps.until_card(card, "InUse")["InstanceId"] == nodes[0]
    tie = {"HaVipId": the, "InstanceId": card, "InstanceType": "NetworkInterface"}
    driver.ok("AssociateHaVip", **tie)
    seen = steps.until(the, "InUse")
    assert seen["AssociatedInstances"] == {"associatedInstance": [card]}
    assert seen["AssociatedInstanceType"] == "NetworkInterface"
    driver.ok("UnassociateHaVip", **tie)
    steps.until(the, "Available")
    driver.ecs_ok("DetachNetworkInterface", NetworkInterfaceId=card, InstanceId=nodes[0])
    steps.until_card(card, "Available")
    for action, what, product in (
        ("DescribeEipAddresses", wanted_eip, driver.ok),
        ("DescribeVpcs", {"VpcId": vpc}, driver.ok),
        ("DescribeVSwitches", {"VpcId": vpc}, driver.ok),
        ("DescribeRouteTableList", {"VpcId": vpc}, driver.ok),
        ("DescribeInstances", {"InstanceIds": json.dumps(nodes)}, driver.ecs_ok),
        ("DescribeNetworkInterfaces", {"NetworkInterfaceId": [card]}, driver.ecs_ok),
    ):
        product(action, **what)
    excess = _unfilled(driver)
    assert not excess, "; ".join(" ".join(each) for each in sorted(excess))

    # And all of it away again.
    driver.ok("UnassociateEipAddress", AllocationId=eip["AllocationId"], InstanceId=the)
    steps.until(the, "Available")
    eventually(
        lambda: (
            steps.one("DescribeEipAddresses", "EipAddresses", "EipAddress", **wanted_eip)["Status"]
            == "Available"
        ),
        "the EIP to be free",
    )
    driver.ok("ReleaseEipAddress", AllocationId=eip["AllocationId"])
    steps.until_no("DescribeEipAddresses", AllocationId=eip["AllocationId"])
    driver.ok("DeleteHaVip", HaVipId=the, ClientToken=steps.token())
    steps.until_gone(the)
    driver.ecs_ok("DeleteNetworkInterface", NetworkInterfaceId=card)
    steps.until_card(card, "")
    driver.ecs_ok("StopInstance", InstanceId=nodes[0], RegionId=None)
    steps.until_instances(nodes[:1], "Stopped")
    driver.ecs_ok("StartInstance", InstanceId=nodes[0], RegionId=None)
    steps.until_instances(nodes, "Running")
    for node in nodes:
        driver.ecs_ok("DeleteInstance", InstanceId=node, Force=True, RegionId=None)
    steps.until_instances(nodes)
    driver.ok("DeleteVSwitch", VSwitchId=vswitch)
    steps.until_no("DescribeVSwitches", VSwitchId=vswitch)
    driver.ok("DeleteVpc", VpcId=vpc)
    steps.until_no("DescribeVpcs", VpcId=vpc)


@pytest.mark.parametrize(
    "driver", [sdk for sdk in SDKS if sdk.name == "python-core"], indirect=True, ids=str
)
def test_the_older_sdk_reads_xml(driver: Driver) -> None:
    told = driver.tell("vpc", "DescribeRegions", {}, format="XML").raw
    assert told["xml"] == "DescribeRegionsResponse"
    assert told["texts"]["RequestId"]
    assert told["texts"]["RegionId"]


def _without_request(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.body.items() if name != "RequestId"}


def _unfilled(driver: Driver) -> set[tuple[str, str]]:
    """Return the fields that the SDK's models know and an answer lacked, but for those that this console has nothing for."""
    lacking = {(action, name.replace("_", "").lower()) for action, name in driver.unfilled}
    return {
        (action, name) for action, name in lacking if name not in NOT_KNOWN_HERE.get(action, ())
    }

"""The writing actions: what is optional, what is tried out, what happens once, and all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from console.audit.models import AuditEvent
from console.jobs.models import Job
from console.operations.models import IdempotencyRecord
from havip.models import Eip, HaVip, Instance, Vpc
from tests.cast import OTHER_REGION, World, carry_out_jobs, contents
from tests.havip.rpc_actions.client import ECS, VPC, Api

pytestmark = pytest.mark.slow


def _domain() -> dict[str, Any]:
    return {name: rows for name, rows in contents().items() if name.startswith("havip_")}


class TestHaVips:
    def test_the_lowest_free_address_is_taken(self, api: Api, world: World) -> None:
        made = api.ok("CreateHaVip", VSwitchId=world.vswitch)
        assert made["IpAddress"] == "192.168.0.1"
        havip = HaVip.objects.get(resource_id=made["HaVipId"])
        assert (havip.ip_address, havip.created_by) == ("192.168.0.1", "tests operator")

    def test_what_is_not_sent_stays(self, api: Api, world: World) -> None:
        havip = world.havip(name="a", description="b")
        api.ok("ModifyHaVipAttribute", HaVipId=havip, Name="c")
        assert (world.get(havip).name, world.get(havip).description) == ("c", "b")
        api.ok("ModifyHaVipAttribute", HaVipId=havip, Description="")
        assert (world.get(havip).name, world.get(havip).description) == ("c", "")

    @pytest.mark.parametrize("kind", ["EcsInstance", "ECSINSTANCE", "ecsinstance", "", None])
    def test_instances_are_meant_unless_said_otherwise(
        self, api: Api, world: World, kind: str | None
    ) -> None:
        havip = world.havip()
        tie = {"HaVipId": havip, "InstanceId": world.ecs1, "InstanceType": kind}
        api.ok("AssociateHaVip", **tie)
        carry_out_jobs()
        assert world.status(havip) == "InUse"
        api.ok("UnassociateHaVip", **tie)
        carry_out_jobs()
        assert world.status(havip) == "Available"

    @pytest.mark.parametrize("force", ["False", "false", "", None])
    def test_the_holder_stays_without_force(
        self, api: Api, world: World, force: str | None
    ) -> None:
        havip = world.havip(world.ecs1)
        HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
        tie = {"HaVipId": havip, "InstanceId": world.ecs1}
        answer = api("UnassociateHaVip", **tie, Force=force)
        assert (answer.status, answer.code) == (400, "Forbidden.UnassociateMaster")
        assert world.status(havip) == "InUse"

    @pytest.mark.parametrize("force", ["True", "true"])
    def test_the_holder_goes_with_force(self, api: Api, world: World, force: str) -> None:
        havip = world.havip(world.ecs1)
        HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
        api.ok("UnassociateHaVip", HaVipId=havip, InstanceId=world.ecs1, Force=force)
        carry_out_jobs()
        assert (world.status(havip), world.get(havip).holder_id) == ("Available", "")

    def test_a_network_interface_of_the_wrong_kind(self, api: Api, world: World) -> None:
        havip = world.havip()
        answer = api("AssociateHaVip", HaVipId=havip, InstanceId=world.card1)
        assert (answer.status, answer.code) == (404, "InvalidInstanceId.NotFound")


class TestEips:
    def test_what_it_is_charged_by_is_remembered(self, api: Api) -> None:
        for sent, kept in ((None, "PayByBandwidth"), ("", "PayByBandwidth"), ("PayByTraffic",) * 2):
            made = api.ok("AllocateEipAddress", InternetChargeType=sent)
            assert Eip.objects.get(resource_id=made["AllocationId"]).internet_charge_type == kept
        assert api("AllocateEipAddress", InternetChargeType="PayByLuck").code == "InvalidParameter"

    def test_bound_in_the_region_of_the_havip(self, api: Api, world: World) -> None:
        havip = world.havip()
        tie = {"InstanceId": havip, "InstanceType": "HaVip", "RegionId": None}
        for eip, further, code in (
            (world.far_eip, {}, "InvalidParameter.Mismatch"),
            (world.eip1, {"InstanceRegionId": OTHER_REGION}, "InvalidInstanId.NotFound"),
            (world.eip1, {"InstanceRegionId": world.region}, ""),
        ):
            answer = api("AssociateEipAddress", AllocationId=eip, **tie, **further)
            assert answer.code == code, (eip, further)

    def test_unbound_from_what_it_is_bound_to(self, api: Api, world: World) -> None:
        havip, other = world.havip(eip=world.eip1), world.havip()
        wrong = api("UnassociateEipAddress", AllocationId=world.eip1, InstanceId=other)
        assert wrong.code == "ResourceNotAssociated"
        api.ok("UnassociateEipAddress", AllocationId=world.eip1, RegionId=None)
        carry_out_jobs()
        assert world.status(world.eip1) == "Available"
        assert world.status(havip) == "Available"
        unbound = api("UnassociateEipAddress", AllocationId=world.eip1)
        assert unbound.code == "ResourceNotAssociated"


class TestInstances:
    def test_several_at_once_by_one_job(self, api: Api, world: World) -> None:
        jobs, events = Job.objects.count(), AuditEvent.objects.count()
        made = api.ok(
            "RunInstances", ECS, VSwitchId=world.vswitch, Amount=3, InstanceName="web", **_TAG
        )["InstanceIdSets"]["InstanceIdSet"]
        assert len(set(made)) == 3
        assert Job.objects.count() == jobs + 1
        told = AuditEvent.objects.order_by("pk")[events:]
        assert [(event.action, event.result) for event in told] == [
            ("instance.create", "succeeded")
        ] * 3
        assert {event.object_id for event in told} == set(made)
        assert {world.status(instance) for instance in made} == {"Pending"}
        carry_out_jobs()
        for instance in Instance.objects.filter(resource_id__in=made):
            assert (instance.status, instance.name) == ("Running", "web")
            (card,) = instance.interfaces.all()
            assert (card.status, card.private_ip) == ("InUse", instance.private_ip)
            assert [tag.text for tag in instance.tags.all()] == ["of=shop"]

    def test_all_or_none(self, api: Api, world: World) -> None:
        """A block of eight addresses has four that are free."""
        small = world.done(
            "vswitch.create", vpc_id=world.vpc, cidr_block="192.168.9.0/29"
        ).object_id
        before = _domain()
        answer = api("RunInstances", ECS, VSwitchId=small, Amount=5)
        assert answer.code == "InsufficientIpAddress"
        assert _domain() == before
        assert len(api.ok("RunInstances", ECS, VSwitchId=small, Amount=4).body) == 2

    def test_one_address_is_for_one_instance(self, api: Api, world: World) -> None:
        before = _domain()
        where = {"VSwitchId": world.vswitch, "PrivateIpAddress": "192.168.0.50"}
        assert api("RunInstances", ECS, **where, Amount=2).code == "InvalidParameter"
        assert _domain() == before

    def test_a_failed_job_takes_all_away(self, api: Api, world: World, fabric: Any) -> None:
        before = _domain()
        fabric.refuse()
        api.ok("RunInstances", ECS, VSwitchId=world.vswitch, Amount=3)
        carry_out_jobs()
        assert _domain() == before

    def test_a_running_one_is_deleted_with_force_only(self, api: Api, world: World) -> None:
        gone = {"InstanceId": world.spare, "RegionId": None}
        for force in (None, "false"):
            answer = api("DeleteInstance", ECS, **gone, Force=force)
            assert (answer.status, answer.code) == (400, "IncorrectInstanceStatus")
        api.ok("StopInstance", ECS, **gone)
        carry_out_jobs()
        api.ok("DeleteInstance", ECS, **gone)
        carry_out_jobs()
        assert world.status(world.spare) == "gone"


_TAG = {"Tag.1.Key": "of", "Tag.1.Value": "shop"}
_ENTRY = {"DestinationCidrBlock": "172.20.0.0/16", "NextHopType": "HaVip"}
TRIED_OUT = {
    "CreateVpc": (VPC, {"CidrBlock": "10.0.0.0/16"}),
    "DeleteVpc": (VPC, {"VpcId": "{empty_vpc}"}),
    "DescribeVpcs": (VPC, {}),
    "DeleteVSwitch": (VPC, {"VSwitchId": "{empty_vswitch}"}),
    "DescribeVSwitches": (VPC, {}),
    "CreateRouteEntry": (VPC, {"RouteTableId": "{table}", "NextHopId": "{havip}", **_ENTRY}),
    "DeleteRouteEntry": (VPC, {"RouteEntryId": "{route}"}),
    "DescribeEipAddresses": (VPC, {}),
    "RunInstances": (ECS, {"VSwitchId": "{vswitch}", "Amount": "2"}),
    "DescribeInstances": (ECS, {}),
    "StartInstance": (ECS, {"InstanceId": "{stopped}"}),
    "StopInstance": (ECS, {"InstanceId": "{ecs1}"}),
    "DeleteInstance": (ECS, {"InstanceId": "{ecs1}", "Force": "true"}),
}


class TestDryRun:
    @pytest.fixture
    def there(self, world: World) -> dict[str, str]:
        havip = world.havip()
        world.done("instance.stop", instance_id=world.spare)
        vpc = world.done("vpc.create", cidr_block="10.0.0.0/16").object_id
        block = {"vpc_id": world.vpc, "cidr_block": "192.168.9.0/24"}
        route = {"vpc_id": world.vpc, "destination_cidr_block": "172.31.0.0/16"}
        return {
            **{name: getattr(world, name) for name in World.NAMES},
            "havip": havip,
            "stopped": world.spare,
            "empty_vpc": vpc,
            "empty_vswitch": world.done("vswitch.create", **block).object_id,
            "route": world.done("route.create", havip_id=havip, **route).object_id,
            "table": Vpc.objects.get(resource_id=world.vpc).route_table_id,
        }

    @pytest.mark.parametrize("action", TRIED_OUT)
    def test_nothing_is_left_of_it(self, api: Api, there: dict[str, str], action: str) -> None:
        version, wanted = TRIED_OUT[action]
        sent = {name: value.format(**there) for name, value in wanted.items()}
        kept = (_domain(), AuditEvent.objects.count(), Job.objects.count())
        answer = api(action, version, **sent, DryRun="true", ClientToken="tried")
        assert (answer.status, answer.code) == (400, "DryRunOperation")
        assert (_domain(), AuditEvent.objects.count(), Job.objects.count()) == kept
        assert not IdempotencyRecord.objects.filter(token="tried").exists()
        # And then for good.
        api.ok(action, version, **sent, DryRun="false", ClientToken="tried")

    def test_what_would_be_refused_is(self, api: Api, world: World) -> None:
        answer = api("DeleteVpc", VpcId=world.vpc, DryRun="true")
        assert answer.code == "DependencyViolation.VSwitch"

    @pytest.mark.parametrize("action", ["CreateHaVip", "DeleteHaVip", "AssociateHaVip"])
    def test_havips_have_none(self, api: Api, world: World, action: str) -> None:
        havip = world.havip()
        before = _domain()
        sent = {"VSwitchId": world.vswitch, "HaVipId": havip, "InstanceId": world.ecs1}
        assert api(action, **sent, DryRun="true").code == "InvalidParameter"
        assert _domain() == before


class TestTokens:
    @pytest.mark.parametrize(
        ("action", "version", "wanted"),
        [
            ("CreateVpc", VPC, {"CidrBlock": "10.0.0.0/16"}),
            (
                "CreateVSwitch",
                VPC,
                {"VpcId": "{vpc}", "ZoneId": "cn-hangzhou-a", "CidrBlock": "192.168.9.0/24"},
            ),
            ("CreateHaVip", VPC, {"VSwitchId": "{vswitch}"}),
            ("AllocateEipAddress", VPC, {}),
            ("RunInstances", ECS, {"VSwitchId": "{vswitch}", "Amount": "3"}),
            (
                "CreateNetworkInterface",
                ECS,
                {"VSwitchId": "{vswitch}", "NetworkInterfaceName": "n"},
            ),
            (
                "CreateRouteEntry",
                VPC,
                {"RouteTableId": "{table}", "NextHopId": "{havip}", **_ENTRY},
            ),
        ],
    )
    def test_again_is_the_same_answer(
        self, api: Api, world: World, action: str, version: str, wanted: dict[str, str]
    ) -> None:
        names = {
            "vpc": world.vpc,
            "vswitch": world.vswitch,
            "table": Vpc.objects.get(resource_id=world.vpc).route_table_id,
            "havip": world.havip(),
        }
        sent = {name: value.format(**names) for name, value in wanted.items()}
        first = api.ok(action, version, **sent, ClientToken="once")
        carry_out_jobs()
        after = _domain()
        again = api.ok(action, version, **sent, ClientToken="once")
        assert {**again.body, "RequestId": ""} == {**first.body, "RequestId": ""}
        assert _domain() == after
        changed = api(action, version, **{**sent, "Description": "another"}, ClientToken="once")
        assert (changed.status, changed.code) == (400, "IdempotentParameterMismatch")

    def test_again_without_a_region_when_it_is_gone(self, api: Api, world: World) -> None:
        """Where RegionId is left out, the region is the resource's; the second time there is no resource to ask."""
        vpc = world.done("vpc.create", cidr_block="10.0.0.0/16", region=OTHER_REGION).object_id
        gone = {"VpcId": vpc, "RegionId": None, "ClientToken": "once"}
        api.ok("DeleteVpc", **gone)
        carry_out_jobs()
        assert world.status(vpc) == "gone"
        api.ok("DeleteVpc", **gone)

    def test_made_in_the_region_of_what_it_is_made_in(self, api: Api, world: World) -> None:
        vpc = world.done("vpc.create", cidr_block="10.0.0.0/16", region=OTHER_REGION).object_id
        block = {"VpcId": vpc, "ZoneId": f"{OTHER_REGION}-a", "CidrBlock": "10.0.1.0/24"}
        made = api.ok("CreateVSwitch", **block, RegionId=None)
        assert world.get(made["VSwitchId"]).region == OTHER_REGION
        elsewhere = api("CreateVSwitch", **block)
        assert elsewhere.code == "InvalidVpcId.NotFound"

    def test_the_answer_outlives_what_was_made(self, api: Api, world: World) -> None:
        sent = {"CidrBlock": "10.0.0.0/16", "ClientToken": "once"}
        first = api.ok("CreateVpc", **sent)
        carry_out_jobs()
        api.ok("DeleteVpc", VpcId=first["VpcId"])
        carry_out_jobs()
        again = api.ok("CreateVpc", **sent)
        assert {**again.body, "RequestId": ""} == {**first.body, "RequestId": ""}
        assert world.status(first["VpcId"]) == "gone"


@pytest.mark.parametrize(
    ("action", "version", "sent"),
    [
        ("AllocateEipAddress", VPC, {"InstanceChargeType": "PrePaid"}),
        ("AllocateEipAddress", VPC, {"ISP": "BGP_PRO"}),
        ("AllocateEipAddress", VPC, {"IpAddress": "198.51.100.9"}),
        ("AllocateEipAddress", VPC, {"SecurityProtectionTypes.1": "AntiDDoS_Enhanced"}),
        ("CreateVpc", VPC, {"EnableIpv6": "true"}),
        ("CreateVpc", VPC, {"Ipv4IpamPoolId": "ipam-pool-1"}),
        ("CreateVpc", VPC, {"UserCidr": "10.0.0.0/8"}),
        ("RunInstances", ECS, {"NetworkInterface.1.VSwitchId": "vsw-1"}),
        ("RunInstances", ECS, {"InternetMaxBandwidthOut": "5"}),
        ("CreateNetworkInterface", ECS, {"Tag.1.Key": "a"}),
        ("CreateNetworkInterface", ECS, {"SecondaryPrivateIpAddressCount": "2"}),
    ],
)
def test_what_is_not_available_here_is_refused(
    api: Api, world: World, action: str, version: str, sent: dict[str, str]
) -> None:
    before = _domain()
    answer = api(action, version, VSwitchId=world.vswitch, **sent)
    assert (answer.status, answer.code) == (400, "InvalidParameter")
    assert next(iter(sent)) in answer["Message"]
    assert _domain() == before


def test_what_is_harmless_is_accepted(api: Api) -> None:
    api.ok(
        "AllocateEipAddress",
        InstanceChargeType="PostPaid",
        ISP="BGP",
        Netmode="public",
        InternetChargeType="PayByBandwidth",
        ResourceGroupId="rg-1",
        Period="1",
        OwnerId="1",
        NobodyKnowsThis="yes",
    )
    api.ok("CreateVpc", EnableIpv6="False", CidrBlock="")

"""Every numbered rule through the RPC API: the same cases, the same code as everywhere, and no effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.audit.models import AuditEvent
from havip.models import NetworkInterface, Vpc
from havip.rpc.dispatch import ACTIONS
from havip.rules.tags import pairs_of
from tests.cast import World, digest
from tests.havip import cases_drills, cases_havips, cases_inventory, cases_tags
from tests.havip.cases import CASES, Case, parameters
from tests.havip.rpc_actions.client import ECS, VPC, Api

pytestmark = pytest.mark.slow

assert cases_drills
assert cases_havips
assert cases_inventory
assert cases_tags


@dataclass(frozen=True, slots=True)
class Spoken:
    """How an operation is said in the RPC API: its action, the names of its parameters, and what else is sent."""

    action: str
    names: Mapping[str, str]
    version: str = VPC
    further: Mapping[str, str] = field(default_factory=dict)


_HAVIP = {"havip_id": "HaVipId"}
_INSTANCE = {**_HAVIP, "instance_id": "InstanceId", "force": "Force"}
_CARD = {**_HAVIP, "interface_id": "InstanceId", "force": "Force"}
_OF_CARD = {"InstanceType": "NetworkInterface"}
_TEXTS = {"name": "Name", "description": "Description"}
_EIP = {"eip_id": "AllocationId", "havip_id": "InstanceId"}
_MACHINE = {"instance_id": "InstanceId"}
_ATTACHED = {"interface_id": "NetworkInterfaceId", "instance_id": "InstanceId"}
_TAGGED = {"kind": "ResourceType", "resource_ids": "ResourceId"}
SPOKEN = {
    "havip.create": Spoken(
        "CreateHaVip", {"vswitch_id": "VSwitchId", "ip_address": "IpAddress", **_TEXTS}
    ),
    "havip.modify": Spoken("ModifyHaVipAttribute", {**_HAVIP, **_TEXTS}),
    "havip.delete": Spoken("DeleteHaVip", _HAVIP),
    "havip.bind_instance": Spoken("AssociateHaVip", _INSTANCE),
    "havip.bind_interface": Spoken("AssociateHaVip", _CARD, further=_OF_CARD),
    "havip.unbind_instance": Spoken("UnassociateHaVip", _INSTANCE),
    "havip.unbind_interface": Spoken("UnassociateHaVip", _CARD, further=_OF_CARD),
    "havip.bind_eip": Spoken("AssociateEipAddress", _EIP, further={"InstanceType": "HaVip"}),
    "havip.unbind_eip": Spoken("UnassociateEipAddress", _EIP),
    "vpc.create": Spoken(
        "CreateVpc",
        {"cidr_block": "CidrBlock", "name": "VpcName", "description": "Description"},
    ),
    "vpc.delete": Spoken("DeleteVpc", {"vpc_id": "VpcId"}),
    "vswitch.create": Spoken(
        "CreateVSwitch",
        {
            "vpc_id": "VpcId",
            "cidr_block": "CidrBlock",
            "zone": "ZoneId",
            "name": "VSwitchName",
            "description": "Description",
        },
        further={"ZoneId": "cn-hangzhou-a"},
    ),
    "vswitch.delete": Spoken("DeleteVSwitch", {"vswitch_id": "VSwitchId"}),
    "route.create": Spoken(
        "CreateRouteEntry",
        {
            "vpc_id": "RouteTableId",
            "destination_cidr_block": "DestinationCidrBlock",
            "havip_id": "NextHopId",
            "name": "RouteEntryName",
            "description": "Description",
        },
        further={"NextHopType": "HaVip"},
    ),
    "route.delete": Spoken("DeleteRouteEntry", {"route_id": "RouteEntryId"}),
    "instance.create": Spoken(
        "RunInstances",
        {
            "vswitch_id": "VSwitchId",
            "private_ip": "PrivateIpAddress",
            "name": "InstanceName",
            "description": "Description",
        },
        ECS,
    ),
    "instance.start": Spoken("StartInstance", _MACHINE, ECS),
    "instance.stop": Spoken("StopInstance", _MACHINE, ECS),
    "instance.delete": Spoken("DeleteInstance", _MACHINE, ECS, {"Force": "true"}),
    "interface.create": Spoken(
        "CreateNetworkInterface",
        {
            "vswitch_id": "VSwitchId",
            "private_ip": "PrimaryIpAddress",
            "name": "NetworkInterfaceName",
            "description": "Description",
        },
        ECS,
    ),
    "interface.attach": Spoken("AttachNetworkInterface", _ATTACHED, ECS),
    "interface.detach": Spoken("DetachNetworkInterface", _ATTACHED, ECS),
    "interface.delete": Spoken("DeleteNetworkInterface", _ATTACHED, ECS),
    "eip.allocate": Spoken("AllocateEipAddress", {"bandwidth_mbps": "Bandwidth", **_TEXTS}),
    "eip.release": Spoken("ReleaseEipAddress", {"eip_id": "AllocationId"}),
    "resource.tag": Spoken("TagResources", _TAGGED),
    "resource.untag": Spoken("UnTagResources", {**_TAGGED, "keys": "TagKey"}),
}
# What this interface has no words for, by the parameter that it would take: a HaVip's VPC is its vSwitch's, and an instance
# of the classic network has no vSwitch.
UNSPEAKABLE = {
    "vpc_unknown": "VpcId",
    "vpc_of_another_team": "VpcId",
    "vpc_in_another_region": "VpcId",
    "vpc_being_deleted": "VpcId",
    "vswitch_of_another_vpc": "VpcId",
    "classic_instance_in_a_vswitch": "InstanceNetworkType",
}
SAID = [case for case in CASES if case.operation in SPOKEN and case.name not in UNSPEAKABLE]


def _texts(spoken: Spoken, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return an operation's arguments as the action's parameters."""
    texts: dict[str, Any] = dict(spoken.further)
    for name, value in arguments.items():
        if name == "region":
            texts["RegionId"] = value
        elif name == "tags":
            for number, (key, text) in enumerate(pairs_of(value), 1):
                texts |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": text}
        elif isinstance(value, list | tuple):
            texts |= {f"{spoken.names[name]}.{n}": each for n, each in enumerate(value, 1)}
        elif name in spoken.names:
            texts[spoken.names[name]] = value
    if spoken.action == "CreateRouteEntry":
        known = Vpc.objects.filter(resource_id=texts["RouteTableId"])
        texts["RouteTableId"] = known.values_list("route_table_id", flat=True).first() or "vtb-none"
    if spoken.action == "DetachNetworkInterface":
        card = NetworkInterface.objects.filter(resource_id=texts["NetworkInterfaceId"]).first()
        texts["InstanceId"] = card.instance.resource_id if card and card.instance else "i-none"
    return texts


@pytest.mark.parametrize("case", parameters("RPC", SAID))
def test_refused_by_its_rule(case: Case, world: World, own_region: str, api: Api) -> None:
    arguments = case.arrange(world)
    before, events = digest(), AuditEvent.objects.count()
    spoken = SPOKEN[case.operation]
    answer = api(spoken.action, spoken.version, **_texts(spoken, arguments))
    assert (answer.status, answer.code) == (case.rule.status, case.rule.code), answer
    assert answer["Message"]
    assert "%(" not in answer["Message"]
    assert digest() == before
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == events + 1
    assert (event.result, event.action, event.channel) == ("refused", case.operation, "rpc")
    assert (event.rule, event.code) == (case.rule.number, case.rule.code)
    assert event.request_id == answer["RequestId"]


@pytest.mark.parametrize("name", sorted(UNSPEAKABLE))
def test_what_is_left_out_cannot_be_said(name: str) -> None:
    (operation,) = {
        case.operation
        for case in CASES
        if case.name == name and case.operation in ("havip.create", "instance.create")
    }
    spoken = SPOKEN[operation]
    known = {each.name for each in ACTIONS[spoken.version, spoken.action].parameters}
    assert UNSPEAKABLE[name] not in known

"""Every numbered rule through the RPC API: the same cases as through the operations, signed and sent as an SDK does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from console.audit.models import AuditEvent
from console.teams.keys import make_key
from console.teams.roles import Role
from havip.models import NetworkInterface, Vpc
from havip.rpc.dispatch import ACTIONS
from tests.cast import REGION, World, digest, principal
from tests.havip import cases_havips, cases_inventory
from tests.havip.cases import CASES, Case, parameters
from tests.havip.rpc.clients import ECS, VPC, Key, Wish, new_python

pytestmark = pytest.mark.slow

assert cases_havips
assert cases_inventory


@dataclass(frozen=True)
class Wire:
    """How an operation is asked for: version, action, the parameter for each argument, and what is always sent."""

    version: str
    action: str
    names: Mapping[str, str]
    always: Mapping[str, str] = field(default_factory=dict)


_NAMED = {"name": "Name", "description": "Description"}
_HAVIP = {"havip_id": "HaVipId"}
_INSTANCE = {**_HAVIP, "instance_id": "InstanceId", "force": "Force"}
_INTERFACE = {**_HAVIP, "interface_id": "InstanceId", "force": "Force"}
_OF_INTERFACE = {"InstanceType": "NetworkInterface"}
_EIP = {"eip_id": "AllocationId", "havip_id": "InstanceId"}
_CARD = {"interface_id": "NetworkInterfaceId", "instance_id": "InstanceId"}
_HERE = {"vswitch_id": "VSwitchId", "private_ip": "PrivateIpAddress", "description": "Description"}
WIRES = {
    "eip.allocate": Wire(VPC, "AllocateEipAddress", {**_NAMED, "bandwidth_mbps": "Bandwidth"}),
    "eip.release": Wire(VPC, "ReleaseEipAddress", {"eip_id": "AllocationId"}),
    "havip.bind_eip": Wire(VPC, "AssociateEipAddress", _EIP, {"InstanceType": "HaVip"}),
    "havip.bind_instance": Wire(VPC, "AssociateHaVip", _INSTANCE),
    "havip.bind_interface": Wire(VPC, "AssociateHaVip", _INTERFACE, _OF_INTERFACE),
    "havip.create": Wire(
        VPC,
        "CreateHaVip",
        {**_NAMED, "vswitch_id": "VSwitchId", "ip_address": "IpAddress"},
    ),
    "havip.delete": Wire(VPC, "DeleteHaVip", _HAVIP),
    "havip.modify": Wire(VPC, "ModifyHaVipAttribute", {**_HAVIP, **_NAMED}),
    "havip.unbind_eip": Wire(VPC, "UnassociateEipAddress", _EIP, {"InstanceType": "HaVip"}),
    "havip.unbind_instance": Wire(VPC, "UnassociateHaVip", _INSTANCE),
    "havip.unbind_interface": Wire(VPC, "UnassociateHaVip", _INTERFACE, _OF_INTERFACE),
    "instance.create": Wire(ECS, "RunInstances", {**_HERE, "name": "InstanceName"}),
    # Without Force the cloud deletes only what is stopped.
    "instance.delete": Wire(
        ECS, "DeleteInstance", {"instance_id": "InstanceId"}, {"Force": "true"}
    ),
    "instance.start": Wire(ECS, "StartInstance", {"instance_id": "InstanceId"}),
    "instance.stop": Wire(ECS, "StopInstance", {"instance_id": "InstanceId"}),
    "interface.attach": Wire(ECS, "AttachNetworkInterface", _CARD),
    "interface.create": Wire(
        ECS,
        "CreateNetworkInterface",
        {**_HERE, "private_ip": "PrimaryIpAddress", "name": "NetworkInterfaceName"},
    ),
    "interface.delete": Wire(ECS, "DeleteNetworkInterface", _CARD),
    "interface.detach": Wire(ECS, "DetachNetworkInterface", _CARD),
    "route.create": Wire(
        VPC,
        "CreateRouteEntry",
        {
            "route_table_id": "RouteTableId",
            "destination_cidr_block": "DestinationCidrBlock",
            "havip_id": "NextHopId",
            "name": "RouteEntryName",
            "description": "Description",
        },
        {"NextHopType": "HaVip"},
    ),
    "route.delete": Wire(VPC, "DeleteRouteEntry", {"route_id": "RouteEntryId"}),
    "vpc.create": Wire(
        VPC,
        "CreateVpc",
        {"cidr_block": "CidrBlock", "name": "VpcName", "description": "Description"},
    ),
    "vpc.delete": Wire(VPC, "DeleteVpc", {"vpc_id": "VpcId"}),
    "vswitch.create": Wire(
        VPC,
        "CreateVSwitch",
        {
            "vpc_id": "VpcId",
            "cidr_block": "CidrBlock",
            "zone": "ZoneId",
            "name": "VSwitchName",
            "description": "Description",
        },
        {"ZoneId": f"{REGION}-a"},
    ),
    "vswitch.delete": Wire(VPC, "DeleteVSwitch", {"vswitch_id": "VSwitchId"}),
}
# What the cloud's API has no words for, by the parameter that it would take: a HaVip's VPC is its vSwitch's, and an
# instance of the classic network has no vSwitch. Requests to the site's administrators, and their decisions, are this console's own.
UNSPEAKABLE = {
    "vpc_unknown": "VpcId",
    "vpc_of_another_team": "VpcId",
    "vpc_in_another_region": "VpcId",
    "vpc_being_deleted": "VpcId",
    "vswitch_of_another_vpc": "VpcId",
    "classic_instance_in_a_vswitch": "InstanceNetworkType",
}
CREATES_WITHOUT = {"havip.create", "instance.create"}
OURS_ALONE = {"beta.apply", "beta.decide", "quota.decide", "quota.request"}


def cases() -> list[Case]:
    return [
        case
        for case in CASES
        if case.operation not in OURS_ALONE
        and not (case.name in UNSPEAKABLE and case.operation in CREATES_WITHOUT)
    ]


def wish_for(operation: str, arguments: dict[str, Any], key: Key) -> Wish:
    """Return what an SDK sends for an attempt."""
    wire = WIRES[operation]
    sent = {"RegionId": REGION, **wire.always}
    given = dict(arguments)
    sent["RegionId"] = given.pop("region", REGION)
    if operation == "route.create":
        vpc = given.pop("vpc_id", "")
        given["route_table_id"] = Vpc.objects.get(resource_id=vpc).route_table_id
    if operation == "interface.detach":  # the cloud wants to hear from which instance
        card = NetworkInterface.objects.filter(resource_id=given["interface_id"]).first()
        attached = card.instance.resource_id if card and card.instance else "i-" + "0" * 20
        given.setdefault("instance_id", attached)
    for name, value in given.items():
        if (operation, name) != ("havip.create", "vpc_id"):  # it is the vSwitch's
            sent[wire.names[name]] = str(value)
    return Wish(key, wire.action, sent, version=wire.version)


@pytest.mark.parametrize("case", parameters("RPC", cases()))
def test_the_error_has_the_rule_s_code(case: Case, world: World, own_region: str) -> None:
    arguments = case.arrange(world)
    made, secret = make_key(
        principal=principal(world.team, Role.OWNER), kind="rpc", role=case.who, label="an SDK"
    )
    key = Key(made.key_id, secret)
    wish = wish_for(case.operation, arguments, key)
    before, events = digest(), AuditEvent.objects.count()
    reply = new_python(wish).to(Client())
    assert (reply.status, reply.code) == (case.rule.status, case.rule.code), reply.body
    assert digest() == before
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == events + 1
    assert (event.result, event.action, event.channel) == ("refused", case.operation, "rpc")
    assert (event.rule, event.code) == (case.rule.number, case.rule.code)
    assert event.request_id == reply.body["RequestId"]


@pytest.mark.parametrize("name", sorted(UNSPEAKABLE))
def test_what_is_left_out_cannot_be_said(name: str) -> None:
    (case,) = (case for case in CASES if case.name == name and case.operation in CREATES_WITHOUT)
    wire = WIRES[case.operation]
    known = {each.name for each in ACTIONS[wire.version, wire.action].parameters}
    assert UNSPEAKABLE[name] not in known

"""VSwitches (6-cloud-api, 1.12)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import Vpc, VSwitch
from havip.regions import first_region
from havip.rpc.actions.reading import (
    GROUPS,
    given,
    moment,
    numbered_page,
    pages,
    region_of,
    tags_of,
    unless,
)
from havip.rpc.actions.vpcs import NO_IPV6, network_status
from havip.rpc.actions.writing import NEW_TAGS, anywhere, caller, tags_argument
from havip.rpc.dispatch import VPC, Call, action
from havip.rpc.errors import missing_parameter
from havip.rpc.parameters import boolean, ignored, refused, tags, text, words
from havip.selectors import described


@action(
    VPC,
    "CreateVSwitch",
    text("VpcId", required=True),
    text("ZoneId", required=True),
    text("CidrBlock", required=True),
    text("RegionId"),
    text("VSwitchName"),
    text("Description"),
    NEW_TAGS,
    refused("Ipv6CidrBlock", "VpcIpv6CidrBlock", "Ipv6CidrMask", note=NO_IPV6),
    refused("CidrMask", note="Send CidrBlock."),
)
def create_vswitch(call: Call) -> dict[str, Any]:
    """Create a vSwitch; it is Pending, and then Available."""
    vpc = call["VpcId"]
    outcome = operations.create_vswitch(
        **caller(call),
        region=anywhere(call),
        vpc_id=vpc,
        zone=call["ZoneId"],
        cidr_block=call["CidrBlock"],
        name=call["VSwitchName"],
        description=call["Description"],
        tags=tags_argument(call),
    )
    return {"VSwitchId": outcome.object_id}


@action(VPC, "DeleteVSwitch", text("VSwitchId", required=True), text("RegionId"), dry_run=True)
def delete_vswitch(call: Call) -> dict[str, Any]:
    """Delete an empty vSwitch; it is described until that is done."""
    vswitch = call["VSwitchId"]
    region = anywhere(call)
    operations.delete_vswitch(**caller(call), region=region, vswitch_id=vswitch)
    return {}


@action(
    VPC,
    "DescribeVSwitches",
    text("RegionId"),
    text("VpcId"),
    words("VSwitchId", maximum=20),
    text("VSwitchName"),
    text("ZoneId"),
    text("RouteTableId"),
    boolean("IsDefault"),
    boolean("EnableIpv6"),
    tags("Tag"),
    pages(largest=50),
    ignored("ResourceGroupId", note=GROUPS),
    ignored("VSwitchOwnerId"),
    dry_run=True,
)
def describe_vswitches(call: Call) -> dict[str, Any]:
    """Describe a page of the vSwitches of a region or of a VPC."""
    found = described.vswitches(
        call.principal.team,
        _region(call),
        ids=given(call, "VSwitchId"),
        names=given(call, "VSwitchName"),
        vpcs=given(call, "VpcId"),
        zones=given(call, "ZoneId"),
        route_tables=given(call, "RouteTableId"),
        tags=call["Tag"],
    )
    head, rows = numbered_page(call, unless(call["IsDefault"] or call["EnableIpv6"], found))
    return {**head, "VSwitches": {"VSwitch": [_item(vswitch) for vswitch in rows]}}


def _region(call: Call) -> str:
    """Return the region that is read: the one that is named, or the VPC's. Raises RpcError, Refusal C2."""
    if call.get("RegionId"):
        return region_of(call)
    if not call.get("VpcId"):
        raise missing_parameter("RegionId")
    return described.region_of(Vpc, call.principal.team, call["VpcId"]) or first_region().identifier


def _item(vswitch: VSwitch) -> dict[str, Any]:
    taken: int = getattr(vswitch, "taken_count", 0)
    return {
        "VSwitchId": vswitch.resource_id,
        "VSwitchName": vswitch.name,
        "Description": vswitch.description,
        "VpcId": vswitch.vpc.resource_id,
        "ZoneId": vswitch.zone,
        "CidrBlock": vswitch.cidr_block,
        "Status": network_status(vswitch.status),
        "AvailableIpAddressCount": vswitch.network.num_addresses - taken,
        "CreationTime": moment(vswitch.created_at),
        "OwnerId": vswitch.team_id,
        "IsDefault": False,
        "RouteTable": {"RouteTableId": vswitch.vpc.route_table_id, "RouteTableType": "System"},
        "Tags": tags_of(vswitch),
        "ResourceGroupId": "",
        "NetworkAclId": "",
        "ShareType": "",
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
    }

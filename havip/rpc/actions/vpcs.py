"""VPCs (6-cloud-api, 1.12)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import NetworkStatus, Vpc
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    empty,
    given,
    moment,
    numbered_page,
    pages,
    region_of,
    tags_of,
    unless,
)
from havip.rpc.actions.writing import NEW_TAGS, anywhere, caller, tags_argument
from havip.rpc.dispatch import VPC, Call, action
from havip.rpc.parameters import boolean, ignored, refused, tags, text, words
from havip.selectors import described

NO_IPV6 = "Only IPv4 is supported."
NO_IPAM = "There are no address pools; send CidrBlock."


@action(
    VPC,
    "CreateVpc",
    REGION,
    text("CidrBlock"),
    text("VpcName"),
    text("Description"),
    NEW_TAGS,
    ignored("ResourceGroupId", note=GROUPS),
    ignored("EnableDnsHostname"),
    refused("EnableIpv6", unless=("false",), note=NO_IPV6),
    refused("Ipv6CidrBlock", "Ipv6CidrMask", "Ipv6IpamPoolId", "Ipv6Isp", note=NO_IPV6),
    refused("Ipv4CidrMask", "Ipv4IpamPoolId", note=NO_IPAM),
    refused("UserCidr", note="There are no user CIDR blocks."),
    dry_run=True,
)
def create_vpc(call: Call) -> dict[str, Any]:
    """Create a VPC; it is Pending, and then Available."""
    block = {"cidr_block": call["CidrBlock"]} if call["CidrBlock"] else {}
    outcome = operations.create_vpc(
        **caller(call),
        region=call["RegionId"],
        name=call["VpcName"],
        description=call["Description"],
        tags=tags_argument(call),
        **block,
    )
    return {
        "VpcId": outcome.object_id,
        "VRouterId": outcome.values.get("router_id", ""),
        "RouteTableId": outcome.values.get("route_table_id", ""),
        "ResourceGroupId": "",
    }


@action(
    VPC,
    "DeleteVpc",
    text("VpcId", required=True),
    text("RegionId"),
    refused("ForceDelete", unless=("false",), note="Delete what is in the VPC first."),
    dry_run=True,
)
def delete_vpc(call: Call) -> dict[str, Any]:
    """Delete an empty VPC; it is described until that is done."""
    vpc = call["VpcId"]
    operations.delete_vpc(**caller(call), region=anywhere(call), vpc_id=vpc)
    return {}


@action(
    VPC,
    "DescribeVpcs",
    REGION,
    words("VpcId", maximum=20),
    text("VpcName"),
    boolean("IsDefault"),
    boolean("EnableIpv6"),
    text("DhcpOptionsSetId"),
    tags("Tag"),
    pages(largest=50),
    ignored("ResourceGroupId", note=GROUPS),
    ignored("VpcOwnerId"),
    dry_run=True,
)
def describe_vpcs(call: Call) -> dict[str, Any]:
    """Describe a page of the region's VPCs."""
    region = region_of(call)
    found = described.vpcs(
        call.principal.team,
        region,
        ids=given(call, "VpcId"),
        names=given(call, "VpcName"),
        tags=call["Tag"],
    )
    others = call["IsDefault"] or call["EnableIpv6"] or call["DhcpOptionsSetId"]
    head, rows = numbered_page(call, unless(others, found))
    return {**head, "Vpcs": {"Vpc": [_item(vpc) for vpc in rows]}}


def network_status(status: str) -> str:
    """Return a network's status as the cloud shows it: what is being deleted is Pending, too."""
    return str(
        NetworkStatus.AVAILABLE if status == NetworkStatus.AVAILABLE else NetworkStatus.PENDING
    )


def _item(vpc: Vpc) -> dict[str, Any]:
    return {
        "VpcId": vpc.resource_id,
        "VpcName": vpc.name,
        "Description": vpc.description,
        "RegionId": vpc.region,
        "Status": network_status(vpc.status),
        "CidrBlock": vpc.cidr_block,
        "CreationTime": moment(vpc.created_at),
        "VRouterId": vpc.router_id,
        "OwnerId": vpc.team_id,
        "IsDefault": False,
        "VSwitchIds": {"VSwitchId": [vswitch.resource_id for vswitch in vpc.vswitches.all()]},
        "RouterTableIds": {"RouterTableIds": [vpc.route_table_id]},
        "Tags": tags_of(vpc),
        "ResourceGroupId": "",
        "CenStatus": "",
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "DnsHostnameStatus": "DISABLED",
        **empty(
            NatGatewayIds="NatGatewayIds",
            SecondaryCidrBlocks="SecondaryCidrBlock",
            UserCidrs="UserCidr",
            Ipv6CidrBlocks="Ipv6CidrBlock",
        ),
    }

"""Route tables, one for each VPC, and the route entries in them whose next hop is a HaVip (6-cloud-api, 1.12)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import RouteEntry, Vpc
from havip.operations.finding import the_vpc_of_table
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    empty,
    given,
    moment,
    numbered_page,
    one_of,
    pages,
    region_of,
    token_page,
    tokens,
    unless,
)
from havip.rpc.actions.vpcs import network_status
from havip.rpc.actions.writing import anywhere, caller
from havip.rpc.dispatch import VPC, Call, action
from havip.rpc.errors import missing_parameter
from havip.rpc.parameters import ignored, numbered, refused, tags, text
from havip.selectors import described

_HAVIP = "HaVip"
_ONE_HOP = "A route entry has one next hop."


@action(
    VPC,
    "CreateRouteEntry",
    text("RouteTableId", required=True),
    text("DestinationCidrBlock", required=True),
    text("NextHopId", required=True),
    text("NextHopType"),
    text("RegionId"),
    text("RouteEntryName"),
    text("Description"),
    refused("NextHopList", note=_ONE_HOP),
    dry_run=True,
)
def create_route_entry(call: Call) -> dict[str, Any]:
    """Create a route entry to a HaVip; it is Pending, and then Available."""
    one_of(call, "NextHopType", {_HAVIP.lower(): _HAVIP}, "InvalidNextHopType.NotSupport")
    outcome = operations.create_route(
        **caller(call),
        region=anywhere(call),
        route_table_id=call["RouteTableId"],
        destination_cidr_block=call["DestinationCidrBlock"],
        havip_id=call["NextHopId"],
        name=call["RouteEntryName"],
        description=call["Description"],
    )
    return {"RouteEntryId": outcome.object_id}


@action(
    VPC,
    "DeleteRouteEntry",
    text("RouteEntryId"),
    text("RouteTableId"),
    text("DestinationCidrBlock"),
    text("NextHopId"),
    text("RegionId"),
    refused("NextHopList", note=_ONE_HOP),
    dry_run=True,
)
def delete_route_entry(call: Call) -> dict[str, Any]:
    """Delete a route entry, named by its own identifier or by its route table and destination."""
    route = call["RouteEntryId"]
    if not route:
        for name in ("RouteTableId", "DestinationCidrBlock"):
            if not call[name]:
                raise missing_parameter(name if call["RouteTableId"] else "RouteEntryId")
        route = _find(call)
    operations.delete_route(**caller(call), region=anywhere(call), route_id=route)
    return {}


def _find(call: Call) -> str:
    """Return the identifier of the route entry with this destination; empty when there is none."""
    team, table = call.principal.team, call["RouteTableId"]
    found = described.routes(
        team,
        call["RegionId"] or described.region_of_table(team, table),
        route_tables=[table],
        destinations=[call["DestinationCidrBlock"]],
        next_hops=given(call, "NextHopId"),
    )
    return found.values_list("resource_id", flat=True).first() or ""


@action(
    VPC,
    "DescribeRouteTableList",
    REGION,
    text("RouteTableId"),
    text("RouteTableName"),
    text("RouteTableType"),
    text("RouterId"),
    text("RouterType"),
    text("VpcId"),
    tags("Tag"),
    pages(largest=50),
    ignored("ResourceGroupId", note=GROUPS),
)
def describe_route_tables(call: Call) -> dict[str, Any]:
    """Describe a page of the region's route tables: every VPC has the one that it was created with."""
    region = region_of(call)
    found = described.vpcs(
        call.principal.team,
        region,
        ids=given(call, "VpcId"),
        route_tables=given(call, "RouteTableId"),
        routers=given(call, "RouterId"),
    )
    others = (
        call["RouteTableName"]
        or call["Tag"]
        or call["RouteTableType"].lower() not in ("", "system")
        or call["RouterType"].lower() not in ("", "vrouter")
    )
    head, rows = numbered_page(call, unless(others, found))
    return {
        **head,
        "RouterTableList": {"RouterTableListType": [_table(vpc) for vpc in rows]},
    }


def _table(vpc: Vpc) -> dict[str, Any]:
    return {
        "RouteTableId": vpc.route_table_id,
        "RouteTableName": "",
        "Description": "",
        "RouteTableType": "System",
        "RouterId": vpc.router_id,
        "RouterType": "VRouter",
        "VpcId": vpc.resource_id,
        "VSwitchIds": {"VSwitchId": [vswitch.resource_id for vswitch in vpc.vswitches.all()]},
        "Status": network_status(vpc.status),
        "CreationTime": moment(vpc.created_at),
        "OwnerId": vpc.team_id,
        "AssociateType": "VSwitch",
        "RoutePropagationEnable": False,
        "ResourceGroupId": "",
        **empty(Tags="Tag", GatewayIds="GatewayIds"),
    }


@action(
    VPC,
    "DescribeRouteEntryList",
    REGION,
    text("RouteTableId", required=True),
    text("RouteEntryId"),
    text("RouteEntryName"),
    text("RouteEntryType"),
    text("DestinationCidrBlock"),
    numbered("DestCidrBlockList"),
    text("IpVersion"),
    text("NextHopId"),
    text("NextHopType"),
    tokens("MaxResult"),
    ignored("ServiceType"),
)
def describe_route_entries(call: Call) -> dict[str, Any]:
    """Describe a page of the custom route entries of a route table. Raises Refusal C2, R0."""
    table = the_vpc_of_table(call.principal.team, region_of(call), call["RouteTableId"])
    found = described.routes(
        call.principal.team,
        table.region,
        route_tables=[table.route_table_id],
        ids=given(call, "RouteEntryId"),
        names=given(call, "RouteEntryName"),
        destinations=_destinations(call),
        next_hops=given(call, "NextHopId"),
    )
    others = (
        call["RouteEntryType"].lower() not in ("", "custom")
        or call["IpVersion"].lower() not in ("", "ipv4")
        or call["NextHopType"].lower() not in ("", _HAVIP.lower())
    )
    page = token_page(call, unless(others, found), "MaxResult")
    return {
        "RouteEntrys": {"RouteEntry": [_entry(route) for route in page.rows]},
        "TotalCount": page.total,
        "NextToken": page.next_token,
    }


def _destinations(call: Call) -> list[str] | None:
    """Return the destinations of which any will do: the one, the listed ones, or what is in both."""
    one, several = given(call, "DestinationCidrBlock"), given(call, "DestCidrBlockList")
    if one is None or several is None:
        return one or several
    return [each for each in one if each in several]


def _entry(route: RouteEntry) -> dict[str, Any]:
    hop = {
        "NextHopId": route.havip.resource_id,
        "NextHopType": _HAVIP,
        "NextHopRegionId": route.region,
        "Enabled": 1,
        "Weight": 0,
        "NextHopRelatedInfo": {"InstanceId": "", "InstanceType": "", "RegionId": ""},
    }
    return {
        "RouteEntryId": route.resource_id,
        "RouteEntryName": route.name,
        "Description": route.description,
        "DestinationCidrBlock": route.destination_cidr_block,
        "RouteTableId": route.vpc.route_table_id,
        "NextHops": {"NextHop": [hop]},
        "Status": network_status(route.status),
        "Type": "Custom",
        "IpVersion": "ipv4",
        "GmtModified": moment(route.created_at),
        "Origin": "",
        "ServiceType": "",
    }

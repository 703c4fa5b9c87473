"""EIPs: their life, and the HaVip that each may be bound to (6-cloud-api, 1.7 to 1.11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from havip import operations
from havip.models import Eip, InternetCharge
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    empty,
    given,
    moment,
    numbered_page,
    one_of,
    pages,
    parsed_moment,
    region_of,
    tags_of,
    unless,
)
from havip.rpc.actions.writing import NEW_TAGS, anywhere, caller, tags_argument
from havip.rpc.dispatch import VPC, Call, action
from havip.rpc.errors import RpcError
from havip.rpc.parameters import boolean, filters, ignored, integer, refused, tags, text, words
from havip.selectors import described

_HAVIP = "HaVip"
_BANDWIDTH = InternetCharge.BANDWIDTH.value
_POSTPAID = "PostPaid"
_BGP = "BGP"
_NOTHING_COSTS = "Nothing here costs anything."
_TIMES = {"creationstarttime": "created_from", "creationendtime": "created_until"}


@action(
    VPC,
    "AllocateEipAddress",
    REGION,
    integer("Bandwidth", default=5),
    text("Name"),
    text("Description"),
    NEW_TAGS,
    ignored("ResourceGroupId", note=GROUPS),
    text("InternetChargeType", default=_BANDWIDTH),
    ignored("Period", "PricingCycle", "AutoPay", note=_NOTHING_COSTS),
    ignored("ActivityId", "Zone"),
    refused("InstanceChargeType", unless=(_POSTPAID,), note=_NOTHING_COSTS),
    refused("ISP", unless=(_BGP,), note="There is one pool of public addresses."),
    refused("Netmode", unless=("public",)),
    refused("IpAddress", "InstanceId", note="A certain address cannot be asked for."),
    refused("PublicIpAddressPoolId", note="There is one pool of public addresses."),
    refused("SecurityProtectionTypes"),
)
def allocate_eip(call: Call) -> dict[str, Any]:
    """Allocate an EIP; it is Available at once."""
    outcome = operations.allocate_eip(
        **caller(call),
        region=call["RegionId"],
        name=call["Name"],
        description=call["Description"],
        bandwidth_mbps=call["Bandwidth"],
        internet_charge_type=call["InternetChargeType"] or _BANDWIDTH,
        tags=tags_argument(call),
    )
    return {
        "AllocationId": outcome.object_id,
        "EipAddress": outcome.values.get("ip_address", ""),
        "ResourceGroupId": "",
    }


@action(VPC, "ReleaseEipAddress", text("AllocationId", required=True), text("RegionId"))
def release_eip(call: Call) -> dict[str, Any]:
    """Release an EIP; it is no longer described at once."""
    eip = call["AllocationId"]
    operations.release_eip(**caller(call), region=anywhere(call), eip_id=eip)
    return {}


@action(
    VPC,
    "AssociateEipAddress",
    text("AllocationId", required=True),
    text("InstanceId", required=True),
    text("InstanceType"),
    text("RegionId"),
    text("InstanceRegionId"),
    refused("Mode", unless=("NAT",), note="The EIP maps to the HaVip's address."),
    refused("PrivateIpAddress", note="The EIP maps to the HaVip's address."),
    ignored("VpcId"),
)
def associate_eip(call: Call) -> dict[str, Any]:
    """Bind an EIP to a HaVip: the only kind of thing that an EIP is bound to here."""
    _only_havips(call)
    havip = call["InstanceId"]
    operations.bind_eip(
        **caller(call),
        region=call["InstanceRegionId"] or anywhere(call),
        havip_id=havip,
        eip_id=call["AllocationId"],
    )
    return {}


@action(
    VPC,
    "UnassociateEipAddress",
    text("AllocationId", required=True),
    text("InstanceId"),
    text("InstanceType", default=_HAVIP),
    text("RegionId"),
    refused("PrivateIpAddress", note="The EIP maps to the HaVip's address."),
    ignored("Force", note="It is about NAT gateways, of which there are none."),
)
def unassociate_eip(call: Call) -> dict[str, Any]:
    """Unbind an EIP from the HaVip that is named, or else from whichever it is bound to."""
    if call.get("InstanceType"):
        _only_havips(call)
    eip = call["AllocationId"]
    operations.unbind_eip(
        **caller(call),
        region=anywhere(call),
        havip_id=call["InstanceId"],
        eip_id=eip,
    )
    return {}


def _only_havips(call: Call) -> None:
    """Refuse every other InstanceType; none at all means EcsInstance to the cloud, and is refused, too."""
    one_of(call, "InstanceType", {_HAVIP.lower(): _HAVIP}, "InvalidInstanceType.ValueNotSupported")


@action(
    VPC,
    "DescribeEipAddresses",
    REGION,
    words("AllocationId"),
    words("EipAddress"),
    text("EipName"),
    text("Status"),
    text("AssociatedInstanceType"),
    text("AssociatedInstanceId"),
    text("ChargeType"),
    text("ISP"),
    text("LockReason"),
    text("PublicIpAddressPoolId"),
    text("SegmentInstanceId"),
    boolean("SecurityProtectionEnabled"),
    boolean("ServiceManaged"),
    filters("Filter"),
    tags("Tag"),
    pages(largest=100),
    ignored("ResourceGroupId", note=GROUPS),
    ignored("IncludeReservationData"),
    dry_run=True,
    head=True,
)
def describe_eips(call: Call) -> dict[str, Any]:
    """Describe a page of the region's EIPs."""
    region = region_of(call)
    kind = call["AssociatedInstanceType"].lower()
    found = described.eips(
        call.principal.team,
        region,
        ids=given(call, "AllocationId"),
        addresses=given(call, "EipAddress"),
        names=given(call, "EipName"),
        statuses=given(call, "Status"),
        havips=given(call, "AssociatedInstanceId"),
        bound=True if kind == _HAVIP.lower() else None,
        tags=call["Tag"],
        **_times(call),
    )
    head, rows = numbered_page(call, unless(_asks_for_other_kinds(call, kind), found))
    return {**head, "EipAddresses": {"EipAddress": [_item(eip) for eip in rows]}}


def _asks_for_other_kinds(call: Call, kind: str) -> bool:
    """Return whether a filter asks for a kind of EIP that does not exist here."""
    return (
        kind not in ("", _HAVIP.lower())
        or call["ChargeType"].lower() not in ("", _POSTPAID.lower())
        or call["ISP"].lower() not in ("", _BGP.lower())
        or any(call[name] for name in ("LockReason", "PublicIpAddressPoolId", "SegmentInstanceId"))
        or bool(call["SecurityProtectionEnabled"] or call["ServiceManaged"])
    )


def _times(call: Call) -> dict[str, datetime]:
    times = {}
    for each in call["Filter"]:
        bound = _TIMES.get(each.key.lower())
        if bound is None:
            raise RpcError(
                "InvalidFilterKey.ValueNotSupported",
                f'The specified filter key "{each.key[:60]}" is not supported.',
                recommend="One of CreationStartTime, CreationEndTime.",
            )
        times[bound] = parsed_moment("Filter", each.values[0])
    return times


def _item(eip: Eip) -> dict[str, Any]:
    havip = eip.havip
    return {
        "AllocationId": eip.resource_id,
        "IpAddress": eip.ip_address,
        "Status": eip.status,
        "Name": eip.name,
        "Description": eip.description,
        "RegionId": eip.region,
        "AllocationTime": moment(eip.created_at),
        "Bandwidth": str(eip.bandwidth_mbps),
        "EipBandwidth": str(eip.bandwidth_mbps),
        "InstanceId": havip.resource_id if havip else "",
        "InstanceType": _HAVIP if havip else "",
        "InstanceRegionId": havip.region if havip else "",
        "PrivateIpAddress": havip.ip_address if havip else "",
        "VpcId": havip.vpc.resource_id if havip else "",
        "Tags": tags_of(eip),
        "Mode": "NAT",
        "Netmode": "public",
        "ISP": _BGP,
        "ChargeType": _POSTPAID,
        "InternetChargeType": eip.internet_charge_type,
        "BusinessStatus": "Normal",
        "DeletionProtection": False,
        "SecondLimited": False,
        "ServiceManaged": 0,
        "ServiceID": 0,
        "HDMonitorStatus": "OFF",
        "HasReservationData": "false",
        "ReservationActiveTime": "",
        "ReservationBandwidth": "",
        "ReservationInternetChargeType": "",
        "ReservationOrderType": "",
        "ExpiredTime": "",
        "BandwidthPackageBandwidth": "",
        "BandwidthPackageId": "",
        "BandwidthPackageType": "",
        "BizType": "",
        "PublicIpAddressPoolId": "",
        "ResourceGroupId": "",
        "SegmentInstanceId": "",
        "Zone": "",
        **empty(OperationLocks="LockReason", SecurityProtectionTypes="SecurityProtectionType"),
    }

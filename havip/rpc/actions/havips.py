"""HaVips: their life, and what is bound to them (6-cloud-api, 1.1 to 1.6)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from havip import operations
from havip.models import HaVip
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    moment,
    numbered_page,
    one_of,
    pages,
    region_of,
    tags_of,
)
from havip.rpc.actions.writing import NEW_TAGS, caller, tags_argument
from havip.rpc.dispatch import VPC, Call, action
from havip.rpc.errors import RpcError
from havip.rpc.parameters import boolean, filters, ignored, tags, text
from havip.selectors import described
from havip.selectors.havips import bindings_of, eip_of

_INSTANCE = "EcsInstance"
_INTERFACE = "NetworkInterface"
_KINDS = {"": _INSTANCE, "ecsinstance": _INSTANCE, "networkinterface": _INTERFACE}
_UNKNOWN_KIND = "InvalidInstanceType.ValueNotSupported"
_FILTERS = {
    "vpcid": "vpcs",
    "vswitchid": "vswitches",
    "status": "statuses",
    "havipid": "ids",
    "havipaddress": "addresses",
}


@action(
    VPC,
    "CreateHaVip",
    REGION,
    text("VSwitchId", required=True),
    text("IpAddress"),
    text("Name"),
    text("Description"),
    NEW_TAGS,
    ignored("ResourceGroupId", note=GROUPS),
)
def create_havip(call: Call) -> dict[str, Any]:
    """Create a HaVip; it is Creating, and then Available."""
    outcome = operations.create_havip(
        **caller(call),
        region=call["RegionId"],
        vswitch_id=call["VSwitchId"],
        ip_address=call["IpAddress"],
        name=call["Name"],
        description=call["Description"],
        tags=tags_argument(call),
    )
    return {"HaVipId": outcome.object_id, "IpAddress": outcome.values.get("ip_address", "")}


@action(VPC, "DeleteHaVip", REGION, text("HaVipId", required=True))
def delete_havip(call: Call) -> dict[str, Any]:
    """Delete a HaVip; it is Deleting, and then no longer described."""
    operations.delete_havip(**caller(call), region=call["RegionId"], havip_id=call["HaVipId"])
    return {}


@action(
    VPC,
    "ModifyHaVipAttribute",
    REGION,
    text("HaVipId", required=True),
    text("Name"),
    text("Description"),
)
def modify_havip(call: Call) -> dict[str, Any]:
    """Change the name or the description of a HaVip; what is not sent stays as it is."""
    operations.modify_havip(
        **caller(call),
        region=call["RegionId"],
        havip_id=call["HaVipId"],
        name=call.get("Name"),
        description=call.get("Description"),
    )
    return {}


@action(
    VPC,
    "AssociateHaVip",
    REGION,
    text("HaVipId", required=True),
    text("InstanceId", required=True),
    text("InstanceType"),
)
def associate_havip(call: Call) -> dict[str, Any]:
    """Bind an instance or, where InstanceType says so, a network interface."""
    tied = {**caller(call), "region": call["RegionId"], "havip_id": call["HaVipId"]}
    if one_of(call, "InstanceType", _KINDS, _UNKNOWN_KIND) == _INSTANCE:
        operations.bind_instance(**tied, instance_id=call["InstanceId"])
    else:
        operations.bind_interface(**tied, interface_id=call["InstanceId"])
    return {}


@action(
    VPC,
    "UnassociateHaVip",
    REGION,
    text("HaVipId", required=True),
    text("InstanceId", required=True),
    text("InstanceType"),
    boolean("Force"),
)
def unassociate_havip(call: Call) -> dict[str, Any]:
    """Unbind an instance or a network interface; Force unbinds the one that holds the address, too."""
    tied = {**caller(call), "region": call["RegionId"], "havip_id": call["HaVipId"]}
    if one_of(call, "InstanceType", _KINDS, _UNKNOWN_KIND) == _INSTANCE:
        operations.unbind_instance(**tied, instance_id=call["InstanceId"], force=call["Force"])
    else:
        operations.unbind_interface(**tied, interface_id=call["InstanceId"], force=call["Force"])
    return {}


@action(
    VPC,
    "DescribeHaVips",
    REGION,
    pages(largest=50),
    filters("Filter"),
    tags("Tags"),
    ignored("ResourceGroupId", note=GROUPS),
)
def describe_havips(call: Call) -> dict[str, Any]:
    """Describe a page of the region's HaVips."""
    region = region_of(call)
    found = described.havips(call.principal.team, region, tags=call["Tags"], **_wanted(call))
    head, rows = numbered_page(call, found)
    return {**head, "HaVips": {"HaVip": [_item(havip) for havip in rows]}}


def _wanted(call: Call) -> dict[str, Any]:
    """Return what Filter.N asks for: values of one key are alternatives, and all keys must agree."""
    wanted: dict[str, list[str]] = {}
    for each in call["Filter"]:
        column = _FILTERS.get(each.key.lower())
        if column is None:
            raise RpcError(
                "InvalidFilterKey.ValueNotSupported",
                f'The specified filter key "{each.key[:60]}" is not supported.',
                HTTPStatus.NOT_FOUND,
                "One of VpcId, VSwitchId, Status, HaVipId, HaVipAddress.",
            )
        values = wanted.get(column)
        wanted[column] = [value for value in each.values if values is None or value in values]
    return wanted


def _item(havip: HaVip) -> dict[str, Any]:
    bindings = bindings_of(havip)
    eip = eip_of(havip)
    return {
        "HaVipId": havip.resource_id,
        "RegionId": havip.region,
        "VpcId": havip.vpc.resource_id,
        "VSwitchId": havip.vswitch.resource_id,
        "IpAddress": havip.ip_address,
        "Status": havip.status,
        "Name": havip.name,
        "Description": havip.description,
        "CreateTime": moment(havip.created_at),
        "ChargeType": "",
        "ResourceGroupId": "",
        "MasterInstanceId": havip.holder_id,
        "AssociatedInstanceType": bindings[0].kind if bindings else "",
        "AssociatedInstances": {
            "associatedInstance": [binding.resource.resource_id for binding in bindings]
        },
        "AssociatedEipAddresses": {"associatedEipAddresse": [eip.ip_address] if eip else []},
        "Tags": tags_of(havip),
    }

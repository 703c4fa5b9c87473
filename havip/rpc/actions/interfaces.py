"""Network interfaces, of the ECS product (6-cloud-api, 1.13)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import InterfaceStatus, InterfaceType, NetworkInterface
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    any_page,
    empty,
    given,
    moment,
    pages,
    region_of,
    tokens,
    unless,
)
from havip.rpc.actions.writing import caller
from havip.rpc.dispatch import ECS, Call, action
from havip.rpc.parameters import boolean, ignored, numbered, refused, text
from havip.selectors import described

_ONE_ADDRESS = "A network interface has one address."
_NO_IPV6 = "Only IPv4 is supported."
_NO_TAGS = "There are no tags on network interfaces."
_CARD = "This console connects servers; what they are made of is not its business."


@action(
    ECS,
    "CreateNetworkInterface",
    REGION,
    text("VSwitchId", required=True),
    text("PrimaryIpAddress"),
    text("NetworkInterfaceName"),
    text("Description"),
    ignored("ResourceGroupId", note=GROUPS),
    ignored(
        *("SecurityGroupId", "SecurityGroupIds", "BusinessType", "InstanceType", "Visible"),
        *("QueueNumber", "QueuePairNumber", "RxQueueSize", "TxQueueSize", "DeleteOnRelease"),
        *("NetworkInterfaceTrafficMode", "SourceDestCheck"),
        note=_CARD,
    ),
    refused("PrivateIpAddress", "SecondaryPrivateIpAddressCount", note=_ONE_ADDRESS),
    refused("Ipv4Prefix", "Ipv4PrefixCount", note=_ONE_ADDRESS),
    refused("Ipv6Address", "Ipv6AddressCount", "Ipv6Prefix", "Ipv6PrefixCount", note=_NO_IPV6),
    refused("EnablePrimaryIPv6", unless=("false",), note=_NO_IPV6),
    refused("Tag", note=_NO_TAGS),
)
def create_interface(call: Call) -> dict[str, Any]:
    """Create a secondary network interface; it is Creating, and then Available."""
    outcome = operations.create_interface(
        **caller(call),
        region=call["RegionId"],
        vswitch_id=call["VSwitchId"],
        private_ip=call["PrimaryIpAddress"],
        name=call["NetworkInterfaceName"],
        description=call["Description"],
    )
    address = outcome.values.get("private_ip", "")
    return {
        "NetworkInterfaceId": outcome.object_id,
        "NetworkInterfaceName": call["NetworkInterfaceName"],
        "Description": call["Description"],
        "PrivateIpAddress": address,
        "MacAddress": outcome.values.get("mac_address", ""),
        "Status": str(InterfaceStatus.CREATING),
        "Type": str(InterfaceType.SECONDARY),
        "VpcId": outcome.values.get("vpc_id", ""),
        "VSwitchId": call["VSwitchId"],
        "ZoneId": outcome.values.get("zone", ""),
        "OwnerId": str(call.principal.team.pk),
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
        **_constant(),
    }


@action(
    ECS,
    "AttachNetworkInterface",
    REGION,
    text("InstanceId", required=True),
    text("NetworkInterfaceId", required=True),
    ignored("NetworkCardIndex", "WaitForNetworkConfigurationReady", note=_CARD),
    refused("TrunkNetworkInstanceId"),
)
def attach_interface(call: Call) -> dict[str, Any]:
    """Attach a network interface to an instance; it is Attaching, and then InUse."""
    operations.attach_interface(
        **caller(call),
        region=call["RegionId"],
        interface_id=call["NetworkInterfaceId"],
        instance_id=call["InstanceId"],
    )
    return {}


@action(
    ECS,
    "DetachNetworkInterface",
    REGION,
    text("InstanceId", required=True),
    text("NetworkInterfaceId", required=True),
    refused("TrunkNetworkInstanceId"),
)
def detach_interface(call: Call) -> dict[str, Any]:
    """Detach a network interface from its instance; it is Detaching, and then Available."""
    operations.detach_interface(
        **caller(call),
        region=call["RegionId"],
        interface_id=call["NetworkInterfaceId"],
        instance_id=call["InstanceId"],
    )
    return {}


@action(ECS, "DeleteNetworkInterface", REGION, text("NetworkInterfaceId", required=True))
def delete_interface(call: Call) -> dict[str, Any]:
    """Delete a secondary network interface; what is bound to it is unbound."""
    operations.delete_interface(
        **caller(call), region=call["RegionId"], interface_id=call["NetworkInterfaceId"]
    )
    return {}


@action(
    ECS,
    "DescribeNetworkInterfaces",
    REGION,
    numbered("NetworkInterfaceId", maximum=100),
    text("NetworkInterfaceName"),
    text("VpcId"),
    text("VSwitchId"),
    text("InstanceId"),
    text("Status"),
    text("Type"),
    text("PrimaryIpAddress"),
    numbered("PrivateIpAddress", maximum=100),
    boolean("ServiceManaged"),
    pages(largest=100),
    tokens("MaxResults"),
    ignored("ResourceGroupId", note=GROUPS),
    refused("SecurityGroupId", "Ipv6Address", note="Network interfaces cannot be found by that."),
    refused("Tag", note=_NO_TAGS),
)
def describe_interfaces(call: Call) -> dict[str, Any]:
    """Describe a page of the region's network interfaces, primary and secondary."""
    region = region_of(call)
    found = described.interfaces(
        call.principal.team,
        region,
        ids=given(call, "NetworkInterfaceId"),
        names=given(call, "NetworkInterfaceName"),
        vpcs=given(call, "VpcId"),
        vswitches=given(call, "VSwitchId"),
        instances=given(call, "InstanceId"),
        statuses=given(call, "Status"),
        types=given(call, "Type"),
        addresses=_addresses(call),
    )
    head, rows = any_page(call, unless(call["ServiceManaged"], found))
    return {**head, "NetworkInterfaceSets": {"NetworkInterfaceSet": [_item(each) for each in rows]}}


def _addresses(call: Call) -> list[str] | None:
    """Return the addresses of which any will do: each interface has only its primary one."""
    primary, any_of = given(call, "PrimaryIpAddress"), given(call, "PrivateIpAddress")
    if primary is None or any_of is None:
        return primary or any_of
    return [each for each in primary if each in any_of]


def _constant() -> dict[str, Any]:
    """Return what the cloud knows of every network interface and this console does not."""
    return {
        "ResourceGroupId": "",
        "ServiceID": 0,
        "ServiceManaged": False,
        "SourceDestCheck": False,
        **empty(
            SecurityGroupIds="SecurityGroupId",
            Tags="Tag",
            Ipv6Sets="Ipv6Set",
            Ipv4PrefixSets="Ipv4PrefixSet",
            Ipv6PrefixSets="Ipv6PrefixSet",
        ),
    }


def _item(card: NetworkInterface) -> dict[str, Any]:
    instance = card.instance.resource_id if card.instance else ""
    no_public_address = {"AllocationId": "", "PublicIpAddress": ""}
    return {
        "NetworkInterfaceId": card.resource_id,
        "NetworkInterfaceName": card.name,
        "Description": card.description,
        "Status": card.status,
        "Type": card.interface_type,
        "VpcId": card.vswitch.vpc.resource_id,
        "VSwitchId": card.vswitch.resource_id,
        "ZoneId": card.vswitch.zone,
        "PrivateIpAddress": card.private_ip,
        "MacAddress": card.mac_address,
        "InstanceId": instance,
        "CreationTime": moment(card.created_at),
        "OwnerId": str(card.team_id),
        "DeleteOnRelease": card.is_primary,
        "Attachment": {
            "InstanceId": instance,
            "DeviceIndex": 0 if card.is_primary else 1,
            "TrunkNetworkInterfaceId": "",
            "NetworkCardIndex": 0,
        },
        "AssociatedPublicIp": no_public_address,
        "PrivateIpSets": {
            "PrivateIpSet": [
                {
                    "PrivateIpAddress": card.private_ip,
                    "Primary": True,
                    "AssociatedPublicIp": no_public_address,
                }
            ]
        },
        "NetworkInterfaceTrafficMode": "Standard",
        **_constant(),
    }

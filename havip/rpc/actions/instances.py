"""Instances, of the ECS product (6-cloud-api, 1.13)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import Instance, InstanceStatus, NetworkInterface, NetworkType
from havip.rpc.actions.reading import (
    GROUPS,
    REGION,
    any_page,
    ecs_tags_of,
    empty,
    given,
    moment,
    pages,
    region_of,
    tokens,
    unless,
)
from havip.rpc.actions.writing import NEW_TAGS, caller, tags_argument
from havip.rpc.dispatch import ECS, Call, action
from havip.rpc.parameters import (
    boolean,
    ignored,
    integer,
    json_list,
    refused,
    tags,
    text,
)
from havip.rules.inventory import MAXIMUM_AMOUNT
from havip.selectors import described

_MACHINE = "This console connects servers; what they are made of is not its business."
_NO_COST = "Nothing here costs anything."


@action(
    ECS,
    "RunInstances",
    REGION,
    text("VSwitchId", required=True),
    text("PrivateIpAddress"),
    text("InstanceName"),
    text("Description"),
    integer("Amount", default=1, minimum=1, maximum=MAXIMUM_AMOUNT),
    NEW_TAGS,
    ignored("MinAmount", note="All instances are created, or none."),
    ignored("ResourceGroupId", note=GROUPS),
    ignored("ZoneId", note="The zone is the vSwitch's."),
    ignored(
        *("ImageId", "ImageFamily", "InstanceType", "SecurityGroupId", "SecurityGroupIds"),
        *("SystemDisk", "DataDisk", "HostName", "HostNames", "UniqueSuffix", "KeyPairName"),
        *("Password", "PasswordInherit", "UserData", "RamRoleName", "IoOptimized"),
        *("DeletionProtection", "SecurityEnhancementStrategy", "HttpEndpoint", "HttpTokens"),
        note=_MACHINE,
    ),
    ignored(
        *("InstanceChargeType", "InternetChargeType", "Period", "PeriodUnit", "AutoRenew"),
        *("AutoRenewPeriod", "AutoPay", "SpotStrategy", "SpotPriceLimit", "SpotDuration"),
        note=_NO_COST,
    ),
    ignored("InternetMaxBandwidthIn", note="There is no bandwidth to be limited."),
    refused(
        "InternetMaxBandwidthOut", unless=("0",), note="Instances have no public address here."
    ),
    refused(
        "NetworkInterface", note="Send VSwitchId, and create further network interfaces by itself."
    ),
    refused("Ipv6Address", "Ipv6AddressCount", note="Only IPv4 is supported."),
    dry_run=True,
)
def run_instances(call: Call) -> dict[str, Any]:
    """Create instances, all of them or none; they are Pending, and then Running."""
    outcome = operations.create_instance(
        **caller(call),
        region=call["RegionId"],
        vswitch_id=call["VSwitchId"],
        private_ip=call["PrivateIpAddress"],
        name=call["InstanceName"],
        description=call["Description"],
        amount=call["Amount"],
        tags=tags_argument(call),
    )
    created = outcome.values.get("instance_ids", outcome.object_id).split(",")
    return {"InstanceIdSets": {"InstanceIdSet": created}}


@action(
    ECS, "StartInstance", text("InstanceId", required=True), ignored("InitLocalDisk"), dry_run=True
)
def start_instance(call: Call) -> dict[str, Any]:
    """Start a stopped instance; it is Starting, and then Running."""
    operations.start_instance(**caller(call), **_place(call))
    return {}


@action(
    ECS,
    "StopInstance",
    text("InstanceId", required=True),
    ignored("ForceStop", "ConfirmStop", "StoppedMode", "Hibernate", note=_MACHINE),
    dry_run=True,
)
def stop_instance(call: Call) -> dict[str, Any]:
    """Stop a running instance; it is Stopping, and then Stopped. What is bound stays bound."""
    operations.stop_instance(**caller(call), **_place(call))
    return {}


@action(
    ECS,
    "DeleteInstance",
    text("InstanceId", required=True),
    boolean("Force"),
    ignored("ForceStop", "TerminateSubscription", note=_MACHINE),
    dry_run=True,
)
def delete_instance(call: Call) -> dict[str, Any]:
    """Delete an instance, with Force a running one, too; what is bound to it is unbound."""
    operations.delete_instance(**caller(call), **_place(call), force=call["Force"])
    return {}


def _place(call: Call) -> dict[str, Any]:
    """Return which instance; in which region it is, these actions of the cloud do not say."""
    return {"region": "", "instance_id": call["InstanceId"]}


@action(
    ECS,
    "DescribeInstances",
    REGION,
    json_list("InstanceIds"),
    text("InstanceName"),
    text("VpcId"),
    text("VSwitchId"),
    text("ZoneId"),
    text("Status"),
    text("InstanceNetworkType"),
    json_list("PrivateIpAddresses"),
    json_list("PublicIpAddresses"),
    json_list("EipAddresses"),
    json_list("InnerIpAddresses"),
    text("LockReason"),
    tags("Tag"),
    pages(largest=100),
    tokens("MaxResults"),
    ignored("ResourceGroupId", note=GROUPS),
    ignored("AdditionalAttributes", "NeedSaleCycle", "DeviceAvailable"),
    refused(
        *("Filter", "ImageId", "InstanceType", "InstanceTypeFamily", "SecurityGroupId"),
        *("KeyPairName", "HpcClusterId", "RdmaIpAddresses", "Ipv6Address"),
        note="Instances cannot be found by that here.",
    ),
    ignored("InstanceChargeType", "InternetChargeType", "IoOptimized", note=_NO_COST),
    dry_run=True,
)
def describe_instances(call: Call) -> dict[str, Any]:
    """Describe a page of the region's instances."""
    region = region_of(call)
    found = described.instances(
        call.principal.team,
        region,
        ids=call.get("InstanceIds"),
        names=given(call, "InstanceName"),
        vpcs=given(call, "VpcId"),
        vswitches=given(call, "VSwitchId"),
        zones=given(call, "ZoneId"),
        statuses=_statuses(call),
        network_types=given(call, "InstanceNetworkType"),
        addresses=call.get("PrivateIpAddresses"),
        tags=call["Tag"],
    )
    public = call["PublicIpAddresses"] or call["EipAddresses"] or call["InnerIpAddresses"]
    head, rows = any_page(call, unless(public or call["LockReason"], found))
    return {**head, "Instances": {"Instance": [_item(instance) for instance in rows]}}


def _shown_status(instance: Instance) -> str:
    """Return the status as the cloud shows it: an instance that is being deleted is Stopping."""
    deleting = instance.status == InstanceStatus.DELETING
    return str(InstanceStatus.STOPPING if deleting else instance.status)


def _statuses(call: Call) -> list[str] | None:
    """Return the statuses that are shown as the one that is asked for."""
    wanted = call["Status"]
    if wanted == InstanceStatus.STOPPING:
        return [InstanceStatus.STOPPING, InstanceStatus.DELETING]
    return [wanted] if wanted else None


def _item(instance: Instance) -> dict[str, Any]:
    in_vpc = instance.network_type == NetworkType.VPC
    vswitch = instance.vswitch
    return {
        "InstanceId": instance.resource_id,
        "InstanceName": instance.name,
        "HostName": getattr(instance, "host_name", ""),
        "Description": instance.description,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "Status": _shown_status(instance),
        "CreationTime": moment(instance.created_at, seconds=False),
        "InstanceNetworkType": instance.network_type,
        "VpcAttributes": {
            "VpcId": vswitch.vpc.resource_id if vswitch else "",
            "VSwitchId": vswitch.resource_id if vswitch else "",
            "NatIpAddress": "",
            "PrivateIpAddress": {
                "IpAddress": [instance.private_ip] if in_vpc and instance.private_ip else []
            },
        },
        "NetworkInterfaces": {
            "NetworkInterface": [_card(card) for card in instance.interfaces.all()]
        },
        "EipAddress": {
            "AllocationId": "",
            "IpAddress": "",
            "Bandwidth": 0,
            "InternetChargeType": "",
            "IsSupportUnassociate": False,
        },
        "Tags": ecs_tags_of(instance),
        "InstanceChargeType": "PostPaid",
        "SpotStrategy": "NoSpot",
        "DeletionProtection": False,
        "DeviceAvailable": True,
        "InternetMaxBandwidthIn": 0,
        "InternetMaxBandwidthOut": 0,
        **dict.fromkeys(_UNKNOWN, ""),
        **empty(
            PublicIpAddress="IpAddress",
            InnerIpAddress="IpAddress",
            RdmaIpAddress="IpAddress",
            SecurityGroupIds="SecurityGroupId",
            OperationLocks="LockReason",
        ),
    }


# What the cloud knows of an instance and this console does not.
_UNKNOWN = (
    "ImageId",
    "InstanceType",
    "InstanceTypeFamily",
    "InternetChargeType",
    "KeyPairName",
    "OSName",
    "OSNameEn",
    "OSType",
    "ResourceGroupId",
    "SerialNumber",
    "ExpiredTime",
    "StartTime",
    "StoppedMode",
)


def _card(card: NetworkInterface) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": card.resource_id,
        "PrimaryIpAddress": card.private_ip,
        "MacAddress": card.mac_address,
        "Type": card.interface_type,
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": card.private_ip, "Primary": True}]},
        **empty(Ipv6Sets="Ipv6Set", Ipv4PrefixSets="Ipv4PrefixSet", Ipv6PrefixSets="Ipv6PrefixSet"),
    }

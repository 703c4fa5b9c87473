"""What must hold for the inventory: dependencies, instance and interface states, route entries, EIPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import (
    Eip,
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    NetworkInterface,
    NetworkStatus,
    NetworkType,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.regions import Region
from havip.rules.catalogue import numbered

MAXIMUM_BANDWIDTH_MBPS = 500
MAXIMUM_AMOUNT = 100


def _dependency(code: str) -> Rule:
    return Rule(
        "F5",
        code=code,
        message=_("%(resource)s still contains: %(contents)s."),
        remedy=_("Delete these first."),
    )


F5_DEPENDENCY = _dependency("DependencyViolation")
F5_VSWITCH = _dependency("DependencyViolation.VSwitch")
F5_HAVIP = _dependency("DependencyViolation.HaVip")
# What can be in a VPC or vSwitch, by kind: its name, and the rule to refuse by where it is the first thing in the way.
_CONTENTS: Mapping[str, tuple[Promise, Rule]] = {
    "vswitch": (_("vSwitch"), F5_VSWITCH),
    "havip": (_("HaVip"), F5_HAVIP),
    "route": (_("route entry"), F5_DEPENDENCY),
    "instance": (_("instance"), F5_DEPENDENCY),
    "interface": (_("network interface"), F5_DEPENDENCY),
}
F4_EIP_BOUND = Rule(
    "F4",
    code="IncorrectEipStatus",
    message=_("%(eip)s is %(status)s; only an available EIP can be released."),
    remedy=_("Unbind it first."),
)


def _unsettled(code: str) -> Rule:
    return Rule(
        "N5",
        code=code,
        message=_("%(resource)s is %(status)s: a job is under way on it."),
        remedy=_("Wait until the job has ended."),
    )


N5_VPC = _unsettled("IncorrectVpcStatus")
N5_VSWITCH = _unsettled("IncorrectVSwitchStatus")
N5_ROUTE = _unsettled("IncorrectRouteEntryStatus")
_UNSETTLED: Mapping[type[Vpc | VSwitch | RouteEntry], Rule] = {
    Vpc: N5_VPC,
    VSwitch: N5_VSWITCH,
    RouteEntry: N5_ROUTE,
}
N6_ZONE = Rule(
    "N6",
    code="InvalidZoneId.NotFound",
    message=_("There is no zone %(zone)s in this region."),
    field="zone",
    status=HTTPStatus.NOT_FOUND,
)
I0_INSTANCE = Rule(
    "I0",
    code="InvalidInstanceId.NotFound",
    message=_("There is no instance %(instance)s of this team in this region."),
    field="instance_id",
    status=HTTPStatus.NOT_FOUND,
)
I1_STATUS = Rule(
    "I1",
    code="IncorrectInstanceStatus",
    message=_("%(resource)s is %(status)s; it must be %(wanted)s for that."),
    field="instance_id",
)
I2_JOB_ON_HAVIP = Rule(
    "I2",
    code="IncorrectHaVipStatus",
    message=_("A job is under way on the HaVip %(havip)s that it is bound to."),
    remedy=_("Wait until the job has ended."),
)
I3_VSWITCH = Rule(
    "I3",
    code="InvalidParameter",
    message=_("A classic-network instance has no vSwitch and no private IP of a VPC."),
    remedy=_("Leave both empty, or choose the network type VPC."),
    field="vswitch_id",
)
I4_AMOUNT = Rule(
    "I4",
    code="InvalidParameter",
    message=_(
        "1 to %(maximum)s instances can be created at once, and only one where a private IP is given."
    ),
    field="amount",
)
W0_INTERFACE = Rule(
    "W0",
    code="InvalidEniId.NotFound",
    message=_("There is no network interface %(interface)s of this team in this region."),
    field="interface_id",
    status=HTTPStatus.NOT_FOUND,
)
W0_NOT_ATTACHED = Rule(
    "W0",
    code="InvalidInstanceId.NotFound",
    message=_("%(resource)s is not attached to the instance %(instance)s."),
    field="instance_id",
    status=HTTPStatus.NOT_FOUND,
)
W1_PRIMARY = Rule(
    "W1",
    code="InvalidOperation.PrimaryNetworkInterface",
    message=_("%(resource)s is a primary network interface; it lives and dies with its instance."),
    field="interface_id",
)
W2_STATUS = Rule(
    "W2",
    code="IncorrectNetworkInterfaceStatus",
    message=_("%(resource)s is %(status)s; it must be %(wanted)s for that."),
    field="interface_id",
)
W3_VPC = Rule(
    "W3",
    code="InvalidVpcId.Mismatch",
    message=_("%(resource)s and %(instance)s are not in the same VPC."),
    remedy=_("Choose an instance of the interface's VPC."),
    field="instance_id",
)
R0_ROUTE = Rule(
    "R0",
    code="InvalidRouteEntry.NotFound",
    message=_("There is no route entry %(route)s of this team in this region."),
    field="route_id",
    status=HTTPStatus.NOT_FOUND,
)
R0_TABLE = Rule(
    "R0",
    code="InvalidRouteTableId.NotFound",
    message=_("There is no route table %(table)s of this team in this region."),
    field="route_table_id",
    status=HTTPStatus.NOT_FOUND,
)
R1_DUPLICATE = Rule(
    "R1",
    code="InvalidCIDRBlock.Duplicate",
    message=_("The VPC has a route or a vSwitch with the block %(cidr_block)s already."),
    remedy=_("Choose another destination."),
    field="destination_cidr_block",
)
R2_HAVIP_VPC = Rule(
    "R2",
    code="Mismatch.HaVipIdAndRouteTableId",
    message=_("The HaVip %(havip)s is not in this VPC."),
    remedy=_("Choose a HaVip of the VPC."),
    field="havip_id",
)
R3_HAVIP_STATUS = Rule(
    "R3",
    code="IncorrectHaVipStatus",
    message=_("The HaVip is %(status)s; it must be available or in use."),
    remedy=_("Wait until the job has ended."),
    field="havip_id",
)
R4_QUOTA = Rule(
    "R4",
    code="QuotaExceeded.HaVipRouteEntry",
    message=_("The VPC has %(used)s of at most %(limit)s route entries to HaVips."),
    remedy=_("Delete one that is not needed, or ask for a higher quota."),
    field="vpc_id",
)
P0_CHARGE = Rule(
    "P0",
    code="InvalidParameter",
    message=_("An EIP cannot be charged by “%(charge)s”."),
    remedy=_("Use PayByBandwidth or PayByTraffic."),
    field="internet_charge_type",
)
P1_EXHAUSTED = Rule(
    "P1",
    code="ReserveIpFail",
    message=_("No public address is free in this console's pool."),
    remedy=_("Release an EIP that is not needed, or ask the site's administrator."),
)
P2_BANDWIDTH = Rule(
    "P2",
    code="InvalidParameter",
    message=_("The bandwidth must be a whole number from 1 to %(maximum)s Mbit/s."),
    field="bandwidth_mbps",
)


def f4_eip_released_unbound(eip: Eip) -> None:
    """F4: an EIP is released only when it is Available."""
    if eip.status != EipStatus.AVAILABLE:
        raise F4_EIP_BOUND.refuse(eip=eip.ip_address, status=str(EipStatus(eip.status).label))


def f5_empty(resource: Vpc | VSwitch, contents: Mapping[str, int]) -> None:
    """F5: a VPC or vSwitch is deleted only when nothing is in it; `contents` are counts by the kind that they count.

    The code names the first kind that is there, where the cloud has a code for it (6-cloud-api, section 3).
    """
    present = {kind: count for kind, count in contents.items() if count}
    if present:
        _name, rule = _CONTENTS[next(iter(present))]
        named = ", ".join(f"{count} × {_CONTENTS[kind][0]}" for kind, count in present.items())
        raise rule.refuse(resource=resource.label, contents=named)


def n5_settled(resource: Vpc | VSwitch | RouteEntry) -> None:
    """N5: no job is under way on the VPC, vSwitch or route entry."""
    if resource.status != NetworkStatus.AVAILABLE:
        raise _UNSETTLED[type(resource)].refuse(
            resource=resource.label, status=str(NetworkStatus(resource.status).label)
        )


def n6_zone(zone: str, region: Region) -> None:
    """N6: the zone is one of the region's."""
    if zone not in region.zones:
        raise N6_ZONE.refuse(zone=zone[:48])


def i1_instance_is(instance: Instance, *wanted: InstanceStatus) -> None:
    """I1: the instance is in one of the wanted states."""
    if instance.status not in wanted:
        raise I1_STATUS.refuse(
            resource=instance.label,
            status=str(InstanceStatus(instance.status).label),
            wanted=" / ".join(str(status.label) for status in wanted),
        )


def i2_havips_settled(havips: Sequence[HaVip]) -> None:
    """I2: no job is under way on a HaVip whose binding would go with the resource."""
    for havip in havips:
        if havip.status not in (HaVipStatus.AVAILABLE, HaVipStatus.IN_USE):
            raise I2_JOB_ON_HAVIP.refuse(havip=havip.label)


def i3_classic_has_no_vswitch(network_type: str, vswitch_id: str, private_ip: str) -> None:
    """I3: only instances of network type `vpc` stand in a vSwitch."""
    if network_type == NetworkType.CLASSIC and (vswitch_id or private_ip):
        raise I3_VSWITCH.refuse()


def i4_amount(amount: int, private_ip: str) -> None:
    """I4: 1 to 100 instances are created at once (6-cloud-api, 1.13), and one only where its address is given."""
    if not 1 <= amount <= MAXIMUM_AMOUNT or (amount > 1 and private_ip.strip()):
        raise I4_AMOUNT.refuse(maximum=MAXIMUM_AMOUNT)


def w1_secondary(interface: NetworkInterface) -> None:
    """W1: only secondary interfaces are attached, detached and deleted on their own."""
    if interface.is_primary:
        raise W1_PRIMARY.refuse(resource=interface.label)


def w2_interface_is(interface: NetworkInterface, *wanted: InterfaceStatus) -> None:
    """W2: the interface is in one of the wanted states."""
    if interface.status not in wanted:
        raise W2_STATUS.refuse(
            resource=interface.label,
            status=str(InterfaceStatus(interface.status).label),
            wanted=" / ".join(str(status.label) for status in wanted),
        )


def w3_same_vpc(interface: NetworkInterface, instance: Instance) -> None:
    """W3: an interface is attached to an instance of its own VPC."""
    if instance.vswitch is None or instance.vswitch.vpc_id != interface.vswitch.vpc_id:
        raise W3_VPC.refuse(resource=interface.label, instance=instance.label)


def r1_destination_free(destination: str, taken: Sequence[str]) -> None:
    """R1: the destination is no other route's and no vSwitch's block."""
    if destination in taken:
        raise R1_DUPLICATE.refuse(cidr_block=destination)


def r2_havip_in_vpc(havip: HaVip, vpc: Vpc) -> None:
    """R2: the next hop is a HaVip of the VPC."""
    if havip.vpc_id != vpc.pk:
        raise R2_HAVIP_VPC.refuse(havip=havip.label)


def r3_havip_settled(havip: HaVip) -> None:
    """R3: the next hop is Available or InUse."""
    if havip.status not in (HaVipStatus.AVAILABLE, HaVipStatus.IN_USE):
        raise R3_HAVIP_STATUS.refuse(status=str(HaVipStatus(havip.status).label))


def r4_quota(used: int, limit: int) -> None:
    """R4: route entries in a VPC whose next hop is a HaVip: at most the quota."""
    if used >= limit:
        raise R4_QUOTA.refuse(used=used, limit=limit)


def p2_bandwidth(bandwidth_mbps: int) -> None:
    """P2: an EIP's bandwidth is 1 to 500 Mbit/s (6-cloud-api, 1.7: PostPaid and PayByBandwidth)."""
    if not 1 <= bandwidth_mbps <= MAXIMUM_BANDWIDTH_MBPS:
        raise P2_BANDWIDTH.refuse(maximum=MAXIMUM_BANDWIDTH_MBPS)


numbered(
    "F1",
    "a bound instance is deleted: its bindings and its primary interface's are removed, by job, audited as caused by the deletion",
    I2_JOB_ON_HAVIP,
)
numbered("F2", "a bound secondary interface is detached: the binding stays")
numbered("F3", "a bound secondary interface is deleted: the binding is removed", I2_JOB_ON_HAVIP)
numbered("F4", "an EIP is released while bound: refused", F4_EIP_BOUND)
numbered(
    "F5",
    "a VPC or vSwitch with resources is deleted: refused, listing them",
    F5_DEPENDENCY,
    F5_VSWITCH,
    F5_HAVIP,
)
numbered(
    "N5",
    "no job is under way on the VPC, vSwitch or route entry",
    N5_VPC,
    N5_VSWITCH,
    N5_ROUTE,
)
numbered("N6", "a vSwitch's zone is one of the region's", N6_ZONE)
numbered("I1", "an instance is in the state that the action needs", I1_STATUS)
numbered(
    "I2",
    "no job is under way on a HaVip whose binding goes with a deleted resource",
    I2_JOB_ON_HAVIP,
)
numbered("I3", "a classic-network instance has no vSwitch", I3_VSWITCH)
numbered("W1", "a primary interface lives and dies with its instance", W1_PRIMARY)
numbered("W2", "an interface is in the state that the action needs", W2_STATUS)
numbered("W3", "an interface is attached to an instance of its VPC", W3_VPC)
numbered("R1", "a route's destination is free in the VPC", R1_DUPLICATE)
numbered("R2", "a route's HaVip is in the VPC", R2_HAVIP_VPC)
numbered("R3", "a route's HaVip is Available or InUse", R3_HAVIP_STATUS)
numbered("R4", "route entries to HaVips in a VPC: at most the quota", R4_QUOTA)
numbered("P1", "an EIP's address comes from the pool; an exhausted one refuses", P1_EXHAUSTED)
numbered("P2", "an EIP's bandwidth is 1 to 500 Mbit/s", P2_BANDWIDTH)

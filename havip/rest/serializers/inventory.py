"""VPCs, vSwitches, route entries, instances, network interfaces and EIPs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from havip.keepalived import PROFILES
from havip.models import (
    AddressOwner,
    BindingState,
    EipStatus,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkStatus,
    NetworkType,
)
from havip.rest.serializers.answers import (
    Answer,
    Common,
    Refused,
    Tagged,
    address,
    capabilities,
    changed,
    identifier,
    nullable_address,
    nullable_identifier,
    page_of,
)
from havip.rest.serializers.fields import (
    CIDR_PATTERN,
    Body,
    Choice,
    Text,
    Whole,
    address_field,
    block_field,
    description_field,
    identifier_field,
    name_field,
    tags_field,
)

_BLOCK = {"pattern": CIDR_PATTERN}


def _count() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0)


class CreateVpc(Body):
    """A VPC to create."""

    cidr_block = block_field(required=False, default="192.168.0.0/16")
    name = name_field()
    description = description_field()
    tags = tags_field(required=False)


class Vpc(Tagged):
    """A private network."""

    id = identifier("vpc")
    status = serializers.ChoiceField(choices=NetworkStatus.choices)
    cidr_block = Text(schema=_BLOCK)
    router_id = identifier("vrt")
    route_table_id = identifier("vtb")
    vswitch_count = _count()
    havip_count = _count()
    route_count = _count()
    capabilities = capabilities("Vpc", "extend", "delete")


VpcPage = page_of(Vpc, gettext_noop("One page of VPCs."))
VpcWithJob = changed(Vpc)


class Timers(Answer):
    """How often the nodes of a VPC say that they are alive."""

    profile = serializers.ChoiceField(choices=sorted(PROFILES))
    advertisement_seconds = serializers.FloatField()
    fail_over_seconds = serializers.FloatField(
        help_text=_("About how long the address is nobody's when its holder dies.")
    )
    vrrp_version = serializers.ChoiceField(choices=[2, 3])


class ChooseTimers(Body):
    """A timer profile."""

    profile = Text(schema={"enum": sorted(PROFILES)})


class CreateVSwitch(Body):
    """A vSwitch to create."""

    vpc_id = identifier_field("vpc")
    cidr_block = block_field(help_text=_("A part of the VPC's block that no other vSwitch uses."))
    zone = Text(
        required=False,
        allow_blank=False,
        schema={"minLength": 1, "maxLength": 48},
        help_text=_("One of the region's zones; without it, the first."),
    )
    name = name_field()
    description = description_field()
    tags = tags_field(required=False)


class VSwitch(Tagged):
    """A subnet of a VPC."""

    id = identifier("vsw")
    status = serializers.ChoiceField(choices=NetworkStatus.choices)
    vpc_id = identifier("vpc")
    zone = serializers.CharField()
    cidr_block = Text(schema=_BLOCK)
    available_address_count = _count()
    havip_count = _count()
    instance_count = _count()
    interface_count = _count()
    capabilities = capabilities("VSwitch", "extend", "delete")


VSwitchPage = page_of(VSwitch, gettext_noop("One page of vSwitches."))
VSwitchWithJob = changed(VSwitch)


class NextAddress(Answer):
    """The lowest free address of a vSwitch."""

    ip_address = address()
    available_address_count = _count()


class AddressCheck(Answer):
    """Whether an address can be taken."""

    ip_address = serializers.CharField()
    available = serializers.BooleanField()
    owner = serializers.ChoiceField(
        choices=AddressOwner.choices, allow_null=True, help_text=_("The kind of its owner, if any.")
    )
    refusals = Refused(many=True)


class CreateRoute(Body):
    """A route entry to create; its next hop is a HaVip."""

    vpc_id = identifier_field("vpc")
    destination_cidr_block = block_field()
    havip_id = identifier_field("havip")
    name = name_field()
    description = description_field()


class RouteEntry(Common):
    """A custom route of a VPC whose next hop is a HaVip."""

    id = identifier("rte")
    status = serializers.ChoiceField(choices=NetworkStatus.choices)
    vpc_id = identifier("vpc")
    route_table_id = identifier("vtb")
    destination_cidr_block = Text(schema=_BLOCK)
    havip_id = identifier("havip")
    capabilities = capabilities("RouteEntry", "delete")


RoutePage = page_of(RouteEntry, gettext_noop("One page of route entries."))
RouteWithJob = changed(RouteEntry)


class HaVipBinding(Answer):
    """A HaVip to which a resource is bound."""

    havip_id = identifier("havip")
    slot = serializers.IntegerField(min_value=1, max_value=10)
    state = serializers.ChoiceField(choices=BindingState.choices)


class CreateInstance(Body):
    """An instance to create. One of network type `classic` has no vSwitch and no address."""

    network_type = Choice(
        required=False, default="vpc", choices=[str(each) for each in NetworkType.values]
    )
    vswitch_id = identifier_field("vsw", required=False)
    private_ip = address_field()
    name = name_field()
    description = description_field()
    tags = tags_field(required=False)


class Card(Answer):
    """A network interface of an instance."""

    id = identifier("eni")
    interface_type = serializers.ChoiceField(choices=InterfaceType.choices)
    private_ip = address()
    status = serializers.ChoiceField(choices=InterfaceStatus.choices)
    bindings = HaVipBinding(many=True)


class Instance(Tagged):
    """A server."""

    id = identifier("i")
    status = serializers.ChoiceField(choices=InstanceStatus.choices)
    network_type = serializers.ChoiceField(choices=NetworkType.choices)
    zone = serializers.CharField(allow_blank=True)
    vpc_id = nullable_identifier("vpc")
    vswitch_id = nullable_identifier("vsw")
    private_ip = nullable_address()
    interfaces = Card(many=True)
    bindings = HaVipBinding(many=True)
    capabilities = capabilities("Instance", "start", "stop", "delete")


InstancePage = page_of(Instance, gettext_noop("One page of instances."))
InstanceWithJob = changed(Instance)


class CreateInterface(Body):
    """A secondary network interface to create."""

    vswitch_id = identifier_field("vsw")
    private_ip = address_field()
    name = name_field()
    description = description_field()


class AttachInterface(Body):
    """The instance to attach a network interface to."""

    instance_id = identifier_field("i")


class DetachInterface(Body):
    """The instance to detach a network interface from; where it is named, it must be the one."""

    instance_id = identifier_field("i", required=False)


class NetworkInterface(Common):
    """A network card: the primary one of an instance, or a secondary one that is attached or not."""

    id = identifier("eni")
    status = serializers.ChoiceField(choices=InterfaceStatus.choices)
    interface_type = serializers.ChoiceField(choices=InterfaceType.choices)
    vpc_id = identifier("vpc")
    vswitch_id = identifier("vsw")
    instance_id = nullable_identifier("i")
    private_ip = address()
    mac_address = Text(schema={"pattern": "^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$"})
    bindings = HaVipBinding(many=True)
    capabilities = capabilities("NetworkInterface", "attach", "detach", "delete")


InterfacePage = page_of(NetworkInterface, gettext_noop("One page of network interfaces."))
InterfaceWithJob = changed(NetworkInterface)


class AllocateEip(Body):
    """An EIP to allocate from the pool."""

    bandwidth_mbps = Whole(required=False, default=5, schema={"minimum": 1, "maximum": 500})
    name = name_field()
    description = description_field()
    tags = tags_field(required=False)


class Eip(Tagged):
    """A public address."""

    id = identifier("eip")
    status = serializers.ChoiceField(choices=EipStatus.choices)
    ip_address = address()
    bandwidth_mbps = _count()
    havip_id = nullable_identifier("havip")
    capabilities = capabilities("Eip", "modify", "release")


EipPage = page_of(Eip, gettext_noop("One page of EIPs."))

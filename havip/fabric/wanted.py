"""From the records to what a fabric is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from havip.fabric.base import (
    WantedHaVip,
    WantedInstance,
    WantedInterface,
    WantedNetwork,
    WantedNode,
    WantedRoute,
    WantedVSwitch,
)
from havip.models import (
    Binding,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    NetworkInterface,
    NetworkStatus,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.rules.addresses import gateway_address


def wanted_havip(havip: HaVip) -> WantedHaVip:
    """Return what the network shall make of this HaVip: what is being bound counts, what is being unbound does not."""
    (wanted,) = wanted_havips([havip])
    return wanted


def wanted_havips(havips: Sequence[HaVip]) -> list[WantedHaVip]:
    """Return what the network shall make of each HaVip; the number of queries does not grow with theirs."""
    bindings = (
        Binding.objects.filter(havip__in=havips)
        .exclude(state=BindingState.UNBINDING)
        .select_related("instance", "interface__instance")
        .order_by("slot")
    )
    nodes: dict[int, list[Binding]] = {}
    for binding in bindings:
        nodes.setdefault(binding.havip_id, []).append(binding)
    instances = {each.instance_id for bound in nodes.values() for each in bound} - {None}
    cards = NetworkInterface.objects.filter(instance__in=instances, interface_type="Primary")
    primary = {card.instance_id: card for card in cards} if instances else {}
    eips = Eip.objects.filter(
        havip__in=havips, status__in=[EipStatus.ASSOCIATING, EipStatus.IN_USE]
    )
    mapped = {eip.havip_id: str(eip.ip_address) for eip in eips}
    return [
        WantedHaVip(
            resource_id=havip.resource_id,
            team=havip.team.slug,
            region=havip.region,
            vpc_id=havip.vpc.resource_id,
            vswitch_id=havip.vswitch.resource_id,
            vswitch_cidr_block=havip.vswitch.cidr_block,
            ip_address=str(havip.ip_address),
            exists=havip.status != HaVipStatus.DELETING,
            nodes=tuple(_wanted_node(each, primary) for each in nodes.get(havip.pk, ())),
            eip_address=mapped.get(havip.pk, ""),
        )
        for havip in havips
    ]


def _wanted_node(binding: Binding, primary: Mapping[int | None, NetworkInterface]) -> WantedNode:
    if binding.interface is not None:
        interface: NetworkInterface | None = binding.interface
        instance = binding.interface.instance
    else:
        instance = binding.instance
        interface = primary.get(binding.instance_id)
    return WantedNode(
        slot=binding.slot,
        kind=binding.kind,
        resource_id=binding.resource.resource_id,
        instance_id=instance.resource_id if instance else "",
        interface_id=interface.resource_id if interface else "",
        private_ip=str(interface.private_ip) if interface else "",
        mac_address=interface.mac_address if interface else "",
    )


def wanted_network(vpc: Vpc) -> WantedNetwork:
    """Return what the network shall make of this VPC: what is being deleted is left out already."""
    vswitches = VSwitch.objects.filter(vpc=vpc).exclude(status=NetworkStatus.DELETING)
    instances = Instance.objects.filter(vswitch__vpc=vpc).exclude(status=InstanceStatus.DELETING)
    interfaces = (
        NetworkInterface.objects.filter(vswitch__vpc=vpc)
        .exclude(status=InterfaceStatus.DELETING)
        .exclude(instance__status=InstanceStatus.DELETING, interface_type="Primary")
        .select_related("vswitch", "instance")
    )
    routes = RouteEntry.objects.filter(vpc=vpc).exclude(status=NetworkStatus.DELETING)
    return WantedNetwork(
        vpc_id=vpc.resource_id,
        team=vpc.team.slug,
        region=vpc.region,
        cidr_block=vpc.cidr_block,
        exists=vpc.status != NetworkStatus.DELETING,
        vswitches=tuple(
            WantedVSwitch(
                vswitch.resource_id, vswitch.cidr_block, str(gateway_address(vswitch.network))
            )
            for vswitch in vswitches.order_by("pk")
        ),
        instances=tuple(
            WantedInstance(
                instance.resource_id,
                instance.name,
                running=instance.status
                in (InstanceStatus.PENDING, InstanceStatus.STARTING, InstanceStatus.RUNNING),
            )
            for instance in instances.order_by("pk")
        ),
        interfaces=tuple(_wanted_interface(interface) for interface in interfaces.order_by("pk")),
        routes=tuple(
            WantedRoute(
                route.resource_id, route.destination_cidr_block, str(route.havip.ip_address)
            )
            for route in routes.select_related("havip").order_by("pk")
        ),
    )


def _wanted_interface(interface: NetworkInterface) -> WantedInterface:
    """A card that is being detached, or whose instance is being deleted, is wanted unattached."""
    instance = interface.instance
    attached = (
        instance is not None
        and interface.status != InterfaceStatus.DETACHING
        and instance.status != InstanceStatus.DELETING
    )
    return WantedInterface(
        resource_id=interface.resource_id,
        vswitch_id=interface.vswitch.resource_id,
        private_ip=str(interface.private_ip),
        mac_address=interface.mac_address,
        instance_id=instance.resource_id if instance is not None and attached else "",
        primary=interface.is_primary,
    )

"""From the records to what each agent is told. What is wanted of networks and HaVips comes from `havip.fabric.wanted`.

A document is complete: it describes all that its agent shall keep, so that an agent can apply it from any state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from havip.fabric.base import WantedHaVip, WantedInterface, WantedNetwork, WantedNode
from havip.fabric.linux.drill_orders import drill_in, gateway_order, host_order, node_order
from havip.fabric.linux.models import DeviceNumber, TimerChoice, VirtualRouter
from havip.fabric.linux.protocol import (
    PROTOCOL,
    GatewayDocument,
    GatewayHaVip,
    HostDocument,
    HostInstance,
    HostInterface,
    HostVpc,
    NodeDocument,
    NodeHaVip,
    NodeInterface,
    Port,
    Role,
    Route,
    Subnet,
    as_json,
    bridge_name,
    port_name,
    safe_name,
    scope_of,
)
from havip.fabric.wanted import wanted_havips, wanted_network
from havip.keepalived.allocation import (
    allocate_virtual_router_id,
    password_of,
    priority_of_slot,
)
from havip.models import Drill, HaVip, HaVipStatus, Instance, NetworkInterface, Vpc

DEFAULT_PROFILE = "documented"
Body = dict[str, Any]
"""A document as plain JSON values, with version 0: the version is the store's business."""


@dataclass(frozen=True, slots=True)
class VpcPicture:
    """All that is wanted in one VPC, read at one moment."""

    network: WantedNetwork
    havips: tuple[WantedHaVip, ...]
    devices: Mapping[str, str]
    profile: str
    router_ids: Mapping[str, int]
    drill: Drill | None = None


def picture(vpc: Vpc, *, keep: bool = True) -> VpcPicture:
    """Read what is wanted in a VPC. Gives new HaVips their virtual_router_id, and new cards their device.

    Without `keep` these are worked out in the same way and not written: for a page that only looks.
    """
    network = wanted_network(vpc)
    records = list(
        HaVip.objects.filter(vpc=vpc)
        .exclude(status=HaVipStatus.DELETING)
        .select_related("team", "vpc", "vswitch")
        .order_by("pk")
    )
    chosen = TimerChoice.objects.filter(vpc=vpc).values_list("profile", flat=True).first()
    return VpcPicture(
        network=network,
        havips=tuple(wanted_havips(records)),
        devices=_devices(network, keep=keep),
        profile=chosen or DEFAULT_PROFILE,
        router_ids=virtual_router_ids(vpc, records, keep=keep),
        drill=drill_in(vpc),
    )


def virtual_router_ids(vpc: Vpc, havips: Iterable[HaVip], *, keep: bool = True) -> dict[str, int]:
    """Return each HaVip's number, giving one to those that have none. Raises VirtualRouterIdsExhausted."""
    numbers = dict(VirtualRouter.objects.filter(vpc=vpc).values_list("havip_id", "number"))
    for havip in havips:
        if havip.pk not in numbers:
            number = allocate_virtual_router_id(numbers.values())
            if keep:
                VirtualRouter.objects.create(havip=havip, vpc=vpc, number=number)
            numbers[havip.pk] = number
    return {havip.resource_id: numbers[havip.pk] for havip in havips}


def vrrp_secret(vpc_id: str) -> bytes:
    """Return what the passwords of a VPC's HaVips are derived from; it never leaves the console."""
    return salted_hmac("havip.fabric.linux.vrrp", vpc_id, algorithm="sha256").digest()


def _devices(network: WantedNetwork, *, keep: bool) -> dict[str, str]:
    """Name the device of every attached card: eth0 is the primary one, further ones keep the number they have."""
    attached = {card.resource_id: card for card in network.interfaces if card.instance_id}
    secondary = [identifier for identifier, card in attached.items() if not card.primary]
    rows = {
        row.interface.resource_id: row
        for row in DeviceNumber.objects.filter(
            interface__vswitch__vpc__resource_id=network.vpc_id
        ).select_related("interface", "instance")
    }
    for identifier, row in list(rows.items()):
        card = attached.get(identifier)
        if card is None or card.instance_id != row.instance.resource_id:
            if keep:
                row.delete()
            del rows[identifier]
    numbers = {identifier: row.number for identifier, row in rows.items()}
    taken: dict[str, set[int]] = {}
    for row in rows.values():
        taken.setdefault(row.instance.resource_id, set()).add(row.number)
    for identifier in secondary:
        if identifier not in numbers:
            used = taken.setdefault(attached[identifier].instance_id, set())
            number = next(free for free in range(1, 100) if free not in used)
            used.add(number)
            numbers[identifier] = number
            if keep:
                DeviceNumber.objects.create(
                    interface=NetworkInterface.objects.get(resource_id=identifier),
                    instance=Instance.objects.get(resource_id=attached[identifier].instance_id),
                    number=number,
                )
    return {
        identifier: "eth0" if card.primary else f"eth{numbers[identifier]}"
        for identifier, card in attached.items()
    }


def _subnets(network: WantedNetwork) -> tuple[Subnet, ...]:
    return tuple(
        Subnet(
            id=vswitch.resource_id,
            bridge=bridge_name(vswitch.resource_id),
            cidr_block=vswitch.cidr_block,
            gateway=vswitch.gateway,
        )
        for vswitch in network.vswitches
    )


def host_body(region: str, pictures: Iterable[VpcPicture]) -> Body:
    """Return what the machine that is the lab shall hold."""
    document = HostDocument(
        protocol=PROTOCOL,
        scope=scope_of(Role.HOST, region),
        version=0,
        vpcs=tuple(_host_vpc(each) for each in pictures if each.network.exists),
    )
    return _plain(document)


def _host_vpc(seen: VpcPicture) -> HostVpc:
    network = seen.network
    return HostVpc(
        id=network.vpc_id,
        cidr_block=network.cidr_block,
        vswitches=_subnets(network),
        instances=tuple(
            HostInstance(id=each.resource_id, name=safe_name(each.name), running=each.running)
            for each in network.instances
        ),
        interfaces=tuple(
            HostInterface(
                id=card.resource_id,
                vswitch_id=card.vswitch_id,
                instance_id=card.instance_id,
                private_ip=card.private_ip,
                mac_address=card.mac_address,
                primary=card.primary,
                port=port_name(card.resource_id),
                device=seen.devices.get(card.resource_id, ""),
            )
            for card in network.interfaces
        ),
        drill=host_order(seen.drill, seen.havips) if seen.drill else None,
    )


def gateway_body(seen: VpcPicture) -> Body:
    """Return what the router of a VPC shall do; of a VPC that shall not be: nothing."""
    network = seen.network
    attached = {card.resource_id for card in network.interfaces if card.instance_id}
    document = GatewayDocument(
        protocol=PROTOCOL,
        scope=scope_of(Role.GATEWAY, network.vpc_id),
        version=0,
        vpc_id=network.vpc_id,
        cidr_block=network.cidr_block,
        vswitches=_subnets(network),
        ports=tuple(_port(card) for card in network.interfaces if card.resource_id in attached),
        havips=tuple(_gateway_havip(havip, attached) for havip in seen.havips),
        routes=tuple(
            Route(destination=route.destination_cidr_block, next_hop=route.next_hop)
            for route in network.routes
        ),
        drill=gateway_order(seen.drill, seen.havips) if seen.drill else None,
    )
    return _plain(document)


def _port(card: WantedInterface) -> Port:
    return Port(
        port=port_name(card.resource_id),
        interface_id=card.resource_id,
        instance_id=card.instance_id,
        vswitch_id=card.vswitch_id,
        private_ip=card.private_ip,
        mac_address=card.mac_address,
    )


def _gateway_havip(havip: WantedHaVip, attached: set[str]) -> GatewayHaVip:
    holders = {
        port_name(node.interface_id): node.resource_id
        for node in havip.nodes
        if node.interface_id in attached
    }
    return GatewayHaVip(
        id=havip.resource_id,
        address=havip.ip_address,
        vswitch_id=havip.vswitch_id,
        ports=tuple(holders),
        holders=holders,
        eip=havip.eip_address,
    )


def node_body(seen: VpcPicture, instance_id: str) -> Body:
    """Return what an instance's keepalived shall do. An instance that shall not be has nothing to do."""
    network = seen.network
    names = {each.resource_id: each.name for each in network.instances}
    document = NodeDocument(
        protocol=PROTOCOL,
        scope=scope_of(Role.NODE, instance_id),
        version=0,
        instance_id=instance_id,
        name=safe_name(names.get(instance_id, "")),
        profile=seen.profile,
        interfaces=tuple(
            NodeInterface(
                id=card.resource_id,
                device=seen.devices[card.resource_id],
                private_ip=card.private_ip,
            )
            for card in network.interfaces
            if card.instance_id == instance_id
        ),
        havips=tuple(
            part
            for havip in seen.havips
            if (part := _node_havip(seen, havip, instance_id)) is not None
        ),
        drill=node_order(seen.drill, instance_id) if seen.drill else None,
    )
    return _plain(document)


def _members(seen: VpcPicture, havip: WantedHaVip) -> dict[str, WantedNode]:
    """Return the node of each instance that takes part, by its first slot: a second card of one instance is no second node."""
    members: dict[str, WantedNode] = {}
    for node in sorted(havip.nodes, key=lambda each: each.slot):
        if node.instance_id and node.interface_id in seen.devices:
            members.setdefault(node.instance_id, node)
    return members


def _node_havip(seen: VpcPicture, havip: WantedHaVip, instance_id: str) -> NodeHaVip | None:
    members = _members(seen, havip)
    node = members.pop(instance_id, None)
    if node is None:
        return None
    gateways = {each.resource_id: each.gateway for each in seen.network.vswitches}
    peers = tuple(other.private_ip for other in members.values())
    return NodeHaVip(
        id=havip.resource_id,
        address=havip.ip_address,
        prefix_length=32,
        interface_id=node.interface_id,
        device=seen.devices[node.interface_id],
        own_address=node.private_ip,
        # Without a peer keepalived would fall back to multicast: a node that is alone tells the gateway, which does not care.
        peers=peers or (gateways[havip.vswitch_id],),
        virtual_router_id=seen.router_ids[havip.resource_id],
        priority=priority_of_slot(node.slot),
        slot=node.slot,
        auth_secret=password_of(vrrp_secret(seen.network.vpc_id), havip.resource_id),
    )


def nodes_of(seen: VpcPicture) -> set[str]:
    """Return the instances that take part in any HaVip of the VPC."""
    return {node.instance_id for havip in seen.havips for node in havip.nodes if node.instance_id}


def _plain(document: HostDocument | GatewayDocument | NodeDocument) -> Body:
    plain: Body = as_json(document)
    return plain

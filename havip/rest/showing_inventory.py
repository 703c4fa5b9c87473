"""The inventory as plain values: networks, route entries, instances, network interfaces and EIPs."""

from __future__ import annotations

from collections.abc import Iterable

from console.teams.principal import Principal
from havip.keepalived import TimerProfile, priority_of_slot
from havip.models import Binding, Eip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.rest.showing import Shown, capability, common
from havip.selectors import inventory
from havip.selectors.tags import tag_mapping

_STANDBY_PRIORITY = priority_of_slot(2)


def vpcs(records: Iterable[Vpc], principal: Principal) -> list[Shown]:
    """Return VPCs of the selector."""
    return [_vpc(record, principal) for record in records]


def _vpc(vpc: Vpc, principal: Principal) -> Shown:
    can = inventory.vpc_actions(vpc, principal)
    return {
        **common(vpc),
        "tags": tag_mapping(vpc),
        "status": vpc.status,
        "cidr_block": vpc.cidr_block,
        "router_id": vpc.router_id,
        "route_table_id": vpc.route_table_id,
        "vswitch_count": getattr(vpc, "vswitch_count", 0),
        "havip_count": getattr(vpc, "havip_count", 0),
        "route_count": getattr(vpc, "route_count", 0),
        "capabilities": {"extend": capability(can.extend), "delete": capability(can.delete)},
    }


def timers(profile: TimerProfile) -> Shown:
    """Return a timer profile."""
    return {
        "profile": profile.name,
        "advertisement_seconds": profile.interval / 100,
        "fail_over_seconds": round(profile.takeover_seconds(_STANDBY_PRIORITY), 2),
        "vrrp_version": profile.version,
    }


def vswitches(records: Iterable[VSwitch], principal: Principal) -> list[Shown]:
    """Return vSwitches of the selector."""
    return [_vswitch(record, principal) for record in records]


def _vswitch(vswitch: VSwitch, principal: Principal) -> Shown:
    can = inventory.vswitch_actions(vswitch, principal)
    taken = getattr(vswitch, "taken_count", 0)
    return {
        **common(vswitch),
        "tags": tag_mapping(vswitch),
        "status": vswitch.status,
        "vpc_id": vswitch.vpc.resource_id,
        "zone": vswitch.zone,
        "cidr_block": vswitch.cidr_block,
        "available_address_count": vswitch.network.num_addresses - taken,
        "havip_count": getattr(vswitch, "havip_count", 0),
        "instance_count": getattr(vswitch, "instance_count", 0),
        "interface_count": getattr(vswitch, "interface_count", 0),
        "capabilities": {"extend": capability(can.extend), "delete": capability(can.delete)},
    }


def routes(records: Iterable[RouteEntry], principal: Principal) -> list[Shown]:
    """Return route entries of the selector."""
    return [
        {
            **common(route),
            "status": route.status,
            "vpc_id": route.vpc.resource_id,
            "route_table_id": route.vpc.route_table_id,
            "destination_cidr_block": route.destination_cidr_block,
            "havip_id": route.havip.resource_id,
            "capabilities": {
                "delete": capability(inventory.route_actions(route, principal).delete)
            },
        }
        for route in records
    ]


def _ties(bindings: Iterable[Binding]) -> list[Shown]:
    return [
        {"havip_id": tie.havip.resource_id, "slot": tie.slot, "state": tie.state}
        for tie in bindings
    ]


def instances(records: Iterable[Instance], principal: Principal) -> list[Shown]:
    """Return instances of the selector."""
    return [_instance(record, principal) for record in records]


def _instance(instance: Instance, principal: Principal) -> Shown:
    can = inventory.instance_actions(instance, principal)
    vswitch = instance.vswitch
    return {
        **common(instance),
        "tags": tag_mapping(instance),
        "status": instance.status,
        "network_type": instance.network_type,
        "zone": instance.zone,
        "vpc_id": vswitch.vpc.resource_id if vswitch else None,
        "vswitch_id": vswitch.resource_id if vswitch else None,
        "private_ip": instance.private_ip,
        "interfaces": [_card(card) for card in instance.interfaces.all()],
        "bindings": _ties(instance.bindings.all()),
        "capabilities": {
            "start": capability(can.start),
            "stop": capability(can.stop),
            "delete": capability(can.delete),
        },
    }


def _card(card: NetworkInterface) -> Shown:
    return {
        "id": card.resource_id,
        "interface_type": card.interface_type,
        "private_ip": card.private_ip,
        "status": card.status,
        "bindings": _ties(card.bindings.all()),
    }


def interfaces(records: Iterable[NetworkInterface], principal: Principal) -> list[Shown]:
    """Return network interfaces of the selector."""
    return [_interface(record, principal) for record in records]


def _interface(card: NetworkInterface, principal: Principal) -> Shown:
    can = inventory.interface_actions(card, principal)
    return {
        **common(card),
        "status": card.status,
        "interface_type": card.interface_type,
        "vpc_id": card.vswitch.vpc.resource_id,
        "vswitch_id": card.vswitch.resource_id,
        "instance_id": card.instance.resource_id if card.instance else None,
        "private_ip": card.private_ip,
        "mac_address": card.mac_address,
        "bindings": _ties(card.bindings.all()),
        "capabilities": {
            "attach": capability(can.attach),
            "detach": capability(can.detach),
            "delete": capability(can.delete),
        },
    }


def eips(records: Iterable[Eip], principal: Principal) -> list[Shown]:
    """Return EIPs of the selector."""
    return [_eip(record, principal) for record in records]


def _eip(eip: Eip, principal: Principal) -> Shown:
    can = inventory.eip_actions(eip, principal)
    return {
        **common(eip),
        "tags": tag_mapping(eip),
        "status": eip.status,
        "ip_address": eip.ip_address,
        "bandwidth_mbps": eip.bandwidth_mbps,
        "havip_id": eip.havip.resource_id if eip.havip else None,
        "capabilities": {"modify": capability(can.modify), "release": capability(can.release)},
    }

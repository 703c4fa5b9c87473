"""Wanted documents, from the console to an agent. Plain Python without Django; see `protocol`."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from havip.fabric.linux.checking import (
    ProtocolError,
    boolean,
    cidr,
    integer,
    ipv4,
    ipv4_or_empty,
    mac,
    many,
    mapping,
    matching,
    nested,
    once,
    one_of,
    optional,
    read,
    required,
)
from havip.fabric.linux.naming import Role, bridge_name, port_name, role_of, scope_of
from havip.fabric.linux.orders import GatewayDrill, HostDrill, NodeDrill
from havip.fabric.linux.terms import (
    BRIDGE,
    DEVICE,
    HAVIP,
    INSTANCE,
    INSTANCE_OR_NONE,
    INTERFACE,
    NAME,
    PORT,
    RESOURCE,
    SCOPE,
    SECRET,
    THIS_PROTOCOL,
    VERSION,
    VPC,
    VSWITCH,
)

PROFILES = ("documented", "fast")


def _inside(address: str, block: str, path: str) -> None:
    if ipaddress.IPv4Address(address) not in ipaddress.IPv4Network(block):
        raise ProtocolError(path, f"{address} is outside {block}")


def _known(value: str, known: Iterable[str], path: str) -> None:
    if value not in known:
        raise ProtocolError(path, f"{value} is not in the document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A vSwitch: a bridge with the gateway's address."""

    id: str = required(VSWITCH)
    bridge: str = required(BRIDGE)
    cidr_block: str = required(cidr)
    gateway: str = required(ipv4)

    def __post_init__(self) -> None:
        if self.bridge != bridge_name(self.id):
            raise ProtocolError("bridge", f"is not the bridge of {self.id}")
        _inside(self.gateway, self.cidr_block, "gateway")


def _subnets(subnets: tuple[Subnet, ...], vpc_block: str) -> dict[str, Subnet]:
    """Check the vSwitches of a VPC against each other; return them by identifier."""
    once((subnet.id for subnet in subnets), "vswitches", "vSwitch")
    around = ipaddress.IPv4Network(vpc_block)
    blocks = sorted(ipaddress.IPv4Network(subnet.cidr_block) for subnet in subnets)
    for block in blocks:
        if not block.subnet_of(around):
            raise ProtocolError("vswitches", f"{block} is outside {around}")
    for lower, upper in itertools.pairwise(blocks):
        if lower.overlaps(upper):
            raise ProtocolError("vswitches", f"{lower} overlaps {upper}")
    return {subnet.id: subnet for subnet in subnets}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInstance:
    """An instance of the lab."""

    id: str = required(INSTANCE)
    name: str = required(NAME)
    running: bool = required(boolean)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInterface:
    """A cable of the lab: `port` at the router's bridge, `device` inside the instance; `instance_id` may be empty."""

    id: str = required(INTERFACE)
    vswitch_id: str = required(VSWITCH)
    instance_id: str = required(INSTANCE_OR_NONE)
    private_ip: str = required(ipv4)
    mac_address: str = required(mac)
    primary: bool = required(boolean)
    port: str = required(PORT)
    device: str = required(matching(r"eth[0-9]{1,2}", "the name of a device", empty=True))

    def __post_init__(self) -> None:
        if self.port != port_name(self.id):
            raise ProtocolError("port", f"is not the port of {self.id}")
        if bool(self.instance_id) != bool(self.device):
            raise ProtocolError(
                "device", "an attached interface has a device, a loose one has none"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostVpc:
    """A VPC of the lab with everything in it."""

    id: str = required(VPC)
    cidr_block: str = required(cidr)
    vswitches: tuple[Subnet, ...] = required(many(nested(Subnet), 256))
    instances: tuple[HostInstance, ...] = required(many(nested(HostInstance), 2000))
    interfaces: tuple[HostInterface, ...] = required(many(nested(HostInterface), 4000))
    drill: HostDrill | None = optional(nested(HostDrill), None)  # noqa: RUF009 - makes a field

    def __post_init__(self) -> None:
        subnets = _subnets(self.vswitches, self.cidr_block)
        instances = {instance.id for instance in self.instances}
        once((instance.id for instance in self.instances), "instances", "instance")
        once((card.id for card in self.interfaces), "interfaces", "interface")
        once((card.mac_address for card in self.interfaces), "interfaces", "MAC address")
        once((card.private_ip for card in self.interfaces), "interfaces", "address")
        attached = [card for card in self.interfaces if card.instance_id]
        once(((card.instance_id, card.device) for card in attached), "interfaces", "device")
        for index, card in enumerate(self.interfaces):
            path = f"interfaces[{index}]"
            _known(card.vswitch_id, subnets, f"{path}.vswitch_id")
            _inside(card.private_ip, subnets[card.vswitch_id].cidr_block, f"{path}.private_ip")
            if card.instance_id:
                _known(card.instance_id, instances, f"{path}.instance_id")
        if self.drill is not None:
            self.drill.check_place(instances, {card.port for card in attached}, self.cidr_block)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDocument:
    """What the machine that is the lab shall hold."""

    protocol: int = required(THIS_PROTOCOL)
    scope: str = required(SCOPE)
    version: int = required(VERSION)
    vpcs: tuple[HostVpc, ...] = required(many(nested(HostVpc), 64))

    def __post_init__(self) -> None:
        once((vpc.id for vpc in self.vpcs), "vpcs", "VPC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of the router's bridges, with whose it is."""

    port: str = required(PORT)
    interface_id: str = required(INTERFACE)
    instance_id: str = required(INSTANCE_OR_NONE)
    vswitch_id: str = required(VSWITCH)
    private_ip: str = required(ipv4)
    mac_address: str = required(mac)

    def __post_init__(self) -> None:
        if self.port != port_name(self.interface_id):
            raise ProtocolError("port", f"is not the port of {self.interface_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHaVip:
    """A HaVip: `ports` may announce and use it, and no others; `holders` says which bound resource each port stands for."""

    id: str = required(HAVIP)
    address: str = required(ipv4)
    vswitch_id: str = required(VSWITCH)
    ports: tuple[str, ...] = required(many(PORT, 10))
    holders: Mapping[str, str] = required(mapping(PORT, RESOURCE, 10))
    eip: str = required(ipv4_or_empty)

    def __post_init__(self) -> None:
        once(self.ports, "ports", "port")
        if set(self.ports) != set(self.holders):
            raise ProtocolError("holders", "names other ports than `ports`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route entry whose next hop is a HaVip."""

    destination: str = required(cidr)
    next_hop: str = required(ipv4)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDocument:
    """What the router of a VPC shall do."""

    protocol: int = required(THIS_PROTOCOL)
    scope: str = required(SCOPE)
    version: int = required(VERSION)
    vpc_id: str = required(VPC)
    cidr_block: str = required(cidr)
    vswitches: tuple[Subnet, ...] = required(many(nested(Subnet), 256))
    ports: tuple[Port, ...] = required(many(nested(Port), 4000))
    havips: tuple[GatewayHaVip, ...] = required(many(nested(GatewayHaVip), 250))
    routes: tuple[Route, ...] = required(many(nested(Route), 250))
    drill: GatewayDrill | None = optional(nested(GatewayDrill), None)  # noqa: RUF009 - makes a field

    def __post_init__(self) -> None:
        if self.scope != scope_of(Role.GATEWAY, self.vpc_id):
            raise ProtocolError("vpc_id", "is not the one of the scope")
        subnets = _subnets(self.vswitches, self.cidr_block)
        ports = {port.port: port for port in self.ports}
        once((port.port for port in self.ports), "ports", "port")
        once((havip.id for havip in self.havips), "havips", "HaVip")
        addresses = [port.private_ip for port in self.ports]
        addresses += [havip.address for havip in self.havips]
        once([*addresses, *(subnet.gateway for subnet in self.vswitches)], "havips", "address")
        once((havip.eip for havip in self.havips if havip.eip), "havips", "EIP")
        once((route.destination for route in self.routes), "routes", "destination")
        for index, port in enumerate(self.ports):
            self._check_place(port.vswitch_id, port.private_ip, subnets, f"ports[{index}]")
        for index, havip in enumerate(self.havips):
            path = f"havips[{index}]"
            self._check_place(havip.vswitch_id, havip.address, subnets, path)
            self._check_havip(havip, ports, path)
        targets = {havip.address for havip in self.havips}
        for index, route in enumerate(self.routes):
            _known(route.next_hop, targets, f"routes[{index}].next_hop")
        if self.drill is not None:
            self.drill.check_place(
                {each.id: (each.address, frozenset(each.ports)) for each in self.havips}
            )

    def _check_place(
        self, vswitch_id: str, address: str, subnets: Mapping[str, Subnet], path: str
    ) -> None:
        _known(vswitch_id, subnets, f"{path}.vswitch_id")
        _inside(address, subnets[vswitch_id].cidr_block, path)

    def _check_havip(self, havip: GatewayHaVip, ports: Mapping[str, Port], path: str) -> None:
        for name in havip.ports:
            _known(name, ports, f"{path}.ports")
            port, holder = ports[name], havip.holders[name]
            if port.vswitch_id != havip.vswitch_id:
                raise ProtocolError(f"{path}.ports", f"{name} is in another vSwitch")
            if holder not in (port.interface_id, port.instance_id):
                raise ProtocolError(f"{path}.holders", f"{name} does not belong to {holder}")
        if havip.eip and ipaddress.IPv4Address(havip.eip) in ipaddress.IPv4Network(self.cidr_block):
            raise ProtocolError(f"{path}.eip", f"{havip.eip} is inside the VPC")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInterface:
    """A card of the node, with the name that it has in the lab; elsewhere the agent finds it by its address."""

    id: str = required(INTERFACE)
    device: str = required(DEVICE)
    private_ip: str = required(ipv4)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHaVip:
    """One VRRP instance of the node.

    `peers` are the other nodes' own addresses, or the vSwitch's gateway while the node is alone: never empty, since keepalived
    would then use multicast. The heartbeat leaves from `own_address`. `auth_secret` is the password itself, as keepalived
    reads it (`havip.keepalived.password_of`).
    """

    id: str = required(HAVIP)
    address: str = required(ipv4)
    prefix_length: int = required(integer(8, 32))
    interface_id: str = required(INTERFACE)
    device: str = required(DEVICE)
    own_address: str = required(ipv4)
    peers: tuple[str, ...] = required(many(ipv4, 9))
    virtual_router_id: int = required(integer(1, 255))
    priority: int = required(integer(1, 254))
    slot: int = required(integer(1, 10))
    auth_secret: str = required(SECRET)

    def __post_init__(self) -> None:
        once((self.address, self.own_address, *self.peers), "peers", "address")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDocument:
    """What an instance's keepalived shall do; without HaVips: nothing of ours."""

    protocol: int = required(THIS_PROTOCOL)
    scope: str = required(SCOPE)
    version: int = required(VERSION)
    instance_id: str = required(INSTANCE)
    name: str = required(NAME)
    profile: str = required(one_of(*PROFILES))
    interfaces: tuple[NodeInterface, ...] = required(many(nested(NodeInterface), 64))
    havips: tuple[NodeHaVip, ...] = required(many(nested(NodeHaVip), 64))
    drill: NodeDrill | None = optional(nested(NodeDrill), None)  # noqa: RUF009 - makes a field

    def __post_init__(self) -> None:
        if self.scope != scope_of(Role.NODE, self.instance_id):
            raise ProtocolError("instance_id", "is not the one of the scope")
        once((card.id for card in self.interfaces), "interfaces", "interface")
        once((card.device for card in self.interfaces), "interfaces", "device")
        once(((each.id, each.device) for each in self.havips), "havips", "HaVip")
        once(((each.virtual_router_id, each.device) for each in self.havips), "havips", "router id")
        cards = {card.id: card for card in self.interfaces}
        for index, havip in enumerate(self.havips):
            path = f"havips[{index}]"
            _known(havip.interface_id, cards, f"{path}.interface_id")
            card = cards[havip.interface_id]
            if (havip.device, havip.own_address) != (card.device, card.private_ip):
                raise ProtocolError(path, f"differs from the card {card.id}")
        if self.drill is not None:
            self.drill.check_place(havip.id for havip in self.havips)


Document = HostDocument | GatewayDocument | NodeDocument
_DOCUMENTS: Mapping[str, type[Any]] = {
    Role.HOST: HostDocument,
    Role.GATEWAY: GatewayDocument,
    Role.NODE: NodeDocument,
}


def read_document(value: object, *, scope: str) -> Document:
    """Return the wanted document of an agent with this scope. Raises ProtocolError, also for another scope's document."""
    SCOPE(scope, "scope")
    found: Document = read(_DOCUMENTS[role_of(scope)], value)
    if found.scope != scope:
        raise ProtocolError("scope", f"is not {scope}")
    return found

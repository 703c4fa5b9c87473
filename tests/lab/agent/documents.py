"""Wanted documents for the test's network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.lab.agent.network import (
    BLOCK,
    BRIDGE,
    GATEWAY,
    HAVIP,
    VPC_BLOCK,
    VSWITCH,
    Machine,
    Network,
)

VPC = "vpc-test"
GATEWAY_SCOPE = f"gateway:{VPC}"


def gateway(
    network: Network,
    bound: Sequence[Machine],
    *,
    eip: str = "",
    routes: Sequence[tuple[str, str]] = (),
    address: str = HAVIP,
    more: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Return what the router shall do when these machines are bound to the HaVip."""
    return {
        "protocol": 1,
        "scope": GATEWAY_SCOPE,
        "version": 0,
        "vpc_id": VPC,
        "cidr_block": VPC_BLOCK,
        "vswitches": [{"id": VSWITCH, "bridge": BRIDGE, "cidr_block": BLOCK, "gateway": GATEWAY}],
        "ports": [
            {
                "port": machine.port,
                "interface_id": machine.interface_id,
                "instance_id": machine.instance_id,
                "vswitch_id": VSWITCH,
                "private_ip": machine.address,
                "mac_address": machine.mac,
            }
            for machine in network.machines
        ],
        "havips": [havip("havip-test1", address, bound, eip), *more],
        "routes": [{"destination": to, "next_hop": by} for to, by in routes],
    }


def havip(havip_id: str, address: str, bound: Sequence[Machine], eip: str = "") -> dict[str, Any]:
    return {
        "id": havip_id,
        "address": address,
        "vswitch_id": VSWITCH,
        "ports": [machine.port for machine in bound],
        "holders": {machine.port: machine.instance_id for machine in bound},
        "eip": eip,
    }


def node(
    machine: Machine,
    peers: Sequence[Machine],
    *,
    addresses: Sequence[str] = (HAVIP,),
    profile: str = "fast",
) -> dict[str, Any]:
    """Return what a machine's keepalived shall do."""
    return {
        "protocol": 1,
        "scope": f"node:{machine.instance_id}",
        "version": 0,
        "instance_id": machine.instance_id,
        "name": f"ECS{machine.number}",
        "profile": profile,
        "interfaces": [
            {"id": machine.interface_id, "device": "eth0", "private_ip": machine.address}
        ],
        "havips": [
            {
                "id": f"havip-test{index + 1}",
                "address": address,
                "prefix_length": 32 if peers else 24,
                "interface_id": machine.interface_id,
                "device": "eth0",
                "own_address": machine.address,
                "peers": [peer.address for peer in peers],
                "virtual_router_id": 51 + index,
                "priority": 250 if machine.number == 1 else 240,
                "slot": machine.number,
                "auth_secret": "Secret51",
            }
            for index, address in enumerate(addresses)
        ],
    }

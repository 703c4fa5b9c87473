"""Hand-made documents for a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from havip.fabric.linux.protocol import (
    HostDocument,
    bridge_name,
    port_name,
    read_document,
)

SCOPE = "host:dc-lab"


@dataclass
class Card:
    """An interface; `instance` empty: attached to none."""

    id: str
    instance: str
    address: str
    vswitch: str = "vsw-1"
    device: str = "eth0"

    def as_json(self, number: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "vswitch_id": self.vswitch,
            "instance_id": self.instance,
            "private_ip": self.address,
            "mac_address": f"00:16:3e:00:00:{number:02x}",
            "primary": self.device == "eth0",
            "port": port_name(self.id),
            "device": self.device if self.instance else "",
        }


@dataclass
class Network:
    """A VPC with two instances, to be changed by tests."""

    id: str = "vpc-1"
    vswitches: dict[str, str] = field(default_factory=lambda: {"vsw-1": "192.168.0"})
    instances: dict[str, bool] = field(default_factory=lambda: {"i-1": True, "i-2": True})
    cards: list[Card] = field(
        default_factory=lambda: [
            Card("eni-1", "i-1", "192.168.0.209"),
            Card("eni-2", "i-2", "192.168.0.210"),
        ]
    )
    names: dict[str, str] = field(default_factory=lambda: {"i-1": "ECS1", "i-2": "ECS2"})

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "cidr_block": "192.168.0.0/16",
            "vswitches": [
                {
                    "id": vswitch,
                    "bridge": bridge_name(vswitch),
                    "cidr_block": f"{first}.0/24",
                    "gateway": f"{first}.253",
                }
                for vswitch, first in self.vswitches.items()
            ],
            "instances": [
                {"id": each, "name": self.names.get(each, ""), "running": running}
                for each, running in self.instances.items()
            ],
            "interfaces": [
                card.as_json(int(card.id.partition("-")[2], 36) % 250) for card in self.cards
            ],
        }


def document(*networks: Network, version: int = 1) -> HostDocument:
    found = read_document(
        {
            "protocol": 1,
            "scope": SCOPE,
            "version": version,
            "vpcs": [network.as_json() for network in networks],
        },
        scope=SCOPE,
    )
    assert isinstance(found, HostDocument)
    return found

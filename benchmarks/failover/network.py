"""The network that is measured: the lab's own building blocks, the published best practice, and nothing that is not removed again.

Router, instances and the outside are built by the lab's host role; the guard and the translation of the EIP are the gateway
agent's, which works from the document on its disk: the console that it looks for is not there, and need not be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from havip.fabric.linux.agent.client import Client, ConsoleAddress
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.lab.down import bring_down
from havip.fabric.linux.lab.host import HostRole
from havip.fabric.linux.lab.links import Inside
from havip.fabric.linux.lab.services import Services
from havip.fabric.linux.lab.topology import (
    POOL,
    REGION,
    Machine,
    Place,
    machine_of,
    namespace_path,
    router_of,
)
from havip.fabric.linux.lab.units import Unit, Units
from havip.fabric.linux.protocol import (
    PROTOCOL,
    HostVpc,
    Role,
    as_json,
    bridge_name,
    port_name,
    read_document,
    scope_of,
)

PROJECT = Path(__file__).resolve().parents[2]
HAVIP, EIP = "192.168.0.88", "203.0.113.1"
VPC_BLOCK, BLOCK, GATEWAY = "192.168.0.0/16", "192.168.0.0/24", "192.168.0.253"


@dataclass(frozen=True, slots=True)
class Node:
    """One of the two instances."""

    name: str
    address: str
    slot: int
    mac: str
    instance_id: str
    interface_id: str

    @property
    def namespace(self) -> str:
        return machine_of(self.instance_id)

    @property
    def port(self) -> str:
        return port_name(self.interface_id)


class Network:
    """A VPC with two instances and an EIP, in namespaces whose names nothing else uses: they follow from the directory."""

    def __init__(self, data: Path) -> None:
        self.place = Place.of(data)
        mark = hashlib.sha256(str(self.place.data).encode()).hexdigest()[:12]
        self.vpc_id, self._vswitch_id = f"vpc-{mark}", f"vsw-{mark}"
        self.first, self.second = (
            Node(name, address, number, mac, f"i-{mark}{number}", f"eni-{mark}{number}")
            for number, (name, address, mac) in enumerate(
                [
                    ("ECS1", "192.168.0.209", "00:16:3e:00:00:01"),
                    ("ECS2", "192.168.0.210", "00:16:3e:00:00:02"),
                ],
                start=1,
            )
        )
        self._off: set[str] = set()
        scope = scope_of(Role.HOST, REGION)
        state = StateDirectory(self.place.agent_state(scope))
        console = f"unix://{self.place.data}/nobody.sock"
        client = Client(ConsoleAddress.parse(console))
        services = _Services(self.place, console, client, state, self._gateway_document)
        units = Units(self.place, {"PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"})
        self._role = HostRole(self.place, POOL, services, units)

    @property
    def nodes(self) -> tuple[Node, Node]:
        return self.first, self.second

    @property
    def environment(self) -> dict[str, str]:
        """What processes of this lab have in their environment, so that they are found and ended."""
        return {"HAVIP_LAB": str(self.place.data)}

    @property
    def router(self) -> str:
        return namespace_path(router_of(self.vpc_id))

    @property
    def outside(self) -> str:
        return namespace_path(self.place.outside)

    def up(self) -> None:
        """Build it, in place of what an earlier one left after a sudden end."""
        bring_down(self.place)
        self._apply()

    def down(self) -> None:
        """Remove all of it."""
        self._role.close(teardown=False)
        bring_down(self.place)

    def switch(self, node: Node, *, on: bool) -> None:
        """Stop or start an instance, as the console's host agent does it."""
        if on:
            self._off.discard(node.instance_id)
        else:
            self._off.add(node.instance_id)
        self._apply()

    def link(self, node: Node, *, up: bool) -> None:
        """Take the router's end of an instance's cable down, or up again."""
        with Inside(router_of(self.vpc_id)) as router:
            link = router.links()[node.port]
            if up:
                router.ensure_up(link)
            else:
                router.ensure_down(link)

    # --- Documents ---

    def _apply(self) -> None:
        scope = scope_of(Role.HOST, REGION)
        vpc = {
            "id": self.vpc_id,
            "cidr_block": VPC_BLOCK,
            "vswitches": self._vswitches(),
            "instances": [
                {
                    "id": node.instance_id,
                    "name": node.name,
                    "running": node.instance_id not in self._off,
                }
                for node in self.nodes
            ],
            "interfaces": [
                {
                    **self._card(node),
                    "id": node.interface_id,
                    "primary": True,
                    "device": "eth0",
                }
                for node in self.nodes
            ],
        }
        document = {"protocol": PROTOCOL, "scope": scope, "version": 1, "vpcs": [vpc]}
        self._role.apply(read_document(document, scope=scope))

    def _gateway_document(self) -> dict[str, Any]:
        scope = scope_of(Role.GATEWAY, self.vpc_id)
        document = {
            "protocol": PROTOCOL,
            "scope": scope,
            "version": 1,
            "vpc_id": self.vpc_id,
            "cidr_block": VPC_BLOCK,
            "vswitches": self._vswitches(),
            "ports": [
                {**self._card(node), "interface_id": node.interface_id} for node in self.nodes
            ],
            "havips": [
                {
                    "id": "havip-measured",
                    "address": HAVIP,
                    "vswitch_id": self._vswitch_id,
                    "ports": [node.port for node in self.nodes],
                    "holders": {node.port: node.instance_id for node in self.nodes},
                    "eip": EIP,
                }
            ],
            "routes": [],
        }
        found: dict[str, Any] = as_json(read_document(document, scope=scope))
        return found

    def _vswitches(self) -> list[dict[str, str]]:
        bridge = bridge_name(self._vswitch_id)
        return [{"id": self._vswitch_id, "bridge": bridge, "cidr_block": BLOCK, "gateway": GATEWAY}]

    def _card(self, node: Node) -> dict[str, Any]:
        return {
            "port": node.port,
            "instance_id": node.instance_id,
            "vswitch_id": self._vswitch_id,
            "private_ip": node.address,
            "mac_address": node.mac,
        }


class _Services(Services):
    """The lab's services without a console: a gateway agent that knows already what it shall do, nginx, no node agents."""

    def __init__(
        self,
        place: Place,
        console: str,
        client: Client,
        state: StateDirectory,
        document: Callable[[], dict[str, Any]],
    ) -> None:
        super().__init__(place, console, client, state)
        self._state_of = place.agent_state
        self._document = document

    def of_router(self, vpc: HostVpc) -> list[Unit]:
        state = self._state_of(scope_of(Role.GATEWAY, vpc.id))

        def prepare() -> None:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            (state / "wanted.json").write_text(json.dumps(self._document()), encoding="utf-8")

        return [replace(unit, prepare=prepare) for unit in super().of_router(vpc)]

    def of_machine(self, machine: Machine) -> list[Unit]:
        return [unit for unit in super().of_machine(machine) if unit.name.startswith("web:")]

"""What the lab consists of: names, marks, addresses. Nothing here touches the network."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from havip.fabric.linux.protocol import HostDocument, HostInterface, HostVpc, namespace_name

REGION = "dc-lab"
# What links the routers with the outside. The public addresses themselves are routed to the link as they are, so that
# each of them can be handed out; a router answers for those of its own.
TRANSFER = ipaddress.IPv4Network("198.51.100.0/24")
OUTSIDE_ADDRESS = str(TRANSFER.network_address + 1)
OUTSIDE_BRIDGE = "internet"
OUTSIDE_DEVICE = "outside"  # the router's end of its link
POOL = "203.0.113.0/24"
_NAMESPACE_DIRECTORY = Path("/run/netns")
_LONGEST_MARK = 200  # Linux allows an alias 255 bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where the lab of one data directory keeps its things, and the mark that its namespaces carry."""

    data: Path

    @classmethod
    def of(cls, data: str | Path) -> Place:
        """Return the place for a data directory, whatever way its path is written."""
        return cls(Path(os.path.realpath(data)))

    @property
    def directory(self) -> Path:
        """All files of the lab are below."""
        return self.data / "lab"

    @property
    def mark(self) -> str:
        """What stands on `lo` of each namespace of this lab: whose it is."""
        path = str(self.data)
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        printable = path.encode("ascii", "replace").decode()
        return f"havip-lab {digest} {printable}"[:_LONGEST_MARK]

    @property
    def outside(self) -> str:
        """The namespace that is the internet."""
        return namespace_name("o", str(self.data))

    def agent_state(self, scope: str) -> Path:
        """Return the directory of one agent's state."""
        return self.directory / "agents" / scope.replace(":", "-")

    def instance_files(self, instance_id: str) -> Path:
        """Return the directory of one instance's files."""
        return self.directory / "instances" / instance_id

    def logs(self) -> Path:
        """Return the directory of the output of everything that runs in the lab."""
        return self.directory / "logs"


def namespace_path(name: str) -> str:
    """Return the file that stands for a namespace."""
    return str(_NAMESPACE_DIRECTORY / name)


def router_of(vpc_id: str) -> str:
    """Return the namespace of a VPC's router."""
    return namespace_name("r", vpc_id)


def machine_of(instance_id: str) -> str:
    """Return the namespace of an instance."""
    return namespace_name("i", instance_id)


def uplink_port(vpc_id: str) -> str:
    """Return the outside end of a router's link."""
    return "u" + hashlib.sha256(vpc_id.encode()).hexdigest()[:12]


def bridge_mac(vswitch_id: str) -> str:
    """Return the hardware address of a gateway: a bridge without one of its own changes it with its ports."""
    digest = hashlib.sha256(vswitch_id.encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def allot_uplinks(vpc_ids: Iterable[str], present: Mapping[str, str]) -> dict[str, str]:
    """Return each router's address on the outside link: the one it has, else the lowest that is free."""
    wanted = list(vpc_ids)
    allotted: dict[str, str] = {}
    for vpc_id in wanted:
        address = present.get(vpc_id, "")
        if address and address not in allotted.values() and _is_uplink(address):
            allotted[vpc_id] = address
    free = (str(host) for host in TRANSFER.hosts() if str(host) != OUTSIDE_ADDRESS)
    taken = set(allotted.values())
    for vpc_id in wanted:
        if vpc_id not in allotted:
            allotted[vpc_id] = next(address for address in free if address not in taken)
    return allotted


def _is_uplink(address: str) -> bool:
    return address != OUTSIDE_ADDRESS and ipaddress.IPv4Address(address) in TRANSFER


@dataclass(frozen=True, slots=True)
class Cable:
    """One card of one instance: a veth pair between its namespace and the router's bridge."""

    interface_id: str
    port: str
    bridge: str
    device: str
    mac_address: str
    address: str
    prefix_length: int
    gateway: str
    cidr_block: str
    primary: bool
    up: bool = True

    @property
    def number(self) -> int:
        """The number in the device's name."""
        return int(self.device.removeprefix("eth"))


@dataclass(frozen=True, slots=True)
class Machine:
    """One instance with its cards."""

    instance_id: str
    name: str
    running: bool
    cables: tuple[Cable, ...]

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return machine_of(self.instance_id)


def machines_of(
    vpc: HostVpc, *, stopped: Collection[str] = (), down: Collection[str] = ()
) -> list[Machine]:
    """Return the instances of a VPC; a card that is attached to none appears nowhere.

    In a drill some are `stopped`, and cables of which the gateway holds the ports `down` are not switched on.
    """
    cables: dict[str, list[Cable]] = {each.id: [] for each in vpc.instances}
    for card in vpc.interfaces:
        if card.instance_id:
            cables[card.instance_id].append(_cable(vpc, card, up=card.port not in down))
    return [
        Machine(each.id, each.name, each.running and each.id not in stopped, tuple(cables[each.id]))
        for each in vpc.instances
    ]


def _cable(vpc: HostVpc, card: HostInterface, *, up: bool) -> Cable:
    subnet = next(each for each in vpc.vswitches if each.id == card.vswitch_id)
    return Cable(
        interface_id=card.id,
        port=card.port,
        bridge=subnet.bridge,
        device=card.device,
        mac_address=card.mac_address,
        address=card.private_ip,
        prefix_length=ipaddress.IPv4Network(subnet.cidr_block).prefixlen,
        gateway=subnet.gateway,
        cidr_block=subnet.cidr_block,
        primary=card.primary,
        up=up,
    )


def namespaces_of(document: HostDocument) -> set[str]:
    """Return the namespaces that a document asks for, the outside left out."""
    names = {router_of(vpc.id) for vpc in document.vpcs}
    return names | {machine_of(each.id) for vpc in document.vpcs for each in vpc.instances}

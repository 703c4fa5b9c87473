"""The interface that every fabric has, and the wanted states that it is told.

A fabric is told what is wanted, not what to do: telling it twice, or after a crash half-way, ends in the same network. It may take
minutes, may be busy elsewhere (InProgress), may fail for now (FabricBusy) or for good (FabricRefused), and it says what it observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class FabricError(Exception):
    """Something went wrong in the network; `message` is an English sentence marked with gettext_noop."""

    def __init__(self, message: str, **parameters: object) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters


class FabricBusy(FabricError):
    """It did not work now and may later: throttled, unreachable, not consistent yet."""


class FabricRefused(FabricError):
    """It will not work, however often it is tried."""


@dataclass(frozen=True, slots=True)
class WantedNode:
    """One node of a HaVip: who may announce the address, from which port."""

    slot: int
    kind: str
    resource_id: str
    instance_id: str
    interface_id: str
    private_ip: str
    mac_address: str


@dataclass(frozen=True, slots=True)
class WantedHaVip:
    """The wanted state of one HaVip. With `exists` False nothing of it may remain."""

    resource_id: str
    team: str
    region: str
    vpc_id: str
    vswitch_id: str
    vswitch_cidr_block: str
    ip_address: str
    exists: bool
    nodes: tuple[WantedNode, ...] = ()
    eip_address: str = ""


@dataclass(frozen=True, slots=True)
class WantedVSwitch:
    """A subnet with its gateway."""

    resource_id: str
    cidr_block: str
    gateway: str


@dataclass(frozen=True, slots=True)
class WantedInterface:
    """A card: where it stands and whose it is; `instance_id` is empty for one that is not attached."""

    resource_id: str
    vswitch_id: str
    private_ip: str
    mac_address: str
    instance_id: str
    primary: bool


@dataclass(frozen=True, slots=True)
class WantedInstance:
    """A server, running or stopped."""

    resource_id: str
    name: str
    running: bool


@dataclass(frozen=True, slots=True)
class WantedRoute:
    """A route whose next hop is a HaVip's address."""

    resource_id: str
    destination_cidr_block: str
    next_hop: str


@dataclass(frozen=True, slots=True)
class WantedNetwork:
    """The wanted state of one VPC with everything in it. With `exists` False nothing of it may remain."""

    vpc_id: str
    team: str
    region: str
    cidr_block: str
    exists: bool
    vswitches: tuple[WantedVSwitch, ...] = ()
    instances: tuple[WantedInstance, ...] = ()
    interfaces: tuple[WantedInterface, ...] = ()
    routes: tuple[WantedRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a fabric saw. `holder_id` is the bound instance or interface that announces the address; None: it cannot tell."""

    observed_at: datetime
    holder_id: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The network is as wanted."""

    observation: Observation


@dataclass(frozen=True, slots=True)
class InProgress:
    """The network is on its way; ask again after so many seconds. `note` says who is awaited."""

    retry_after_seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class DrillAbilities:
    """What a fabric can do in a fail-over drill: the disturbances (values of `DrillKind`), and whether it probes from outside.

    `silent` names who would be needed beside the nodes and does not answer (names for a sentence).
    """

    kinds: frozenset[str] = frozenset()
    outside: bool = False
    silent: tuple[str, ...] = ()


class Fabric(Protocol):
    """What every fabric can do. Calls come from workers, several at once, for different subjects."""

    name: str
    announces: bool
    """Whether bound addresses are truly announced; pages say so plainly where they are not."""

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        """Make the network match one HaVip. Idempotent. Raises FabricBusy, FabricRefused."""

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        """Make the network match one VPC. Idempotent. Raises FabricBusy, FabricRefused."""

    def observe(self, havip_id: str) -> Observation:
        """Say who holds a HaVip now, without changing anything. Raises FabricBusy."""

    def drill_abilities(self, region: str, vpc_id: str = "") -> DrillAbilities:
        """Say which drills are possible in a region, and in a VPC, if one is named, who does not answer.

        A fabric that can do none says so by an empty answer.
        """

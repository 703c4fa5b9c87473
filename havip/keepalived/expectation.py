"""What a node's file is expected to say, from the records: which HaVips are bound, and who else announces them."""

from __future__ import annotations

from dataclasses import dataclass

from havip.keepalived.configuration import NodeConfiguration
from havip.keepalived.values import checked_address, checked_interface, checked_number


@dataclass(frozen=True, slots=True)
class ExpectedHaVip:
    """One HaVip of the node. `interface` and `virtual_router_id` are compared where they are given."""

    address: str
    own_address: str
    peers: frozenset[str]
    interface: str = ""
    virtual_router_id: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", checked_address("address", self.address))
        own = checked_address("own_address", self.own_address)
        object.__setattr__(self, "own_address", own)
        peers = frozenset(checked_address("peers", peer) for peer in self.peers)
        object.__setattr__(self, "peers", peers)
        if self.interface:
            checked_interface("interface", self.interface)
        if self.virtual_router_id is not None:
            checked_number("virtual_router_id", self.virtual_router_id, 1, 255)


@dataclass(frozen=True, slots=True)
class Expectation:
    """All HaVips of the node, and the identifiers that *other* HaVips of the VPC have.

    `config_id` is the name that the node's keepalived compares `@name` lines with.
    """

    havips: tuple[ExpectedHaVip, ...]
    taken_virtual_router_ids: frozenset[int] = frozenset()
    config_id: str = ""

    @property
    def own_addresses(self) -> frozenset[str]:
        """All addresses that are the node's own."""
        return frozenset(havip.own_address for havip in self.havips)

    @property
    def addresses(self) -> frozenset[str]:
        """The HaVips that are bound to the node."""
        return frozenset(havip.address for havip in self.havips)

    def of(self, addresses: set[str]) -> ExpectedHaVip | None:
        """Return the HaVip that one of the addresses is."""
        return next((havip for havip in self.havips if havip.address in addresses), None)


def expectation_of(
    node: NodeConfiguration, *, taken_virtual_router_ids: frozenset[int] = frozenset()
) -> Expectation:
    """Return what the file of a node is expected to say, whoever wrote it."""
    return Expectation(
        tuple(
            ExpectedHaVip(
                instance.address,
                node.own_address_of(instance),
                frozenset(instance.peers),
                node.interface_of(instance),
                instance.virtual_router_id,
            )
            for instance in node.instances
        ),
        taken_virtual_router_ids,
    )

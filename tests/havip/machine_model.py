"""What the documents say about HaVips, in plain Python: the model that the operations are measured by.

It shares no code with the rules. For every operation it says which numbers an attempt would break; and it keeps what
the records must look like, also when a job succeeds or fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

TRANSIENT = ("Creating", "Associating", "Unassociating", "Deleting")


@dataclass
class Node:
    """An instance."""

    vswitch: str | None
    status: str = "Pending"


@dataclass
class Card:
    """A network interface."""

    vswitch: str
    address: str
    primary: bool = False
    instance: str | None = None
    status: str = "Creating"


@dataclass
class Tie:
    """A binding."""

    slot: int
    kind: str
    resource: str
    state: str = "binding"


@dataclass
class Floating:
    """A HaVip."""

    vswitch: str
    address: str
    status: str = "Creating"
    ties: list[Tie] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return self.status not in TRANSIENT

    def rest(self) -> None:
        self.status = "InUse" if self.ties else "Available"


@dataclass
class Public:
    """An EIP."""

    region: str = "here"
    status: str = "Available"
    havip: str | None = None


@dataclass
class Route:
    """A route entry."""

    destination: str
    havip: str
    status: str = "Pending"


@dataclass
class Work:
    """A queued job: what it locks, and what it writes when it succeeds or fails."""

    locks: set[str]
    succeed: Callable[[], None]
    fail: Callable[[], None]


@dataclass
class Limits:
    """The quotas of the team."""

    team: int
    vpc: int
    node: int
    routes: int
    slots: int = 2


class Model:
    """One team in one VPC. `free` holds for each vSwitch which addresses may be taken and are not."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.free: dict[str, set[int]] = {}
        self.nodes: dict[str, Node] = {}
        self.cards: dict[str, Card] = {}
        self.havips: dict[str, Floating] = {}
        self.eips: dict[str, Public] = {}
        self.routes: dict[str, Route] = {}
        self.work: dict[str, Work] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def locked(self, *identifiers: str | None) -> set[str]:
        """Return {"B8"} when a job is under way on one of them."""
        held = set().union(*(work.locks for work in self.work.values())) if self.work else set()
        return {"B8"} if held & set(identifiers) else set()

    def node_of(self, resource: str) -> str | None:
        return resource if resource in self.nodes else self.cards[resource].instance

    def havips_on(self, node: str | None) -> int:
        return sum(
            any(self.node_of(tie.resource) == node for tie in havip.ties)
            for havip in self.havips.values()
        )

    def take(self, vswitch: str, last: int | None) -> int:
        number = min(self.free[vswitch]) if last is None else last
        self.free[vswitch].remove(number)
        return number

    def release(self, vswitch: str, address: str) -> None:
        self.free[vswitch].add(int(address.rpartition(".")[2]))

    # What would be broken.

    def breaks_address(self, vswitch: str, last: int | None, size: int) -> set[str]:
        if last is None:
            return set() if self.free[vswitch] else {"C8"}
        if last >= size:
            return {"C5"}
        if last in (0, size - 3, size - 2, size - 1):
            return {"C6"}
        return set() if last in self.free[vswitch] else {"C7"}

    def breaks_create(self, vswitch: str, last: int | None, size: int) -> set[str]:
        broken = self.breaks_address(vswitch, last, size)
        if len(self.havips) >= self.limits.team:
            broken |= {"C9"}
        if len(self.havips) >= self.limits.vpc:
            broken |= {"C10"}
        return broken

    def breaks_delete(self, havip: str) -> set[str]:
        record = self.havips[havip]
        broken = set() if record.settled else {"D5"}
        if any(eip.havip == havip for eip in self.eips.values()):
            broken |= {"D1"}
        broken |= {"D2" if tie.kind == "EcsInstance" else "D3" for tie in record.ties}
        if any(route.havip == havip for route in self.routes.values()):
            broken |= {"D4"}
        return broken

    def breaks_bind(self, havip: str, resource: str) -> set[str]:
        record, node = self.havips[havip], self.node_of(resource)
        kind = "EcsInstance" if resource in self.nodes else "NetworkInterface"
        broken = set() if record.settled else {"B8"}
        if any(tie.resource == resource for tie in record.ties):
            broken |= {"B5"}
        if any(tie.kind != kind for tie in record.ties):
            broken |= {"B4"}
        if len(record.ties) >= self.limits.slots:
            broken |= {"B3"}
        own = self.nodes[resource] if kind == "EcsInstance" else self.cards[resource]
        if own.vswitch is None:
            broken |= {"B1"}
        if own.vswitch != record.vswitch:
            broken |= {"B2"}
        if kind == "NetworkInterface" and (node is None or own.status != "InUse"):
            broken |= {"B7"}
        if node is not None:
            if self.nodes[node].status not in ("Running", "Stopped"):
                broken |= {"B9"}
            if self.havips_on(node) >= self.limits.node:
                broken |= {"B6"}
        return broken

    def breaks_unbind(self, havip: str, resource: str) -> set[str]:
        record = self.havips[havip]
        broken = set() if record.settled else {"U2"}
        if all(tie.resource != resource for tie in record.ties):
            broken |= {"U1"}
        return broken

    def breaks_bind_eip(self, havip: str, eip: str) -> set[str]:
        broken = set() if self.havips[havip].settled else {"E4"}
        if self.eips[eip].region != "here":
            broken |= {"E1"}
        if self.eips[eip].status != "Available":
            broken |= {"E2"}
        if any(other.havip == havip for other in self.eips.values()):
            broken |= {"E3"}
        return broken

    def breaks_unbind_eip(self, havip: str, eip: str) -> set[str]:
        broken = set() if self.havips[havip].settled else {"U2"}
        return broken if self.eips[eip].havip == havip else broken | {"U1"}

    def breaks_delete_node(self, node: str) -> set[str]:
        broken = set() if self.nodes[node].status in ("Running", "Stopped") else {"I1"}
        cards = {key for key, card in self.cards.items() if card.instance == node}
        if any(self.cards[card].status != "InUse" for card in cards):
            broken |= {"W2"}
        going = self.ties_that_go(node)
        if any(not self.havips[havip].settled for havip, _ in going):
            broken |= {"I2"}
        return broken | self.locked(node, *cards, *(havip for havip, _ in going))

    def ties_that_go(self, resource: str) -> list[tuple[str, Tie]]:
        """Return the bindings that a deletion takes along, with their HaVips: F1 and F3."""
        gone = {resource} | {
            key for key, card in self.cards.items() if card.primary and card.instance == resource
        }
        return [
            (key, tie)
            for key, havip in self.havips.items()
            for tie in havip.ties
            if tie.resource in gone
        ]

    def breaks_attach(self, card: str, node: str) -> set[str]:
        record = self.cards[card]
        broken = {"W1"} if record.primary else set()
        if record.status != "Available":
            broken |= {"W2"}
        if self.nodes[node].vswitch is None:
            broken |= {"W3"}
        if self.nodes[node].status not in ("Running", "Stopped"):
            broken |= {"I1"}
        return broken | self.locked(card, node)

    def breaks_detach(self, card: str) -> set[str]:
        record = self.cards[card]
        broken = {"W1"} if record.primary else set()
        if record.status != "InUse":
            broken |= {"W2"}
        return broken | self.locked(card, record.instance)

    def breaks_delete_card(self, card: str) -> set[str]:
        record = self.cards[card]
        broken = {"W1"} if record.primary else set()
        if record.status not in ("Available", "InUse"):
            broken |= {"W2"}
        going = self.ties_that_go(card)
        if any(not self.havips[havip].settled for havip, _ in going):
            broken |= {"I2"}
        return broken | self.locked(card, record.instance, *(havip for havip, _ in going))

    def breaks_route(self, destination: str, havip: str, blocks: Iterable[str]) -> set[str]:
        taken = {route.destination for route in self.routes.values()} | set(blocks)
        broken = {"R1"} if destination in taken else set()
        if not self.havips[havip].settled:
            broken |= {"R3"}
        if len(self.routes) >= self.limits.routes:
            broken |= {"R4"}
        return broken

    # What is written.

    def queue(
        self,
        job: str,
        locks: Iterable[str | None],
        succeed: Callable[[], None],
        fail: Callable[[], None],
    ) -> None:
        self.work[job] = Work({lock for lock in locks if lock}, succeed, fail)

    def unbind_along(self, resource: str) -> tuple[Callable[[], None], Callable[[], None]]:
        """Begin to unbind what a deletion takes along; return how that ends well and how it ends badly."""
        going = self.ties_that_go(resource)
        for havip, tie in going:
            self.havips[havip].status = "Unassociating"
            tie.state = "unbinding"

        def succeed() -> None:
            for havip, tie in going:
                self.havips[havip].ties.remove(tie)
                self.havips[havip].rest()

        def fail() -> None:
            for havip, tie in going:
                tie.state = "bound"
                self.havips[havip].rest()

        return succeed, fail

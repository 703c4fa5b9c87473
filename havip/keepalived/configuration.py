"""What a node's keepalived shall do, as plain facts. Nothing here comes from a database; what is wrong is refused at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from havip.keepalived.allocation import ensure_distinct
from havip.keepalived.profiles import DOCUMENTED, TimerProfile
from havip.keepalived.texts import gettext_lazy as _
from havip.keepalived.values import (
    InvalidValue,
    checked_address,
    checked_interface,
    checked_name,
    checked_number,
    checked_path,
    checked_secret,
    checked_user,
)


class BindingKind(StrEnum):
    """What is bound to the HaVip: a whole instance (its primary interface), or one interface."""

    INSTANCE = "instance"
    INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class VrrpInstance:
    """One HaVip on one node.

    `peers` are the private addresses of all other nodes that are bound to the HaVip. `interface` and `own_address` are those
    of the bound interface; left empty, they are the node's own (an instance is bound through its primary interface).
    `prefix_length` 32 is keepalived's own reading of an address without a mask. `tracked_interfaces` are further ones whose
    loss makes the node give the HaVip up: keepalived watches the announcing interface by itself, and 2.x complains when it
    is named again.
    """

    havip_id: str
    address: str
    virtual_router_id: int
    priority: int
    peers: tuple[str, ...]
    profile: TimerProfile = DOCUMENTED
    kind: BindingKind = BindingKind.INSTANCE
    interface: str = ""
    own_address: str = ""
    prefix_length: int = 32
    tracked_interfaces: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_name("havip_id", self.havip_id)
        object.__setattr__(self, "address", checked_address("address", self.address))
        checked_number("virtual_router_id", self.virtual_router_id, 1, 255)
        checked_number("priority", self.priority, 1, 254)
        checked_number("prefix_length", self.prefix_length, 8, 32)
        if not isinstance(self.profile, TimerProfile):
            raise InvalidValue("profile", self.profile, _("Choose one of the timer profiles."))
        object.__setattr__(self, "kind", BindingKind(self.kind))
        if self.interface:
            checked_interface("interface", self.interface)
        if self.own_address:
            own = checked_address("own_address", self.own_address)
            object.__setattr__(self, "own_address", own)
        peers = tuple(checked_address("peers", peer) for peer in self.peers)
        object.__setattr__(self, "peers", peers)
        self._check_peers()
        for name in self.tracked_interfaces:
            checked_interface("tracked_interfaces", name)
        ensure_distinct("tracked_interfaces", self.tracked_interfaces)

    def _check_peers(self) -> None:
        if not self.peers:
            raise InvalidValue(
                "peers",
                (),
                _("There is no other node: without a peer keepalived falls back to multicast."),
            )
        ensure_distinct("peers", self.peers)
        if self.address in self.peers:
            raise InvalidValue("peers", self.address, _("The HaVip is not a node's own address."))


@dataclass(frozen=True, slots=True)
class NodeConfiguration:
    """All HaVips of one node. `secret` is what passwords are derived from, the same for all nodes of a VPC."""

    name: str
    private_address: str
    instances: tuple[VrrpInstance, ...]
    secret: bytes = field(repr=False)
    interface: str = "eth0"
    notify_script: str | None = None
    notify_fifo: str | None = None
    script_user: str = "root"

    def __post_init__(self) -> None:
        checked_name("name", self.name)
        own = checked_address("private_address", self.private_address)
        object.__setattr__(self, "private_address", own)
        checked_interface("interface", self.interface)
        checked_secret("secret", self.secret)
        if self.notify_script is not None:
            checked_path("notify_script", self.notify_script)
        if self.notify_fifo is not None:
            checked_path("notify_fifo", self.notify_fifo)
        checked_user("script_user", self.script_user)
        self._check_instances()

    def _check_instances(self) -> None:
        if not self.instances:
            raise InvalidValue("instances", (), _("The node is bound to no HaVip."))
        ensure_distinct("havip_id", [instance.havip_id for instance in self.instances])
        ensure_distinct("address", [instance.address for instance in self.instances])
        ensure_distinct("virtual_router_id", [each.virtual_router_id for each in self.instances])
        havips = {instance.address for instance in self.instances}
        own = {self.private_address, *(self.own_address_of(each) for each in self.instances)}
        if havips & own:
            raise InvalidValue(
                "own_address", min(havips & own), _("The HaVip is not a node's own address.")
            )
        for instance in self.instances:
            if own & set(instance.peers):
                raise InvalidValue(
                    "peers", min(own & set(instance.peers)), _("The node is not its own peer.")
                )
            if self.interface_of(instance) in instance.tracked_interfaces:
                raise InvalidValue(
                    "tracked_interfaces",
                    self.interface_of(instance),
                    _("keepalived watches the announcing interface by itself."),
                )

    def interface_of(self, instance: VrrpInstance) -> str:
        """Return the interface that announces a HaVip."""
        return instance.interface or self.interface

    def own_address_of(self, instance: VrrpInstance) -> str:
        """Return the private address that advertisements of a HaVip come from: never the HaVip."""
        return instance.own_address or self.private_address

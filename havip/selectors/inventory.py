"""Reading the inventory for lists and pages: rows with constant query counts, and what may be done with each and why not.

The `…_actions` functions ask the database nothing: they put what the querysets here have fetched to the rules that the
operations follow.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import Count, F, IntegerField, Model, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import (
    Binding,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkStatus,
    PrivateAddress,
    QuotaName,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from havip.rules import addresses
from havip.rules import inventory as rules
from havip.rules.catalogue import first_refusal
from havip.selectors.quotas import quota

_OFFERED = 500
_SETTLED_INSTANCE = (InstanceStatus.RUNNING, InstanceStatus.STOPPED)
_SETTLED_INTERFACE = (InterfaceStatus.AVAILABLE, InterfaceStatus.IN_USE)
_SETTLED_EIP = (EipStatus.AVAILABLE, EipStatus.IN_USE)


def _count(rows: QuerySet[Model], column: str) -> Coalesce:
    """Count the rows whose `column` is the outer row: a subquery, so that several counts do not multiply each other."""
    counted = (
        rows.filter(**{column: OuterRef("pk")})
        .order_by()
        .values(column)
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _secondary() -> QuerySet[NetworkInterface]:
    return NetworkInterface.objects.filter(interface_type=InterfaceType.SECONDARY)


def _bindings() -> QuerySet[Binding]:
    return Binding.objects.select_related("havip").order_by("havip_id", "slot")


def vpcs(team: Team, region: str) -> QuerySet[Vpc]:
    """Return the VPCs with the counts of what is in each."""
    return (
        Vpc.objects.for_team(team)
        .in_region(region)
        .annotate(
            vswitch_count=_count(VSwitch.objects.all(), "vpc"),
            havip_count=_count(HaVip.objects.all(), "vpc"),
            route_count=_count(RouteEntry.objects.all(), "vpc"),
        )
    )


def vswitches(team: Team, region: str) -> QuerySet[VSwitch]:
    """Return the vSwitches with their VPC and the counts of what is in each."""
    return (
        VSwitch.objects.for_team(team)
        .in_region(region)
        .select_related("vpc")
        .annotate(
            taken_count=_count(PrivateAddress.objects.all(), "vswitch"),
            havip_count=_count(HaVip.objects.all(), "vswitch"),
            instance_count=_count(Instance.objects.all(), "vswitch"),
            interface_count=_count(_secondary(), "vswitch"),
        )
    )


def routes(team: Team, region: str) -> QuerySet[RouteEntry]:
    """Return the route entries with VPC and next hop."""
    return RouteEntry.objects.for_team(team).in_region(region).select_related("vpc", "havip")


def instances(team: Team, region: str) -> QuerySet[Instance]:
    """Return the instances with network, cards, and the HaVips bound to either."""
    cards = NetworkInterface.objects.order_by("pk").prefetch_related(
        Prefetch("bindings", queryset=_bindings())
    )
    return (
        Instance.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc")
        .prefetch_related(
            Prefetch("bindings", queryset=_bindings()), Prefetch("interfaces", queryset=cards)
        )
    )


def interfaces(team: Team, region: str) -> QuerySet[NetworkInterface]:
    """Return the network interfaces with network, instance and bound HaVips; `address_number` sorts by address."""
    return (
        NetworkInterface.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc", "instance")
        .prefetch_related(Prefetch("bindings", queryset=_bindings()))
        .annotate(address_number=Coalesce(F("address_row__address"), 0))
    )


def eips(team: Team, region: str) -> QuerySet[Eip]:
    """Return the EIPs with the HaVip that each is bound to."""
    return Eip.objects.for_team(team).in_region(region).select_related("havip")


@dataclass(frozen=True, slots=True)
class NetworkActions:
    """What may be done with a VPC, vSwitch or route entry: None, or why it is refused now."""

    extend: Refusal | None
    delete: Refusal | None


@dataclass(frozen=True, slots=True)
class InstanceActions:
    """What may be done with an instance: None, or why it is refused now."""

    start: Refusal | None
    stop: Refusal | None
    delete: Refusal | None


@dataclass(frozen=True, slots=True)
class InterfaceActions:
    """What may be done with a network interface: None, or why it is refused now."""

    attach: Refusal | None
    detach: Refusal | None
    delete: Refusal | None


@dataclass(frozen=True, slots=True)
class EipActions:
    """What may be done with an EIP: None, or why it is refused now."""

    modify: Refusal | None
    release: Refusal | None


def operate_refusal(principal: Principal) -> Refusal | None:
    """Return why this caller may change nothing here, or None."""
    return None if principal.may(Permission.OPERATE) else PERMISSION.refuse()


def _refusal(principal: Principal, *checks: Callable[[], None]) -> Refusal | None:
    """Return the first reason why the caller is refused: the role, then the rules in their order."""
    no = operate_refusal(principal)
    if no is not None:
        return no
    found = (first_refusal(check) for check in checks)
    return next((refusal for refusal in found if refusal is not None), None)


def vpc_actions(vpc: Vpc, principal: Principal) -> NetworkActions:
    """Return what may be done with a VPC of `vpcs`."""
    contents = {
        _("vSwitch"): int(getattr(vpc, "vswitch_count", 0)),
        _("HaVip"): int(getattr(vpc, "havip_count", 0)),
        _("route entry"): int(getattr(vpc, "route_count", 0)),
    }
    return _network_actions(vpc, principal, lambda: rules.f5_empty(vpc, contents))


def vswitch_actions(vswitch: VSwitch, principal: Principal) -> NetworkActions:
    """Return what may be done with a vSwitch of `vswitches`."""
    contents = {
        _("HaVip"): int(getattr(vswitch, "havip_count", 0)),
        _("instance"): int(getattr(vswitch, "instance_count", 0)),
        _("network interface"): int(getattr(vswitch, "interface_count", 0)),
    }
    return _network_actions(vswitch, principal, lambda: rules.f5_empty(vswitch, contents))


def route_actions(route: RouteEntry, principal: Principal) -> NetworkActions:
    """Return what may be done with a route entry."""
    return _network_actions(route, principal)


def _network_actions(
    record: Vpc | VSwitch | RouteEntry, principal: Principal, *for_deletion: Callable[[], None]
) -> NetworkActions:
    def settled() -> None:
        rules.n5_settled(record)

    return NetworkActions(
        extend=_refusal(principal, settled),
        delete=_refusal(principal, settled, *for_deletion),
    )


def instance_actions(instance: Instance, principal: Principal) -> InstanceActions:
    """Return what may be done with an instance of `instances`."""

    def cards_settled() -> None:
        for card in instance.interfaces.all():
            rules.w2_interface_is(card, InterfaceStatus.IN_USE)

    lost = [binding.havip for binding in bindings_lost_with_instance(instance)]
    return InstanceActions(
        start=_refusal(principal, lambda: rules.i1_instance_is(instance, InstanceStatus.STOPPED)),
        stop=_refusal(principal, lambda: rules.i1_instance_is(instance, InstanceStatus.RUNNING)),
        delete=_refusal(
            principal,
            lambda: rules.i1_instance_is(instance, *_SETTLED_INSTANCE),
            cards_settled,
            lambda: rules.i2_havips_settled(lost),
        ),
    )


def interface_actions(interface: NetworkInterface, principal: Principal) -> InterfaceActions:
    """Return what may be done with a network interface of `interfaces`."""

    def secondary() -> None:
        rules.w1_secondary(interface)

    havips = [binding.havip for binding in interface.bindings.all()]
    return InterfaceActions(
        attach=_refusal(
            principal,
            secondary,
            lambda: rules.w2_interface_is(interface, InterfaceStatus.AVAILABLE),
        ),
        detach=_refusal(
            principal,
            secondary,
            lambda: rules.w2_interface_is(interface, InterfaceStatus.IN_USE),
        ),
        delete=_refusal(
            principal,
            secondary,
            lambda: rules.w2_interface_is(interface, *_SETTLED_INTERFACE),
            lambda: rules.i2_havips_settled(havips),
        ),
    )


def eip_actions(eip: Eip, principal: Principal) -> EipActions:
    """Return what may be done with an EIP."""
    return EipActions(
        modify=_refusal(principal),
        release=_refusal(principal, lambda: rules.f4_eip_released_unbound(eip)),
    )


def bindings_of_instance(instance: Instance) -> list[Binding]:
    """Return the bindings in which an instance takes part: its own, and those of its cards."""
    return [
        *instance.bindings.all(),
        *chain.from_iterable(card.bindings.all() for card in instance.interfaces.all()),
    ]


def bindings_of(record: Resource) -> list[Binding]:
    """Return the bindings to HaVips that a row of this kind shows."""
    if isinstance(record, Instance):
        return bindings_of_instance(record)
    if isinstance(record, NetworkInterface):
        return list(record.bindings.all())
    return []


def bindings_lost_with_instance(instance: Instance) -> list[Binding]:
    """Return the bindings that go when the instance is deleted: its own, and its primary card's (2-domain F1)."""
    return [
        *instance.bindings.all(),
        *chain.from_iterable(
            card.bindings.all() for card in instance.interfaces.all() if card.is_primary
        ),
    ]


def havips_per_instance(instance: Instance) -> int:
    """Return how many HaVips the team may bind to one instance (2-domain B6)."""
    return quota(instance.team, QuotaName.HAVIPS_PER_INSTANCE)


def is_in_transition(record: Resource) -> bool:
    """Return whether a job is moving the resource or a binding of it, so that a page should look again soon."""
    if isinstance(record, Instance):
        cards = record.interfaces.all()
        return (
            record.status not in _SETTLED_INSTANCE
            or any(card.status not in _SETTLED_INTERFACE for card in cards)
            or _moving(bindings_of_instance(record))
        )
    if isinstance(record, NetworkInterface):
        return record.status not in _SETTLED_INTERFACE or _moving(record.bindings.all())
    if isinstance(record, Eip):
        return record.status not in _SETTLED_EIP
    return getattr(record, "status", "") != NetworkStatus.AVAILABLE


def _moving(bindings: Iterable[Binding]) -> bool:
    return any(binding.state != BindingState.BOUND for binding in bindings)


@dataclass(frozen=True, slots=True)
class Contents:
    """What of one kind stands in a VPC or vSwitch: how many, and the names of the first few."""

    kind: str
    count: int
    names: Sequence[str]

    @property
    def further(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


_NAMED = 5


def contents_of(network: Vpc | VSwitch) -> list[Contents]:
    """Return what stands in the way of deleting a VPC or vSwitch (2-domain F5), without what is not there."""
    querysets: list[QuerySet[Resource]]
    if isinstance(network, Vpc):
        querysets = [
            VSwitch.objects.filter(vpc=network),
            HaVip.objects.filter(vpc=network),
            RouteEntry.objects.filter(vpc=network),
        ]
    else:
        querysets = [
            HaVip.objects.filter(vswitch=network),
            Instance.objects.filter(vswitch=network),
            _secondary().filter(vswitch=network),
        ]
    found = []
    for queryset in querysets:
        first = list(queryset.order_by("pk")[: _NAMED + 1])
        if first:
            count = len(first) if len(first) <= _NAMED else queryset.count()
            names = [_name(record) for record in first[:_NAMED]]
            found.append(Contents(queryset.model.KIND, count, names))
    return found


def _name(record: Resource) -> str:
    if isinstance(record, RouteEntry):
        return record.name or record.destination_cidr_block
    return record.label


def vpc_choices(team: Team, region: str) -> list[Vpc]:
    """Return the VPCs that a select offers, by name."""
    return list(Vpc.objects.for_team(team).in_region(region).order_by("name", "pk")[:_OFFERED])


def vswitch_choices(team: Team, region: str, *, available: bool = False) -> list[VSwitch]:
    """Return the vSwitches that a select offers, by VPC and name; with `available` only those that can be used."""
    found = VSwitch.objects.for_team(team).in_region(region).select_related("vpc")
    if available:
        found = found.filter(status=NetworkStatus.AVAILABLE)
    return list(found.order_by("vpc__name", "vpc_id", "name", "pk")[:_OFFERED])


@dataclass(frozen=True, slots=True)
class HopChoice:
    """A HaVip as the next hop of a route entry, and why it cannot be chosen now (None: it can)."""

    havip: HaVip
    refusal: Refusal | None


def next_hop_choices(team: Team, region: str, vpc_id: str) -> list[HopChoice]:
    """Return the HaVips of the region (of this VPC, where one is chosen), each with its refusal."""
    found = HaVip.objects.for_team(team).in_region(region).select_related("vpc")
    if vpc_id:
        found = found.filter(vpc__resource_id=vpc_id)
    return [
        HopChoice(havip, first_refusal(lambda havip=havip: rules.r3_havip_settled(havip)))  # type: ignore[misc]
        for havip in found.order_by("vpc__name", "vpc_id", "name", "pk")[:_OFFERED]
    ]


@dataclass(frozen=True, slots=True)
class InstanceChoice:
    """An instance that an interface could be attached to, and why it cannot be chosen now (None: it can)."""

    instance: Instance
    refusal: Refusal | None


def attach_choices(interface: NetworkInterface) -> list[InstanceChoice]:
    """Return the instances of the interface's VPC, those that can be chosen first."""
    found = (
        Instance.objects.for_team(interface.team)
        .filter(vswitch__vpc=interface.vswitch.vpc_id)
        .select_related("vswitch")
        .order_by("name", "pk")[:_OFFERED]
    )

    def refusal(instance: Instance) -> Refusal | None:
        def check() -> None:
            rules.w3_same_vpc(interface, instance)
            rules.i1_instance_is(instance, *_SETTLED_INSTANCE)

        return first_refusal(check)

    choices = [InstanceChoice(instance, refusal(instance)) for instance in found]
    choices.sort(key=lambda choice: choice.refusal is not None)
    return choices


def block_is_free(vpc: Vpc, text: str) -> bool:
    """Return whether a vSwitch with this block could be created in the VPC now."""

    def check() -> None:
        network = addresses.n1_parse_block(text)
        addresses.n3_vswitch_block(network, vpc)
        destinations = vpc.route_entries.values_list("destination_cidr_block", flat=True)
        addresses.n4_vswitch_alone(network, list(vpc.vswitches.all()), list(destinations))

    return first_refusal(check) is None


def suggest_block(vpc: Vpc, *, prefix: int = 24) -> str:
    """Return the lowest block of this size that no vSwitch of the VPC overlaps; empty when there is none."""
    network = vpc.network
    prefix = max(prefix, network.prefixlen, addresses.VSWITCH_PREFIXES.start)
    if prefix not in addresses.VSWITCH_PREFIXES:
        return ""
    size = 2 ** (32 - prefix)
    start = int(network.network_address)
    taken = (
        ipaddress.IPv4Network(block) for block in vpc.vswitches.values_list("cidr_block", flat=True)
    )
    for block in sorted(taken):
        if start + size <= int(block.network_address):
            break
        if int(block.broadcast_address) >= start:
            start = -(-(int(block.broadcast_address) + 1) // size) * size
    if start + size - 1 > int(network.broadcast_address):
        return ""
    return f"{ipaddress.IPv4Address(start)}/{prefix}"

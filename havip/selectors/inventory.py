"""Reading the inventory for lists and pages: rows with constant query counts, and what may be done with each and why not.

The `…_actions` functions ask the database nothing: they put what the querysets here have fetched to the rules that the
operations follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from django.db.models import Count, F, IntegerField, Model, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

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
from havip.rules import inventory as rules
from havip.rules.catalogue import first_refusal
from havip.selectors.quotas import quota

SETTLED_INSTANCE = (InstanceStatus.RUNNING, InstanceStatus.STOPPED)
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


def secondary_interfaces() -> QuerySet[NetworkInterface]:
    """Return the interfaces that are no instance's own."""
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
            interface_count=_count(secondary_interfaces(), "vswitch"),
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
        "vswitch": int(getattr(vpc, "vswitch_count", 0)),
        "havip": int(getattr(vpc, "havip_count", 0)),
        "route": int(getattr(vpc, "route_count", 0)),
    }
    return _network_actions(vpc, principal, lambda: rules.f5_empty(vpc, contents))


def vswitch_actions(vswitch: VSwitch, principal: Principal) -> NetworkActions:
    """Return what may be done with a vSwitch of `vswitches`."""
    contents = {
        "havip": int(getattr(vswitch, "havip_count", 0)),
        "instance": int(getattr(vswitch, "instance_count", 0)),
        "interface": int(getattr(vswitch, "interface_count", 0)),
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
            lambda: rules.i1_instance_is(instance, *SETTLED_INSTANCE),
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
            record.status not in SETTLED_INSTANCE
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

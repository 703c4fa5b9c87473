"""Reading HaVips: lists with constant query counts, and what may be done with each and why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import (
    Binding,
    BindingKind,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    Instance,
    NetworkInterface,
    RouteEntry,
)
from havip.rules import binding as binding_rules
from havip.rules.binding import BindingLimits, Candidate
from havip.rules.catalogue import first_refusal
from havip.rules.deleting import deletion_refusals
from havip.selectors.quotas import binding_limits


def havips(team: Team, region: str) -> QuerySet[HaVip]:
    """Return the HaVips of a team in a region with everything that a row or a page of theirs shows."""
    bindings = Binding.objects.select_related("instance", "interface__instance").order_by("slot")
    return (
        HaVip.objects.for_team(team)
        .in_region(region)
        .select_related("vpc", "vswitch", "eip")
        .prefetch_related(Prefetch("bindings", queryset=bindings))
        .annotate(route_count=Coalesce(Subquery(_route_counts()), 0))
    )


def _route_counts() -> QuerySet[RouteEntry, Any]:
    """Count the route entries of each row by itself: a page of rows then costs what it shows, not what the team has."""
    return (
        RouteEntry.objects.filter(havip=OuterRef("pk"))
        .order_by()
        .values("havip")
        .annotate(number=Count("pk"))
        .values("number")
    )


def eip_of(havip: HaVip) -> Eip | None:
    """Return the EIP that is bound (or being bound or unbound), or None."""
    eip: Eip | None = getattr(havip, "eip", None)
    return eip


def bindings_of(havip: HaVip) -> list[Binding]:
    """Return the bindings by slot, from what `havips` has fetched already where it has."""
    return sorted(havip.bindings.all(), key=lambda binding: binding.slot)


@dataclass(frozen=True, slots=True)
class OwnCapabilities:
    """For what can be done with a HaVip itself why it is refused now, or None when it may be done."""

    modify: Refusal | None
    delete: tuple[Refusal, ...]

    @property
    def delete_refusal(self) -> Refusal | None:
        """The first thing that stands in the way of deleting, or None."""
        return self.delete[0] if self.delete else None


@dataclass(frozen=True, slots=True)
class Capabilities(OwnCapabilities):
    """The same for whatever can be done with it."""

    bind: Refusal | None
    bind_eip: Refusal | None
    unbind: Refusal | None
    unbind_eip: Refusal | None


def own_capabilities(havip: HaVip, principal: Principal) -> OwnCapabilities:
    """Return what this caller may do with the HaVip itself; asks the database nothing that `havips` fetched."""
    if not principal.may(Permission.OPERATE):
        no = PERMISSION.refuse()
        return OwnCapabilities(no, (no,))
    routes = getattr(havip, "route_count", None)
    refusals = deletion_refusals(
        havip,
        bindings=bindings_of(havip),
        eip=eip_of(havip),
        routes=havip.route_entries.count() if routes is None else routes,
    )
    return OwnCapabilities(modify=None, delete=tuple(refusals))


def capabilities(havip: HaVip, principal: Principal, limits: BindingLimits) -> Capabilities:
    """Return what this caller may do with the HaVip now; asks the database nothing that `havips` fetched."""
    if not principal.may(Permission.OPERATE):
        no = PERMISSION.refuse()
        return Capabilities(no, (no,), no, no, no, no)
    bindings = bindings_of(havip)
    eip = eip_of(havip)
    own = own_capabilities(havip, principal)
    settled = first_refusal(lambda: binding_rules.u2_havip_settled(havip))
    unbind_eip = settled or first_refusal(lambda: binding_rules.u1_is_bound(eip, "EIP"))
    unbind = settled or first_refusal(lambda: binding_rules.u1_something_bound(bindings))
    return Capabilities(
        modify=own.modify,
        delete=own.delete,
        bind=binding_rules.slot_refusal(havip, bindings, limits),
        bind_eip=first_refusal(lambda: binding_rules.check_eip_slot(havip, eip)),
        unbind=unbind,
        unbind_eip=unbind_eip,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a bind dialog: the resource, and why it cannot be chosen (None: it can)."""

    resource: Instance | NetworkInterface | Eip
    refusal: Refusal | None


def binding_choices(havip: HaVip, kind: BindingKind, *, limit: int = 200) -> list[Choice]:
    """Return what could be bound: the resources of this VPC, those of the vSwitch first, each with its refusal.

    Classic-network instances of the region are listed too, refused by B1.
    """
    resources: list[Instance | NetworkInterface]
    # In a large VPC the limit must not cut off what can be bound.
    near = Case(When(vswitch=havip.vswitch_id, then=0), default=1, output_field=IntegerField())
    if kind == BindingKind.INSTANCE:
        found = (
            Instance.objects.for_team(havip.team)
            .in_region(havip.region)
            .filter(vswitch__vpc=havip.vpc)
        )
        classic = (
            Instance.objects.for_team(havip.team)
            .in_region(havip.region)
            .filter(network_type="classic")
        )
        resources = [
            *found.select_related("vswitch").order_by(near, "name", "pk")[:limit],
            *classic.order_by("name", "pk")[:limit],
        ]
    else:
        resources = list(
            NetworkInterface.objects.for_team(havip.team)
            .filter(vswitch__vpc=havip.vpc)
            .select_related("vswitch", "instance")
            .order_by(near, "name", "pk")[:limit]
        )
    bindings = bindings_of(havip)
    limits = binding_limits(havip.team)
    counts = _havips_per_node(havip.team, resources)
    choices = [
        Choice(resource, _binding_refusal(havip, bindings, limits, resource, counts))
        for resource in resources
    ]
    choices.sort(key=lambda choice: (choice.refusal is not None, choice.resource.name))
    return choices


def _binding_refusal(
    havip: HaVip,
    bindings: list[Binding],
    limits: BindingLimits,
    resource: Instance | NetworkInterface,
    counts: dict[int, int],
) -> Refusal | None:
    node = resource if isinstance(resource, Instance) else resource.instance
    candidate = Candidate(resource, counts.get(node.pk, 0) if node else 0)
    return first_refusal(lambda: binding_rules.check_binding(candidate, havip, bindings, limits))


def _havips_per_node(
    team: Team, resources: Iterable[Instance | NetworkInterface]
) -> dict[int, int]:
    """Return for each instance that takes part how many HaVips it has (2-domain B6), in one query."""
    seen: dict[int, set[int]] = {}
    rows = Binding.objects.filter(havip__team=team).values_list(
        "havip_id", "instance_id", "interface__instance_id"
    )
    for havip_id, instance_id, card_instance_id in rows:
        node = instance_id or card_instance_id
        if node is not None:
            seen.setdefault(node, set()).add(havip_id)
    wanted = {
        resource.pk if isinstance(resource, Instance) else resource.instance_id
        for resource in resources
    }
    return {node: len(havip_ids) for node, havip_ids in seen.items() if node in wanted}


def eip_choices(havip: HaVip, *, limit: int = 200) -> list[Choice]:
    """Return the region's EIPs, each with why it cannot be bound to this HaVip."""
    bound = eip_of(havip)
    found = Eip.objects.for_team(havip.team).in_region(havip.region).order_by("ip_address")[:limit]
    choices = [
        Choice(
            eip,
            first_refusal(lambda eip=eip: binding_rules.check_eip_binding(eip, havip, bound)),  # type: ignore[misc]
        )
        for eip in found
    ]
    choices.sort(key=lambda choice: choice.refusal is not None)
    return choices


def is_in_transition(havip: HaVip) -> bool:
    """Return whether a job is moving the HaVip, so that a page should look again soon."""
    if havip.status not in binding_rules.STABLE_STATUSES:
        return True
    eip = eip_of(havip)
    if eip is not None and eip.status != EipStatus.IN_USE:
        return True
    return any(binding.state != BindingState.BOUND for binding in havip.bindings.all())

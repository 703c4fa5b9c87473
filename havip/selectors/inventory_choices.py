"""Reading what the inventory's drawers and dialogs offer: choices with their refusals, free blocks, contents in the way."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from console.operations.refusal import Refusal
from console.teams.models import Team
from havip.models import (
    HaVip,
    Instance,
    NetworkInterface,
    NetworkStatus,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from havip.rules import addresses
from havip.rules import inventory as rules
from havip.rules.catalogue import first_refusal
from havip.selectors.inventory import SETTLED_INSTANCE, secondary_interfaces

_OFFERED = 500


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
            secondary_interfaces().filter(vswitch=network),
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
            rules.i1_instance_is(instance, *SETTLED_INSTANCE)

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

"""Reading for the cloud's own API: resources picked by exact values, a page by its number or after a token.

The number of queries of each does not depend on how many rows there are: one for the total, one for the page, one for
each kind of thing that hangs on the rows. A page far down the list reads only identifiers on its way there.
"""

from __future__ import annotations

import binascii
import ipaddress
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import (
    CharField,
    Count,
    IntegerField,
    Model,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Concat

from console.teams.models import Team
from havip.fabric.linux.models import Agent
from havip.fabric.linux.protocol import Role
from havip.models import (
    Binding,
    Eip,
    HaVip,
    Instance,
    NetworkInterface,
    PrivateAddress,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from havip.selectors.tags import TagWish, bearing_all, with_tags

Row = TypeVar("Row", bound=Resource)
Record = TypeVar("Record", bound=Model)
Values = Collection[str] | None
"""What a filter asks for: any of these values; None asks for nothing in particular."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[Record]):
    """One page: its rows, how many there are in all, and the token of the next page where there is one."""

    rows: list[Record]
    total: int
    next_token: str = ""


def numbered_page(found: QuerySet[Row], *, number: int, size: int) -> Rows[Row]:
    """Return the page with this number, newest first, the first page being 1; beyond the last one it is empty."""
    total = found.order_by().count()
    start = (number - 1) * size
    if start >= total:
        return Rows([], total)
    wanted = found.order_by("-pk").values("pk")[start : start + size]
    return Rows(list(found.filter(pk__in=wanted).order_by("-pk")), total)


def page_after(
    found: QuerySet[Record], *, token: str, size: int, oldest_first: bool = False
) -> Rows[Record] | None:
    """Return the page after `token` (empty: the first), newest first or oldest first; None for a token that is no page's."""
    total = found.order_by().count()
    if token:
        last = _decoded(token)
        if last is None:
            return None
        found = found.filter(**{"pk__gt" if oldest_first else "pk__lt": last})
    rows = list(found.order_by("pk" if oldest_first else "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Rows(rows, total, _encoded(rows[-1].pk) if more else "")


def _encoded(pk: int) -> str:
    return urlsafe_b64encode(f"after {pk}".encode()).decode()


def _decoded(token: str) -> int | None:
    try:
        word, _, number = urlsafe_b64decode(token.encode()).decode().partition(" ")
    except (binascii.Error, ValueError):
        return None
    if word != "after" or not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return int(number)


def _among(found: QuerySet[Row], **columns: Values) -> QuerySet[Row]:
    """Keep the rows that have, in each column, one of the values that are asked for."""
    for column, values in columns.items():
        if values is not None:
            found = found.filter(**{f"{column}__in": list(values)})
    return found


def _readable(addresses: Values) -> Values:
    """Return those of the texts that are IPv4 addresses: no resource has any other, and PostgreSQL takes no other."""
    return None if addresses is None else [each for each in addresses if _is_address(each)]


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _tagged(found: QuerySet[Row], team: Team, tags: Collection[TagWish]) -> QuerySet[Row]:
    """Keep the rows that bear each of these tags, and fetch the tags of all."""
    return with_tags(bearing_all(found, tags, team=team))


def havips(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    vpcs: Values = None,
    vswitches: Values = None,
    statuses: Values = None,
    addresses: Values = None,
    tags: Collection[TagWish] = (),
) -> QuerySet[HaVip]:
    """Return the HaVips with network, EIP and bindings."""
    bindings = Binding.objects.select_related("instance", "interface").order_by("slot")
    found = (
        HaVip.objects.for_team(team)
        .in_region(region)
        .select_related("vpc", "vswitch", "eip")
        .prefetch_related(Prefetch("bindings", queryset=bindings))
    )
    return _among(
        _tagged(found, team, tags),
        resource_id=ids,
        vpc__resource_id=vpcs,
        vswitch__resource_id=vswitches,
        status=statuses,
        ip_address=_readable(addresses),
    )


def eips(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    addresses: Values = None,
    names: Values = None,
    statuses: Values = None,
    havips: Values = None,
    bound: bool | None = None,
    created_from: datetime | None = None,
    created_until: datetime | None = None,
    tags: Collection[TagWish] = (),
) -> QuerySet[Eip]:
    """Return the EIPs with the HaVip that each is bound to; both ends of the time of creation count in."""
    found = Eip.objects.for_team(team).in_region(region).select_related("havip__vpc")
    if bound is not None:
        found = found.filter(havip__isnull=not bound)
    if created_from is not None:
        found = found.filter(created_at__gte=created_from)
    if created_until is not None:
        found = found.filter(created_at__lte=created_until)
    return _among(
        _tagged(found, team, tags),
        resource_id=ids,
        ip_address=_readable(addresses),
        name=names,
        status=statuses,
        havip__resource_id=havips,
    )


def vpcs(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    names: Values = None,
    route_tables: Values = None,
    routers: Values = None,
    tags: Collection[TagWish] = (),
) -> QuerySet[Vpc]:
    """Return the VPCs with their vSwitches."""
    inside = VSwitch.objects.only("resource_id", "vpc_id").order_by("pk")
    found = (
        Vpc.objects.for_team(team)
        .in_region(region)
        .prefetch_related(Prefetch("vswitches", queryset=inside))
    )
    return _among(
        _tagged(found, team, tags),
        resource_id=ids,
        name=names,
        route_table_id=route_tables,
        router_id=routers,
    )


def vswitches(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    names: Values = None,
    vpcs: Values = None,
    zones: Values = None,
    route_tables: Values = None,
    tags: Collection[TagWish] = (),
) -> QuerySet[VSwitch]:
    """Return the vSwitches with their VPC and the number of addresses that are taken in each (`taken_count`)."""
    taken = (
        PrivateAddress.objects.filter(vswitch=OuterRef("pk"))
        .order_by()
        .values("vswitch")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = (
        VSwitch.objects.for_team(team)
        .in_region(region)
        .select_related("vpc")
        .annotate(taken_count=Coalesce(Subquery(taken, output_field=IntegerField()), 0))
    )
    return _among(
        _tagged(found, team, tags),
        resource_id=ids,
        name=names,
        vpc__resource_id=vpcs,
        zone=zones,
        vpc__route_table_id=route_tables,
    )


def routes(
    team: Team,
    region: str,
    *,
    route_tables: Values = None,
    ids: Values = None,
    names: Values = None,
    destinations: Values = None,
    next_hops: Values = None,
) -> QuerySet[RouteEntry]:
    """Return the route entries with VPC and next hop."""
    found = RouteEntry.objects.for_team(team).in_region(region).select_related("vpc", "havip")
    return _among(
        found,
        vpc__route_table_id=route_tables,
        resource_id=ids,
        name=names,
        destination_cidr_block=destinations,
        havip__resource_id=next_hops,
    )


def instances(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    names: Values = None,
    vpcs: Values = None,
    vswitches: Values = None,
    zones: Values = None,
    statuses: Values = None,
    network_types: Values = None,
    addresses: Values = None,
    tags: Collection[TagWish] = (),
) -> QuerySet[Instance]:
    """Return the instances with network and cards, and as `host_name` what their agents are called; empty without one."""
    cards = NetworkInterface.objects.order_by("interface_type", "pk")  # the primary one first
    scope = Concat(Value(f"{Role.NODE}:"), OuterRef("resource_id"), output_field=CharField())
    agent = Agent.objects.filter(scope=scope, revoked_at__isnull=True).values("hostname")[:1]
    found = (
        Instance.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc")
        .prefetch_related(Prefetch("interfaces", queryset=cards))
        .annotate(host_name=Coalesce(Subquery(agent), Value("")))
    )
    return _among(
        _tagged(found, team, tags),
        resource_id=ids,
        name=names,
        vswitch__vpc__resource_id=vpcs,
        vswitch__resource_id=vswitches,
        zone=zones,
        status=statuses,
        network_type=network_types,
        private_ip=_readable(addresses),
    )


def interfaces(
    team: Team,
    region: str,
    *,
    ids: Values = None,
    names: Values = None,
    vpcs: Values = None,
    vswitches: Values = None,
    instances: Values = None,
    statuses: Values = None,
    types: Values = None,
    addresses: Values = None,
) -> QuerySet[NetworkInterface]:
    """Return the network interfaces with network and instance."""
    found = (
        NetworkInterface.objects.for_team(team)
        .in_region(region)
        .select_related("vswitch__vpc", "instance")
    )
    return _among(
        found,
        resource_id=ids,
        name=names,
        vswitch__vpc__resource_id=vpcs,
        vswitch__resource_id=vswitches,
        instance__resource_id=instances,
        status=statuses,
        interface_type=types,
        private_ip=_readable(addresses),
    )


def region_of(model: type[Resource], team: Team, identifier: str) -> str:
    """Return the region of the team's resource with this identifier; empty when there is none."""
    found = model._default_manager.filter(team=team, resource_id=identifier)
    return found.values_list("region", flat=True).first() or ""


def region_of_table(team: Team, route_table_id: str) -> str:
    """Return the region of the team's route table; empty when there is none."""
    found = Vpc.objects.for_team(team).filter(route_table_id=route_table_id)
    return found.values_list("region", flat=True).first() or ""

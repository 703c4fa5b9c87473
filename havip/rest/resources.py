"""How each kind of resource is found, listed and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from rest_framework.request import Request

from console.operations.refusal import Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from havip.filters import havips as havip_filters
from havip.filters import inventory as filters
from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.models.base import Resource
from havip.operations.finding import the_region
from havip.rest import showing, showing_inventory
from havip.rest.paging import Listing, as_page
from havip.rules import binding, creating
from havip.rules import inventory as rules
from havip.selectors import inventory
from havip.selectors.havips import havips
from havip.selectors.tags import with_tags

Record = TypeVar("Record", bound=Resource)


@dataclass(frozen=True)
class Kind(Generic[Record]):
    """One kind of resource. `noun` is its name in URLs' names; `missing` the refusal for an identifier that is nobody's."""

    noun: str
    records: Callable[[Team, str], QuerySet[Record]]
    show: Callable[[Iterable[Record], Principal], list[dict[str, Any]]]
    missing: Callable[[str], Refusal]
    listing: Listing[Record]

    def page(self, request: Request, principal: Principal, region: str) -> dict[str, Any]:
        """Return one page of the team's in a region. Raises Refusal C2, Problem."""
        the_region(region)
        page = self.listing.page(request, self.records(principal.team, region))
        return as_page(request, page, self.show(page.rows, principal))

    def record(self, principal: Principal, region: str, identifier: str) -> Record:
        """Return the team's with this identifier in the region. Raises Refusal C2, or that it is missing."""
        the_region(region)
        found = self._find(principal, region, identifier)
        if found is None:
            raise self.missing(identifier[:60])
        return found

    def look(self, principal: Principal, region: str, identifier: str) -> dict[str, Any] | None:
        """Return it as it is shown now; None when it is not there (any more)."""
        found = self._find(principal, region, identifier)
        return None if found is None else self.show([found], principal)[0]

    def one(self, principal: Principal, region: str, identifier: str) -> dict[str, Any]:
        """Return it as it is shown now. Raises Refusal C2, or that it is missing."""
        return self.show([self.record(principal, region, identifier)], principal)[0]

    def _find(self, principal: Principal, region: str, identifier: str) -> Record | None:
        if "\0" in identifier:
            return None
        return self.records(principal.team, region).filter(resource_id=identifier).first()


def _tagged(
    records: Callable[[Team, str], QuerySet[Record]],
) -> Callable[[Team, str], QuerySet[Record]]:
    """Return the selector with the tags of what it returns."""
    return lambda team, region: with_tags(records(team, region))


def _orderings(**columns: str) -> Callable[[], Mapping[str, str]]:
    return lambda: {"created": "pk", "name": "name", "status": "status", **columns}


HAVIPS: Kind[HaVip] = Kind(
    noun="havip",
    records=_tagged(havips),
    show=showing.havips,
    missing=lambda identifier: binding.NO_HAVIP.refuse(havip=identifier),
    listing=Listing(
        filters=havip_filters.HaVipFilter,
        orderings=havip_filters.orderings,
        default=havip_filters.DEFAULT_ORDERING,
        matching=havip_filters.matching,
    ),
)
VPCS: Kind[Vpc] = Kind(
    noun="vpc",
    records=_tagged(inventory.vpcs),
    show=showing_inventory.vpcs,
    missing=lambda identifier: creating.C3_VPC.refuse(vpc=identifier),
    listing=Listing(filters=filters.VpcFilter, orderings=_orderings()),
)
VSWITCHES: Kind[VSwitch] = Kind(
    noun="vswitch",
    records=_tagged(inventory.vswitches),
    show=showing_inventory.vswitches,
    missing=lambda identifier: creating.C4_VSWITCH.refuse(vswitch=identifier),
    listing=Listing(filters=filters.VSwitchFilter, orderings=_orderings(zone="zone")),
)
ROUTES: Kind[RouteEntry] = Kind(
    noun="route",
    records=inventory.routes,
    show=showing_inventory.routes,
    missing=lambda identifier: rules.R0_ROUTE.refuse(route=identifier),
    listing=Listing(filters=filters.RouteFilter, orderings=_orderings()),
)
INSTANCES: Kind[Instance] = Kind(
    noun="instance",
    records=_tagged(inventory.instances),
    show=showing_inventory.instances,
    missing=lambda identifier: rules.I0_INSTANCE.refuse(instance=identifier),
    listing=Listing(filters=filters.InstanceFilter, orderings=_orderings()),
)
INTERFACES: Kind[NetworkInterface] = Kind(
    noun="interface",
    records=inventory.interfaces,
    show=showing_inventory.interfaces,
    missing=lambda identifier: rules.W0_INTERFACE.refuse(interface=identifier),
    listing=Listing(
        filters=filters.InterfaceFilter,
        orderings=_orderings(ip="address_number", type="interface_type"),
    ),
)
EIPS: Kind[Eip] = Kind(
    noun="eip",
    records=_tagged(inventory.eips),
    show=showing_inventory.eips,
    missing=lambda identifier: binding.NO_EIP.refuse(eip=identifier),
    listing=Listing(filters=filters.EipFilter, orderings=_orderings(bandwidth="bandwidth_mbps")),
)

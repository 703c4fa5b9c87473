"""Where the objects of the domain can be looked at: for job rows and audit events, which know only their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import CharField, Value
from django.urls import NoReverseMatch, reverse

from console.links import Reference, register_link
from console.teams.models import Team
from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch
from havip.models.base import Resource

_RESOURCES: Mapping[str, type[Resource]] = {
    model.KIND: model
    for model in (HaVip, Vpc, VSwitch, RouteEntry, Instance, NetworkInterface, Eip)
}
_OF_TEAM: Mapping[str, str] = {"quota": "web:quotas", "beta": "web:quotas"}


def register_links() -> None:
    """Make the resolvers known; called when the application is ready."""
    for kind in _RESOURCES:
        register_link(kind, resource_links)
    for kind in _OF_TEAM:
        register_link(kind, team_links)


def resource_links(team: Team, references: Collection[Reference]) -> dict[Reference, str]:
    """Return the pages of those resources that still exist, with one query for all kinds."""
    identifiers: dict[str, list[str]] = {}
    for reference in references:
        identifiers.setdefault(reference.kind, []).append(reference.identifier)
    queries = [
        _RESOURCES[kind]
        ._default_manager.filter(team=team, resource_id__in=wanted)
        .order_by()
        .annotate(reference_kind=Value(kind, output_field=CharField()))
        .values_list("reference_kind", "resource_id", "region")
        for kind, wanted in identifiers.items()
    ]
    if not queries:
        return {}
    first, *others = queries
    found = first.union(*others, all=True) if others else first
    links = {
        Reference(kind, identifier): _page(team, kind, region, identifier)
        for kind, identifier, region in found
    }
    return {reference: url for reference, url in links.items() if url}


def _page(team: Team, kind: str, region: str, identifier: str) -> str:
    """Return the page of one resource, else the list that it is in."""
    try:
        return reverse(f"web:{kind}-detail", args=[team.slug, region, identifier])
    except NoReverseMatch:
        pass
    try:
        return reverse(f"web:{kind}-list", args=[team.slug, region])
    except NoReverseMatch:
        return ""


def team_links(team: Team, references: Collection[Reference]) -> dict[Reference, str]:
    """Return the pages of what belongs to the team as a whole."""
    return {
        reference: reverse(_OF_TEAM[reference.kind], args=[team.slug]) for reference in references
    }

"""Where the things that jobs and audit events name can be looked at.

Jobs and the audit log know objects only as a kind and an identifier. Whoever has pages for a kind registers a resolver for it;
a resolver is asked once per page for all objects of its kinds, and leaves out what no longer exists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from console.teams.models import Team


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of one object."""

    kind: str
    identifier: str


Resolver = Callable[[Team, Collection[Reference]], Mapping[Reference, str]]
_RESOLVERS: dict[str, Resolver] = {}


def register_link(kind: str, resolver: Resolver) -> None:
    """Make `resolver` answer for objects of this kind; the same one may answer for several kinds."""
    _RESOLVERS[kind] = resolver


def find_links(team: Team, references: Iterable[Reference]) -> dict[Reference, str]:
    """Return the address of the page of each object that exists and has one."""
    by_resolver: dict[Resolver, set[Reference]] = {}
    for reference in references:
        resolver = _RESOLVERS.get(reference.kind)
        if resolver is not None and reference.identifier:
            by_resolver.setdefault(resolver, set()).add(reference)
    found: dict[Reference, str] = {}
    for resolver, wanted in by_resolver.items():
        found.update(resolver(team, wanted))
    return found

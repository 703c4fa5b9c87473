"""Tags as lists and pages show them: as chips that lead to everything that bears the same tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from havip.models import TAGGED
from havip.models.base import Resource
from havip.selectors.tags import tag_list
from havip.web.presenting.links import Links

_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class TagChip:
    """One tag; `url` is the list of what bears it."""

    key: str
    value: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a resource: `chips` as many as there is room for, `further` those that are left out."""

    chips: Sequence[TagChip]
    further: int
    edit_url: str


def tags(resource: Resource, links: Links) -> Tags | None:
    """Return all tags of a resource, as its page shows them; None for a kind that bears none."""
    return _tags(resource, links, None)


def row_tags(resource: Resource, links: Links) -> Tags | None:
    """Return the first tags of a resource, as a row of a list shows them; None for a kind that bears none."""
    return _tags(resource, links, _IN_A_ROW)


def _tags(resource: Resource, links: Links, most: int | None) -> Tags | None:
    kind = resource.KIND
    if kind not in TAGGED:
        return None
    every = tag_list(resource)
    shown = every[:most]
    return Tags(
        [
            TagChip(tag.key, tag.value, tag.text, links.of(f"{kind}-list", tag=tag.text))
            for tag in shown
        ],
        len(every) - len(shown),
        links.of(f"{kind}-tags", resource.resource_id),
    )

"""G1 to G5: what must hold for tags, and for the calls that set them (6-cloud-api, 1.1, 1.12 and 6)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import TAGGED
from havip.models.tag import MAXIMUM_TAG_TEXT
from havip.rules.catalogue import numbered

MAXIMUM_TAGS = 20
MAXIMUM_RESOURCES = 50
TagPairs = Sequence[tuple[str, str]]
TagArgument = Mapping[str, str] | TagPairs
"""Tags as callers give them: a mapping, or pairs, where a key may stand twice (and is then refused by G5)."""

_RESERVED_BEGINNINGS = ("aliyun", "acs:")
_RESERVED_PARTS = ("http://", "https://")
_SHOWN = 60

G1_NO_KEY = Rule(
    "G1",
    code="InvalidTagKey.Malformed",
    message=_("A tag needs a key; only its value may be empty."),
    field="tags",
)
G1_KEY = Rule(
    "G1",
    code="InvalidTagKey.Malformed",
    message=_(
        "“%(key)s” cannot be a tag's key: it has at most 128 characters, does not begin with aliyun or acs:, and contains no http:// or https://."
    ),
    field="tags",
)
G2_VALUE = Rule(
    "G2",
    code="InvalidTagValue.Malformed",
    message=_(
        "“%(value)s” cannot be the value of the tag “%(key)s”: at most 128 characters, not beginning with aliyun or acs:, no http:// or https://."
    ),
    field="tags",
)
G3_TOO_MANY = Rule(
    "G3",
    code="QuotaExceed.TagsPerResource",
    message=_("A resource has at most %(limit)s tags; these are %(count)s."),
    remedy=_("Remove tags that are not needed."),
    field="tags",
)
G3_TOO_MANY_ON = Rule(
    "G3",
    code="QuotaExceed.TagsPerResource",
    message=_("A resource has at most %(limit)s tags; %(resource)s would have %(count)s."),
    remedy=_("Remove tags that are not needed first."),
    field="tags",
)
G3_TOO_MANY_AT_ONCE = Rule(
    "G3",
    code="NumberExceed.Tags",
    message=_("At most %(limit)s tags can be named at once; these are %(count)s."),
    remedy=_("Send several requests."),
)
G3_NONE = Rule(
    "G3",
    code="MissingParameter.TagKey",
    message=_("No tag is named."),
    remedy=_("Name at least one."),
)
G4_KIND = Rule(
    "G4",
    code="InvalidResourceType.NotFound",
    message=_("There are no tags on resources of the type “%(kind)s”."),
    remedy=_("Tags can be on: %(kinds)s."),
    field="kind",
    status=HTTPStatus.NOT_FOUND,
)
G4_TOO_MANY = Rule(
    "G4",
    code="NumberExceed.ResourceIds",
    message=_("At most %(limit)s resources can be named at once; these are %(count)s."),
    remedy=_("Send several requests."),
    field="resource_ids",
)
G4_NONE = Rule(
    "G4",
    code="MissingParameter.ResourceId",
    message=_("No resource is named."),
    remedy=_("Name at least one."),
    field="resource_ids",
)
G4_RESOURCE = Rule(
    "G4",
    code="InvalidResourceId.NotFound",
    message=_("This team has no resource %(resource)s of the type %(kind)s in this region."),
    field="resource_id",
    status=HTTPStatus.NOT_FOUND,
)
G5_DOUBLED = Rule(
    "G5",
    code="Duplicate.TagKey",
    message=_("The key “%(key)s” stands there more than once; a resource has each key once."),
    remedy=_("Keep one of them."),
    field="tags",
)


def _is_malformed(text: str) -> bool:
    """Tell what no key and no value may be; line breaks and their like could not be edited on a page."""
    return (
        len(text) > MAXIMUM_TAG_TEXT
        or text.startswith(_RESERVED_BEGINNINGS)
        or any(part in text for part in _RESERVED_PARTS)
        or any(unicodedata.category(character) == "Cc" for character in text)
    )


def g1_key(key: str) -> None:
    """G1: a key is well-formed."""
    if not key:
        raise G1_NO_KEY.refuse()
    if _is_malformed(key):
        raise G1_KEY.refuse(key=key[:_SHOWN])


def g2_value(key: str, value: str) -> None:
    """G2: a value is well-formed; it may be empty."""
    if _is_malformed(value):
        raise G2_VALUE.refuse(key=key[:_SHOWN], value=value[:_SHOWN])


def g3_count(count: int, *, resource: str = "") -> None:
    """G3: a resource (named by its label, where it is one of several) has at most 20 tags."""
    if count > MAXIMUM_TAGS:
        if resource:
            raise G3_TOO_MANY_ON.refuse(limit=MAXIMUM_TAGS, count=count, resource=resource)
        raise G3_TOO_MANY.refuse(limit=MAXIMUM_TAGS, count=count)


def g3_named(named: Collection[object], *, field: str = "tags") -> None:
    """G3: 1 to 20 tags, or keys of tags, are named at once."""
    if not named:
        raise G3_NONE.refuse(field=field)
    if len(named) > MAXIMUM_TAGS:
        raise G3_TOO_MANY_AT_ONCE.refuse(field=field, limit=MAXIMUM_TAGS, count=len(named))


def g4_kind(kind: str) -> None:
    """G4: the resources are of a kind that can bear tags."""
    if kind not in TAGGED:
        raise G4_KIND.refuse(kind=kind[:_SHOWN], kinds=", ".join(TAGGED))


def g4_named(resource_ids: Collection[str]) -> None:
    """G4: 1 to 50 resources are named at once."""
    if not resource_ids:
        raise G4_NONE.refuse()
    if len(resource_ids) > MAXIMUM_RESOURCES:
        raise G4_TOO_MANY.refuse(limit=MAXIMUM_RESOURCES, count=len(resource_ids))


def g4_found(kind: str, wanted: Collection[str], found: Collection[str], *, field: str) -> None:
    """G4: every resource that is named is the team's and in the region (the caller looked there)."""
    for identifier in wanted:
        if identifier not in found:
            raise G4_RESOURCE.refuse(field=field, kind=kind, resource=identifier[:_SHOWN])


def g5_once(keys: Sequence[str]) -> None:
    """G5: no key is named twice; upper and lower case differ."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise G5_DOUBLED.refuse(key=key[:_SHOWN])
        seen.add(key)


def pairs_of(tags: TagArgument) -> TagPairs:
    """Return tags, however given, as pairs of key and value."""
    if isinstance(tags, Mapping):
        return list(tags.items())
    return [(key, value) for key, value in tags]


def as_argument(pairs: TagPairs) -> TagArgument:
    """Return pairs as a mapping, or, where a key stands twice, as they are: what a face hands to an operation."""
    tags = dict(pairs)
    return tags if len(tags) == len(pairs) else list(pairs)


def check_tags(tags: TagArgument) -> dict[str, str]:
    """Return tags as a mapping when each is well-formed and no key is doubled. Raises Refusal G1, G2, G5."""
    pairs = pairs_of(tags)
    for key, value in pairs:
        g1_key(key)
        g2_value(key, value)
    g5_once([key for key, _value in pairs])
    return dict(pairs)


numbered("G1", "a tag's key is well-formed", G1_NO_KEY, G1_KEY)
numbered("G2", "a tag's value is well-formed; it may be empty", G2_VALUE)
numbered(
    "G3",
    "a resource has at most 20 tags, and 1 to 20 are named at once",
    G3_TOO_MANY,
    G3_TOO_MANY_ON,
    G3_TOO_MANY_AT_ONCE,
    G3_NONE,
)
numbered(
    "G4",
    "tags are set on 1 to 50 resources of one kind, of this team and in this region",
    G4_KIND,
    G4_TOO_MANY,
    G4_NONE,
    G4_RESOURCE,
)
numbered("G5", "a key stands once at a resource", G5_DOUBLED)

"""Reading tags: those of a page of resources at once, those that machines list, and the keys that are in use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet, Subquery, prefetch_related_objects

from console.teams.models import Team
from havip.models import TAGGED, Tag
from havip.models.base import Resource
from havip.rules import tags as rules

AnyResource = TypeVar("AnyResource", bound=Resource)
TagWish = tuple[str, str | None]
"""What a resource must bear: a key with this value, or, with None, the key with any value."""

_MOST_KEYS = 200


def _prefetch() -> Prefetch[str, QuerySet[Tag], str]:
    return Prefetch("tags", queryset=Tag.objects.order_by("key"))


def with_tags(queryset: QuerySet[AnyResource]) -> QuerySet[AnyResource]:
    """Have the tags of all rows fetched with them, by one query; `tag_list` then asks nothing."""
    return queryset.prefetch_related(_prefetch())


def tag_list(resource: Resource) -> list[Tag]:
    """Return the tags of a resource by key: of one from `with_tags` without a query; none for a kind that bears none."""
    if resource.KIND not in TAGGED:
        return []
    tags: Iterable[Tag] = getattr(resource, "tags").all()  # noqa: B009  every kind in TAGGED has them
    return sorted(tags, key=lambda tag: tag.key)


def tag_mapping(resource: Resource) -> dict[str, str]:
    """Return the tags of a resource as plain values, by key."""
    return {tag.key: tag.value for tag in tag_list(resource)}


def tags_of(resources: Sequence[Resource]) -> Mapping[int, list[Tag]]:
    """Return the tags of resources of one kind by their primary keys: one query, none for what `with_tags` has fetched."""
    if resources and resources[0].KIND in TAGGED:
        prefetch_related_objects(list(resources), _prefetch())
    return {resource.pk: tag_list(resource) for resource in resources}


def bearing_all(
    queryset: QuerySet[AnyResource], wishes: Iterable[TagWish], *, team: Team | Subquery
) -> QuerySet[AnyResource]:
    """Keep the resources of the team that fulfil every wish; see `bearing_any`."""
    for wish in wishes:
        queryset = bearing_any(queryset, [wish], team=team)
    return queryset


def bearing_any(
    queryset: QuerySet[AnyResource], wishes: Sequence[TagWish], *, team: Team | Subquery
) -> QuerySet[AnyResource]:
    """Keep the resources of the team that fulfil one of the wishes.

    What fulfils them is looked up in the kind's index, which begins with the team, and rows are then matched by primary
    key: an order by keys, and so a page after a key, stay what they are.
    """
    kind = queryset.model.KIND
    tags = Tag.objects.filter(_fulfils(wishes), team=team, **{f"{kind}__isnull": False})
    return queryset.filter(pk__in=tags.values(kind))


def _fulfils(wishes: Iterable[TagWish]) -> Q:
    either = Q()
    for key, value in wishes:
        either |= Q(key=key) if value is None else Q(key=key, value=value)
    return either


def list_tags(
    team: Team,
    region: str,
    kind: str,
    *,
    resource_ids: Collection[str] = (),
    wishes: Collection[TagWish] = (),
) -> QuerySet[Tag]:
    """Return tags on the team's resources of a kind in a region, each with its resource (`bearer`), oldest first.

    `resource_ids` narrow it to these resources; those that do not exist have no tags. With `wishes` only resources that
    bear all of them count, and of their tags those that are wished for. Raises Refusal G4 for a kind that bears none.
    """
    rules.g4_kind(kind)
    found = Tag.objects.filter(team=team, **{f"{kind}__region": region}).select_related(kind)
    if resource_ids:
        found = found.filter(**{f"{kind}__resource_id__in": list(resource_ids)})
    for wish in wishes:
        bearers = Tag.objects.filter(_fulfils([wish]), team=team, **{f"{kind}__isnull": False})
        found = found.filter(**{f"{kind}__in": bearers.values(kind)})
    return found.filter(_fulfils(wishes)).order_by("pk")


def known_keys(team: Team, kind: str) -> list[str]:
    """Return the first keys, in order, that tags of the team's resources of a kind have: offered while one is typed.

    Each costs one index look-up, however many resources bear it. Raises Refusal G4.
    """
    rules.g4_kind(kind)
    quoted = connection.ops.quote_name
    table = quoted(Tag._meta.db_table)
    column = quoted(f"{kind}_id")
    # Only names of our own tables and columns are written into the statement.
    first = f'SELECT min("key") FROM {table} WHERE team_id = %s AND {column} IS NOT NULL'  # noqa: S608
    statement = f"""
        WITH RECURSIVE known("key") AS (
            {first}
            UNION ALL
            SELECT ({first} AND {table}."key" > known."key") FROM known WHERE known."key" IS NOT NULL
        )
        SELECT "key" FROM known WHERE "key" IS NOT NULL LIMIT %s
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [team.pk, team.pk, _MOST_KEYS])
        return [key for (key,) in cursor.fetchall()]

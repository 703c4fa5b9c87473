"""Setting and removing tags; all of the resources of a call, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.audit.log import AuditEntry
from console.operations.framework import Change, Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import TAGGED, Tag
from havip.models.base import Resource
from havip.operations.finding import the_region
from havip.rules import tags as rules
from havip.rules.tags import TagArgument
from havip.selectors.tags import tag_list, tag_mapping, tags_of

_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Retagged:
    """A resource with the tags that it had and those that it now has."""

    resource: Resource
    before: Mapping[str, str]
    after: Mapping[str, str]


@operation("resource.tag")
def tag_resources(
    *,
    principal: Principal,
    region: str,
    kind: str,
    resource_ids: Sequence[str],
    tags: TagArgument,
    client_token: str = "",
) -> Outcome:
    """Set these tags on all of the resources; a key that is there gets the new value, other tags stay.

    `kind` is havip, eip, vpc, vswitch or instance. The outcome names the resource where there is one. Raises Refusal C2, G1 to G5.
    """
    change = current_change()
    resources = _concerned(change, region, kind, list(resource_ids))
    rules.g3_named(tags)
    wanted = rules.check_tags(tags)
    retagged = []
    for resource, had in _with_tags(resources):
        will_have = {**had, **wanted}
        rules.g3_count(len(will_have), resource=resource.label)
        retagged.append(_Retagged(resource, had, will_have))
    _write(retagged)
    return _told(change, retagged)


@operation("resource.untag")
def untag_resources(
    *,
    principal: Principal,
    region: str,
    kind: str,
    resource_ids: Sequence[str],
    keys: Sequence[str] = (),
    all_keys: bool = False,
    client_token: str = "",
) -> Outcome:
    """Remove the tags with these keys from all of the resources; without `keys`, and with `all_keys`, every tag.

    A key that is not there is no fault. Raises Refusal C2, G3, G4.
    """
    change = current_change()
    resources = _concerned(change, region, kind, list(resource_ids))
    if keys or not all_keys:
        rules.g3_named(keys, field="keys")
    retagged = []
    for resource, had in _with_tags(resources):
        kept = {key: value for key, value in had.items() if keys and key not in keys}
        retagged.append(_Retagged(resource, had, kept))
    _write(retagged)
    return _told(change, retagged)


@operation("resource.set_tags")
def set_tags(
    *,
    principal: Principal,
    region: str,
    kind: str,
    resource_id: str,
    tags: TagArgument,
    client_token: str = "",
) -> Outcome:
    """Give one resource exactly these tags, and no other. Raises Refusal C2, G1 to G5."""
    change = current_change()
    resources = _concerned(change, region, kind, [resource_id], field="resource_id")
    wanted = rules.check_tags(tags)
    rules.g3_count(len(wanted))
    retagged = [_Retagged(resource, had, wanted) for resource, had in _with_tags(resources)]
    _write(retagged)
    return _told(change, retagged)


def checked(tags: TagArgument | None) -> dict[str, str]:
    """Return the tags that a resource is to be created with. Raises Refusal G1, G2, G3, G5."""
    wanted = rules.check_tags(tags or {})
    rules.g3_count(len(wanted))
    return wanted


def hang(change: Change, tags: Mapping[str, str], *resources: Resource) -> None:
    """Give new resources their tags, and the audit events of their creation what they are."""
    if not tags:
        return
    _write([_Retagged(resource, {}, tags) for resource in resources])
    change.after = {**change.after, "tags": dict(tags)}
    change.consequences = [
        replace(entry, after={**entry.after, "tags": dict(tags)}) for entry in change.consequences
    ]


def _concerned(
    change: Change, region: str, kind: str, resource_ids: list[str], *, field: str = "resource_ids"
) -> list[Resource]:
    """Return the resources in the order in which they are named, each once. Raises Refusal C2, G4."""
    change.concerns(kind[:40], *_called(resource_ids))
    the_region(region)
    rules.g4_kind(kind)
    rules.g4_named(resource_ids)
    found: dict[str, Resource] = {
        resource.resource_id: resource
        for resource in TAGGED[kind]._default_manager.filter(
            team=change.team, region=region, resource_id__in=resource_ids
        )
    }
    rules.g4_found(kind, resource_ids, found, field=field)
    resources = [found[identifier] for identifier in dict.fromkeys(resource_ids)]
    _identifier, label = _called([resource.label for resource in resources])
    change.concerns(kind, resources[0].resource_id if len(resources) == 1 else "", label)
    return resources


def _called(names: Sequence[str]) -> tuple[str, str]:
    """Return the identifier of one, and how the log calls them all: by the first few names."""
    label = ", ".join(name[:60] for name in names[:_NAMED])
    if len(names) > _NAMED:
        label = f"{label} (+{len(names) - _NAMED})"
    return (names[0] if len(names) == 1 else ""), label


def _with_tags(resources: Sequence[Resource]) -> list[tuple[Resource, dict[str, str]]]:
    tags_of(resources)
    return [(resource, tag_mapping(resource)) for resource in resources]


def _write(retagged: Sequence[_Retagged]) -> None:
    """Write what differs: two statements, however many resources and tags."""
    kind = retagged[0].resource.KIND
    obsolete = [
        tag.pk
        for each in retagged
        for tag in (tag_list(each.resource) if each.before else [])
        if tag.key not in each.after
    ]
    if obsolete:
        Tag.objects.filter(pk__in=obsolete).delete()
    changed = [
        Tag(team_id=each.resource.team_id, key=key, value=value, **{kind: each.resource})
        for each in retagged
        for key, value in each.after.items()
        if each.before.get(key) != value
    ]
    Tag.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=[kind, "key"], update_fields=["value"]
    )


def _told(change: Change, retagged: Sequence[_Retagged]) -> Outcome:
    """Note what changed: in this event for one resource, for several in an event of each, caused by this one."""
    if len(retagged) == 1:
        (only,) = retagged
        change.before, change.after = {"tags": dict(only.before)}, {"tags": dict(only.after)}
        return change.outcome()
    for each in retagged:
        change.also(
            AuditEntry(
                action=change.action,
                object_kind=each.resource.KIND,
                object_id=each.resource.resource_id,
                object_label=each.resource.label,
                before={"tags": dict(each.before)},
                after={"tags": dict(each.after)},
            )
        )
    change.after = {"resources": [each.resource.resource_id for each in retagged]}
    return change.outcome()

"""Tags through the operations and the reading side: effects, audit events, filters. The refusals are cases of G1 to G5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from console.audit.models import AuditEvent
from console.operations.refusal import Refusal
from havip.filters.havips import HaVipFilter, matching
from havip.filters.inventory import InstanceFilter
from havip.filters.tags import readings
from havip.models import TAGGED, HaVip, Tag
from havip.rules import tags as rules
from havip.selectors import inventory
from havip.selectors.havips import havips
from havip.selectors.tags import (
    bearing_all,
    known_keys,
    list_tags,
    tag_mapping,
    tags_of,
    with_tags,
)
from tests.cast import OTHER_REGION, World, carry_out_jobs
from tests.havip.cases_havips import beta_principal

CREATIONS: dict[str, tuple[str, Callable[[World], dict[str, Any]]]] = {
    "havip": ("havip.create", lambda world: {"vswitch_id": world.vswitch}),
    "eip": ("eip.allocate", lambda _world: {}),
    "vpc": ("vpc.create", lambda _world: {"cidr_block": "10.0.0.0/8"}),
    "vswitch": (
        "vswitch.create",
        lambda world: {"vpc_id": world.vpc, "cidr_block": "192.168.7.0/24"},
    ),
    "instance": ("instance.create", lambda world: {"vswitch_id": world.vswitch}),
}


def tags(world: World, resource: str) -> dict[str, str]:
    return tag_mapping(world.get(resource))


def both(world: World, operation: str, **arguments: Any) -> None:
    """Act on two instances at once."""
    ids = [world.ecs1, world.ecs2]
    world.act(f"resource.{operation}", kind="instance", resource_ids=ids, **arguments)


@pytest.mark.parametrize("kind", TAGGED)
class TestEveryKind:
    def test_is_created_with_tags(self, world: World, kind: str) -> None:
        operation, arguments = CREATIONS[kind]
        wanted = {"env": "prod", "Env": "", "团队": "网络"}
        made = world.act(operation, tags=wanted, **arguments(world)).object_id
        assert tags(world, made) == wanted
        event = AuditEvent.objects.get(object_id=made, action=operation)
        assert event.after["tags"] == wanted

    def test_loses_them_with_its_end(self, world: World, kind: str) -> None:
        operation, arguments = CREATIONS[kind]
        made = world.done(operation, tags={"env": "prod"}, **arguments(world)).object_id
        end = "eip.release" if kind == "eip" else f"{kind}.delete"
        world.done(end, **{f"{kind}_id": made})
        assert world.status(made) == "gone"
        assert not Tag.objects.exists()


def test_a_failed_creation_leaves_no_tags_and_its_retry_makes_them(
    world: World, fabric: Any
) -> None:
    fabric.refuse()
    job = world.done("havip.create", vswitch_id=world.vswitch, tags=[("env", "prod")]).job_id
    assert not HaVip.objects.exists()
    assert not Tag.objects.exists()
    fabric.behave()
    again = world.act("job.retry", job_id=job).object_id
    assert tags(world, again) == {"env": "prod"}


def test_tagging_replaces_values_and_keeps_other_tags(world: World) -> None:
    both(world, "tag", tags={"env": "test", "tier": "web"})
    both(world, "tag", tags={"env": "prod", "owner": ""})
    expected = {"env": "prod", "owner": "", "tier": "web"}
    assert tags(world, world.ecs1) == tags(world, world.ecs2) == expected
    assert tags(world, world.spare) == {}


def test_twenty_tags_fit_also_when_half_of_them_are_replaced(world: World) -> None:
    both(world, "tag", tags={f"k{number}": "old" for number in range(20)})
    both(world, "tag", tags={f"k{number}": "new" for number in range(10)})
    assert list(tags(world, world.ecs2).values()).count("new") == 10


def test_untagging_by_key_and_altogether(world: World) -> None:
    both(world, "tag", tags={"env": "test", "tier": "web", "a": ""})
    both(world, "untag", keys=["env", "nobody has it"])
    assert tags(world, world.ecs1) == {"a": "", "tier": "web"}
    both(world, "untag", keys=["a"], all_keys=True)
    assert tags(world, world.ecs2) == {"tier": "web"}, "keys that are named come first"
    both(world, "untag", all_keys=True)
    assert tags(world, world.ecs1) == tags(world, world.ecs2) == {}


def test_setting_gives_exactly_these(world: World) -> None:
    both(world, "tag", tags={"env": "test", "tier": "web"})
    only = {"env": "prod", "new": ""}
    world.act("resource.set_tags", kind="instance", resource_id=world.ecs1, tags=only)
    assert tags(world, world.ecs1) == only
    world.act("resource.set_tags", kind="instance", resource_id=world.ecs1, tags={})
    assert tags(world, world.ecs1) == {}


def test_one_resource_is_one_event_and_several_are_one_each(world: World) -> None:
    before = AuditEvent.objects.latest("pk").sequence
    world.act("resource.tag", kind="instance", resource_ids=[world.ecs1] * 2, tags={"env": "test"})
    both(world, "tag", tags={"env": "prod"})
    single, several, first, second = AuditEvent.objects.filter(sequence__gt=before).order_by("pk")
    assert (single.object_id, single.before) == (world.ecs1, {"tags": {}})
    assert single.after == {"tags": {"env": "test"}}
    assert several.object_label == "ecs1, ecs2"
    assert several.after == {"resources": [world.ecs1, world.ecs2]}
    assert {first.cause, second.cause} == {f"resource.tag#{several.sequence}"}
    assert (first.object_id, first.before) == (world.ecs1, {"tags": {"env": "test"}})
    assert (second.object_id, second.after) == (world.ecs2, {"tags": {"env": "prod"}})


def test_the_same_token_tags_once(world: World) -> None:
    for tag in ("a", "a"):
        both(world, "tag", tags={tag: ""}, client_token="once")
        both(world, "untag", all_keys=True)
    assert tags(world, world.ecs1) == {}, "the second time it was answered, not done"


def test_two_instances_at_once_have_the_tags_of_both(world: World) -> None:
    before = AuditEvent.objects.latest("pk").sequence
    made = world.act("instance.create", vswitch_id=world.vswitch, amount=2, tags={"env": "prod"})
    for instance in made.values["instance_ids"].split(","):
        assert tags(world, instance) == {"env": "prod"}
    events = AuditEvent.objects.filter(sequence__gt=before)
    assert [event.after["tags"] for event in events] == [{"env": "prod"}] * 2


@pytest.mark.parametrize("text", ["nul \0", "half a pair \ud800"])
@pytest.mark.parametrize("part", ["key", "value"])
def test_what_cannot_be_stored_is_refused(world: World, part: str, text: str) -> None:
    wanted = {text: ""} if part == "key" else {"key": text}
    with pytest.raises(Refusal) as caught:
        world.act("resource.set_tags", kind="instance", resource_id=world.ecs1, tags=wanted)
    assert (caught.value.number, caught.value.field) == ("A6", "tags")


class TestTheDatabase:
    """What it holds by itself."""

    def test_a_key_stands_once_at_a_resource(self, world: World) -> None:
        vpc = world.get(world.vpc)
        Tag.objects.create(team=world.team, key="env", vpc=vpc)
        Tag.objects.create(team=world.team, key="Env", vpc=vpc)
        with pytest.raises(IntegrityError), transaction.atomic():
            Tag.objects.create(team=world.team, key="env", vpc=vpc)

    def test_a_tag_has_one_resource_and_a_key(self, world: World) -> None:
        vpc, eip = world.get(world.vpc), world.get(world.eip1)
        for wrong in (
            {"key": "a"},
            {"key": "a", "vpc": vpc, "eip": eip},
            {"key": "", "vpc": vpc},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Tag.objects.create(team=world.team, **wrong)


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("env", [("env", None)]),
        ("env=", [("env=", None), ("env", "")]),
        ("a=b=c", [("a=b=c", None), ("a", "b=c"), ("a=b", "c")]),
        ("=a=b", [("=a=b", None), ("=a", "b")]),
    ],
)
def test_every_equals_sign_may_be_the_one_in_between(text: str, wishes: list[Any]) -> None:
    assert list(readings(text)) == wishes


def test_a_text_full_of_equals_signs_has_few_readings() -> None:
    assert len(list(readings("a" + "=" * 250))) == 11


class TestFinding:
    """Filters and selectors, on three instances with overlapping tags."""

    @pytest.fixture(autouse=True)
    def _tags(self, world: World) -> None:
        both(world, "tag", tags={"env": "prod", "a=b": "c=d"})
        set_on = {"kind": "instance"}
        world.act("resource.tag", resource_ids=[world.ecs2], tags={"env": "test"}, **set_on)
        world.act("resource.tag", resource_ids=[world.spare], tags={"env": ""}, **set_on)
        world.act("resource.tag", kind="vpc", resource_ids=[world.vpc], tags={"net": "prod"})

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("tag=env", {"ecs1", "ecs2", "spare"}),
            ("tag=env%3Dprod", {"ecs1"}),
            ("tag=env%3D", {"spare"}),
            ("tag=ENV", set()),
            ("tag=net", set()),
            ("tag=a%3Db", {"ecs1", "ecs2"}),
            ("tag=a%3Db%3Dc%3Dd&tag=env%3Dtest", {"ecs2"}),
            ("tag=+env+&tag=&text=spa", {"spare"}),
            ("tag=env%3Dprod&tag=env%3Dtest", set()),
        ],
    )
    def test_by_the_filter(self, world: World, query: str, names: set[str]) -> None:
        filtered = InstanceFilter(
            QueryDict(query), queryset=inventory.instances(world.team, world.region)
        )
        assert filtered.is_valid()
        assert {instance.name for instance in filtered.qs} == names

    @pytest.mark.parametrize(
        "query", ["tag=%3Dx", "tag=a%00", "tag=" + "k" * 258, "&".join(["tag=a"] * 21)]
    )
    def test_a_filter_that_makes_no_sense_says_so(self, world: World, query: str) -> None:
        found = havips(world.team, world.region)
        filtered = HaVipFilter(QueryDict(query), queryset=found)
        assert set(filtered.errors) == {"tag"}
        assert not matching(filtered)

    def test_twenty_tags_can_be_asked_for(self, world: World) -> None:
        twenty = {f"k{number}": "v" for number in range(20)}
        world.act("resource.set_tags", kind="instance", resource_id=world.ecs1, tags=twenty)
        query = "&".join(f"tag={key}" for key in twenty)
        found = inventory.instances(world.team, world.region)
        (only,) = InstanceFilter(QueryDict(query), queryset=found).qs
        assert only.name == "ecs1"

    def test_by_exact_wishes(self, world: World) -> None:
        found = inventory.instances(world.team, world.region)
        wishes = [("env", None), ("a=b", "c=d")]
        names = {row.name for row in bearing_all(found, wishes, team=world.team)}
        assert names == {"ecs1", "ecs2"}

    def test_listed_for_machines(self, world: World) -> None:
        def listed(**narrowed: Any) -> set[tuple[str, str]]:
            found = list_tags(world.team, world.region, "instance", **narrowed)
            return {(tag.instance.name, tag.text) for tag in found if tag.instance}

        assert listed(resource_ids=[world.ecs2, "i-nowhere"]) == {
            ("ecs2", "env=test"),
            ("ecs2", "a=b=c=d"),
        }
        assert listed(wishes=[("env", "prod")]) == {("ecs1", "env=prod")}
        assert listed(wishes=[("env", None), ("a=b", None)]) == {
            ("ecs1", "env=prod"),
            ("ecs1", "a=b=c=d"),
            ("ecs2", "env=test"),
            ("ecs2", "a=b=c=d"),
        }
        assert listed(wishes=[("env", "prod"), ("env", "test")]) == set()
        assert not list_tags(world.team, OTHER_REGION, "instance")
        assert not list_tags(beta_principal().team, world.region, "instance")
        with pytest.raises(Refusal) as caught:
            list_tags(world.team, world.region, "route")
        assert caught.value.rule is rules.G4_KIND

    def test_known_keys_are_those_of_the_kind_and_team(self, world: World) -> None:
        assert known_keys(world.team, "instance") == ["a=b", "env"]
        assert known_keys(world.team, "vpc") == ["net"]
        assert known_keys(beta_principal().team, "instance") == []

    def test_a_page_of_tags_is_one_query(self, world: World) -> None:
        rows = list(inventory.instances(world.team, world.region))
        with CaptureQueriesContext(connection) as captured:
            found = tags_of(rows)
        assert len(captured) == 1
        assert {len(each) for each in found.values()} == {1, 2}
        rows = list(with_tags(inventory.instances(world.team, world.region)))
        with CaptureQueriesContext(connection) as captured:
            tags_of(rows)
        assert not captured.captured_queries


def test_a_team_finds_only_its_own(world: World) -> None:
    stranger = beta_principal()
    both(world, "tag", tags={"env": "prod"})
    foreign = world.act("vpc.create", by=stranger, cidr_block="10.0.0.0/8", tags={"env": "prod"})
    carry_out_jobs()
    rows = bearing_all(
        inventory.vpcs(stranger.team, world.region), [("env", "prod")], team=stranger.team
    )
    assert [row.resource_id for row in rows] == [foreign.object_id]
    assert not bearing_all(
        inventory.vpcs(world.team, world.region), [("env", None)], team=world.team
    )


def test_writing_costs_the_same_for_one_and_for_fifty(world: World) -> None:
    made = [world.act("eip.allocate", name=f"e{number}").object_id for number in range(50)]
    counts = []
    for ids in (made[:2], made):
        with CaptureQueriesContext(connection) as captured:
            world.act("resource.tag", kind="eip", resource_ids=ids, tags={"env": str(len(ids))})
        written = [query for query in captured if "audit_" not in query["sql"]]
        counts.append(len([query for query in written if "SAVEPOINT" not in query["sql"]]))
    assert counts[0] == counts[1]

"""The cases of G1 to G5: tags on resources."""

from __future__ import annotations

from typing import Any

from havip.rules import tags
from tests.cast import OTHER_REGION, World
from tests.havip.cases import case
from tests.havip.cases_havips import another_vpc, beta_principal

Arguments = dict[str, Any]
TWENTY = {f"key-{number}": "" for number in range(20)}


def _set(world: World, wanted: Any, kind: str = "instance") -> Arguments:
    return {"kind": kind, "resource_id": getattr(world, _ONE[kind]), "tags": wanted}


def _tag(world: World, wanted: Any) -> Arguments:
    return {"kind": "instance", "resource_ids": [world.ecs1, world.ecs2], "tags": wanted}


_ONE = {"instance": "ecs1", "vpc": "vpc", "vswitch": "vswitch", "eip": "eip1"}


@case("G1", tags.G1_NO_KEY, "resource.set_tags")
def key_empty(world: World) -> Arguments:
    return _set(world, {"": "value"})


@case("G1", tags.G1_KEY, "resource.set_tags")
def key_too_long(world: World) -> Arguments:
    return _set(world, {"k" * 129: ""}, "vpc")


@case("G1", tags.G1_KEY, "resource.set_tags")
def key_of_the_cloud_itself(world: World) -> Arguments:
    return _set(world, {"aliyun-team": "x"}, "eip")


@case("G1", tags.G1_KEY, "resource.tag", page="none")
def key_with_a_line_break(world: World) -> Arguments:
    return _tag(world, {"a\nb": "x"})


@case("G1", tags.G1_KEY, "havip.create")
def havip_with_a_reserved_key(world: World) -> Arguments:
    return {"vswitch_id": world.vswitch, "tags": {"acs:region": "x"}}


@case("G1", tags.G1_KEY, "vpc.create")
def vpc_with_an_address_as_key(world: World) -> Arguments:
    return {"cidr_block": "10.0.0.0/8", "tags": {"see http://x": "x"}}


@case("G2", tags.G2_VALUE, "resource.set_tags")
def value_too_long(world: World) -> Arguments:
    return _set(world, {"good": "", "bad": "v" * 129}, "vswitch")


@case("G2", tags.G2_VALUE, "resource.tag", page="none")
def value_that_is_an_address(world: World) -> Arguments:
    return _tag(world, {"page": "https://example.com"})


@case("G2", tags.G2_VALUE, "vswitch.create")
def vswitch_with_a_reserved_value(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "192.168.7.0/24", "tags": {"by": "aliyun"}}


@case("G2", tags.G2_VALUE, "eip.allocate")
def eip_with_a_reserved_value(world: World) -> Arguments:
    return {"tags": {"by": "acs:x"}}


@case("G3", tags.G3_TOO_MANY, "resource.set_tags")
def twenty_one_tags(world: World) -> Arguments:
    return _set(world, {**TWENTY, "one more": ""})


@case("G3", tags.G3_TOO_MANY, "instance.create")
def instance_with_twenty_one_tags(world: World) -> Arguments:
    return {"vswitch_id": world.vswitch, "tags": {**TWENTY, "one more": ""}}


@case("G3", tags.G3_TOO_MANY_ON, "resource.tag", page="none")
def one_of_two_resources_is_full(world: World) -> Arguments:
    world.act("resource.set_tags", **{**_set(world, TWENTY), "resource_id": world.ecs2})
    return _tag(world, {"one more": ""})


@case("G3", tags.G3_TOO_MANY_AT_ONCE, "resource.tag", page="none")
def twenty_one_tags_at_once(world: World) -> Arguments:
    return _tag(world, {**TWENTY, "one more": ""})


@case("G3", tags.G3_TOO_MANY_AT_ONCE, "resource.untag", page="none")
def twenty_one_keys_at_once(world: World) -> Arguments:
    keys = [*TWENTY, "one more"]
    return {"kind": "instance", "resource_ids": [world.ecs1], "keys": keys}


@case("G3", tags.G3_NONE, "resource.tag", page="none")
def no_tag_named(world: World) -> Arguments:
    return _tag(world, {})


@case("G3", tags.G3_NONE, "resource.untag", page="none")
def no_key_named(world: World) -> Arguments:
    world.act("resource.tag", **_tag(world, {"kept": ""}))
    return {"kind": "instance", "resource_ids": [world.ecs1]}


@case("G4", tags.G4_RESOURCE, "resource.set_tags", page="no page")
def tagged_resource_unknown(world: World) -> Arguments:
    return {"kind": "vpc", "resource_id": "vpc-00000000000000000000", "tags": {"a": ""}}


@case("G4", tags.G4_RESOURCE, "resource.set_tags", page="no page")
def tagged_resource_of_another_team(world: World) -> Arguments:
    foreign = another_vpc(world, by=beta_principal())
    return {"kind": "vpc", "resource_id": foreign, "tags": {"a": ""}}


@case("G4", tags.G4_RESOURCE, "resource.set_tags", page="no page")
def tagged_resource_of_another_kind(world: World) -> Arguments:
    return {"kind": "havip", "resource_id": world.ecs1, "tags": {"a": ""}}


@case("G4", tags.G4_RESOURCE, "resource.tag", page="none")
def one_of_two_resources_is_unknown(world: World) -> Arguments:
    return {**_tag(world, {"a": ""}), "resource_ids": [world.ecs1, "i-00000000000000000000"]}


@case("G4", tags.G4_RESOURCE, "resource.untag", page="none")
def untagged_resource_in_another_region(world: World) -> Arguments:
    ids = [world.far_eip, world.eip1]
    return {"kind": "eip", "resource_ids": ids, "all_keys": True, "region": OTHER_REGION}


@case("G4", tags.G4_KIND, "resource.tag", page="none")
def kind_without_tags(world: World) -> Arguments:
    return {"kind": "interface", "resource_ids": [world.card1], "tags": {"a": ""}}


@case("G4", tags.G4_NONE, "resource.tag", page="none")
def no_resource_named(world: World) -> Arguments:
    return {"kind": "instance", "resource_ids": [], "tags": {"a": ""}}


@case("G4", tags.G4_TOO_MANY, "resource.tag", page="none")
def fifty_one_resources(world: World) -> Arguments:
    return {"kind": "instance", "resource_ids": [world.ecs1] * 51, "tags": {"a": ""}}


@case("G5", tags.G5_DOUBLED, "resource.set_tags")
def key_twice(world: World) -> Arguments:
    return _set(world, [("env", "prod"), ("tier", ""), ("env", "test")])


@case("G5", tags.G5_DOUBLED, "resource.tag", page="none")
def key_twice_on_several(world: World) -> Arguments:
    return _tag(world, [("env", "prod"), ("env", "prod")])


@case("G5", tags.G5_DOUBLED, "havip.create")
def havip_with_a_key_twice(world: World) -> Arguments:
    return {"vswitch_id": world.vswitch, "tags": [("env", "prod"), ("env", "test")]}

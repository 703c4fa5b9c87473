"""What the description allows at its edges is taken, and nothing beyond them: each was found by a generated request."""

from __future__ import annotations

import re

import pytest

from havip.rest.views.schema import schema
from tests.cast import World
from tests.havip.rest.asking import Script, operations, problem


@pytest.mark.parametrize("tag", ['"a,b"', 'W/"a,b" , "c"', '"one","two"'])
def test_a_comma_may_be_inside_an_entity_tag(api: Script, world: World, tag: str) -> None:
    changed = api.patch(f"havips/{world.havip()}", {"name": "new"}, If_Match=tag)
    problem(changed, 412, "PreconditionFailed", "A7")


def test_commas_do_not_hide_the_tag_that_matches(api: Script, world: World) -> None:
    address = f"havips/{world.havip()}"
    tag = api.get(address)["ETag"]
    assert api.get(address, If_None_Match=f'"a,b", {tag}').status_code == 304
    assert api.patch(address, {"name": "new"}, If_Match=f'"a,b",{tag}').status_code == 200


@pytest.mark.parametrize("tag", ['"a" "b"', '"a",', '"a', "a,b", '*, "a"'])
def test_what_is_no_list_of_entity_tags(api: Script, world: World, tag: str) -> None:
    told = problem(api.patch(f"havips/{world.havip()}", {"name": "new"}, If_Match=tag), 400)
    assert told["errors"][0]["header"] == "If-Match"


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("havips", "ip_address"),
        ("havips", "vpc_id"),
        ("instances", "private_ip"),
        ("instances", "vswitch_id"),
        ("interfaces", "private_ip"),
        ("vswitches", "zone"),
    ],
)
def test_an_empty_text_is_not_a_missing_one(
    api: Script, world: World, path: str, member: str
) -> None:
    needed = {"vpc_id": world.vpc, "cidr_block": "192.168.9.0/24"}
    needed = needed if path == "vswitches" else {"vswitch_id": world.vswitch}
    told = problem(api.post(path, {**needed, member: ""}), 400, "InvalidParameter")
    assert told["errors"][0]["pointer"] == f"#/{member}"


@pytest.mark.parametrize("network_type", ["", "other", "VPC", "x" * 60])
def test_an_instance_is_of_a_known_network_type(
    api: Script, world: World, network_type: str
) -> None:
    wanted = {"vswitch_id": world.vswitch, "network_type": network_type}
    told = problem(api.post("instances", wanted), 400, "InvalidParameter")
    assert told["errors"][0]["pointer"] == "#/network_type"


def test_no_text_of_a_body_may_hold_a_null(world: World) -> None:
    """What cannot be stored is not described as allowed."""
    schemas = schema()["components"]["schemas"]
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for _pattern, _method, operation in operations()
        if "requestBody" in operation
    }
    for name in sorted(bodies):
        for member, described in schemas[name]["properties"].items():
            text = described.get("items", described)
            if text.get("type") == "string" and "enum" not in text:
                allowed = re.search(text.get("pattern", ""), "a\0b")
                assert not allowed, f"{name}.{member}: {described}"

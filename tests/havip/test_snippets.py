"""The scripts beside the dialogs: what they say is what was chosen, whatever characters it has."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import Any

import hcl2
import pytest

from havip import snippets
from havip.models import BindingKind
from havip.snippets import Endpoint, Snippet

pytestmark = pytest.mark.slow

PLACE = Endpoint(scheme="http", host="127.0.0.1:8000", region="cn-hangzhou")
URL = "http://127.0.0.1:8000/api/v1/regions/cn-hangzhou/havips"
HOSTILE = [
    "plain",
    "数据库 主",
    'it\'s "quoted" \\ and `ticked`',
    "$(touch /tmp/x) ${HOME} $HOME !history",
    "${var.name} %{ if true } $${x}",
    "'; exit 1 #",
    "a\nb\tc",
    '"""',
    "{braces} {0} %s",
]
# Says what curl was called with, as JSON, instead of calling it.
SHELL = """
curl() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@"; }
openssl() { echo a-token; }
HAVIP_API_KEY=id.secret
"""


def text_of(found: list[Snippet], language: str) -> str:
    (text,) = [each.text for each in found if each.language == language]
    return text


def called(text: str) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", "-euc", SHELL + text], capture_output=True, text=True, check=True
    )
    words = json.loads(done.stdout)
    headers = [words[place + 1] for place, word in enumerate(words) if word == "--header"]
    data = words[words.index("--data") + 1] if "--data" in words else "null"
    return {"url": words[-1], "headers": headers, "body": json.loads(data)}


def arguments(text: str) -> dict[str, Any]:
    """Return the arguments of the program's request, and of its Config."""
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if not any(isinstance(each, ast.Name) for each in ast.walk(keyword.value)):
                    found[keyword.arg or ""] = ast.literal_eval(keyword.value)
    return found


def blocks(text: str) -> dict[str, Any]:
    """Return the resources of a Terraform text by type and label, with their strings as Terraform reads them."""
    resources: dict[str, Any] = {}
    for each in hcl2.loads(text).get("resource", []):
        for kind, labels in each.items():
            for label, values in labels.items():
                place = f"{kind}.{label}".replace('"', "")
                resources[place] = {
                    name: read(value) for name, value in values.items() if "__" not in name
                }
    return resources


def read(value: Any) -> Any:
    if isinstance(value, dict):
        return {read(key): read(each) for key, each in value.items()}
    if not value.startswith('"'):
        return value
    return json.loads(value).replace("$${", "${").replace("%%{", "%{")


def created(name: str) -> list[Snippet]:
    return snippets.create_havip(
        PLACE,
        URL,
        vswitch_id="vsw-1",
        ip_address="192.168.0.88",
        name=name,
        description="",
        tags={name: name},
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name_in_every_language(name: str) -> None:
    found = created(name)
    body = {
        "vswitch_id": "vsw-1",
        "ip_address": "192.168.0.88",
        "name": name,
        "tags": {name: name},
    }
    request = called(text_of(found, "curl"))
    assert request["body"] == body
    assert request["url"] == f"{URL}?wait=30"
    assert "Authorization: Bearer id.secret" in request["headers"]
    assert "Idempotency-Key: a-token" in request["headers"]

    given = arguments(text_of(found, "python"))
    assert (given["name"], given["v_switch_id"]) == (name, "vsw-1")
    assert (given["key"], given["value"]) == (name, name)
    assert (given["endpoint"], given["protocol"]) == ("127.0.0.1:8000", "http")

    wanted = {
        "vswitch_id": "vsw-1",
        "ip_address": "192.168.0.88",
        "ha_vip_name": name,
        "tags": {name: name},
    }
    assert blocks(text_of(found, "terraform")) == {"alicloud_vpc_ha_vip.this": wanted}


def test_what_is_not_chosen_yet_is_a_placeholder_and_what_is_empty_is_left_out() -> None:
    found = snippets.create_havip(
        PLACE, URL, vswitch_id="", ip_address="", name="", description="", tags={}
    )
    assert called(text_of(found, "curl"))["body"] == {"vswitch_id": "VSWITCH_ID"}
    assert "name" not in arguments(text_of(found, "python"))


@pytest.mark.parametrize(
    ("kind", "resource", "field"),
    [
        (BindingKind.INSTANCE, "i-1", "instance_id"),
        (BindingKind.INTERFACE, "eni-1", "interface_id"),
    ],
)
def test_binding_a_node(kind: BindingKind, resource: str, field: str) -> None:
    found = snippets.bind_node(PLACE, URL, havip_id="havip-1", kind=kind, resource_id=resource)
    assert called(text_of(found, "curl"))["body"] == {field: resource}
    given = arguments(text_of(found, "python"))
    assert (given["ha_vip_id"], given["instance_id"], given["instance_type"]) == (
        "havip-1",
        resource,
        kind.value,
    )
    assert blocks(text_of(found, "terraform")) == {
        "alicloud_havip_attachment.node": {
            "ha_vip_id": "havip-1",
            "instance_id": resource,
            "instance_type": kind.value,
        }
    }


def test_binding_an_eip() -> None:
    found = snippets.bind_eip(PLACE, URL, havip_id="havip-1", eip_id="eip-1")
    assert called(text_of(found, "curl"))["body"] == {"eip_id": "eip-1"}
    assert arguments(text_of(found, "python"))["instance_type"] == "HaVip"
    assert blocks(text_of(found, "terraform")) == {
        "alicloud_eip_association.this": {
            "allocation_id": "eip-1",
            "instance_id": "havip-1",
            "instance_type": "HaVip",
        }
    }


def test_reading_takes_over_all_that_is_bound() -> None:
    found = snippets.read_havip(
        PLACE,
        f"{URL}/havip-1",
        havip_id="havip-1",
        vswitch_id="vsw-1",
        ip_address="192.168.0.88",
        name="",
        description="",
        tags={"env": "prod"},
        nodes=[(BindingKind.INSTANCE, "i-1"), (BindingKind.INSTANCE, "i-2")],
        eip_id="eip-1",
    )
    assert called(text_of(found, "curl")) == {
        "url": f"{URL}/havip-1",
        "headers": ["Authorization: Bearer id.secret"],
        "body": None,
    }
    assert arguments(text_of(found, "python"))["value"] == ["havip-1"]
    text = text_of(found, "terraform")
    assert sorted(blocks(text)) == [
        "alicloud_eip_association.this",
        "alicloud_havip_attachment.node_1",
        "alicloud_havip_attachment.node_2",
        "alicloud_vpc_ha_vip.this",
    ]
    identifiers = [read(each["id"]) for each in hcl2.loads(text)["import"]]
    assert identifiers == ["havip-1", "havip-1:i-1", "havip-1:i-2", "eip-1:havip-1"]

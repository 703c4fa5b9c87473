"""What is not exactly as the protocol says is refused, with the path to it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havip.fabric.linux import protocol

ECS1, ECS2 = "i-" + "1" * 20, "i-" + "2" * 20
CARD1, CARD2 = "eni-" + "1" * 20, "eni-" + "2" * 20
HAVIP, VPC, VSWITCH = "havip-" + "a" * 20, "vpc-" + "b" * 20, "vsw-" + "c" * 20
PORT1, PORT2 = protocol.port_name(CARD1), protocol.port_name(CARD2)
SUBNET = {
    "id": VSWITCH,
    "bridge": protocol.bridge_name(VSWITCH),
    "cidr_block": "192.168.0.0/24",
    "gateway": "192.168.0.253",
}


def port(card: str, instance: str, address: int) -> dict[str, Any]:
    return {
        "port": protocol.port_name(card),
        "interface_id": card,
        "instance_id": instance,
        "vswitch_id": VSWITCH,
        "private_ip": f"192.168.0.{address}",
        "mac_address": f"02:00:00:00:00:{address % 100:02d}",
    }


GATEWAY: dict[str, Any] = {
    "protocol": 1,
    "scope": f"gateway:{VPC}",
    "version": 7,
    "vpc_id": VPC,
    "cidr_block": "192.168.0.0/16",
    "vswitches": [SUBNET],
    "ports": [port(CARD1, ECS1, 209), port(CARD2, ECS2, 210)],
    "havips": [
        {
            "id": HAVIP,
            "address": "192.168.0.88",
            "vswitch_id": VSWITCH,
            "ports": [PORT1, PORT2],
            "holders": {PORT1: ECS1, PORT2: ECS2},
            "eip": "203.0.113.9",
        }
    ],
    "routes": [{"destination": "10.9.0.0/16", "next_hop": "192.168.0.88"}],
}
NODE: dict[str, Any] = {
    "protocol": 1,
    "scope": f"node:{ECS1}",
    "version": 3,
    "instance_id": ECS1,
    "name": "网关 1",
    "profile": "documented",
    "interfaces": [{"id": CARD1, "device": "eth0", "private_ip": "192.168.0.209"}],
    "havips": [
        {
            "id": HAVIP,
            "address": "192.168.0.88",
            "prefix_length": 32,
            "interface_id": CARD1,
            "device": "eth0",
            "own_address": "192.168.0.209",
            "peers": ["192.168.0.210"],
            "virtual_router_id": 51,
            "priority": 100,
            "slot": 1,
            "auth_secret": "abcdefgh",
        }
    ],
}
HOST: dict[str, Any] = {
    "protocol": 1,
    "scope": "host:dc-lab",
    "version": 1,
    "vpcs": [
        {
            "id": VPC,
            "cidr_block": "192.168.0.0/16",
            "vswitches": [SUBNET],
            "instances": [{"id": ECS1, "name": "ecs1", "running": True}],
            "interfaces": [
                {
                    "id": CARD1,
                    "vswitch_id": VSWITCH,
                    "instance_id": ECS1,
                    "private_ip": "192.168.0.209",
                    "mac_address": "02:00:00:00:00:01",
                    "primary": True,
                    "port": PORT1,
                    "device": "eth0",
                }
            ],
        }
    ],
}
DOCUMENTS = {"gateway": GATEWAY, "node": NODE, "host": HOST}
REPORT: dict[str, Any] = {
    "protocol": 1,
    "applied_version": 3,
    "attempted_version": 3,
    "software": {"agent": "1.0", "keepalived": "2.2.7"},
    "observations": [
        {"havip_id": HAVIP, "holder": ECS1, "holders": [ECS1], "at": "2026-01-01T00:00:00+00:00"}
    ],
    "vrrp": [{"havip_id": HAVIP, "state": "MASTER", "at": "2026-01-01T00:00:00Z"}],
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_survives_the_way(name: str) -> None:
    value = DOCUMENTS[name]
    text = json.dumps(value)
    document = protocol.read_document(
        protocol.loads(text, limit=protocol.MAXIMUM_DOCUMENT_BYTES), scope=value["scope"]
    )
    assert protocol.as_json(document) == value


def test_names_fit_into_linux() -> None:
    assert len(PORT1) == len(SUBNET["bridge"]) == 13
    assert protocol.namespace_name("r", VPC).startswith("havip-r-")
    with pytest.raises(ValueError, match="kind"):
        protocol.namespace_name("x", VPC)


def change(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def apply(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = document
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[int(last) if last.isdigit() else last] = value

    return apply


HOSTILE = [
    ("gateway", "extra", 1, "unknown key"),
    ("gateway", "protocol", 2, "protocol"),
    ("gateway", "version", "7", "version"),
    ("gateway", "version", True, "version"),
    ("gateway", "version", -1, "version"),
    ("gateway", "scope", "gateway:vpc-other", "vpc_id"),
    ("gateway", "vpc_id", "../../etc", "vpc_id"),
    ("gateway", "cidr_block", "192.168.0.1/16", "cidr_block"),
    ("gateway", "cidr_block", "127.0.0.0/8", "cidr_block"),
    ("gateway", "cidr_block", "10.0.0.0/8", "vswitches"),
    ("gateway", "vswitches.0.bridge", "docker0", "vswitches[0].bridge"),
    ("gateway", "vswitches.0.bridge", protocol.bridge_name("vsw-x"), "vswitches[0].bridge"),
    ("gateway", "vswitches.0.gateway", "192.168.9.1", "vswitches[0].gateway"),
    ("gateway", "ports.0.port", "eth0", "ports[0].port"),
    ("gateway", "ports.0.port", "p0123456789ab; rm", "ports[0].port"),
    ("gateway", "ports.0.port", PORT2, "ports[0].port"),
    ("gateway", "ports.0.mac_address", "ff:ff:ff:ff:ff:ff", "ports[0].mac_address"),
    ("gateway", "ports.0.mac_address", "02:00:00:00:00:0G", "ports[0].mac_address"),
    ("gateway", "ports.0.private_ip", "192.168.0.88", "havips"),
    ("gateway", "ports.0.private_ip", "0.0.0.0", "ports[0].private_ip"),
    ("gateway", "ports.0.private_ip", "192.168.000.1", "ports[0].private_ip"),
    ("gateway", "ports.0", [], "ports[0]"),
    ("gateway", "ports", [port(CARD1, ECS1, 209)] * 4001, "ports"),
    ("gateway", "havips.0.address", "8.8.8.8", "havips[0]"),
    ("gateway", "havips.0.address", "224.0.0.18", "havips[0].address"),
    ("gateway", "havips.0.ports", [PORT1], "havips[0].holders"),
    ("gateway", "havips.0.ports", [PORT1, PORT1], "havips[0].ports"),
    ("gateway", "havips.0.holders", {PORT1: ECS1, PORT2: ECS1}, "havips[0].holders"),
    ("gateway", "havips.0.eip", "192.168.0.9", "havips[0].eip"),
    ("gateway", "havips.0.eip", "$(reboot)", "havips[0].eip"),
    ("gateway", "routes.0.next_hop", "192.168.0.1", "routes[0].next_hop"),
    ("gateway", "routes.0.destination", "10.0.0.0/33", "routes[0].destination"),
    ("gateway", "routes.0.destination", "10.0.0.0/8\n", "routes[0].destination"),
    ("node", "scope", f"node:{ECS2}", "instance_id"),
    ("node", "name", 'x" { } \n script', "name"),
    ("node", "name", "x;y", "name"),
    ("node", "profile", "/etc/passwd", "profile"),
    ("node", "interfaces.0.device", "eth0\n", "interfaces[0].device"),
    ("node", "interfaces.0.device", "../eth0", "interfaces[0].device"),
    ("node", "havips.0.virtual_router_id", 0, "havips[0].virtual_router_id"),
    ("node", "havips.0.virtual_router_id", 256, "havips[0].virtual_router_id"),
    ("node", "havips.0.priority", 255, "havips[0].priority"),
    ("node", "havips.0.prefix_length", 33, "havips[0].prefix_length"),
    ("node", "havips.0.peers", ["192.168.0.209"], "havips[0].peers"),
    ("node", "havips.0.peers", ["192.168.0.88"], "havips[0].peers"),
    ("node", "havips.0.peers", "192.168.0.210", "havips[0].peers"),
    ("node", "havips.0.own_address", "192.168.0.88", "havips[0].peers"),
    ("node", "havips.0.own_address", "192.168.0.7", "havips[0]"),
    ("node", "havips.0.interface_id", CARD2, "havips[0].interface_id"),
    ("node", "havips.0.auth_secret", "a b}{cde", "havips[0].auth_secret"),
    ("node", "havips.0.slot", 1.5, "havips[0].slot"),
    ("node", "havips.0.script", "/bin/sh", "havips[0]"),
    ("host", "vpcs.0.interfaces.0.device", "lo", "vpcs[0].interfaces[0].device"),
    ("host", "vpcs.0.interfaces.0.device", "", "vpcs[0].interfaces[0].device"),
    ("host", "vpcs.0.interfaces.0.instance_id", ECS2, "vpcs[0].interfaces[0].instance_id"),
    ("host", "vpcs.0.interfaces.0.vswitch_id", "vsw-none", "vpcs[0].interfaces[0].vswitch_id"),
    ("host", "vpcs.0.instances.0.running", "yes", "vpcs[0].instances[0].running"),
    ("host", "vpcs.0.instances.0.name", "a\x00b", "vpcs[0].instances[0].name"),
]


@pytest.mark.parametrize(("name", "path", "value", "where"), HOSTILE)
def test_a_hostile_document_is_refused(name: str, path: str, value: object, where: str) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    change(path, value)(document)
    with pytest.raises(protocol.ProtocolError) as refused:
        protocol.read_document(document, scope=DOCUMENTS[name]["scope"])
    assert where in str(refused.value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_key_is_needed(name: str) -> None:
    for key in DOCUMENTS[name]:
        document = {each: value for each, value in DOCUMENTS[name].items() if each != key}
        with pytest.raises(protocol.ProtocolError, match=key):
            protocol.read_document(document, scope=DOCUMENTS[name]["scope"])


def test_another_scope_s_document_is_refused() -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.read_document(GATEWAY, scope="gateway:vpc-elsewhere")
    with pytest.raises(protocol.ProtocolError):
        protocol.read_document(NODE, scope=GATEWAY["scope"])
    with pytest.raises(protocol.ProtocolError):
        protocol.read_document(NODE, scope="shell:root")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("applied_version", 4),
        ("attempted_version", 9),
        ("error", "two\nlines"),
        ("error", "x" * 501),
        ("error", "\ud800"),
        ("software.agent", "1.0 <script>"),
        ("observations.0.at", "2026-01-01T00:00:00"),
        ("observations.0.at", "yesterday"),
        ("observations.0.at", "0001-01-01T00:00:00+23:59"),
        ("observations.0.holder", ECS2),
        ("observations.0.holders", [ECS1, ECS1]),
        ("observations.0.havip_id", "havip-'; drop table"),
        ("vrrp.0.state", "KING"),
        ("vrrp", [REPORT["vrrp"][0]] * 65),
    ],
)
def test_a_hostile_report_is_refused(path: str, value: object) -> None:
    report = copy.deepcopy(REPORT)
    assert protocol.read_report(report).software.keepalived == "2.2.7"
    change(path, value)(report)
    with pytest.raises(protocol.ProtocolError):
        protocol.read_report(report)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a": 1, "a": 2}',
        "NaN",
        "1.5",
        "1e3",
        "[" * 50,
        '"\\',
        "9" * 5000,
        b"\xff",
        "null x",
    ],
)
def test_what_is_not_plain_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.loads(text, limit=100_000)
    with pytest.raises(protocol.ProtocolError):
        protocol.loads("[" + "1," * 100 + "1]", limit=50)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_garbage_anywhere_is_refused_and_never_breaks_the_reader(name: str, data: Any) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    try:
        read = protocol.read_document(document, scope=DOCUMENTS[name]["scope"])
    except protocol.ProtocolError:
        return
    assert protocol.as_json(read) == document


def test_the_protocol_needs_no_django() -> None:
    code = "import sys, havip.fabric.linux.protocol as p; assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

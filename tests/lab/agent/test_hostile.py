"""A hostile console: whatever it sends, nothing is executed, nothing is written, and the last state stays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.protocol import ProtocolError, read_document
from tests.lab.agent import documents
from tests.lab.agent.conftest import Agent, StartAgent
from tests.lab.agent.desk import Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import HAVIP, Network, wait_until

pytestmark = pytest.mark.lab

Change = Callable[[dict[str, Any]], object]


def put(*path: str | int, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


INJECTIONS = [
    "$(touch /tmp/havipt-owned)",
    "`touch /tmp/havipt-owned`",
    "; touch /tmp/havipt-owned",
    "eth0\n}\nvrrp_script x {\n script touch",
    'x" notify_master "/bin/touch /tmp/havipt-owned',
    "../../../../tmp/havipt-owned",
    "/tmp/havipt-owned",
    "!include /etc/shadow",
    "@main",
    "a" * 5000,
    "\x00",
    "",
    None,
    17,
    True,
    ["eth0"],
    {"eth0": "eth0"},
]
NODE_PLACES: list[tuple[str | int, ...]] = [
    ("instance_id",),
    ("profile",),
    ("interfaces", 0, "device"),
    ("interfaces", 0, "id"),
    ("interfaces", 0, "private_ip"),
    ("havips", 0, "id"),
    ("havips", 0, "address"),
    ("havips", 0, "device"),
    ("havips", 0, "own_address"),
    ("havips", 0, "peers"),
    ("havips", 0, "peers", 0),
    ("havips", 0, "auth_secret"),
    ("havips",),
    ("interfaces",),
]
GATEWAY_PLACES: list[tuple[str | int, ...]] = [
    ("vpc_id",),
    ("cidr_block",),
    ("vswitches", 0, "bridge"),
    ("vswitches", 0, "gateway"),
    ("ports", 0, "port"),
    ("ports", 0, "mac_address"),
    ("havips", 0, "address"),
    ("havips", 0, "ports", 0),
    ("havips", 0, "holders"),
    ("routes", 0, "destination"),
    ("routes", 0, "next_hop"),
]
NODE_NUMBERS = [
    put("havips", 0, field, value=value)
    for field in ("virtual_router_id", "priority", "prefix_length", "slot")
    for value in (-1, 0, 256, 10**30, 1.5, "51", True, None)
    if (field, value) != ("prefix_length", 256)
]
WHOLE: list[Change] = [
    put("command", value="reboot"),
    put("protocol", value=2),
    put("scope", value="node:i-other"),
    put("havips", 0, "notify_master", value="/bin/sh"),
    put("havips", 0, "peers", value=["192.168.0.210"] * 2),
    put("havips", 0, "peers", value=[HAVIP]),
    put("havips", 0, "address", value="127.0.0.1"),
    put("havips", 0, "address", value="224.0.0.18"),
    put("havips", 0, "address", value="255.255.255.255"),
]


def refused(scope: str, good: dict[str, Any], change: Change) -> bool:
    document = copy.deepcopy(good)
    change(document)
    try:
        read_document(document, scope=scope)
    except ProtocolError:
        return True
    return document == good


def test_every_hostile_value_is_refused() -> None:
    network = Network()
    from tests.lab.agent.network import Machine

    network.machines = [
        Machine(number, "x", f"192.168.0.{number}", f"02:00:00:00:00:0{number}")
        for number in (1, 2)
    ]
    node = documents.node(network.machines[0], network.machines[1:])
    gateway = documents.gateway(network, network.machines, routes=[("10.0.0.0/8", HAVIP)])
    read_document(node, scope=node["scope"])
    read_document(gateway, scope=GATEWAY_SCOPE)
    changes = [put(*place, value=value) for place in NODE_PLACES for value in INJECTIONS]
    for change in [*changes, *NODE_NUMBERS, *WHOLE]:
        assert refused(node["scope"], node, change)
    for place in GATEWAY_PLACES:
        for value in INJECTIONS:
            assert refused(GATEWAY_SCOPE, gateway, put(*place, value=value)), (place, value)


def tree(directory: Path) -> dict[str, bytes | int]:
    """Return everything in a directory, without what changes by itself."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else 0
        for path in sorted(directory.rglob("*"))
        if path.suffix != ".log"
    }


@pytest.fixture
def canary() -> Iterator[Path]:
    path = Path("/tmp/havipt-owned")
    path.unlink(missing_ok=True)
    yield path
    assert not path.exists()


def test_agents_of_a_hostile_console_stay_as_they_are(
    network: Network, desk: Desk, start: StartAgent, router: Agent, canary: Path
) -> None:
    first, second, _visitor = network.machines
    scope = f"node:{first.instance_id}"
    node_agent = start(first, "node", scope)
    good = {
        scope: documents.node(first, [second]),
        GATEWAY_SCOPE: documents.gateway(network, [first], routes=[("10.0.0.0/8", HAVIP)]),
    }
    for each, document in good.items():
        desk.apply(each, document)
    wait_until(lambda: desk.vrrp(scope) == {"havip-test1": "MASTER"})
    before = (
        tree(node_agent.state),
        tree(router.state),
        network.ruleset(),
        node_agent.keepalived_pid(),
    )
    hostile: dict[str, list[Change]] = {
        scope: [
            put("havips", 0, "device", value=INJECTIONS[3]),
            put("havips", 0, "id", value=INJECTIONS[4]),
            put("name", value='"; touch /tmp/havipt-owned; "'),
            put("interfaces", 0, "device", value=INJECTIONS[5]),
            put("havips", 0, "auth_secret", value="a\n}b cdef"),
            put("command", value=["touch", str(canary)]),
            put("havips", 0, "address", value="a" * 1_000_000),
        ],
        GATEWAY_SCOPE: [
            put("havips", 0, "ports", value=["p1; flush ruleset"]),
            put("vswitches", 0, "bridge", value="../../b"),
            put("routes", 0, "destination", value="10.0.0.0/8 dev lo"),
            put("cidr_block", value="192.168.0.0/16 }"),
            put("nftables", value=[{"flush": {"ruleset": None}}]),
        ],
    }
    for whose, changes in hostile.items():
        for change in changes:
            document = copy.deepcopy(good[whose])
            change(document)
            version = desk.want(whose, document)
            desk.wait(whose, lambda report, v=version: report.attempted_version == v)
            report = desk.last(whose)
            assert report is not None
            assert report.error.startswith("The agent refuses the wanted state: ")
            assert report.applied_version == 1
            assert len(report.error) <= 500
    # What is not even a document is survived, too.
    for nonsense in ("[]", "{}"):
        desk.documents[scope] = {"version": desk.documents[scope]["version"] + 1, "x": nonsense}
    after = (
        tree(node_agent.state),
        tree(router.state),
        network.ruleset(),
        node_agent.keepalived_pid(),
    )
    assert after == before
    assert desk.vrrp(scope) == {"havip-test1": "MASTER"}
    for each, document in good.items():
        desk.apply(each, document)
    assert desk.vrrp(scope) == {"havip-test1": "MASTER"}

"""A drill's part of a document: only what the document has anyway, only for a while, and whatever else is refused."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from havip.fabric.linux import protocol
from havip.fabric.linux.agent.drilling import Drilling
from havip.fabric.linux.protocol import NodeDrill, ProtocolError
from tests.consoles import eventually
from tests.havip.fabric.linux.test_protocol import DOCUMENTS, ECS1, HAVIP, PORT1

DRILL = "drill-" + "d" * 20
OTHER_PORT = protocol.port_name("eni-" + "9" * 20)


def soon() -> int:
    return int(time.time()) + 20


def orders() -> dict[str, dict[str, Any]]:
    """Return a drill that is well-formed, for each role."""
    common = {"id": DRILL, "until": soon(), "disturb": True}
    return {
        "node": {**common, "kind": "keepalived_stopped", "havip_id": HAVIP},
        "gateway": {
            **common,
            "kind": "link_down",
            "havip_id": HAVIP,
            "address": "192.168.0.88",
            "port": 80,
            "down": [PORT1],
        },
        "host": {
            **common,
            "kind": "instance_stopped",
            "address": "203.0.113.9",
            "port": 80,
            "stop": [ECS1],
            "down": [],
        },
    }


def document(name: str, **changes: Any) -> dict[str, Any]:
    """Return a role's document with its drill, changed so."""
    made = copy.deepcopy(DOCUMENTS[name])
    place = made["vpcs"][0] if name == "host" else made
    place["drill"] = {**orders()[name], **changes}
    return made


@pytest.mark.parametrize("name", ["node", "gateway", "host"])
def test_an_order_survives_the_way(name: str) -> None:
    sent = document(name)
    received = protocol.read_document(sent, scope=sent["scope"])
    assert protocol.as_json(received) == sent


HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("node", {"kind": "link_down"}, "kind"),
    ("node", {"kind": "instance_stopped"}, "kind"),
    ("node", {"kind": "rm -rf /"}, "kind"),
    ("node", {"havip_id": "havip-" + "z" * 20}, "havip_id"),
    ("node", {"id": "drill-../../x"}, "id"),
    ("node", {"command": "reboot"}, "command"),
    ("gateway", {"kind": "reboot"}, "kind"),
    ("gateway", {"down": ["eth0"]}, "down"),
    ("gateway", {"down": ["outside"]}, "down"),
    ("gateway", {"down": [OTHER_PORT]}, "down"),
    ("gateway", {"down": [PORT1, PORT1]}, "down"),
    ("gateway", {"down": []}, "down"),
    ("gateway", {"disturb": False}, "down"),
    ("gateway", {"kind": "keepalived_stopped"}, "down"),
    ("gateway", {"address": "192.168.0.209"}, "address"),
    ("gateway", {"address": "8.8.8.8"}, "address"),
    ("gateway", {"address": "127.0.0.1"}, "address"),
    ("gateway", {"port": 0}, "port"),
    ("gateway", {"port": 65536}, "port"),
    ("gateway", {"port": "80"}, "port"),
    ("gateway", {"havip_id": "havip-" + "z" * 20}, "havip_id"),
    ("host", {"stop": ["i-" + "9" * 20]}, "stop"),
    ("host", {"stop": []}, "stop"),
    ("host", {"kind": "link_down"}, "stop"),
    ("host", {"kind": "link_down", "stop": [], "down": [OTHER_PORT]}, "down"),
    ("host", {"address": "192.168.0.88"}, "address"),
    ("host", {"disturb": "yes"}, "disturb"),
]


@pytest.mark.parametrize(("name", "changes", "where"), HOSTILE)
def test_a_hostile_order_is_refused(name: str, changes: dict[str, Any], where: str) -> None:
    sent = document(name, **changes)
    with pytest.raises(ProtocolError, match=where):
        protocol.read_document(sent, scope=sent["scope"])


@pytest.mark.parametrize("name", ["node", "gateway", "host"])
@pytest.mark.parametrize("until", ["far", 2**60, -1, "soon", 1.5, None])
def test_no_order_without_a_near_end(name: str, until: Any) -> None:
    sent = document(name, until=int(time.time()) + 180 if until == "far" else until)
    with pytest.raises(ProtocolError, match="until"):
        protocol.read_document(sent, scope=sent["scope"])


def test_an_order_whose_end_is_past_is_harmless() -> None:
    sent = document("gateway", until=1)
    received = protocol.read_document(sent, scope=sent["scope"])
    assert isinstance(received, protocol.GatewayDocument)
    drilling = Drilling()
    drilling.take(received.drill, address="192.168.0.88", port=80)
    assert not drilling.disturbs
    report = drilling.report()
    assert report is not None
    assert (report.disturbed_ms, report.began_ms) == (0, 0)


def order(**changes: Any) -> NodeDrill:
    return NodeDrill(**{**orders()["node"], **changes})


class TestTheAgent:
    """What an agent makes of an order, without a network."""

    def test_it_disturbs_until_the_end_and_no_longer(self) -> None:
        drilling = Drilling()
        until = int(time.time()) + 2
        drilling.take(order(until=until))
        disturbs, look_again = drilling.disturbs, drilling.tick()
        if time.time() < until:  # else this machine stood still for as long as the order was good
            assert disturbs
            assert 0 < look_again <= 2
        eventually(lambda: not drilling.disturbs, "the order's end")
        assert not drilling.is_in_force

    def test_it_disturbs_only_when_told(self) -> None:
        drilling = Drilling()
        drilling.take(order(disturb=False))
        assert (drilling.is_in_force, drilling.disturbs) == (True, False)
        drilling.take(order())
        assert drilling.disturbs
        drilling.take(None)
        assert (drilling.is_in_force, drilling.report()) == (False, None)

    def test_it_reports_since_when_it_disturbs(self) -> None:
        drilling = Drilling()
        drilling.take(order())
        drilling.disturbed(since=1_700_000_000.5)
        drilling.disturbed(since=1_700_000_009.0)
        report = drilling.report()
        assert report is not None
        assert report.disturbed_ms == 1_700_000_000_500
        drilling.disturbed(since=0)
        report = drilling.report()
        assert report is not None
        assert report.disturbed_ms == 0

    def test_it_tells_a_run_until_the_console_has_it(self) -> None:
        """Nobody listens at this port of the loopback, so every probe goes unanswered; it is one run that grows."""
        drilling = Drilling()
        try:
            drilling.take(order(), address="127.0.0.1", port=9)

            def told() -> Any:
                report = drilling.report()
                return report if report is not None and report.runs else None

            first = eventually(told, "a run")
            assert [run.answered_by for run in first.runs] == [""]
            # It was not delivered, so it is told again, longer by now.
            again = eventually(lambda: told() if told() != first else None, "the next report")
            assert again.runs[0].sequence == first.runs[0].sequence
            assert again.runs[0].probes > first.runs[0].probes
            drilling.delivered(again)
            later = eventually(lambda: told() if told() != again else None, "growth")
            assert later.runs[0].probes > again.runs[0].probes
        finally:
            drilling.close()


RUN = {"sequence": 0, "started_ms": 0, "ended_ms": 980, "answered_by": "ECS1", "probes": 50}


def report(**changes: Any) -> dict[str, Any]:
    """Return a report with one drill with one run, changed so; names with a dot are the run's."""
    run = RUN | {key[4:]: value for key, value in changes.items() if key.startswith("run_")}
    drill = {"id": DRILL, "disturbed_ms": 0, "began_ms": 1_700_000_000_000, "runs": [run]}
    drill |= {key: value for key, value in changes.items() if not key.startswith("run_")}
    return {
        "protocol": 1,
        "applied_version": 3,
        "attempted_version": 3,
        "software": {"agent": "1.0"},
        "drills": [drill],
    }


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"run_answered_by": "two\nlines"}, "answered_by"),
        ({"run_answered_by": "x" * 65}, "answered_by"),
        ({"run_answered_by": None}, "answered_by"),
        ({"run_started_ms": 981}, "ended_ms"),
        ({"run_ended_ms": 600_001}, "ended_ms"),
        ({"run_probes": 0}, "probes"),
        ({"run_sequence": -1}, "sequence"),
        ({"runs": [RUN] * 101}, "runs"),
        ({"disturbed_ms": True}, "disturbed_ms"),
        ({"id": "havip-1"}, "id"),
        ({"fault": "x" * 201}, "fault"),
        ({"shell": "sh"}, "shell"),
    ],
)
def test_a_hostile_report_is_refused(changes: dict[str, Any], where: str) -> None:
    assert protocol.read_report(report()).drills[0].runs[0].answered_by == "ECS1"
    with pytest.raises(ProtocolError, match=where):
        protocol.read_report(report(**changes))


def test_one_drill_stands_in_a_report_once() -> None:
    doubled = report()
    doubled["drills"] *= 2
    with pytest.raises(ProtocolError, match="drills"):
        protocol.read_report(doubled)

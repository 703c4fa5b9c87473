"""HaVips on network interfaces in the lab: two secondary ones, then a primary and a secondary one; detached, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.consoles import eventually
from tests.lab.console import ADDRESS, PAGES, LabConsole, Operator
from tests.lab.machine import inside, run

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
CARDS = {"ECS1": "192.168.0.21", "ECS2": "192.168.0.22"}


def card_of(console: LabConsole, address: str) -> str:
    query = "select resource_id from havip_networkinterface where private_ip = ?"
    return str(console.one(query, address) or "")


def status_of(console: LabConsole, address: str) -> str:
    query = "select status from havip_networkinterface where private_ip = ?"
    return str(console.one(query, address) or "gone")


def test_interfaces(data: Path) -> None:
    with LabConsole(data.parent) as console:
        operator = Operator(console)
        operator.create_havip()
        for name, address in CARDS.items():
            operator.create_interface(address)
            operator.attach(card_of(console, address), name)
        assert "eth1" in run(f"ip -n {console.machine('ECS1')} link")

        for address in CARDS.values():
            operator.bind_interface(card_of(console, address))
            # Who starts first holds the address: the second node must not be as quick as the first.
            eventually(lambda: ADDRESS in eth1_of(console, "ECS1"), "ECS1 has the address")
        operator.bind_eip()
        assert eventually(console.from_outside, "the EIP answers") == "ECS1"
        assert ADDRESS in eth1_of(console, "ECS1")
        egress(console, "ECS1")

        operator.stop("ECS1")
        eventually(lambda: console.from_outside() == "ECS2", "ECS2 answers")
        console.settled()
        egress(console, "ECS2")
        operator.start("ECS1")

        # Detached, it stays bound; attached again, it serves again; deleted, its binding is gone.
        second = card_of(console, CARDS["ECS2"])
        operator.submit(f"interfaces/{second}/detach/")
        eventually(lambda: console.from_outside() == "ECS1", "ECS1 answers")
        assert "eth1" not in run(f"ip -n {console.machine('ECS2')} link")
        assert bound(console) == 2
        operator.submit(f"interfaces/{second}/delete/")
        assert status_of(console, CARDS["ECS2"]) == "gone"
        assert bound(console) == 1

        # A primary one beside a secondary one.
        operator.bind_interface(card_of(console, "192.168.0.210"))
        operator.stop("ECS1")
        eventually(lambda: console.from_outside() == "ECS2", "ECS2 answers")
        assert ADDRESS in inside(console.machine("ECS2"), "ip -4 address show dev eth0")
        egress(console, "ECS2")
        assert console.interrupt() == 0


def eth1_of(console: LabConsole, name: str) -> str:
    return inside(console.machine(name), "ip -4 address show dev eth1")


def bound(console: LabConsole) -> int:
    return int(console.one("select count(*) from havip_binding"))


def egress(console: LabConsole, name: str) -> None:
    """The holder reaches the outside with the HaVip as its source: a port that nobody listens on refuses at once."""
    ask = f"curl -s -m 2 --interface {ADDRESS} http://198.51.100.1:9/"
    refused = f"sh -c '{ask}; echo $?'"
    eventually(
        lambda: inside(console.machine(name), refused, check=False).strip() == "7",
        f"{name} reaches the outside from {ADDRESS} ({PAGES})",
    )

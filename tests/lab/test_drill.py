"""Fail-over drills in a real network: each kind, refused without a standby, and brought back by the agents whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.agent.answers import UNNAMED
from havip.fabric.linux.protocol import port_name
from tests.consoles import eventually
from tests.lab.console import PAGES, LabConsole, Operator, moment
from tests.lab.machine import inside, run
from tests.lab.patient import PatientConsole

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
AGENT = "havip.fabric.linux.agent"


class Drills:
    """The HaVip of the documented network with its drills, by its pages, its records and its network."""

    def __init__(self, console: LabConsole) -> None:
        self.console = console
        self.operator = Operator(console)

    def try_to_start(self, kind: str, **values: str) -> str:
        """Send the form; return the page that comes then."""
        path = f"{PAGES}/havips/{self.console.havip}/drills/start/"
        wish = {"kind": kind, "from_inside": "on", "from_outside": "on", "port": "80", **values}
        return self.operator.browser.submit(path, **wish)

    def start(self, kind: str) -> None:
        """Start one as soon as there is a live standby."""
        before = self.count
        eventually(self._is_ready, "a holder and a live standby")
        self.try_to_start(kind)
        assert self.count == before + 1

    def _is_ready(self) -> bool:
        rows = self.console.ask("select scope, state from linux_nodevrrp")
        states = {row["scope"]: row["state"] for row in rows}
        holder = f"node:{self.console.instance(self.console.holder())}"
        return states.pop(holder, "") == "MASTER" and list(states.values()) == ["BACKUP"]

    @property
    def count(self) -> int:
        return int(self.console.one("select count(*) from havip_drill"))

    @property
    def newest(self) -> dict[str, Any]:
        return self.console.ask("select * from havip_drill order by id desc limit 1")[0]

    def is_disturbed(self) -> bool:
        drill = self.newest
        return drill["status"] == "disturbed" and drill["disturbed_at"] is not None

    def was_disturbed(self) -> bool:
        """Whether it is or was disturbed: for who need not be there in time."""
        return self.newest["disturbed_at"] is not None

    def is_seen_disturbed(self, is_whole: Callable[[Drills, str], bool], node: str) -> bool:
        """Look at a disturbed node until it is seen so; False if every look found it whole, for as long as the drill says otherwise."""
        looks = 0
        while is_whole(self, node):
            if self.newest["status"] != "disturbed":
                return looks == 0
            looks += 1
        return True

    def ended(self) -> dict[str, Any]:
        """Wait for the end of the newest drill; return its row. Nothing is locked any more then."""
        over = ("finished", "failed")
        eventually(lambda: self.newest["status"] in over, "the drill to end", 120)
        eventually(lambda: self.console.one("select count(*) from jobs_joblock") == 0, "no locks")
        return self.newest

    def port_of(self, name: str) -> str:
        query = (
            "select c.resource_id from havip_networkinterface c join havip_instance i"
            " on i.id = c.instance_id where i.name = ?"
        )
        return port_name(str(self.console.one(query, name)))

    def disturbers(self, kind: str, node: str) -> list[int]:
        """Return the processes of the agent that disturbs in such a drill: the node's own, or the lab's host."""
        if kind == "instance_stopped":
            host = f"[l]inux.lab host .*--data {self.console.data}"
            return [int(pid) for pid in run(f"pgrep -f '{host}'", check=False).split()]
        return processes_of(self.console.machine(node), AGENT)

    # --- what is disturbed, seen in the network itself ---

    def runs_keepalived(self, name: str) -> bool:
        return bool(processes_of(self.console.machine(name), "keepalived"))

    def has_link(self, name: str) -> bool:
        shown = inside(self.console.router, f"ip -br link show {self.port_of(name)}")
        return " UP " in shown

    def runs(self, name: str) -> bool:
        return bool(processes_of(self.console.machine(name), "nginx"))


def processes_of(namespace: str, program: str) -> list[int]:
    """Return the processes of a program in a namespace."""
    here = Path(f"/run/netns/{namespace}").stat().st_ino
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if (directory / "ns" / "net").stat().st_ino != here:
                continue
            words = (directory / "cmdline").read_text(errors="replace").split("\0")
            if program in words or Path(words[0]).name.startswith(program):
                found.append(int(directory.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def drills(lab: PatientConsole) -> Drills:
    """The network with its HaVip on both instances; while there is only one, a drill is refused."""
    made = Drills(lab)
    made.operator.create_havip()
    made.operator.bind("ECS1")
    made.operator.bind_eip()
    eventually(lambda: lab.holder() == "ECS1", "ECS1 holds the address")
    eventually(lambda: lab.from_outside() == "ECS1", "the EIP answers")
    with pytest.raises(AssertionError, match="answered 422"):
        made.try_to_start("keepalived_stopped")
    assert made.count == 0
    assert lab.one("select count(*) from jobs_job where handler = 'drill'") == 0
    refused = (
        "select rule from audit_auditevent where action = 'havip.drill' and result = 'refused'"
    )
    assert [row["rule"] for row in lab.ask(refused)] == ["X3"]
    made.operator.bind("ECS2")
    return made


Check = Callable[[Drills, str], bool]


@pytest.mark.parametrize(
    ("kind", "is_whole", "least_ms"),
    [
        ("keepalived_stopped", Drills.runs_keepalived, 20),
        ("link_down", Drills.has_link, 1000),
        ("instance_stopped", Drills.runs, 1000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind(drills: Drills, kind: str, is_whole: Check, least_ms: int) -> None:
    console = drills.console
    drills.start(kind)
    node, standby = drills.newest["node_label"], drills.newest["standby_label"]
    assert {node, standby} == {"ECS1", "ECS2"}
    # Looked at first: a drill that only probes has disturbed nothing.
    assert is_whole(drills, node) or drills.newest["status"] not in ("queued", "probing")
    eventually(drills.was_disturbed, "the disturbance")
    assert drills.is_seen_disturbed(is_whole, node)
    drill = drills.ended()
    print(kind, {key: drill[key] for key in ("gap_inside_ms", "gap_outside_ms", "explanation")})
    assert (drill["status"], drill["taken_over_by"]) == ("finished", standby), drill
    assert is_whole(drills, node)
    assert console.one("select status from havip_instance where name = ?", node) == "Running"
    for vantage in ("inside", "outside"):
        assert least_ms <= drill[f"gap_{vantage}_ms"] <= 10_000
        query = (
            "select answered_by from havip_drillanswer where drill_id = ? and vantage = ?"
            " order by sequence"
        )
        answers = [row["answered_by"] for row in console.ask(query, drill["id"], vantage)]
        assert "" in answers
        # A web server that has accepted, and then got no processor for a second, has not said its name.
        named = [answer for answer in answers if answer != UNNAMED]
        assert named[0] == node
        assert named[-1] == standby
    assert eventually(console.from_outside, "the EIP answers") == standby
    reasons = "select reason from linux_holderinterval where holder_label = ? order by since desc"
    assert console.one(reasons, standby) == "drill"


@pytest.mark.parametrize("kind", ["keepalived_stopped", "instance_stopped"])
def test_the_agent_that_disturbs_is_killed_meanwhile(drills: Drills, kind: str) -> None:
    """It comes back, finds what it was doing, goes on with it, and brings the node back in the end."""
    drills.start(kind)
    node = drills.newest["node_label"]
    eventually(drills.was_disturbed, "the disturbance")
    agents = drills.disturbers(kind, node)
    assert agents
    kill(agents)
    drill = drills.ended()
    assert drill["status"] == "finished", drill
    assert not set(agents) & set(drills.disturbers(kind, node))
    assert drills.runs_keepalived(node)
    assert drills.runs(node)


def test_console_and_gateway_die_meanwhile(drills: Drills) -> None:
    """With the console gone and its own memory lost, the gateway brings the link back when the time has come."""
    console = drills.console
    drills.start("link_down")
    node, machine = drills.newest["node_label"], console.router
    eventually(drills.is_disturbed, "the disturbance")
    until = moment(drills.newest["deadline"])
    with no_console(console):
        gateways = processes_of(machine, AGENT)
        assert gateways
        kill(gateways)
        assert not drills.has_link(node) or time.time() >= until
        eventually(
            lambda: set(processes_of(machine, AGENT)) - set(gateways),
            "the gateway's agent to be started again",
        )
        assert not drills.has_link(node) or time.time() >= until
        eventually(lambda: drills.has_link(node), "the link to be up again")
        assert drills.newest["status"] == "disturbed"
    drill = drills.ended()
    print(drill["status"], drill["explanation"], drill["gap_inside_ms"], drill["gap_outside_ms"])
    assert drill["status"] == "finished" or drill["explanation"]
    # The prober that was killed, too, left a gap no longer than the fail-over and its own restart.
    assert drill["status"] == "failed" or drill["gap_inside_ms"] <= 12_000
    assert drills.has_link(node)
    shown = drills.operator.page()
    assert "In use" in shown


@contextmanager
def no_console(console: LabConsole) -> Iterator[None]:
    """Have neither web server nor worker while the block runs: killed, and their supervisor stands still."""
    os.kill(console.supervisor, signal.SIGSTOP)
    try:
        kill(serving(console))
        eventually(lambda: not serving(console), "web server and worker are dead")
        yield
    finally:
        os.kill(console.supervisor, signal.SIGCONT)


def serving(console: LabConsole) -> list[int]:
    """Return the processes of the web server and the worker; each may be gone with its parent at any moment."""
    found = []
    for pid in console.processes():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"\0gunicorn\0" in words or b"\0celery\0" in words:
                found.append(pid)
    return found


def kill(pids: Iterable[int]) -> None:
    """End processes that may be gone already."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

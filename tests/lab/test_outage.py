"""What goes wrong in the network, as the console tells it; and a minute without the console, in which the address fails over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.protocol import port_name
from tests.consoles import eventually
from tests.lab.agreement import agree
from tests.lab.console import ADDRESS, PAGES, LabConsole, Operator, moment
from tests.lab.machine import inside, run
from tests.lab.watch import Client, Forger, Watcher

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

NODES = ("ECS1", "ECS2")
THIRD = "ECS3"
AWAY_SECONDS = 60.0
DEAF = "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; add rule inet deaf in ip protocol vrrp drop"


@dataclass
class Scene:
    """A HaVip on two nodes with an EIP, `fast` timers, and a third instance that is bound to nothing."""

    console: LabConsole
    operator: Operator

    def port(self, name: str) -> str:
        """Return the router's end of an instance's cable."""
        query = (
            "select n.resource_id from havip_networkinterface n"
            " join havip_instance i on i.id = n.instance_id where i.name = ?"
        )
        return port_name(str(self.console.one(query, name)))

    def plug(self, name: str, *, whole: bool) -> None:
        """Cut an instance's cable, or mend it."""
        verb = "up" if whole else "down"
        run(f"ip -n {self.console.router} link set {self.port(name)} {verb}")

    def answers(self, *names: str) -> str:
        """Wait until one of these answers at the EIP; return which."""

        def answer() -> str:
            name = self.console.from_outside()
            return name if name in names else ""

        return str(eventually(answer, f"one of {names} answers"))

    def alert(self, kind: str) -> dict[str, Any]:
        """Wait until an alert is open; return its record."""

        def opened() -> dict[str, Any] | None:
            found = [each for each in self.console.open_alerts() if each["kind"] == kind]
            return found[0] if found else None

        found: dict[str, Any] = eventually(opened, f"the alert {kind}")
        return found

    def end_of(self, alert: dict[str, Any]) -> float:
        """Wait until an alert has cleared itself; return when it did."""
        query = "select cleared_at from linux_alert where id = ?"
        return moment(eventually(lambda: self.console.one(query, alert["id"]), "it clears"))

    def shown(self, kind: str, word: str, *names: str) -> None:
        """Wait until the page tells of an alert and names who is concerned, and the list has its mark."""
        mark = f'data-alert="{kind}"'

        def told() -> str:
            return self.operator.page().partition(mark)[2]

        sentence = eventually(told, "the page tells it").split("</div>")[0]
        assert all(name in sentence for name in names), sentence
        eventually(lambda: word in self.row(), "the list tells it")

    def row(self) -> str:
        """Return the HaVip's row in the list."""
        page = self.operator.browser.get(f"{PAGES}/havips/")
        return next(row for row in page.split("<tr") if ADDRESS in row)

    def calm(self) -> None:
        """Wait until nothing is wrong any more, in the network, on record and on the page.

        While the nodes change their timers, one after the other, they do not understand each other for a moment.
        """
        agree(self.console)
        eventually(self._is_calm, "one node is master, and no alert is left")

    def _is_calm(self) -> bool:
        masters = "select count(*) from linux_nodevrrp where state = 'MASTER'"
        if self.console.open_alerts() or self.console.one(masters) != 1:
            return False
        return "data-alert" not in self.operator.page()


@pytest.fixture(scope="module")
def scene(lab: LabConsole) -> Scene:
    operator = Operator(lab)
    operator.create_instance(THIRD, "192.168.0.33")
    operator.create_havip()
    for name in NODES:
        operator.bind(name)
    operator.bind_eip()
    agree(lab)
    return Scene(lab, operator)


class Opener(Watcher):
    """Opens the guard of the router that it is in, again and again."""

    def _turn(self) -> None:
        run("nft insert rule bridge havip_guard incoming accept", check=False)
        self._rest(0.25)


def guard_of(console: LabConsole) -> str:
    """Return the rules that frames from the ports meet first."""
    return inside(console.router, "nft -s list chain bridge havip_guard incoming")


@contextmanager
def deaf(scene: Scene) -> Iterator[None]:
    """Let no VRRP arrive at either node."""
    machines = [scene.console.machine(name) for name in NODES]
    try:
        for machine in machines:
            inside(machine, f"nft '{DEAF}'")
        yield
    finally:
        for machine in machines:
            inside(machine, "nft delete table inet deaf", check=False)


@pytest.mark.parametrize("profile", ["documented", "fast"])
def test_split_brain(scene: Scene, profile: str) -> None:
    """Both nodes are masters: told within three seconds from then, with `fast` timers from when VRRP was cut."""
    scene.operator.choose_timers(profile)
    scene.calm()
    cut = time.time()
    with deaf(scene):
        alert = scene.alert("split_brain")
        scene.shown("split_brain", "Split brain", *NODES)
        masters = eventually(lambda: two_masters(scene.console), "both nodes say that they are")
        both = max(moment(row["since"]) for row in masters)
    healed = time.time()
    told, over = moment(alert["since"]), scene.end_of(alert)
    print(
        f"{profile}: two masters {both - cut:.2f} s after VRRP was cut, the alert {told - cut:.2f} s"
        f" after it was cut; cleared {over - healed:.2f} s after it was mended"
    )
    assert told - both <= 3.0
    assert profile != "fast" or told - cut <= 3.0
    scene.calm()
    scene.answers(*NODES)


def test_nobody_announces_it(scene: Scene) -> None:
    scene.calm()
    cut = time.time()
    for name in NODES:
        scene.plug(name, whole=False)
    alert = scene.alert("no_holder")
    scene.shown("no_holder", "Nobody holds it")
    assert scene.console.from_outside() == ""
    assert scene.console.holder() == ""
    mended = time.time()
    for name in NODES:
        scene.plug(name, whole=True)
    told, over = moment(alert["since"]), scene.end_of(alert)
    print(f"nobody: {told - cut:.2f} s after the cables were cut; over after {over - mended:.2f} s")
    scene.answers(*NODES)
    scene.calm()


def test_a_minute_without_the_console(scene: Scene) -> None:
    scene.calm()
    console = scene.console
    wanted, agents = documents(console), agents_of(console)
    used, since = {pid: seconds_of(pid) for pid in agents}, time.monotonic()
    with Client(console.place.outside, console.eip) as outside:
        # What is asked for at the last moment is not lost either.
        scene.operator.stop(THIRD)
        console.kill()
        away = time.monotonic()
        eventually(lambda: not console.processes(), "every process of the console is dead")
        for fault in (cable_cut, keepalived_ended, cable_cut):
            holder = scene.answers(*NODES)
            others = [name for name in NODES if name != holder]
            mend = fault(scene, holder)
            print(f"{holder}: {fault.__name__}, then {scene.answers(*others)} answers")
            mend()
        assert agents_of(console) == agents
        time.sleep(max(0.0, away + AWAY_SECONDS - time.monotonic()))
        assert agents_of(console) == agents
        for pid in agents:
            # They ask again and again for somebody who is not there, less and less often.
            assert seconds_of(pid) - used[pid] < 0.1 * (time.monotonic() - since)
        away_for = time.monotonic() - away
        returned = time.time()
        console.start()
        assert outside.names() == set(NODES)
        gap = outside.longest_gap()
    print(
        f"away for {away_for:.0f} s, back in {console.seconds_to_ready:.1f} s; longest gap {gap:.2f} s"
    )
    assert gap <= 8.0
    eventually(lambda: all_heard(console, returned), "all agents are heard again")
    print(f"all agents are heard again {time.time() - returned:.1f} s after bin/run began")
    console.settled(60)
    scene.calm()
    # A machine that stood still may have had the address move in between: then both are looked at anew.
    holder = eventually(lambda: recorded_and_answering(scene), "who answers is who is recorded")
    assert f"announced by {holder}" in " ".join(scene.operator.page().split())
    assert console.one("select status from havip_instance where name = ?", THIRD) == "Stopped"
    # Nothing of what was wanted is lost, and the next jobs are done.
    after = documents(console)
    assert after.keys() == wanted.keys()
    assert all(after[scope][0] >= version for scope, (version, _) in wanted.items())
    scene.operator.start(THIRD)
    (standby,) = set(NODES) - {holder}
    scene.operator.unbind(standby)
    agree(console)
    scene.operator.bind(standby)
    agree(console)
    assert bodies(documents(console)) == bodies(wanted)
    scene.answers(*NODES)


def test_held_by_what_is_not_bound(scene: Scene) -> None:
    """Somebody with root on the router opens the guard again and again, and a third instance takes the address."""
    scene.calm()
    console = scene.console
    forger, victim = console.card(THIRD, 3), console.card("ECS2", 2)
    run(f"ip -n {forger.namespace} address add {ADDRESS}/32 dev eth0")
    guard = guard_of(console)
    with Forger(forger, ADDRESS, victim):
        with Opener(console.router) as opener:
            alert = scene.alert("unbound_holder")
            assert THIRD in alert["parameters"]
            scene.shown("unbound_holder", "Held by what is not bound", THIRD)
        eventually(lambda: not opener.is_alive(), "nobody opens the guard any more")
        # The agent mends the guard; the forger goes on, and nobody hears it any more.
        eventually(lambda: guard_of(console) == guard, "the guard is as it was")
        over = scene.end_of(alert)
        print(f"held by what is not bound: for {over - moment(alert['since']):.1f} s")
        scene.answers(*NODES)
        eventually(lambda: console.holder() in NODES, "a bound node is recorded")
        for _each in range(10):
            assert console.from_outside() in NODES
    run(f"ip -n {forger.namespace} address del {ADDRESS}/32 dev eth0")
    # That somebody changes the router's rules is told for minutes after they were put back.
    scene.shown("agent_failed", "Agent reports an error", "Somebody else had changed")


def recorded_and_answering(scene: Scene) -> str:
    """Return who answers, if the records say the same."""
    name = scene.answers(*NODES)
    return name if scene.console.holder() == name else ""


def bodies(wanted: dict[str, tuple[int, str]]) -> dict[str, str]:
    return {scope: body for scope, (_version, body) in wanted.items()}


def cable_cut(scene: Scene, name: str) -> Callable[[], None]:
    """Cut the holder's cable; return what mends that."""
    scene.plug(name, whole=False)
    return lambda: scene.plug(name, whole=True)


def keepalived_ended(scene: Scene, name: str) -> Callable[[], None]:
    """End the holder's keepalived; its agent starts another one by itself."""
    state = scene.console.place.agent_state(f"node:{scene.console.instance(name)}")
    file = state / "keepalived" / "keepalived.pid"
    old = int(file.read_text())
    os.kill(old, signal.SIGTERM)

    def revived() -> bool:
        try:
            return file.read_text().strip() not in ("", str(old))
        except FileNotFoundError:
            return False

    return lambda: eventually(revived, f"{name} runs keepalived again")


def two_masters(console: LabConsole) -> list[dict[str, Any]]:
    """Return the words of both nodes that they are masters, as soon as both have said so: the gateway may have seen it first."""
    found = console.ask("select since from linux_nodevrrp where state = 'MASTER'")
    return found if len(found) == 2 else []


def documents(console: LabConsole) -> dict[str, tuple[int, str]]:
    """Return what is wanted of each scope: version and document."""
    rows = console.ask("select scope, version, document from linux_wantedstate where version > 0")
    return {row["scope"]: (row["version"], row["document"]) for row in rows}


def agents_of(console: LabConsole) -> list[int]:
    """Return the processes of the gateway's and both nodes' agents that live."""
    files = [*(console.place.directory / "pids").glob("gateway-*")]
    files += [console.place.directory / "pids" / f"node-{console.instance(name)}" for name in NODES]
    pids = [int(file.read_text().split(" ")[0]) for file in files]
    assert len(pids) == 1 + len(NODES)
    return sorted(pid for pid in pids if Path(f"/proc/{pid}/exe").exists())


def seconds_of(pid: int) -> float:
    """Return how much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def all_heard(console: LabConsole, since: float) -> bool:
    """Tell whether host, gateway and both nodes were heard after a moment."""
    scopes = {f"node:{console.instance(name)}" for name in NODES}
    rows = console.ask("select scope, role, last_seen from linux_agent where revoked_at is null")
    seen = [
        moment(row["last_seen"]) for row in rows if row["role"] != "node" or row["scope"] in scopes
    ]
    return len(seen) == 2 + len(NODES) and min(seen) > since

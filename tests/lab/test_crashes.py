"""kill -9 at random moments of binding and unbinding: gateway agent, node agent, console, worker, twenty times each.

Whatever dies, it comes back, the job ends, records and network agree again, and at no moment anybody who was not bound got
the HaVip's traffic: two clients ask all the time, and a third instance announces the address all the time.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.lab import namespaces
from tests.consoles import eventually
from tests.lab.agreement import agree
from tests.lab.console import ADDRESS, PAGES, LabConsole, Operator, moment
from tests.lab.machine import run
from tests.lab.watch import Client, Forger, Victim

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1500)]

KILLS = 20
SEED = int(os.environ.get("HAVIP_TEST_SEED") or random.SystemRandom().randrange(10**6))
FORGER, CLIENT = "ECS3", "ECS4"
NODES = ("ECS1", "ECS2")
KINDS = ("gateway", "node", "console", "worker")
# So many of the points are before or about the moment in which the job is written; the others are counted from there.
_EARLY = 0.2
_PATIENCE_SECONDS = 60


@dataclass
class Round:
    """One kill, and what came of it. Times in seconds since 1970."""

    what: str
    verb: str
    node: str
    sent: float = 0.0
    killed: float = 0.0
    sent_twice: bool = False
    begun: float = 0.0
    ended: float = 0.0
    state: str = ""

    @property
    def came_too_late(self) -> bool:
        """Whether the job had ended before the kill: then nothing was disturbed."""
        return not self.sent_twice and self.ended <= self.killed

    @property
    def in_the_middle(self) -> bool:
        """Whether the job was under way when the kill came."""
        return not self.sent_twice and self.begun <= self.killed < self.ended

    def told(self) -> str:
        """Return it in a line, for whoever looks for what went wrong."""
        after, took = self.killed - self.sent, self.seconds
        return f"{self.what} killed {after:.2f} s into {self.verb} {self.node}: {self.state} after {took:.2f} s"

    @property
    def seconds(self) -> float:
        """How long it took from sending the form to the end of the job."""
        return self.ended - self.sent


@dataclass
class Scene:
    """A lab with a HaVip on two nodes, who may have its traffic when, and the operator who binds and unbinds."""

    console: LabConsole
    operator: Operator
    spells: dict[str, list[list[float]]] = field(
        default_factory=lambda: {name: [] for name in NODES}
    )

    def may_have_it(self, name: str, asked: float, over: float) -> bool:
        """Tell whether a node was bound, or on its way to or from that, at some moment of a question."""
        return any(begin <= over and asked <= end for begin, end in self.spells.get(name, []))

    @property
    def bound(self) -> list[str]:
        query = "select i.name from havip_binding b join havip_instance i on i.id = b.instance_id"
        return [row["name"] for row in self.console.ask(query)]

    def next_step(self) -> tuple[str, str]:
        """Unbind the holder; bind who is missing: so the address moves at every second step."""
        missing = [name for name in NODES if name not in self.bound]
        if missing:
            return "bind", missing[0]
        return "unbind", str(eventually(self.console.holder, "somebody holds the address"))

    def perform(
        self, verb: str, node: str, pids: Sequence[int] = (), after: float = 0, early: bool = True
    ) -> Round:
        """Take a step; kill processes so long after sending the form (`early`) or the job's beginning. Returns at the job's end."""
        turn = Round("", verb, node)
        last = self._last_job()
        request, answered = self._form(verb, node), threading.Event()
        sending = threading.Thread(target=self._send, args=(request, answered))
        turn.sent = time.time()
        if verb == "bind":
            self.spells[node].append([turn.sent, float("inf")])
        sending.start()
        if pids:
            since = turn.sent if early else self._beginning_after(last)
            time.sleep(max(0.0, since + after - time.time()))
            turn.killed = time.time()
            _kill(pids)
        sending.join(_PATIENCE_SECONDS)
        if not answered.is_set():
            # The console died over it: either everything of it is recorded, or nothing.
            again = self._form_or_none(verb, node)
            if self._last_job() == last:
                turn.sent_twice = True
                assert again is not None
                self.operator.browser.send(again)
        job = eventually(lambda: self._ended_after(last), f"the job {verb} {node} ends")
        turn.begun, turn.ended = moment(job["created_at"]), moment(job["finished_at"])
        turn.state = job["state"]
        if verb == "unbind" and turn.state == "succeeded":
            self.spells[node][-1][1] = turn.ended
        return turn

    def _send(self, request: urllib.request.Request, answered: threading.Event) -> None:
        with suppress(OSError, http.client.HTTPException):
            self.operator.browser.send(request)
            answered.set()

    def _form(self, verb: str, node: str) -> urllib.request.Request:
        instance, havip = self.console.instance(node), f"{PAGES}/havips/{self.console.havip}"
        if verb == "bind":
            return self.operator.browser.prepared(f"{havip}/bind/", instance_id=instance)
        return self.operator.browser.prepared(f"{havip}/unbind/{instance}/", force="on")

    def _form_or_none(self, verb: str, node: str) -> urllib.request.Request | None:
        """Wait until the console answers again; a form for what is done already does not exist."""
        self.operator.browser.get(f"{PAGES}/havips/")
        try:
            return self._form(verb, node)
        except (OSError, AssertionError):
            return None

    def _last_job(self) -> int:
        return int(self.console.one("select max(id) from jobs_job"))

    def _beginning_after(self, last: int) -> float:
        """Wait until the next job is written; return when it was."""
        query = "select created_at from jobs_job where id > ?"
        return moment(eventually(lambda: self.console.one(query, last), "the job begins"))

    def _ended_after(self, last: int) -> dict[str, Any] | None:
        query = "select * from jobs_job where id > ? and finished_at is not null"
        return next(iter(self.console.ask(query, last)), None)


@pytest.fixture(scope="module")
def scene(lab: LabConsole) -> Iterator[Scene]:
    """The lab with two more instances: one forges the HaVip from before it is one, the other asks it."""
    operator = Operator(lab)
    operator.create_instance(FORGER, "192.168.0.33")
    operator.create_instance(CLIENT, "192.168.0.44")
    run(f"ip -n {lab.machine(FORGER)} address add {ADDRESS}/32 dev eth0")
    return Scene(lab, operator)


@contextmanager
def watched(scene: Scene) -> Iterator[tuple[Client, Client]]:
    """Watch from within and from outside while the block runs, then judge.

    First the forger has to have success: while the address is nobody's, everything it does gets through.
    """
    console, operator = scene.console, scene.operator
    forger, client = console.card(FORGER, 3), console.card(CLIENT, 4)
    with ExitStack() as stack:
        victim = stack.enter_context(Victim(client, forger, ADDRESS))
        forging = stack.enter_context(Forger(forger, ADDRESS, client))
        with Client(client.namespace, ADDRESS) as deceived:
            eventually(lambda: deceived.names() == {FORGER}, "the forger has success")
        eventually(lambda: all(victim.forged.values()), "forged frames arrive")
        operator.create_havip()
        inwards = stack.enter_context(Client(client.namespace, ADDRESS))
        before, rounds = dict(victim.forged), forging.rounds
        for name in NODES:
            scene.spells[name].append([time.time(), float("inf")])
            operator.bind(name)
        operator.bind_eip()
        outside = stack.enter_context(Client(console.place.outside, console.eip))
        yield inwards, outside
        assert victim.forged == before
        assert forging.rounds - rounds > 500
    for watcher in (inwards, outside):
        wrong = [
            each
            for each in watcher.answers
            if each.name and not scene.may_have_it(each.name, each.asked, each.over)
        ]
        assert not wrong, wrong[:20]
        assert watcher.names() == set(NODES)
        print(f"{len(watcher.answers)} questions to {watcher.address}, {forging.rounds} forgeries")


class Victims:
    """Who is killed, found anew each time."""

    def __init__(self, console: LabConsole) -> None:
        self._console = console
        self._router = f"gateway-{console.one('select resource_id from havip_vpc order by id')}"

    def of(self, what: str, node: str, number: int) -> list[int]:
        """Wait until all that is to be killed runs; return its processes."""

        def find() -> list[int]:
            if what == "gateway":
                return [self.gateway()]
            if what == "node":  # the one that is told something new, and now and then the other one
                return [self.node(node if number % 4 else _other(node))]
            worker, doing = self.worker(), self.doing_jobs()
            if len(worker) != 3 or len(doing) != 1:
                return [0]
            if what == "worker":  # the process of it that does the jobs, and now and then all of it
                return doing if number % 4 else worker
            # The web server, and every second time the whole worker with it.
            web = self.web() if len(self.web()) == 2 else [0]
            return web + worker if number % 2 else web

        def found() -> list[int]:
            pids = find()
            return pids if all(pids) else []

        return list(eventually(found, f"{what} runs again"))

    def gateway(self) -> int:
        return self._of_unit(self._router)

    def node(self, name: str) -> int:
        return self._of_unit(f"node-{self._console.instance(name)}")

    def web(self) -> list[int]:
        """Return the processes of the web server."""
        return self._running("gunicorn")

    def worker(self) -> list[int]:
        """Return the processes of the worker: the one that started the others, the scheduler, the one that does the jobs."""
        return self._running("celery")

    def doing_jobs(self) -> list[int]:
        """Return the process that does the jobs: it is no parent, and has not closed its standard input as the scheduler has."""
        found = self.worker()
        parents = {_file(f"/proc/{pid}/stat").rpartition(")")[2].split()[1] for pid in found}
        children = [pid for pid in found if str(pid) not in parents]
        return [pid for pid in children if _input(pid) == "/dev/null"]

    def _running(self, program: str) -> list[int]:
        lines = {pid: _file(f"/proc/{pid}/cmdline") for pid in self._console.processes()}
        return [pid for pid, line in lines.items() if f"\0{program}\0" in line]

    def _of_unit(self, name: str) -> int:
        """Return the process of one of the lab's units, if it lives."""
        number = _file(f"{self._console.place.directory}/pids/{name}").split(" ")[0]
        alive = number and "havip.fabric.linux.agent" in _file(f"/proc/{number}/cmdline")
        return int(number) if alive else 0


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _input(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/fd/0").readlink())
    except OSError:
        return ""


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _other(node: str) -> str:
    return NODES[1 - NODES.index(node)]


def spread(chance: random.Random, count: int) -> list[float]:
    """Return as many random moments, from 0 to 1: one in each of equal parts, shuffled."""
    moments = [(part + chance.random()) / count for part in range(count)]
    chance.shuffle(moments)
    return moments


def test_killed_in_the_middle_of_a_bind(scene: Scene) -> None:
    print(f"seed {SEED}")
    chance, victims = random.Random(SEED), Victims(scene.console)
    with watched(scene) as (_inwards, outside):
        scene.operator.choose_timers("fast")
        usual: dict[str, list[float]] = {"bind": [], "unbind": []}
        for _each in range(6):
            agree(scene.console, forger=FORGER)
            verb, node = scene.next_step()
            turn = scene.perform(verb, node)
            usual[verb].append(turn.ended - turn.begun)
        takes = {verb: statistics.median(seconds) for verb, seconds in usual.items()}
        print(f"undisturbed: bind {takes['bind']:.2f} s, unbind {takes['unbind']:.2f} s")
        # Each of the four is killed at as many points of a bind as of an unbind.
        points = {(kind, verb): spread(chance, KILLS // 2) for kind in KINDS for verb in takes}
        rounds: list[Round] = []
        misses = 0
        while any(points.values()):
            agree(scene.console, forger=FORGER)
            verb, node = scene.next_step()
            left = {kind: len(points[kind, verb]) for kind in KINDS}
            kind = chance.choice([each for each in KINDS if left[each] == max(left.values())])
            if not left[kind]:  # nothing is left of this verb: on to the other one
                scene.perform(verb, node)
                continue
            pids = victims.of(kind, node, left[kind])
            point = points[kind, verb][-1]
            turn = scene.perform(verb, node, pids, point * takes[verb], early=point < _EARLY)
            turn.what = kind
            if turn.came_too_late:  # the machine is faster than it was: the point is taken again
                takes[verb], misses = turn.ended - turn.begun, misses + 1
                assert misses < KILLS * 2
            else:
                points[kind, verb].pop()
                rounds.append(turn)
            print(turn.told(), flush=True)
        agree(scene.console, forger=FORGER)
    told(rounds, misses, outside)
    assert {turn.state for turn in rounds} == {"succeeded"}
    for kind in KINDS:
        mine = [turn for turn in rounds if turn.what == kind]
        assert len(mine) == KILLS
        assert sum(turn.in_the_middle for turn in mine) > KILLS / 2
    verified = scene.console.manage("verify_audit")
    assert verified.returncode == 0, verified.stderr
    eventually(lambda: not scene.console.open_alerts(), "no alert is left")


def test_the_host_comes_back_to_its_processes(scene: Scene) -> None:
    """The lab's host is killed: nothing that it started ends, and it finds all of it again."""
    console = scene.console
    agree(console, forger=FORGER)
    machines = [*(console.machine(name) for name in NODES), console.router]

    def services() -> set[int]:
        """Return what runs, if that is all: agents start programs for a moment, and may just have been killed."""
        found = namespaces.processes_in(machines)
        # Agents everywhere, two of nginx on each node, two of keepalived where it is bound.
        right = len(machines) + 2 * len(NODES) + 2 * len(scene.bound)
        return found if len(found) == right else set()

    before = eventually(services, "each node and the router have all their processes")
    holder = console.from_outside()
    for _each in range(3):
        old = eventually(lambda: host_of(console), "the host runs")
        os.kill(old, signal.SIGKILL)
        assert console.from_outside() == holder
        eventually(lambda old=old: host_of(console) not in (0, old), "the host is back")
    scene.operator.create_instance("ECS5", "192.168.0.55")
    eventually(lambda: namespaces.processes_in(machines) == before, "the same processes run")
    assert console.from_outside() == holder
    agree(console, forger=FORGER)


def host_of(console: LabConsole) -> int:
    """Return the process of the lab's host; 0 while there is none."""
    found = run(f"pgrep -f '[l]inux.lab host .*--data {console.data}'", check=False).split()
    return int(found[0]) if found else 0


def told(rounds: list[Round], misses: int, outside: Client) -> None:
    for kind in sorted({turn.what for turn in rounds}):
        mine = [turn for turn in rounds if turn.what == kind]
        seconds = sorted(turn.seconds for turn in mine)
        print(
            f"{kind}: {len(mine)} kills, {sum(each.in_the_middle for each in mine)} in the middle of"
            f" a job, {sum(each.sent_twice for each in mine)} before anything was recorded;"
            f" the job took {statistics.median(seconds):.2f} s, {seconds[-1]:.2f} s at most"
        )
    print(f"{misses} kills came too late and were repeated")
    print(f"the EIP was silent for {outside.longest_gap():.2f} s at most")

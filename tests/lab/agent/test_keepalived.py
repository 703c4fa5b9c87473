"""The node role with real keepalived, watched by a real gateway agent."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from havip.fabric.linux.agent.keepalived import complaint
from tests.lab.agent import documents
from tests.lab.agent.conftest import Agent, StartAgent
from tests.lab.agent.desk import Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import HAVIP, Machine, Network, ip, listener, wait_until

pytestmark = pytest.mark.lab

SECOND = "192.168.0.89"


class Pair:
    """Two nodes of one HaVip with their agents, and the gateway's."""

    def __init__(self, network: Network, desk: Desk, start: StartAgent, profile: str) -> None:
        self.network = network
        self.desk = desk
        self.profile = profile
        self.first, self.second, _visitor = network.machines
        self.nodes = (self.first, self.second)
        self.agents = [start(each, "node", f"node:{each.instance_id}") for each in self.nodes]

    def scope(self, machine: Machine) -> str:
        return f"node:{machine.instance_id}"

    def bind(self, *addresses: str, at_once: bool = False) -> None:
        """Bind both nodes, the first one first; or tell both at once, as the console does when one joins the other."""
        more = [
            documents.havip(f"havip-test{index + 2}", address, self.nodes)
            for index, address in enumerate(addresses[1:])
        ]
        self.desk.apply(GATEWAY_SCOPE, documents.gateway(self.network, self.nodes, more=more))
        versions = {}
        for machine in self.nodes:
            peers = [each for each in self.nodes if each != machine]
            document = documents.node(machine, peers, addresses=addresses, profile=self.profile)
            versions[self.scope(machine)] = self.desk.want(self.scope(machine), document)
            if not at_once:
                self.desk.wait_applied(self.scope(machine), versions[self.scope(machine)])
                # Else whoever is the faster one serves, and keeps it.
                self._wait_served(self.nodes[0])
        for scope, version in versions.items():
            self.desk.wait_applied(scope, version)

    def _wait_served(self, machine: Machine) -> None:
        scope = self.scope(machine)
        self.desk.wait(scope, lambda _: set(self.desk.vrrp(scope).values()) == {"MASTER"})

    def states(self, havip_id: str = "havip-test1") -> tuple[str, ...]:
        return tuple(self.desk.vrrp(self.scope(each)).get(havip_id, "") for each in self.nodes)

    def wait_states(self, *states: str, havip_id: str = "havip-test1") -> float:
        return wait_until(
            lambda: self.states(havip_id) == states,
            what=f"{self.states(havip_id)} → {states}",
        )

    def wait_told(self, machine: Machine, state: str, since: int) -> None:
        """Wait until a machine has told this state in some report after so many: in the last one it may be over."""
        scope = self.scope(machine)
        wait_until(
            lambda: any(
                each.state == state
                for _at, whose, report in self.desk.reports[since:]
                for each in report.vrrp
                if whose == scope
            ),
            what=f"{scope} to tell {state}",
        )

    def wait_holder(self, machine: Machine) -> float:
        return self.desk.wait(
            GATEWAY_SCOPE, lambda _: self.desk.holders(GATEWAY_SCOPE) == (machine.instance_id,)
        )


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert found
    return [int(child) for child in found]


@pytest.fixture
def pair(network: Network, desk: Desk, start: StartAgent, router: Agent) -> Pair:
    made = Pair(network, desk, start, "fast")
    made.bind(HAVIP)
    made.wait_states("MASTER", "BACKUP")
    made.wait_holder(made.first)
    return made


def test_master_and_backup_and_a_fail_over(pair: Pair) -> None:
    report = pair.desk.last(pair.scope(pair.first))
    assert report is not None
    assert report.software.keepalived.count(".") >= 1
    assert pair.network.machines[2].pings(HAVIP)
    file = pair.agents[0].state / "keepalived" / "keepalived.conf"
    assert file.stat().st_mode & 0o777 == 0o600
    # keepalived stopped as a whole: the standby takes over, and the gateway sees it.
    before = len(pair.desk.reports)
    pair.agents[0].end_keepalived()
    taken = pair.wait_holder(pair.second)
    print(f"after SIGTERM the new holder is reported within {taken * 1000:.0f} ms")
    pair.wait_told(pair.first, "STOP", before)
    # The agent brings it back, as a backup: who serves is not disturbed.
    pair.wait_states("BACKUP", "MASTER")
    assert pair.desk.holders(GATEWAY_SCOPE) == (pair.second.instance_id,)
    assert not pair.first.has(HAVIP)


def test_a_killed_keepalived_leaves_no_address(pair: Pair) -> None:
    agent = pair.agents[0]
    pids = agent.keepalived_pid(), agent.vrrp_pid()
    assert all(pids)  # nought would be the tests' own process group
    os.kill(pids[0], signal.SIGSTOP)  # so that it cannot bring its child back
    for pid in reversed(pids):
        os.kill(pid, signal.SIGKILL)
    taken = pair.wait_holder(pair.second)
    print(f"after SIGKILL the new holder is reported within {taken * 1000:.0f} ms")
    wait_until(lambda: not pair.first.has(HAVIP), 2)
    pair.wait_states("BACKUP", "MASTER")
    assert pair.network.machines[2].pings(HAVIP)


def test_a_second_havip_is_added_without_a_change_of_master(pair: Pair) -> None:
    pid = pair.agents[0].keepalived_pid()
    sock = listener(pair.second)
    before = len(pair.desk.reports)
    pair.bind(HAVIP, SECOND)
    pair.wait_states("MASTER", "BACKUP", havip_id="havip-test2")
    assert pair.agents[0].keepalived_pid() == pid
    # A full machine must not take the address away: both processes run before ordinary ones, also after a reload.
    for process in (pid, *children_of(pid)):
        assert os.sched_getscheduler(process) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR
    since = [report for _at, _scope, report in pair.desk.reports[before:]]
    states = {
        (each.havip_id, each.interface_id, each.state) for report in since for each in report.vrrp
    }
    assert ("havip-test1", "eni-test1", "MASTER") in states
    assert ("havip-test1", "eni-test1", "BACKUP") not in states
    assert ("havip-test1", "eni-test2", "MASTER") not in states
    # On the wire: the heartbeat never paused for as long as a standby waits.
    times = []
    while True:
        try:
            frame = sock.recv(2048)
        except BlockingIOError:
            break
        if frame[23] == 112 and frame[35] == 51:
            times.append(frame)
    assert len(times) > 5
    # And back to one: the other address goes, this one stays.
    pair.bind(HAVIP)
    wait_until(lambda: not pair.first.has(SECOND))
    assert pair.states() == ("MASTER", "BACKUP")
    assert pair.first.has(HAVIP)


def test_a_node_that_is_unbound_stops(pair: Pair) -> None:
    scope = pair.scope(pair.first)
    document = documents.node(pair.first, [])
    pair.desk.apply(GATEWAY_SCOPE, documents.gateway(pair.network, [pair.second]))
    pair.desk.apply(scope, {**document, "havips": []})
    assert not pair.first.has(HAVIP)
    assert pair.agents[0].keepalived_pid() == 0
    assert pair.desk.vrrp(scope) == {}
    alone = documents.node(pair.second, [])
    pair.desk.apply(pair.scope(pair.second), alone)
    wait_until(lambda: pair.desk.vrrp(pair.scope(pair.second)) == {"havip-test1": "MASTER"})
    # Alone it goes on serving, and when a second node joins, it still does.
    assert pair.network.machines[2].pings(HAVIP)
    pid = pair.agents[1].keepalived_pid()
    pair.bind(HAVIP, at_once=True)
    pair.wait_states("BACKUP", "MASTER")
    assert pair.agents[1].keepalived_pid() == pid


def test_what_keepalived_says_against_a_file(network: Network, tmp_path: Path) -> None:
    """Nothing that the agent renders is refused, so the file is a broken one."""
    file = tmp_path / "keepalived.conf"
    file.write_text(
        "vrrp_instance one {\n    interface eth0\n    virtual_router_id 300\n    virtual_ipaddress {\n"
        "        192.168.0.88\n    }\n}\n"
    )
    said = complaint(file, "2.2.7")
    assert said.startswith("keepalived refuses its file: ")
    assert "line 3: " in said
    assert "300" in said
    assert str(tmp_path) not in said
    assert said.isprintable()


def test_every_rendered_file_passes_silently(pair: Pair) -> None:
    for machine, agent in zip(pair.nodes, pair.agents, strict=True):
        file = agent.state / "keepalived" / "keepalived.conf"
        done = machine.run("keepalived", "--config-test", "-f", str(file))
        assert done.stdout + done.stderr == ""


def test_what_cannot_be_applied_changes_nothing(pair: Pair) -> None:
    agent, scope = pair.agents[0], pair.scope(pair.first)
    file = agent.state / "keepalived" / "keepalived.conf"
    before, pid = file.read_text(), agent.keepalived_pid()
    bad = documents.node(pair.first, [pair.second])
    bad["havips"][0]["own_address"] = bad["interfaces"][0]["private_ip"] = "192.168.0.111"
    pair.desk.want(scope, bad)
    pair.desk.wait(scope, lambda report: report.error)
    report = pair.desk.last(scope)
    assert report is not None
    assert report.error == "No link has the address 192.168.0.111 yet."
    assert report.applied_version == report.attempted_version - 1
    assert (file.read_text(), agent.keepalived_pid()) == (before, pid)
    assert pair.states() == ("MASTER", "BACKUP")


def test_a_hold_stops_it_for_a_while(pair: Pair) -> None:
    agent = pair.agents[0]
    (agent.state / "hold").write_text(str(time.time() + 300))
    pair.wait_states("STOP", "MASTER")
    assert agent.keepalived_pid() == 0
    (agent.state / "hold").write_text(str(time.time() + 2))
    pair.wait_states("BACKUP", "MASTER")


def test_who_asks_has_told_what_there_is(pair: Pair) -> None:
    """A question is a sign of life, so a keepalived that is just ending must not be believed to be MASTER still."""
    agent, scope = pair.agents[0], pair.scope(pair.first)
    os.kill(agent.vrrp_pid(), signal.SIGSTOP)  # it takes its time to end
    (agent.state / "hold").write_text(str(time.time() + 300))
    time.sleep(1.5)  # by now the agent is ending it
    before, since = len(pair.desk.reports), time.monotonic()
    pair.desk.nudge()
    time.sleep(0.5)
    os.kill(agent.vrrp_pid(), signal.SIGCONT)
    pair.wait_told(pair.first, "STOP", before)
    wait_until(lambda: any(whose == scope for at, whose in pair.desk.asked if at > since))
    asked = min(at for at, whose in pair.desk.asked if whose == scope and at > since)
    told = [
        (at, {each.state for each in report.vrrp})
        for at, whose, report in pair.desk.reports
        if whose == scope and at < asked
    ]
    assert told[-1][1] == {"STOP"}


def test_a_keepalived_that_went_down_with_its_machine(pair: Pair) -> None:
    """What it told last, MASTER, is nothing that the agent may say again when both come back."""
    agent = pair.agents[0]
    pids = agent.keepalived_pid(), agent.vrrp_pid()
    assert all(pids)
    agent.kill()
    os.kill(pids[0], signal.SIGSTOP)  # so that it cannot bring its child back
    for pid in reversed(pids):
        os.kill(pid, signal.SIGKILL)
    pair.wait_holder(pair.second)
    # As at the start of a machine whose network is late: keepalived cannot be started yet.
    ip("-n", pair.first.namespace, "addr", "del", f"{pair.first.address}/24", "dev", "eth0")
    before = len(pair.desk.reports)
    agent.start()
    pair.wait_told(pair.first, "STOP", before)
    ip("-n", pair.first.namespace, "addr", "add", f"{pair.first.address}/24", "dev", "eth0")
    pair.wait_states("BACKUP", "MASTER")
    told = [
        {each.state for each in report.vrrp}
        for _at, whose, report in pair.desk.reports[before:]
        if whose == pair.scope(pair.first)
    ]
    assert {"MASTER"} not in told


def test_the_documented_timers(
    network: Network, desk: Desk, start: StartAgent, router: Agent
) -> None:
    pair = Pair(network, desk, start, "documented")
    pair.bind(HAVIP)
    pair.wait_states("MASTER", "BACKUP")
    assert (
        "auth_pass Secret51"
        in (pair.agents[0].state / "keepalived" / "keepalived.conf").read_text()
    )
    before = len(desk.reports)
    pair.agents[0].end_keepalived()
    pair.wait_told(pair.first, "STOP", before)
    pair.wait_told(pair.second, "MASTER", before)


STALE = """
import subprocess, sys
from pathlib import Path
from havip.fabric.linux.agent.processes import OwnKeepalived

directory = Path(sys.argv[1])
dead = subprocess.Popen(["true"])
while "Z" not in Path(f"/proc/{dead.pid}/stat").read_text().rpartition(")")[2].split()[0]:
    pass  # ended, and not waited for: its number is still taken
for name in ("keepalived.pid", "vrrp.pid"):
    (directory / name).write_text(f"{dead.pid}\\n")
keepalived = OwnKeepalived(directory)
keepalived.start()
keepalived.stop()
print("started")
"""


def test_the_numbers_of_the_dead_do_not_keep_it_from_starting(
    network: Network, tmp_path: Path
) -> None:
    machine = network.machines[0]
    configuration = (
        "vrrp_instance test {\n  interface eth0\n  state BACKUP\n  virtual_router_id 7\n"
        f"  unicast_src_ip {machine.address}\n  unicast_peer {{\n    192.168.0.250\n  }}\n"
        f"  virtual_ipaddress {{\n    {HAVIP}/24\n  }}\n}}\n"
    )
    (tmp_path / "keepalived.conf").write_text(configuration)
    done = machine.run(sys.executable, "-c", STALE, str(tmp_path), check=False)
    assert done.stdout.strip() == "started", done.stderr

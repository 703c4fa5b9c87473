"""Under a real systemd: deploy/havip-agent@.service leaves the agents what they need, and the printed steps do what they say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from havip.keepalived import DOCUMENTED, FAST, Family, TimerProfile, installation_for, render
from havip.keepalived.installation import NOTIFY_SCRIPT
from havip.selectors.configurations import NOTIFY_SCRIPT_PATH
from tests.havip.keepalived.material import nodes_of
from tests.lab.agent import documents
from tests.lab.agent.conftest import Agent
from tests.lab.agent.desk import TOKEN, Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import HAVIP, Machine, Network, wait_until
from tests.lab.agent.systemd import CONSOLE, Systemd, agent_folder, systemd, why_not

pytestmark = pytest.mark.lab

Boot = Callable[[Machine], Systemd]
# capabilities(7), and proc_pid_status(5) of a process whose system calls are filtered.
CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_NICE = 12, 13, 23
FILTERED = "2"


@pytest.fixture
def boot(desk: Desk, tmp_path: Path) -> Iterator[Boot]:
    """Return what boots a machine; all are switched off with the test."""
    if reason := why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with ExitStack() as stack:

        def begin(machine: Machine) -> Systemd:
            home = tmp_path / machine.namespace
            home.mkdir()
            return stack.enter_context(systemd(machine, home, desk.path.parent))

        yield begin


def enrol(desk: Desk, inside: Systemd, role: str, scope: str, options: str = "") -> str:
    """Follow docs/agents.md; return the unit, which runs and has reported."""
    unit = f"havip-agent@{role}.service"
    desk.tokens[scope] = TOKEN
    inside.shell(
        agent_folder()
        + """
        printf '%s\\n' "$1" | install -D -m 600 /dev/stdin /etc/havip-agent/"$2".token
        printf '%s\\n' CONSOLE="$3" SCOPE="$4" "OPTIONS=$5" >/etc/havip-agent/"$2".env
        systemctl enable --now havip-agent@"$2"
        """,
        *(TOKEN, role, CONSOLE, scope, options),
    )
    wait_until(lambda: desk.last(scope) is not None, what="the first report")
    assert inside.is_active(unit)
    inside.shell(f"test ! -e /etc/havip-agent/{role}.token")
    return unit


def test_a_gateway(network: Network, desk: Desk, boot: Boot) -> None:
    inside = boot(network.router)
    unit = enrol(desk, inside, "gateway", GATEWAY_SCOPE, "--outside outside")
    first, second, _visitor = network.machines
    status = inside.shell('cat /proc/"$1"/status', inside.property(unit, "MainPID"))
    left = dict(line.split(":", 1) for line in status.splitlines())
    powers = 1 << CAP_NET_ADMIN | 1 << CAP_NET_RAW | 1 << CAP_SYS_NICE
    assert int(left["CapEff"], 16) == int(left["CapBnd"], 16) == powers
    assert (left["NoNewPrivs"].strip(), left["Seccomp"].strip()) == ("1", FILTERED)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [first], eip="203.0.113.7"))
    assert f'"{first.port}" . {HAVIP}' in network.ruleset()
    assert network.router.has("203.0.113.7")
    # It is started again whatever ends it, and goes on.
    inside.run("systemctl", "kill", "--signal", "KILL", unit)
    wait_until(lambda: inside.property(unit, "NRestarts") == "1", what="another start")
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [second]))
    assert f'"{second.port}" . {HAVIP}' in network.ruleset()
    assert not network.router.has("203.0.113.7")


def test_a_node_with_a_keepalived_of_its_own(
    network: Network, desk: Desk, router: Agent, boot: Boot
) -> None:
    node = network.machines[0]
    scope = f"node:{node.instance_id}"
    inside = boot(node)
    unit = enrol(desk, inside, "node", scope)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [node]))
    desk.apply(scope, documents.node(node, []))
    desk.wait(scope, lambda _: desk.vrrp(scope) == {"havip-test1": "MASTER"})
    assert node.has(HAVIP)
    pids = inside.run("pgrep", "keepalived").split()
    assert len(pids) == 2
    assert all("SCHED_RR" in inside.run("chrt", "--pid", pid) for pid in pids)
    # Neither a restart of the agent nor its end touches who serves.
    inside.run("systemctl", "restart", unit)
    desk.apply(scope, documents.node(node, []))
    assert inside.run("pgrep", "keepalived").split() == pids
    inside.run("systemctl", "stop", unit)
    assert inside.run("pgrep", "keepalived").split() == pids
    assert node.has(HAVIP)


def test_a_node_with_the_machines_service(
    network: Network, desk: Desk, router: Agent, boot: Boot
) -> None:
    node = network.machines[0]
    scope = f"node:{node.instance_id}"
    inside = boot(node)
    inside.shell(
        """
        mkdir -p /etc/keepalived/havip.d
        echo 'include /etc/keepalived/havip.d/*.conf' >/etc/keepalived/keepalived.conf
        """
    )
    enrol(desk, inside, "node", scope, "--keepalived system")
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [node]))
    desk.apply(scope, documents.node(node, []))
    wait_until(lambda: node.has(HAVIP), what="the address")
    desk.wait(scope, lambda _: desk.vrrp(scope) == {"havip-test1": "MASTER"})
    assert inside.is_active("keepalived.service")
    # Another HaVip: the service is told to read its files again, and keeps what it has.
    pid = inside.property("keepalived.service", "MainPID")
    desk.apply(scope, documents.node(node, [], addresses=(HAVIP, "192.168.0.89")))
    wait_until(lambda: node.has("192.168.0.89"))
    assert inside.property("keepalived.service", "MainPID") == pid
    assert node.has(HAVIP)


@pytest.mark.parametrize("profile", [DOCUMENTED, FAST], ids=["documented", "fast"])
def test_a_node_by_hand(network: Network, boot: Boot, profile: TimerProfile) -> None:
    """The steps that the page shows, one command after the other, but for those that fetch packages and open firewalls."""
    first, second, _visitor = network.machines
    configuration = nodes_of(
        (first.address, second.address),
        profile=profile,
        interface="eth0",
        notify_script=NOTIFY_SCRIPT_PATH,
    )[0]
    inside = boot(first)
    download = (
        'mkdir -p /opt/here && cd /opt/here && printf %s "$1" >keepalived.conf && '
        'printf %s "$2" >havip-notify.sh'
    )
    inside.shell(download, render(configuration), NOTIFY_SCRIPT)
    steps = installation_for(configuration, Family.DEBIAN).steps
    assert ("schedule" in [step.code for step in steps]) == (profile is FAST)
    for step in steps[:-1]:
        for command in step.commands:
            if not command.startswith("apt-get"):
                said = inside.shell(f"cd /opt/here && {command}")
                assert step.code != "check" or said == ""
    wait_until(lambda: first.has(HAVIP), what="the address")
    status, address = [inside.run("sh", "-c", command) for command in steps[-1].commands]
    assert "active (running)" in status
    assert f"{HAVIP}/" in address
    wait_until(
        lambda: f"({HAVIP}): now master" in inside.run("journalctl", "--identifier", "havip"),
        what="the script to have been called",
    )
    policies = [
        inside.run("chrt", "--pid", pid) for pid in inside.run("pgrep", "keepalived").split()
    ]
    assert all(("SCHED_RR" in each) == (profile is FAST) for each in policies), policies

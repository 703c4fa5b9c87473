"""What others do to the agents' machines: it is put back or told, and never made worse."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.agent import documents
from tests.lab.agent.conftest import StartAgent
from tests.lab.agent.desk import Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import EIP, HAVIP, PATIENCE, Network, ip, wait_until

pytestmark = pytest.mark.lab


def said(desk: Desk, scope: str) -> str:
    report = desk.last(scope)
    return report.error if report is not None else ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The gateway agent's state directory, on a disk of 256 KiB."""
    place = tmp_path / GATEWAY_SCOPE.replace(":", "-")
    place.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as sink, contextlib.suppress(OSError):
        while sink.write(b"x" * 4096) == 4096:
            pass


def allowed(network: Network) -> list[bool]:
    """Return for each machine whether the guard lets it announce the HaVip."""
    shown = network.router.run("nft", "list", "set", "bridge", "havip_guard", "allowed").stdout
    return [machine.port in shown for machine in network.machines]


def test_a_rule_that_comes_at_the_same_moment_is_not_taken_for_ours(tmp_path: Path) -> None:
    """It was: what stood there right after the agent's transaction counted as right, and the guard stayed open."""
    words = ("unshare", "--net", sys.executable, "-m", "tests.lab.agent.meddling", str(tmp_path))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_router_that_others_meddle_with(
    network: Network, desk: Desk, start: StartAgent, small_disk: Path
) -> None:
    first, second, _visitor = network.machines
    start(network.router, "gateway", GATEWAY_SCOPE)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [first], eip=EIP))

    # A second agent, enrolled by mistake with a state directory of its own: the two would undo each other's rules.
    other = start(network.router, "gateway", "gateway:vpc-other")
    assert other.process is not None
    assert other.process.wait(PATIENCE) == 1
    other.process = None
    assert "Another gateway's agent is at work on this machine: process" in other.words()
    assert other.token_file.exists(), "the token is still good"
    assert "Another gateway" in other.run("--teardown").stderr
    assert allowed(network) == [True, False, False]

    # A full disk is told, and does not stop the guard. Nothing counts as applied that could not be kept.
    fill(small_disk / "filler")
    version = desk.want(GATEWAY_SCOPE, documents.gateway(network, [second], eip=EIP))
    desk.wait(GATEWAY_SCOPE, lambda report: report.attempted_version == version)
    assert "No space left on device" in said(desk, GATEWAY_SCOPE)
    assert allowed(network) == [False, True, False]
    # The very document of before, as a database that was put back sends it: it is done, not taken for granted.
    (small_disk / "filler").unlink()
    desk.want(GATEWAY_SCOPE, documents.gateway(network, [first], eip=EIP), version=1)
    desk.wait(GATEWAY_SCOPE, lambda report: report.applied_version == 1 and not report.error)
    assert allowed(network) == [True, False, False]

    # Routing is switched off.
    network.router.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
    desk.wait(GATEWAY_SCOPE, lambda report: "forwarding is switched off" in report.error)
    network.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    # The rules are flushed by hand: they are back at once, and it is told.
    whole = network.ruleset()
    for command in ("flush ruleset", "delete table bridge havip_guard"):
        time.sleep(0.6)
        network.router.run("nft", command)
        taken = wait_until(lambda: network.ruleset() == whole, 2.5)
        print(f"{command}: back after {taken * 1000:.0f} ms")
    desk.wait(GATEWAY_SCOPE, lambda report: "they were put back at" in report.error)
    report = desk.last(GATEWAY_SCOPE)
    assert report is not None
    assert report.applied_version == report.attempted_version == 1


def test_a_node_s_own_addresses_and_a_card_called_otherwise(
    network: Network, desk: Desk, start: StartAgent
) -> None:
    machine = network.machines[0]
    scope = f"node:{machine.instance_id}"
    agent = start(machine, "node", scope)
    inside = ("-n", machine.namespace)

    # An address that the machine has for itself is never taken from it.
    ip(*inside, "addr", "add", f"{HAVIP}/24", "dev", "lo")
    version = desk.want(scope, documents.node(machine, []))
    desk.wait(scope, lambda report: report.attempted_version == version)
    assert said(desk, scope) == f"{HAVIP} is on lo already, and this agent has not put it there."
    desk.apply(scope, {**documents.node(machine, []), "havips": []})
    assert HAVIP in ip(*inside, "addr", "show", "dev", "lo")
    ip(*inside, "addr", "del", f"{HAVIP}/24", "dev", "lo")
    desk.apply(scope, documents.node(machine, []))
    desk.wait(scope, lambda _: desk.vrrp(scope) == {"havip-test1": "MASTER"})

    # A card that loses its address is told, and followed when it is called otherwise.
    ip(*inside, "addr", "del", f"{machine.address}/24", "dev", "eth0")
    desk.wait(scope, lambda report: f"No link has the address {machine.address}" in report.error)
    ip(*inside, "link", "set", "eth0", "down")
    ip(*inside, "link", "set", "eth0", "name", "ens7")
    ip(*inside, "link", "set", "ens7", "up")
    ip(*inside, "addr", "add", f"{machine.address}/24", "dev", "ens7")
    file = agent.state / "keepalived" / "keepalived.conf"
    wait_until(lambda: "interface ens7" in file.read_text())
    desk.wait(
        scope, lambda report: not report.error and desk.vrrp(scope)["havip-test1"] == "MASTER"
    )
    wait_until(lambda: HAVIP in ip(*inside, "addr", "show", "dev", "ens7"))


SYSTEMCTL = """#!/bin/sh
# As much of systemctl as the agent uses, for one service.
alive() { kill -0 "$(cat /etc/keepalived/pid 2>/dev/null)" 2>/dev/null; }
case $1 in
is-active) alive ;;
start) alive || keepalived --vrrp -f /etc/keepalived/keepalived.conf -p /etc/keepalived/pid -r /etc/keepalived/vrrp.pid ;;
reload) kill -HUP "$(cat /etc/keepalived/pid)" ;;
*) exit 1 ;;
esac
"""


def test_the_machine_s_own_keepalived_serves_and_rests(
    network: Network, desk: Desk, start: StartAgent, tmp_path: Path
) -> None:
    machine = network.machines[0]
    scope = f"node:{machine.instance_id}"
    etc, sbin = tmp_path / "etc", tmp_path / "sbin"
    (etc / "havip.d").mkdir(parents=True)
    sbin.mkdir()
    (etc / "keepalived.conf").write_text(
        "global_defs {\n  router_id theirs\n}\ninclude /etc/keepalived/havip.d/*.conf\n"
    )
    (sbin / "systemctl").write_text(SYSTEMCTL)
    (sbin / "systemctl").chmod(0o755)
    prelude = f"mkdir -p /etc/keepalived; mount --bind {etc} /etc/keepalived; mount --bind {sbin} /usr/local/sbin"
    agent = start(machine, "node", scope, "--keepalived", "system", prelude=prelude)

    def pid() -> int:
        try:
            return int((etc / "pid").read_text())
        except (OSError, ValueError):
            return 0

    try:
        desk.apply(scope, documents.node(machine, []))
        wait_until(lambda: machine.has(HAVIP))
        first = pid()
        (agent.state / "hold").write_text(str(time.time() + 300))
        wait_until(lambda: not machine.has(HAVIP))
        desk.wait(scope, lambda _: desk.vrrp(scope) == {"havip-test1": "STOP"})
        (agent.state / "hold").write_text(str(time.time() + 2))
        wait_until(lambda: machine.has(HAVIP))
        desk.wait(scope, lambda _: desk.vrrp(scope) == {"havip-test1": "MASTER"})
        assert pid() == first, "what else the service does was interrupted"
        desk.apply(scope, {**documents.node(machine, []), "havips": []})
        assert not machine.has(HAVIP)
        assert pid() == first
    finally:
        if running := pid():
            os.kill(running, 15)

"""Agents without a console, agents killed and started again, and what they leave to others."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.lab.agent import documents, frames
from tests.lab.agent.conftest import Agent, StartAgent
from tests.lab.agent.desk import TOKEN, Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import EIP, HAVIP, Network, heard, ip, listener, wait_until
from tests.lab.agent.test_keepalived import Pair

pytestmark = pytest.mark.lab


@pytest.fixture
def pair(network: Network, desk: Desk, start: StartAgent, router: Agent) -> Pair:
    made = Pair(network, desk, start, "fast")
    made.bind(HAVIP)
    made.wait_states("MASTER", "BACKUP")
    return made


def test_killed_agents_come_back_to_the_same_state(pair: Pair, desk: Desk, router: Agent) -> None:
    visitor = pair.network.machines[2]
    document = documents.gateway(pair.network, pair.nodes, eip=EIP, routes=[("10.1.0.0/16", HAVIP)])
    desk.apply(GATEWAY_SCOPE, document)

    def state() -> tuple[object, ...]:
        inside = ("-n", pair.network.router.namespace)
        return (
            pair.network.ruleset(),
            ip(*inside, "-4", "route", "show", "table", "all"),
            ip(*inside, "-o", "-4", "addr", "show", "dev", "outside"),
            [agent.keepalived_pid() for agent in pair.agents],
            [(each.has(HAVIP)) for each in pair.nodes],
        )

    before = state()
    for agent in (router, *pair.agents):
        agent.kill()
    assert state() == before
    assert visitor.pings(HAVIP)
    # Started again without a console they hold the state of the disk, and touch nothing that is right already.
    desk.close()
    handles = pair.network.router.run("nft", "-s", "-a", "list", "ruleset").stdout
    for agent in (router, *pair.agents):
        agent.start()
    time.sleep(2.5)
    assert state() == before
    assert pair.network.router.run("nft", "-s", "-a", "list", "ruleset").stdout == handles
    desk.reports.clear()
    desk.open()
    for agent in (router, *pair.agents):
        desk.wait(agent.scope, lambda report: report.applied_version > 0)
    pair.wait_states("MASTER", "BACKUP")
    desk.wait(GATEWAY_SCOPE, lambda _: desk.holders(GATEWAY_SCOPE) == (pair.first.instance_id,))
    assert state() == before


def test_a_killed_agent_mends_what_changed_meanwhile(pair: Pair, router: Agent) -> None:
    agent = pair.agents[0]
    for each in (router, agent):
        each.kill()
    agent.end_keepalived()
    wait_until(lambda: pair.second.has(HAVIP))
    ip("-n", pair.first.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    pair.network.router.run("nft", "flush", "ruleset")
    for each in (router, agent):
        each.start()
    wait_until(lambda: "havip_guard" in pair.network.ruleset())
    wait_until(lambda: not pair.first.has(HAVIP))
    pair.wait_states("BACKUP", "MASTER")


def test_sigterm_leaves_the_network_and_teardown_only_what_is_foreign(
    pair: Pair, desk: Desk, router: Agent
) -> None:
    inside = ("-n", pair.network.router.namespace)
    foreign = pair.network.router
    foreign.run("nft", "add table inet theirs { chain c { counter; } ; }")
    foreign.run("nft", "add table bridge theirs")
    ip(*inside, "link", "add", "theirs", "type", "bridge")
    ip(*inside, "addr", "add", "198.51.100.7/32", "dev", "outside")
    ip(*inside, "route", "add", "10.9.0.0/16", "via", "203.0.113.9")

    def theirs() -> tuple[str, ...]:
        return (
            foreign.run("nft", "-a", "list", "table", "inet", "theirs").stdout,
            foreign.run("nft", "-a", "list", "table", "bridge", "theirs").stdout,
            ip(*inside, "link", "show", "theirs"),
            ip(*inside, "route", "show", "10.9.0.0/16"),
        )

    before = theirs()
    document = documents.gateway(pair.network, pair.nodes, eip=EIP, routes=[("10.1.0.0/16", HAVIP)])
    desk.apply(GATEWAY_SCOPE, document)
    whole = pair.network.ruleset()
    for agent in (router, *pair.agents):
        assert agent.end() == 0
    assert pair.network.ruleset() == whole
    assert pair.first.has(HAVIP)
    for agent in (router, *pair.agents):
        done = agent.run("--teardown")
        assert done.returncode == 0, done.stderr
        assert not (agent.state / "wanted.json").exists()
    assert "havip" not in pair.network.ruleset()
    assert EIP not in ip(*inside, "addr")
    assert "10.1.0.0" not in ip(*inside, "route")
    assert not pair.first.has(HAVIP)
    assert not pair.second.has(HAVIP)
    assert [agent.keepalived_pid() for agent in pair.agents] == [0, 0]
    assert theirs() == before
    assert foreign.has("198.51.100.7")


def test_one_agent_in_a_state_directory(router: Agent) -> None:
    done = router.run()
    assert done.returncode == 1
    assert "Another agent is at work" in done.stderr


def test_a_revoked_key_leaves_the_network_and_a_new_token_helps(
    network: Network, desk: Desk, router: Agent
) -> None:
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, network.machines[:1]))
    whole = network.ruleset()
    key = (router.state / "key.json").read_text()
    assert (router.state / "key.json").stat().st_mode & 0o777 == 0o600
    assert not router.token_file.exists()
    desk.keys.clear()
    # Whatever it is asked to do from here on, it has to be let in again first.
    desk.want(GATEWAY_SCOPE, documents.gateway(network, network.machines[:2]))
    time.sleep(1.5)
    assert network.ruleset() == whole
    desk.tokens[GATEWAY_SCOPE] = TOKEN
    router.token_file.write_text(TOKEN)
    desk.wait(GATEWAY_SCOPE, lambda report: report.applied_version == 2)
    assert (router.state / "key.json").read_text() != key


def test_killed_at_any_moment_the_gateway_agent_gets_there(
    network: Network, desk: Desk, router: Agent
) -> None:
    first, second, forger = network.machines
    ip("-n", forger.namespace, "addr", "add", f"{HAVIP}/32", "dev", "lo")
    states = [
        documents.gateway(network, [first], eip=EIP),
        documents.gateway(network, [second], routes=[("10.1.0.0/16", HAVIP)]),
        documents.gateway(network, [first, second], eip=EIP, routes=[("10.2.0.0/16", HAVIP)]),
    ]
    desk.apply(GATEWAY_SCOPE, states[0])
    seen = listener(second)
    chance, mac = random.Random(20), frames.mac_of(forger)
    for turn in range(12):
        desk.want(GATEWAY_SCOPE, states[turn % len(states)])
        time.sleep(chance.uniform(0, 0.12))
        router.kill()
        frames.send(forger, frames.gratuitous(forger, HAVIP))
        assert not heard(seen, lambda frame: mac in frame and frames.packed(HAVIP) in frame, 0.1)
        router.start()
        if turn % 3 == 2:
            time.sleep(chance.uniform(0.2, 0.9))
    for state in states:
        desk.apply(GATEWAY_SCOPE, state)
        inside = ("-n", network.router.namespace)
        shown = {
            line.split()[0] for line in ip(*inside, "route", "show", "proto", "205").splitlines()
        }
        assert shown == {each["destination"] for each in state["routes"]}
        assert network.router.has(EIP) == bool(state["havips"][0]["eip"])
        guard = network.router.run("nft", "list", "set", "bridge", "havip_guard", "allowed").stdout
        assert [each.port in guard for each in network.machines] == [
            each.port in state["havips"][0]["ports"] for each in network.machines
        ]


def test_an_idle_agent_asks_for_little(network: Network, desk: Desk, router: Agent) -> None:
    first, second, _visitor = network.machines
    more = [
        documents.havip(f"havip-test{number}", f"192.168.0.{number}", [first, second])
        for number in range(11, 15)
    ]
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [first, second], more=more))
    assert router.process is not None
    process = Path(f"/proc/{router.process.pid}")

    def used() -> float:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    time.sleep(2)
    before, began = used(), time.monotonic()
    time.sleep(4)
    share = (used() - before) / (time.monotonic() - began)
    memory = int((process / "status").read_text().split("VmRSS:")[1].split()[0]) / 1024
    print(f"idle with 5 HaVips: {share:.1%} of a processor, {memory:.0f} MiB")
    assert share < 0.1
    assert memory < 120

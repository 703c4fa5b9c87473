"""Only bound ports may announce or use a HaVip."""

from __future__ import annotations

import signal
import socket
import time

import pytest

from tests.lab.agent import documents, frames
from tests.lab.agent.conftest import Agent
from tests.lab.agent.desk import Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import (
    A_MOMENT,
    BRIDGE,
    GATEWAY,
    HAVIP,
    PATIENCE,
    Machine,
    Network,
    heard,
    ip,
    listener,
    wait_until,
    within,
)

pytestmark = pytest.mark.lab


def claims(machine: Machine) -> dict[str, bytes]:
    """Every way in which a machine may claim the HaVip by ARP."""
    answer = frames.gratuitous(machine, HAVIP)
    question = frames.gratuitous(machine, HAVIP, verb=1)
    return {
        "answer": answer,
        "question": question,
        "of another hardware": frames.of_another_hardware(answer),
        "tagged once": frames.tagged(answer, 0),
        "tagged twice": frames.tagged(answer, 0, 0),
    }


def arp_arrives(
    sender: Machine, frame: bytes, sock: socket.socket, seconds: float = PATIENCE
) -> bool:
    frames.send(sender, frame)
    mac, address = frames.mac_of(sender), frames.packed(HAVIP)
    return heard(sock, lambda seen: mac in seen[6:] and address in seen[12:], seconds) > 0


def packet_arrives(
    sender: Machine, to: Machine, sock: socket.socket, seconds: float = PATIENCE
) -> bool:
    """Send IPv4 with the HaVip as its source, by the machine's own network stack and a static neighbour entry."""
    ip("-n", sender.namespace, "neigh", "replace", to.address, "lladdr", to.mac, "dev", "eth0")
    text = b"forged by %d" % sender.number

    def act() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.setsockopt(socket.SOL_IP, getattr(socket, "IP_TRANSPARENT", 19), 1)
            own.bind((HAVIP, 0))
            own.sendto(text, (to.address, 4000))

    within(sender.namespace, act)
    return heard(sock, lambda seen: text in seen, seconds) > 0


def test_a_forger_gets_nothing_through(network: Network, desk: Desk, router: Agent) -> None:
    holder, forger, victim = network.machines
    seen = listener(victim)
    # Without the guard everything gets through, so that what follows proves something.
    for name, frame in claims(forger).items():
        assert arp_arrives(forger, frame, seen), name
    assert packet_arrives(forger, victim, seen)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    ip("-n", holder.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    desk.wait(GATEWAY_SCOPE, lambda report: desk.holders(GATEWAY_SCOPE) == (holder.instance_id,))
    before, at_router = len(desk.reports), listener(network.router, BRIDGE)
    for _round in range(3):
        for name, frame in claims(forger).items():
            assert not arp_arrives(forger, frame, seen, A_MOMENT), name
        assert not packet_arrives(forger, victim, seen, A_MOMENT)
    mac = frames.mac_of(forger)
    assert not heard(
        at_router, lambda frame: mac in frame and frames.packed(HAVIP) in frame[28:32], A_MOMENT
    )
    assert network.counter("dropped_arp") == 9
    assert network.counter("dropped_odd") == 6
    assert network.counter("dropped_ipv4") >= 3
    # The holder itself is heard, and nobody took the forger for a holder.
    assert arp_arrives(holder, frames.gratuitous(holder, HAVIP), seen)
    assert packet_arrives(holder, victim, seen)
    assert victim.pings(HAVIP)
    told = [report for _at, _scope, report in desk.reports[before:]]
    assert all(report.observations[0].holders == (holder.instance_id,) for report in told)


def test_who_could_not_ask_does_not_say_nobody(network: Network, desk: Desk, router: Agent) -> None:
    """An agent that got no processor for a while has to ask before it says that a silent holder is gone."""
    holder, _other, _visitor = network.machines
    ip("-n", holder.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    desk.wait(GATEWAY_SCOPE, lambda report: desk.holders(GATEWAY_SCOPE) == (holder.instance_id,))
    before = len(desk.reports)
    assert router.process is not None
    for _round in range(2):
        time.sleep(1.5)  # the questions to a new holder are over
        router.process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)  # longer than a holder may be silent
        router.process.send_signal(signal.SIGCONT)
        desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    told = [report for _at, _scope, report in desk.reports[before:]]
    assert all(report.observations[0].holders == (holder.instance_id,) for report in told)
    assert "held by nobody" not in router.words()


def test_who_is_unbound_is_silenced_at_once(network: Network, desk: Desk, router: Agent) -> None:
    former, next_one, visitor = network.machines
    ip("-n", former.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [former, next_one]))
    desk.wait(GATEWAY_SCOPE, lambda report: desk.holders(GATEWAY_SCOPE) == (former.instance_id,))
    assert visitor.pings(HAVIP)
    assert network.router.pings(HAVIP)
    seen, at_former = listener(visitor), listener(former)
    taken = desk.apply(GATEWAY_SCOPE, documents.gateway(network, [next_one]))
    print(f"unbinding took {taken * 1000:.0f} ms from publishing to the report")
    assert not arp_arrives(former, frames.gratuitous(former, HAVIP), seen, A_MOMENT)
    assert not packet_arrives(former, visitor, seen, A_MOMENT)
    # The visitor still remembers the former holder's MAC address: what it sends does not get there, nor the router's.
    heard(at_former, lambda frame: False, 0.05)
    assert not visitor.pings(HAVIP, seconds=1.0)
    assert not network.router.pings(HAVIP, seconds=1.0)
    to_it = frames.mac_of(former)
    assert not heard(
        at_former, lambda frame: frame[:6] == to_it and frame[12:14] == b"\x08\x00", A_MOMENT
    )
    assert desk.holders(GATEWAY_SCOPE) == ()
    # The next one announces it, and that is enough: it could not answer a question yet.
    ip("-n", former.namespace, "addr", "del", f"{HAVIP}/24", "dev", "eth0")
    frames.send(next_one, frames.gratuitous(next_one, HAVIP))
    taken = desk.wait(
        GATEWAY_SCOPE, lambda report: desk.holders(GATEWAY_SCOPE) == (next_one.instance_id,)
    )
    print(f"a new holder is reported after {taken * 1000:.0f} ms")
    ip("-n", next_one.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    assert visitor.pings(HAVIP)


def test_what_does_not_touch_a_havip_is_left_alone(
    network: Network, desk: Desk, router: Agent
) -> None:
    holder, other, visitor = network.machines
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    assert other.pings(visitor.address)
    assert other.pings(GATEWAY)
    # Another unused address may be used by anybody: only HaVips are guarded.
    seen = listener(visitor)
    frames.send(other, frames.gratuitous(other, "192.168.0.99"))
    assert heard(seen, lambda frame: frames.packed("192.168.0.99") in frame)


def test_a_bound_ports_mac_address_is_its_own(network: Network, desk: Desk, router: Agent) -> None:
    holder, thief, visitor = network.machines
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    seen = listener(visitor)
    stolen = frames.gratuitous(thief, thief.address, mac=frames.mac_of(holder))
    frames.send(thief, stolen)
    assert not heard(seen, lambda frame: frames.packed(thief.address) in frame, A_MOMENT)
    assert network.counter("dropped_mac") == 1
    frames.send(thief, frames.gratuitous(thief, thief.address))
    assert heard(seen, lambda frame: frames.packed(thief.address) in frame)


def test_nobody_and_two_at_once_are_noticed(network: Network, desk: Desk, router: Agent) -> None:
    first, second, _visitor = network.machines
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [first, second]))
    desk.wait(GATEWAY_SCOPE, lambda report: desk.holders(GATEWAY_SCOPE) == ())
    ip("-n", first.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    taken = desk.wait(GATEWAY_SCOPE, lambda _: desk.holders(GATEWAY_SCOPE) == (first.instance_id,))
    print(f"a silent new holder is found after {taken:.2f} s")
    ip("-n", second.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    frames.send(second, frames.gratuitous(second, HAVIP))
    both = {first.instance_id, second.instance_id}
    taken = desk.wait(GATEWAY_SCOPE, lambda _: set(desk.holders(GATEWAY_SCOPE) or ()) == both)
    print(f"a split brain is reported after {taken:.2f} s")
    assert taken < 3
    time.sleep(2.5)
    assert set(desk.holders(GATEWAY_SCOPE) or ()) == both
    ip("-n", first.namespace, "addr", "del", f"{HAVIP}/24", "dev", "eth0")
    taken = desk.wait(GATEWAY_SCOPE, lambda _: desk.holders(GATEWAY_SCOPE) == (second.instance_id,))
    print(f"its end is reported after {taken:.2f} s")
    ip("-n", second.namespace, "addr", "del", f"{HAVIP}/24", "dev", "eth0")
    taken = desk.wait(GATEWAY_SCOPE, lambda _: desk.holders(GATEWAY_SCOPE) == ())
    print(f"nobody is reported after {taken:.2f} s")


def test_a_torn_guard_is_mended(network: Network, desk: Desk, router: Agent) -> None:
    holder, _other, _visitor = network.machines
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    whole = network.ruleset()
    network.router.run("nft", "flush", "chain", "bridge", "havip_guard", "incoming")
    # The agent looks every few seconds; a look that meets the tearing itself fails, and the next one mends.
    wait_until(lambda: network.ruleset() == whole)
    network.router.run("nft", "delete", "table", "bridge", "havip_guard")
    wait_until(lambda: network.ruleset().count("havip_guard") == 1)

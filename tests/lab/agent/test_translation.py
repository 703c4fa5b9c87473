"""EIPs and route entries: both ways, moved, removed, and never at the cost of what others have set."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.agent import documents, frames
from tests.lab.agent.conftest import Agent
from tests.lab.agent.desk import Desk
from tests.lab.agent.documents import GATEWAY_SCOPE
from tests.lab.agent.network import (
    A_MOMENT,
    BRIDGE,
    CLIENT,
    EIP,
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

ANOTHER_EIP = "203.0.113.11"
PORT = 8080


@contextmanager
def serving(machine: Machine, address: str) -> Iterator[None]:
    """Answer every connection with who is calling, as this machine sees it."""

    def make() -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, PORT))
        made.listen()
        return made

    server = within(machine.namespace, make)

    def serve() -> None:
        while True:
            try:
                connection, peer = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(f"{machine.number} {peer[0]}".encode())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def ask(machine: Machine, address: str, source: str = "", seconds: float = PATIENCE) -> str:
    """Return what the service at an address says; empty when it does not answer."""

    def act() -> str:
        try:
            with socket.create_connection(
                (address, PORT), seconds, (source, 0) if source else None
            ) as connection:
                return connection.recv(100).decode()
        except OSError:
            return ""

    return within(machine.namespace, act)


@pytest.fixture
def holder(network: Network, router: Agent) -> Machine:
    machine = network.machines[0]
    ip("-n", machine.namespace, "addr", "add", f"{HAVIP}/24", "dev", "eth0")
    return machine


def test_an_eip_leads_in_and_out(network: Network, desk: Desk, holder: Machine) -> None:
    client = network.client
    at_client = listener(client)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], eip=EIP))
    assert heard(at_client, lambda seen: seen[12:14] == b"\x08\x06" and frames.packed(EIP) in seen)
    with serving(holder, HAVIP), serving(client, CLIENT):
        assert ask(client, EIP) == f"1 {CLIENT}"
        # Out: before translation the source is the HaVip, outside it is the EIP.
        at_bridge = listener(network.router, network.machines[0].port)
        assert ask(holder, CLIENT, HAVIP) == f"99 {EIP}"
        sent = frames.packed(HAVIP) + frames.packed(CLIENT)
        assert heard(at_bridge, lambda seen: seen[26:34] == sent)
        # From inside by way of the EIP.
        assert ask(network.machines[2], EIP).startswith("1 ")
        # Nobody outside passes for a HaVip.
        forged = frames.udp(
            client, frames.mac_of(network.router), HAVIP, holder.address, b"outside"
        )
        at_holder = listener(holder)
        outside_mac = ip("-n", network.router.namespace, "link", "show", "outside").split("ether ")[
            1
        ]
        forged = bytes.fromhex(outside_mac[:17].replace(":", "")) + forged[6:]
        frames.send(client, forged)
        assert not heard(at_holder, lambda seen: b"outside" in seen, A_MOMENT)
        assert network.counter("dropped_outside", "ip havip_nat") == 1


def test_an_eip_moves_and_goes(network: Network, desk: Desk, holder: Machine) -> None:
    client = network.client
    with serving(holder, HAVIP):
        desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], eip=EIP))
        assert ask(client, EIP)
        assert client.pings(EIP)
        desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], eip=ANOTHER_EIP))
        assert ask(client, ANOTHER_EIP)
        assert not network.router.has(EIP)
        assert f"={EIP} " not in network.router.run("conntrack", "-L", check=False).stdout
        assert not client.pings(EIP, seconds=0.5)
        desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
        assert not ask(client, ANOTHER_EIP, seconds=0.5)
        assert not network.router.has(ANOTHER_EIP)
        # An EIP that somebody took away comes back.
        desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], eip=EIP))
        ip("-n", network.router.namespace, "addr", "del", f"{EIP}/32", "dev", "outside")
        wait_until(lambda: network.router.has(EIP))
        assert ask(client, EIP)


def test_the_routers_own_address_is_no_eip(network: Network, desk: Desk, holder: Machine) -> None:
    desk.want(GATEWAY_SCOPE, documents.gateway(network, [holder], eip="203.0.113.1"))
    desk.wait(GATEWAY_SCOPE, lambda report: report.error)
    report = desk.last(GATEWAY_SCOPE)
    assert report is not None
    assert report.error == "203.0.113.1 is an address of the router itself."
    assert (report.applied_version, report.attempted_version) == (0, 1)


def test_routes_to_a_havip(network: Network, desk: Desk, holder: Machine) -> None:
    inside = ("-n", network.router.namespace)
    ip(*inside, "route", "add", "10.7.0.0/16", "via", CLIENT)
    routes = [("10.1.0.0/16", HAVIP), ("10.2.0.0/16", HAVIP)]
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], routes=routes))
    shown = ip(*inside, "route", "show", "proto", "205")
    assert shown.split("\n")[:2] == [
        f"10.1.0.0/16 via {HAVIP} dev {BRIDGE} ",
        f"10.2.0.0/16 via {HAVIP} dev {BRIDGE} ",
    ]
    at_holder = listener(holder)
    frames.send(
        network.machines[2],
        frames.udp(
            network.machines[2],
            frames.mac_of(network.router),
            "192.168.0.77",
            "10.1.2.3",
            b"routed",
        ),
    )
    assert heard(at_holder, lambda seen: b"routed" in seen)
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder], routes=routes[:1]))
    assert "10.2.0.0" not in ip(*inside, "route")
    # Somebody else's route is not replaced: the entry is refused, and says why.
    foreign = [*routes[:1], ("10.7.0.0/16", HAVIP)]
    desk.want(GATEWAY_SCOPE, documents.gateway(network, [holder], routes=foreign))
    desk.wait(GATEWAY_SCOPE, lambda report: report.error)
    assert f"10.7.0.0/16 via {CLIENT}" in ip(*inside, "route")
    desk.apply(GATEWAY_SCOPE, documents.gateway(network, [holder]))
    assert not ip(*inside, "route", "show", "proto", "205")

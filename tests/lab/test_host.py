"""The lab's host role alone, told by hand-made documents: build, heal, switch off, remove."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.agent.client import Client, ConsoleAddress
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.down import bring_down
from havip.fabric.linux.lab.host import HostRole
from havip.fabric.linux.lab.services import Services, nginx_configuration
from havip.fabric.linux.lab.topology import (
    POOL,
    Place,
    allot_uplinks,
    machine_of,
    router_of,
    uplink_port,
)
from havip.fabric.linux.lab.units import Units
from havip.fabric.linux.protocol import as_json, bridge_name, port_name
from tests.consoles import eventually
from tests.lab.documents import SCOPE, Card, Network, document
from tests.lab.machine import inside, nothing_of, run

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
ROUTER, ONE, TWO = router_of("vpc-1"), machine_of("i-1"), machine_of("i-2")
SECONDARY = Card("eni-3", "i-1", "192.168.0.211", device="eth1")


class Host:
    """The role with a console that is away: networks and nginx need none."""

    def __init__(self, data: Path) -> None:
        self.place = Place.of(data)
        state = StateDirectory(self.place.agent_state(SCOPE))
        state.path.mkdir(parents=True)
        console = f"unix://{data}/nobody.sock"
        client = Client(ConsoleAddress.parse(console))
        self.units = Units(self.place, {})
        self.role = HostRole(
            self.place, POOL, Services(self.place, console, client, state), self.units
        )

    def apply(self, *networks: Network) -> None:
        self.role.apply(document(*networks))


@pytest.fixture
def host(data: Path) -> Iterator[Host]:
    """A host; what it made is removed afterwards."""
    started = Host(data)
    yield started
    started.role.close(teardown=False)
    bring_down(started.place)


def answer(namespace: str, address: str, *options: str) -> str:
    """Ask an address for its name, until something answers."""
    return str(eventually(lambda: asked(namespace, address, *options), f"{address} answers"))


def asked(namespace: str, address: str, *options: str) -> str:
    """Ask an address for its name once, with options of curl; empty when nobody answers."""
    ask = ("curl", "-s", "-m", "1", *options, f"http://{address}/")
    return inside(namespace, " ".join(ask), check=False).strip()


def answered_by_both() -> None:
    """Wait until both instances answer: then all processes of theirs have begun."""
    assert answer(TWO, "192.168.0.209") == "ECS1"
    assert answer(ONE, "192.168.0.210") == "ECS2"


def silent(namespace: str, address: str) -> bool:
    return not inside(namespace, f"curl -s -m 1 http://{address}/", check=False)


def links(namespace: str) -> dict[str, Any]:
    return {each["ifname"]: each for each in json.loads(run(f"ip -j -n {namespace} link"))}


def identities(*names: str) -> list[list[Any]]:
    """Return what links are, apart from how they do at the moment."""
    kept = ("ifindex", "ifname", "address", "master", "ifalias", "link_index")
    found = [list(links(name).values()) for name in names]
    return [[[link.get(key) for key in kept] for link in each] for each in found]


def addresses(namespace: str, device: str) -> set[str]:
    found = json.loads(run(f"ip -j -4 -n {namespace} address show dev {device}"))
    return {each["local"] for link in found for each in link.get("addr_info", [])}


def live(host: Host, until: Callable[[], object]) -> None:
    """Do what the agent's loop does until something has come about."""

    def turn() -> object:
        watched = host.role.watched()
        ended, _, _ = select.select(list(watched), [], [], 0.05)
        for descriptor in ended:
            watched[descriptor]()
        host.role.tick()
        return until()

    eventually(turn, "what the agent's loop brings about")


class TestBuilding:
    def test_the_published_network(self, host: Host) -> None:
        host.apply(Network())
        assert answer(ONE, "192.168.0.210") == "ECS2"
        assert answer(TWO, "192.168.0.209") == "ECS1"
        router = links(ROUTER)
        assert router[port_name("eni-1")]["master"] == bridge_name("vsw-1")
        assert addresses(ROUTER, bridge_name("vsw-1")) == {"192.168.0.253"}
        card = links(ONE)["eth0"]
        assert card["address"] == "00:16:3e:00:00:01"
        assert inside(ONE, "cat /proc/sys/net/ipv6/conf/all/disable_ipv6").strip() == "1"
        # The outside is reached over the gateway, and knows no way back to private addresses.
        assert run(f"ip -n {ONE} route get 203.0.113.9").split()[2] == "192.168.0.253"
        assert "198.51.100.1" in run(f"ip -n {ROUTER} route get 203.0.113.9")
        assert run(f"ip -n {host.place.outside} route get 203.0.113.9").split()[2] == "internet"
        assert not run(f"ip -n {host.place.outside} route get 192.168.0.209", check=False)

    def test_twice_is_once(self, host: Host) -> None:
        host.apply(Network())
        answered_by_both()
        everywhere = (ROUTER, ONE, TWO, host.place.outside)
        before = identities(*everywhere)
        processes = namespaces.processes_in([ONE, TWO])
        host.apply(Network())
        assert identities(*everywhere) == before
        assert namespaces.processes_in([ONE, TWO]) == processes

    def test_two_vpcs_of_the_same_block_know_nothing_of_each_other(self, host: Host) -> None:
        other = Network(
            id="vpc-2",
            vswitches={"vsw-2": "192.168.0"},
            instances={"i-3": True},
            cards=[Card("eni-4", "i-3", "192.168.0.209", vswitch="vsw-2")],
            names={"i-3": "Elsewhere"},
        )
        host.apply(Network(), other)
        assert answer(TWO, "192.168.0.209") == "ECS1"
        assert answer(router_of("vpc-2"), "192.168.0.209") == "Elsewhere"
        uplinks = {uplink_port("vpc-1"), uplink_port("vpc-2")}
        assert uplinks <= set(links(host.place.outside))
        host.apply(other)
        assert not Path(f"/run/netns/{ROUTER}").exists()
        assert answer(router_of("vpc-2"), "192.168.0.209") == "Elsewhere"

    def test_names_that_nginx_would_misread_are_refused(self, tmp_path: Path) -> None:
        for name in ('a"b', "a$host", "a\\b", "a;b", "a{b}", "a\nb"):
            with pytest.raises(Exception, match="nginx"):
                nginx_configuration(tmp_path, name)

    def test_links_outside_keep_their_addresses(self) -> None:
        first = allot_uplinks(["vpc-1", "vpc-2"], {})
        assert first == {"vpc-1": "198.51.100.2", "vpc-2": "198.51.100.3"}
        assert allot_uplinks(["vpc-2", "vpc-3"], first) == {
            "vpc-2": "198.51.100.3",
            "vpc-3": "198.51.100.2",
        }
        # What is there by mistake is not kept.
        wrong = {"vpc-1": "198.51.100.1", "vpc-2": "10.0.0.1", "vpc-3": "198.51.100.2"}
        assert allot_uplinks(["vpc-1", "vpc-2", "vpc-3"], wrong) == {
            "vpc-1": "198.51.100.3",
            "vpc-2": "198.51.100.4",
            "vpc-3": "198.51.100.2",
        }


class TestHealing:
    @pytest.mark.parametrize(
        "damage",
        [
            f"ip netns del {ONE}",
            f"ip netns del {ROUTER}",
            f"ip -n {ROUTER} link del {bridge_name('vsw-1')}",
            f"ip -n {ROUTER} link del outside",
            f"ip -n {ROUTER} link set {port_name('eni-1')} nomaster",
            f"ip -n {ONE} link del eth0",
            f"ip -n {ONE} link set eth0 alias half-made",
            f"ip -n {ONE} link set eth0 down",
            f"ip -n {ONE} address flush dev eth0",
            f"ip -n {ONE} route del default",
            f"ip -n {ROUTER} link add {port_name('eni-9')} type bridge",
            f"ip -n {ONE} link add eth7 type bridge",
        ],
    )
    def test_damage_is_mended(self, host: Host, damage: str) -> None:
        host.apply(Network())
        answer(TWO, "192.168.0.209")
        run(damage)
        host.apply(Network())
        live(host, lambda: asked(TWO, "192.168.0.209") and asked(ONE, "192.168.0.210"))
        assert answer(TWO, "192.168.0.209") == "ECS1"
        assert answer(ONE, "192.168.0.210") == "ECS2"
        assert "eth7" not in links(ONE)
        assert port_name("eni-9") not in links(ROUTER)
        assert "198.51.100.1" in run(f"ip -n {ROUTER} route get 203.0.113.9")

    def test_a_name_without_a_namespace(self, host: Host) -> None:
        Path("/run/netns").mkdir(exist_ok=True)
        Path(f"/run/netns/{ONE}").touch()
        host.apply(Network())
        assert answer(TWO, "192.168.0.209") == "ECS1"

    def test_a_host_that_comes_back_finds_its_processes(self, host: Host) -> None:
        host.apply(Network())
        answered_by_both()
        processes = namespaces.processes_in([ONE, TWO])
        host.role.close(teardown=False)
        second = HostRole(host.place, POOL, host.role._services, Units(host.place, {}))
        second.apply(document(Network()))
        assert namespaces.processes_in([ONE, TWO]) == processes
        second.close(teardown=False)

    def test_nginx_is_started_again(self, host: Host) -> None:
        host.apply(Network())
        answer(TWO, "192.168.0.209")
        killed = namespaces.processes_in([ONE])
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        # A master that lived a moment longer than its worker may have begun another one.
        live(host, lambda: len(namespaces.processes_in([ONE]) - killed) == len(killed) == 2)
        assert answer(TWO, "192.168.0.209") == "ECS1"


class TestPower:
    def test_stopped_is_dead_and_started_is_as_before(self, host: Host) -> None:
        network = Network()
        host.apply(network)
        answer(TWO, "192.168.0.209")
        # As a keepalived that was killed leaves it.
        run(f"ip -n {ONE} address add 192.168.0.88/32 dev eth0")
        network.instances["i-1"] = False
        host.apply(network)
        assert namespaces.processes_in([ONE]) == set()
        assert links(ONE)["eth0"]["operstate"] == "DOWN"
        assert addresses(ONE, "eth0") == {"192.168.0.209"}
        assert silent(TWO, "192.168.0.209")
        network.instances["i-1"] = True
        host.apply(network)
        assert answer(TWO, "192.168.0.209") == "ECS1"

    def test_created_stopped(self, host: Host) -> None:
        network = Network(instances={"i-1": False, "i-2": True})
        host.apply(network)
        assert silent(TWO, "192.168.0.209")
        network.instances["i-1"] = True
        host.apply(network)
        assert answer(TWO, "192.168.0.209") == "ECS1"

    def test_deleted(self, host: Host) -> None:
        network = Network()
        host.apply(network)
        answer(TWO, "192.168.0.209")
        del network.instances["i-1"]
        network.cards = [card for card in network.cards if card.instance != "i-1"]
        host.apply(network)
        assert not Path(f"/run/netns/{ONE}").exists()
        assert port_name("eni-1") not in links(ROUTER)
        assert not host.place.instance_files("i-1").exists()
        assert not host.place.agent_state("node:i-1").exists()
        assert answer(ROUTER, "192.168.0.210") == "ECS2"


class TestCards:
    def test_a_secondary_card_is_answered_through_itself(self, host: Host) -> None:
        network = Network()
        host.apply(network)
        network.cards.append(SECONDARY)
        host.apply(network)
        assert links(ONE)["eth1"]["address"] == "00:16:3e:00:00:03"
        before = _sent(ONE, "eth0")
        assert answer(TWO, "192.168.0.211") == "ECS1"
        assert run(f"ip -n {TWO} -j neigh show 192.168.0.211").count("00:16:3e:00:00:03") == 1
        assert _sent(ONE, "eth0") - before <= 2  # at most an ARP answer

    def test_an_address_on_a_secondary_card_is_answered_through_it(self, host: Host) -> None:
        """What a HaVip bound to a secondary interface needs."""
        network = Network()
        network.cards.append(SECONDARY)
        host.apply(network)
        run(f"ip -n {ONE} address add 192.168.0.88/32 dev eth1")
        before = _sent(ONE, "eth0")
        assert answer(TWO, "192.168.0.88") == "ECS1"
        assert answer(ROUTER, "192.168.0.88", "--interface", "198.51.100.2") == "ECS1"
        assert _sent(ONE, "eth0") - before <= 2

    def test_what_leaves_with_an_address_of_a_secondary_card(self, host: Host) -> None:
        """What a holder of a HaVip on a secondary interface needs to reach the outside."""
        network = Network()
        network.cards.append(SECONDARY)
        host.apply(network)
        answer(ROUTER, "192.168.0.210")
        for _ in range(2):
            run(f"ip -n {ONE} address add 192.168.0.88/32 dev eth1")
            live(host, lambda: "192.168.0.88" in run(f"ip -n {ONE} rule"))
            before = _sent(ONE, "eth0")
            assert answer(ONE, "192.168.0.210", "--interface", "192.168.0.88") == "ECS2"
            assert _sent(ONE, "eth0") - before <= 2
            run(f"ip -n {ONE} address del 192.168.0.88/32 dev eth1")
            live(host, lambda: "192.168.0.88" not in run(f"ip -n {ONE} rule"))

    def test_detached_and_attached_elsewhere(self, host: Host) -> None:
        network = Network()
        network.cards.append(SECONDARY)
        host.apply(network)
        network.cards[-1] = Card("eni-3", "", "192.168.0.211")
        host.apply(network)
        assert "eth1" not in links(ONE)
        assert port_name("eni-3") not in links(ROUTER)
        assert "havip_lab" not in inside(ONE, "nft list tables")
        assert "lookup 101" not in run(f"ip -n {ONE} rule")
        network.cards[-1] = Card("eni-3", "i-2", "192.168.0.211", device="eth1")
        host.apply(network)
        assert answer(ONE, "192.168.0.211") == "ECS2"

    def test_vswitches_come_and_go(self, host: Host) -> None:
        network = Network(vswitches={"vsw-1": "192.168.0", "vsw-2": "192.168.1"})
        network.instances["i-3"] = True
        network.cards.append(Card("eni-5", "i-3", "192.168.1.7", vswitch="vsw-2"))
        network.names["i-3"] = "ECS3"
        host.apply(network)
        assert answer(ONE, "192.168.1.7") == "ECS3"
        del network.instances["i-3"], network.vswitches["vsw-2"]
        network.cards.pop()
        host.apply(network)
        assert bridge_name("vsw-2") not in links(ROUTER)
        assert answer(ONE, "192.168.0.210") == "ECS2"


class TestRemoving:
    def test_everything_goes(self, host: Host, data: Path) -> None:
        network = Network()
        network.cards.append(SECONDARY)
        host.apply(network)
        answer(TWO, "192.168.0.209")
        assert len(nothing_of(data)) > 5
        bring_down(host.place)
        assert nothing_of(data) == []
        bring_down(host.place)  # and a second time is fine

    def test_as_a_program_and_after_a_sudden_end(self, data: Path) -> None:
        command = [sys.executable, "-m", "havip.fabric.linux.lab"]
        down = [*command, "down", "--data", str(data)]
        state = Place.of(data).agent_state(SCOPE)
        state.mkdir(parents=True)
        wanted = document(Network())
        (state / "wanted.json").write_text(json.dumps(as_json(wanted)))
        for _ in range(3):
            with subprocess.Popen(
                [*command, "host", "--data", str(data), "--console", f"unix://{data}/nobody"],
                env={**os.environ, "HAVIP_LAB": str(data)},
                stderr=subprocess.DEVNULL,
            ) as process:
                time.sleep(0.6)
                process.kill()
        subprocess.run(down, check=True)
        assert nothing_of(data) == []


def _sent(namespace: str, device: str) -> int:
    found = json.loads(run(f"ip -j -s -n {namespace} link show dev {device}"))
    return int(found[0]["stats64"]["tx"]["packets"])

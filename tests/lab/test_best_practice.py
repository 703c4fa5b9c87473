"""`bin/run --lab`, and in it the whole published best practice, by the pages and with real packets."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.consoles import eventually
from tests.lab.console import ADDRESS, READY_WITHIN_SECONDS, LabConsole, Operator
from tests.lab.machine import inside, nothing_of, run

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
PROMISED_SECONDS = 90.0
"""So long a first start may take, from the command to a page that can be signed in to."""


@pytest.fixture
def console(data: Path) -> LabConsole:
    """A console with a lab, not started yet."""
    return LabConsole(data.parent)


@contextmanager
def captured(
    namespace: str, device: str, expression: str, enough: Callable[[list[str]], bool]
) -> Iterator[list[str]]:
    """Note the packets of a link while the block runs, and until they are enough; they are in the list afterwards."""
    command = ["nsenter", f"--net=/run/netns/{namespace}", "tcpdump", "-n", "-l", "-i", device]
    packets: list[str] = []
    with subprocess.Popen(
        [*command, expression], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        lines, words = process.stdout, process.stderr
        assert lines is not None
        assert words is not None

        def note() -> None:
            for line in lines:
                packets.append(line.rstrip("\n"))  # noqa: PERF401 - others see each at once

        reader = threading.Thread(target=note)
        try:
            while "listening" not in words.readline():
                assert process.poll() is None
            reader.start()
            yield packets
            eventually(lambda: enough(packets), f"tcpdump on {device} tells it")
        finally:
            process.send_signal(signal.SIGINT)
            if reader.ident is not None:
                reader.join()


def test_the_published_best_practice(console: LabConsole) -> None:
    with console:
        print(f"ready after {console.seconds_to_ready:.1f} s")
        assert console.seconds_to_ready < PROMISED_SECONDS
        assert "bin/run:" not in console.words, console.words
        operator = Operator(console)
        assert ADDRESS not in inside(console.machine("ECS1"), "ip -4 address")

        operator.create_havip()
        operator.bind("ECS1")
        # Who starts first holds the address: the second node must not be as quick as the first.
        eventually(lambda: console.holder() == "ECS1", "ECS1 is recorded as the holder")
        operator.bind("ECS2")
        operator.bind_eip()
        answers = eventually(console.from_outside, "the EIP answers")
        assert answers == "ECS1"
        assert console.from_inside("ECS2") == "ECS1"
        assert console.holder() == "ECS1"
        assert "ECS1" in operator.page()

        egress_shows_the_eip(console)
        only_bound_nodes_may_take_it(console, operator)
        stopping_one_brings_the_other(console, operator)
        an_unbound_node_is_silent(console, operator)

        assert console.interrupt() == 0
        assert nothing_of(console.data) == []


def egress_shows_the_eip(console: LabConsole) -> None:
    """2-domain, fact 5: inside, the source is the HaVip; the outside sees the EIP."""
    holder, outside = console.machine("ECS1"), console.place.outside
    server = subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{outside}", sys.executable, "-m", "http.server", "8080"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=console.directory,
    )
    try:
        ask = f"curl -s -m 20 -o /dev/null -w %{{http_code}} --interface {ADDRESS} http://198.51.100.1:8080/"
        eventually(lambda: inside(holder, ask, check=False).strip() == "200", "egress works")
        with (
            captured(
                console.router, "any", "tcp port 8080", lambda all_: whole(coming(all_))
            ) as within,
            captured(
                outside, "internet", "tcp port 8080", lambda all_: whole(sent(all_))
            ) as without,
        ):
            assert inside(holder, ask).strip() == "200"
    finally:
        server.kill()
        server.wait()
    arriving, requests = coming(within), sent(without)
    assert all(f" {ADDRESS}." in line for line in arriving), arriving
    assert all(f" {console.eip}." in line for line in requests), requests


def coming(packets: list[str]) -> list[str]:
    """Return what comes in at the router on its way to the server."""
    return [line for line in packets if " In " in line and "> 198.51.100.1.8080:" in line]


def sent(packets: list[str]) -> list[str]:
    """Return what the outside sees on its way to the server."""
    return [line for line in packets if "> 198.51.100.1.8080:" in line]


def whole(packets: list[str]) -> bool:
    """Tell whether a connection was begun and ended."""
    begun = [number for number, line in enumerate(packets) if "Flags [S]" in line]
    return bool(begun) and any("Flags [F" in line for line in packets[begun[0] :])


NOBODYS = "192.168.0.99"
FORGE = """
import socket, sys
device, mac, address = sys.argv[1:]
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((device, 0))
own = bytes.fromhex(mac.replace(":", ""))
sender = socket.inet_aton(address)
for verb in (1, 2):
    arp = b"\\0\\1\\x08\\0\\6\\4\\0" + bytes([verb]) + own + sender + b"\\xff" * 6 + sender
    raw.send(b"\\xff" * 6 + own + b"\\x08\\x06" + arp)
"""


def mac_of(namespace: str) -> str:
    return run(f"ip -n {namespace} link show dev eth0").split("link/ether ")[1].split()[0]


def forge(namespace: str, address: str, target: str = "") -> None:
    """Announce an address by gratuitous ARP without a keepalived; then send from it to a target."""
    command = ["nsenter", f"--net=/run/netns/{namespace}", sys.executable, "-c", FORGE]
    run(f"ip -n {namespace} address add {address}/32 dev eth0")
    try:
        subprocess.run([*command, "eth0", mac_of(namespace), address], check=True)
        if target:
            ask = f"curl -s -m 1 --interface {address} http://{target}/"
            inside(namespace, ask, check=False)
    finally:
        run(f"ip -n {namespace} address del {address}/32 dev eth0")


def claims(packets: list[str], address: str) -> dict[str, int]:
    """Count what bears an address as its sender: ARP, and IPv4."""
    arp = [line for line in packets if "ARP" in line and f"{address} " in f"{line} "]
    ipv4 = [line for line in packets if f"IP {address}." in line]
    return {"arp": len(arp), "ipv4": len(ipv4)}


def came_through(packets: list[str]) -> bool:
    """Tell whether what a forger did last, with an address that is nobody's, has arrived: so would all before it."""
    return claims(packets, NOBODYS)["arp"] >= 2


def only_bound_nodes_may_take_it(console: LabConsole, operator: Operator) -> None:
    """A third instance, bound to nothing, announces the address and sends from it: neither gets through."""
    operator.create_instance("ECS3", "192.168.0.33")
    forger, victim = console.machine("ECS3"), console.machine("ECS2")
    intervals = console.one("select count(*) from linux_holderinterval")
    # Without a static entry it would be stopped at its own ARP question already, and the test would show nothing.
    entry = f"192.168.0.210 lladdr {mac_of(victim)}"
    run(f"ip -n {forger} neigh replace {entry} dev eth0 nud permanent")

    def all_seen(packets: list[str]) -> bool:
        return came_through(packets) and claims(packets, NOBODYS)["ipv4"] >= 1

    with captured(victim, "eth0", f"ether src {mac_of(forger)}", all_seen) as seen:
        forge(forger, ADDRESS, "192.168.0.210")
        forge(forger, NOBODYS, "192.168.0.210")  # here everything gets through
        assert console.from_outside() == "ECS1"
    assert claims(seen, ADDRESS) == {"arp": 0, "ipv4": 0}, seen
    time.sleep(1)
    assert console.one("select count(*) from linux_holderinterval") == intervals
    assert console.holder() == "ECS1"


def stopping_one_brings_the_other(console: LabConsole, operator: Operator) -> None:
    operator.stop("ECS1")
    eventually(lambda: console.from_outside() == "ECS2", "ECS2 answers")
    changed = time.monotonic()
    eventually(lambda: console.holder() == "ECS2", "ECS2 is recorded as the holder")
    print(f"recorded {time.monotonic() - changed:.2f} s after the first answer")
    assert time.monotonic() - changed < 2.0
    assert "ECS2" in operator.page()
    console.settled()
    operator.start("ECS1")
    # nopreempt: who came back does not take it over.
    time.sleep(5)
    assert console.from_outside() == "ECS2"


def an_unbound_node_is_silent(console: LabConsole, operator: Operator) -> None:
    """After unbinding, the former holder can announce what it likes."""
    operator.unbind("ECS2", force="on")
    eventually(lambda: console.from_outside() == "ECS1", "ECS1 answers")
    eventually(lambda: console.holder() == "ECS1", "ECS1 is recorded as the holder")
    former, other = console.machine("ECS2"), console.machine("ECS3")
    assert ADDRESS not in inside(former, "ip -4 address")
    with captured(other, "eth0", f"ether src {mac_of(former)}", came_through) as seen:
        forge(former, ADDRESS)
        forge(former, NOBODYS)
        for _ in range(5):
            assert console.from_outside() == "ECS1"
    assert claims(seen, ADDRESS) == {"arp": 0, "ipv4": 0}, seen
    assert console.holder() == "ECS1"


APPLIED = re.compile(r"applied version (\d+)\n")


class TestEnds:
    def test_half_built(self, console: LabConsole) -> None:
        """Killed while the first network is being made, at three points; the next start completes it."""
        log = console.data / "logs" / "lab.log"

        def versions() -> int:
            """How many different states the host has made by now."""
            return len(set(APPLIED.findall(log.read_text()))) if log.exists() else 0

        for number in (1, 2, 3):
            console.begin()
            eventually(
                lambda number=number: versions() >= number,
                "the lab to be begun",
                READY_WITHIN_SECONDS,
            )
            console.kill()
        with console:
            assert "bin/run:" not in console.words, console.words
            names = {row["name"] for row in console.ask("select name from havip_instance")}
            assert names == {"ECS1", "ECS2"}
            assert console.one("select count(*) from havip_vpc") == 1
            # The agents have reported; the web server that was started with them may take a moment longer.
            ask = "curl -s -m 2 http://192.168.0.209/"
            eventually(
                lambda: inside(console.machine("ECS2"), ask, check=False).strip() == "ECS1",
                "ECS1 answers at its own address",
            )
            assert console.interrupt() == 0
            assert nothing_of(console.data) == []

    def test_the_next_start_heals_and_down_removes(self, console: LabConsole) -> None:
        with console:
            operator = Operator(console)
            operator.create_havip()
            operator.bind("ECS1")
            operator.bind_eip()
            running = down(console)
            assert running.returncode == 1
            assert "already runs" in running.stderr
            console.kill()
            run(f"ip netns del {console.machine('ECS2')}")
            run(f"ip -n {console.router} link del outside")
            console.start()
            eventually(lambda: console.from_outside() == "ECS1", "the EIP answers")
            assert console.from_inside("ECS2") == "ECS1"
            assert console.interrupt() == 0
            assert nothing_of(console.data) == []
            # And once more from nothing but the records; then a sudden end, and down.
            console.start()
            eventually(lambda: console.from_outside() == "ECS1", "the EIP answers")
            assert console.one("select count(*) from havip_vpc") == 1
            console.kill()
            # The network does not need the console.
            assert console.from_inside("ECS2") == "ECS1"
            for _twice in range(2):
                done = down(console)
                assert done.returncode == 0, done.stderr
                assert nothing_of(console.data) == []


def down(console: LabConsole) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "bin/run", "--lab", "--down", "--data", str(console.data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

"""Network namespaces for tests: made, used and removed by the tests themselves, all named havipt-…."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from havip.fabric.linux.protocol import bridge_name, port_name
from tests.lab.machine import enter

T = TypeVar("T")
TOOLS = ("ip", "nft", "keepalived")
VPC_BLOCK = "192.168.0.0/16"
BLOCK = "192.168.0.0/24"
GATEWAY = "192.168.0.253"
VSWITCH = "vsw-test1"
BRIDGE = bridge_name(VSWITCH)
HAVIP = "192.168.0.88"
EIP = "203.0.113.10"
CLIENT = "203.0.113.9"
PATIENCE = 60.0
"""So many seconds what must come may take on a machine that does something else for a while."""
A_MOMENT = 0.3
"""So many seconds what must not come is waited for."""
_numbers = itertools.count()


def missing() -> str:
    """Return why these tests cannot run here; empty when they can."""
    if os.geteuid() != 0:
        return "needs root"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(lacking)}" if lacking else ""


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def within(namespace: str, act: Callable[[], T]) -> T:
    """Do something in a namespace, in a thread of its own; sockets made there stay there."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            enter(namespace)
            result.append(act())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def wait_until(true: Callable[[], object], seconds: float = PATIENCE, what: str = "") -> float:
    """Wait for something; return how long it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what or true}"
        time.sleep(0.01)
    return time.monotonic() - started


def _echo(identifier: int, text: bytes) -> bytes:
    head = struct.pack("!BBHHH", 8, 0, 0, identifier, 1)
    total = sum(struct.unpack(f"!{(8 + len(text)) // 2}H", head + text))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:] + text


def _answered(sock: socket.socket, text: bytes, deadline: float) -> bool:
    """Say whether this echo came back by then; what came while nobody could look is read, too."""
    while True:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            packet = sock.recv(2048)
        except TimeoutError:
            return False
        if packet[20] == 0 and packet[28:] == text:
            return True


@dataclass
class Machine:
    """An instance of the test's network."""

    number: int
    namespace: str
    address: str
    mac: str

    @property
    def instance_id(self) -> str:
        return f"i-test{self.number}"

    @property
    def interface_id(self) -> str:
        return f"eni-test{self.number}"

    @property
    def port(self) -> str:
        return port_name(self.interface_id)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stderr}{done.stdout}"
        return done

    def pings(self, target: str, source: str = "", seconds: float = PATIENCE) -> bool:
        """Send an echo request every second until one is answered; say whether one was."""

        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            if source:
                made.bind((source, 0))
            return made

        identifier, text = next(_numbers) & 0xFFFF, os.urandom(16)
        with within(self.namespace, make) as sock:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    sock.sendto(_echo(identifier, text), (target, 0))
                except OSError:
                    return False
                if _answered(sock, text, min(deadline, time.monotonic() + 1.0)):
                    return True
                if time.monotonic() >= deadline:
                    return False

    def has(self, address: str) -> bool:
        return f" {address}/" in ip("-n", self.namespace, "-4", "-o", "addr", "show")


@dataclass
class Network:
    """A router with a bridge, three instances, and an outside with a client."""

    prefix: str = field(default_factory=lambda: f"havipt-{os.getpid()}-{next(_numbers)}")
    machines: list[Machine] = field(default_factory=list)

    @property
    def router(self) -> Machine:
        return Machine(0, f"{self.prefix}-r", GATEWAY, "02:00:00:00:00:fe")

    @property
    def client(self) -> Machine:
        return Machine(99, f"{self.prefix}-o", CLIENT, "02:00:00:00:01:09")

    def up(self) -> None:
        router, client = self.router, self.client
        for each in (router, client):
            ip("netns", "add", each.namespace)
            ip("-n", each.namespace, "link", "set", "lo", "up")
        inside = ("-n", router.namespace)
        ip(*inside, "link", "add", BRIDGE, "address", router.mac, "type", "bridge")
        ip(*inside, "addr", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        ip(*inside, "link", "set", BRIDGE, "up")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        for number, host in ((1, "209"), (2, "210"), (3, "77")):
            self._plug(
                Machine(
                    number,
                    f"{self.prefix}-{number}",
                    f"192.168.0.{host}",
                    f"02:00:00:00:00:{number:02x}",
                )
            )
        ip(
            *(*inside, "link", "add", "outside", "type", "veth", "peer", "name", "eth0"),
            *("netns", client.namespace),
        )
        ip(*inside, "addr", "add", "203.0.113.1/24", "dev", "outside")
        ip(*inside, "link", "set", "outside", "up")
        ip("-n", client.namespace, "link", "set", "eth0", "address", client.mac, "up")
        ip("-n", client.namespace, "addr", "add", f"{CLIENT}/24", "dev", "eth0")
        # Duplicate address detection and the carrier take a moment.
        wait_until(lambda: all(each.pings(GATEWAY, seconds=1.0) for each in self.machines))

    def _plug(self, machine: Machine) -> None:
        router = self.router
        ip("netns", "add", machine.namespace)
        inside = ("-n", machine.namespace)
        ip(
            *("-n", router.namespace, "link", "add", machine.port, "type", "veth"),
            *("peer", "name", "eth0", "netns", machine.namespace),
        )
        ip("-n", router.namespace, "link", "set", machine.port, "master", BRIDGE, "up")
        machine.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        ip(*inside, "link", "set", "lo", "up")
        ip(*inside, "link", "set", "eth0", "address", machine.mac, "up")
        ip(*inside, "addr", "add", f"{machine.address}/24", "dev", "eth0")
        ip(*inside, "route", "add", "default", "via", GATEWAY)
        self.machines.append(machine)

    def down(self) -> None:
        for path in Path("/run/netns").glob(f"{self.prefix}-*"):
            for pid in ip("netns", "pids", path.name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
            ip("netns", "del", path.name)

    def ruleset(self) -> str:
        return self.router.run("nft", "-s", "list", "ruleset").stdout

    def counter(self, name: str, table: str = "bridge havip_guard") -> int:
        listed = self.router.run("nft", "list", "counter", *table.split(), name).stdout
        return int(listed.split("packets")[1].split()[0])


def listener(machine: Machine, device: str = "eth0") -> socket.socket:
    """Return a socket that sees every frame that arrives at a card."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        made.bind((device, 3))
        made.setblocking(False)
        return made

    return within(machine.namespace, make)


def heard(sock: socket.socket, wanted: Callable[[bytes], bool], seconds: float = PATIENCE) -> int:
    """Return how many of the frames that came in are wanted; waits to the end only for none, and then has read them all."""
    deadline = time.monotonic() + seconds
    found = 0
    while True:
        over = time.monotonic() >= deadline
        try:
            frame, place = sock.recvfrom(2048)
        except BlockingIOError:
            if found or over:
                return found
            time.sleep(0.005)
            continue
        if place[2] != socket.PACKET_OUTGOING and wanted(frame):
            found += 1

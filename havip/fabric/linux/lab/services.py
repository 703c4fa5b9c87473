"""What runs inside the lab: a gateway agent in each router; in each running instance its node agent, and nginx."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from havip.fabric.linux.agent.client import Client
from havip.fabric.linux.agent.roles import AgentError, NotYet
from havip.fabric.linux.agent.state import StateDirectory, write_atomically
from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.topology import OUTSIDE_DEVICE, Machine, Place, router_of
from havip.fabric.linux.lab.units import Unit
from havip.fabric.linux.protocol import (
    PROTOCOL,
    HostVpc,
    ProtocolError,
    Role,
    read_token,
    scope_of,
)

# The console is on the same machine: when it comes back, its agents are there again soon.
LONGEST_PAUSE_SECONDS = 2.0
_TOKEN = "one-time-token"  # noqa: S105 - the name of a file
_NGINX = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  server_tokens off;
  keepalive_timeout 0;
  default_type text/plain;
  charset utf-8;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 80;
    add_header Cache-Control no-store;
    location / {{ return 200 "{name}\\n"; }}
  }}
}}
"""


class Services:
    """Knows how each of them is started."""

    def __init__(self, place: Place, console: str, client: Client, own_state: StateDirectory):
        self._place = place
        self._console = console
        self._client = client
        self._own_state = own_state

    def of_router(self, vpc: HostVpc) -> list[Unit]:
        """Return what runs in a router."""
        scope = scope_of(Role.GATEWAY, vpc.id)
        return [self._agent(scope, router_of(vpc.id), "--outside", OUTSIDE_DEVICE)]

    def of_machine(self, machine: Machine) -> list[Unit]:
        """Return what runs in an instance: nothing in one that is switched off."""
        if not machine.running:
            return []
        return [
            self._agent(scope_of(Role.NODE, machine.instance_id), machine.namespace),
            self._web(machine),
        ]

    def _agent(self, scope: str, namespace: str, *more: str) -> Unit:
        state = self._place.agent_state(scope)
        token = state.with_name(f"{state.name}.{_TOKEN}")
        role = scope.partition(":")[0]
        command = [sys.executable, "-P", "-m", "havip.fabric.linux.agent"]
        command += ["--console", self._console, "--role", role, "--scope", scope]
        command += ["--state-dir", str(state), "--token-file", str(token)]
        command += ["--longest-pause", str(LONGEST_PAUSE_SECONDS), *more]
        return Unit(scope, namespace, tuple(command), self._admission(scope, state, token))

    def _admission(self, scope: str, state: Path, token: Path) -> Callable[[], None]:
        """Return what fetches a one-time token for an agent that has no key yet."""

        def admit() -> None:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            if StateDirectory(state).key() is None:
                write_atomically(token, f"{self._token(scope)}\n")

        return admit

    def _token(self, scope: str) -> str:
        key = self._own_state.key()
        if key is None:
            raise NotYet("The host is not enrolled yet.")
        answer = self._client.post("tokens", {"protocol": PROTOCOL, "scope": scope}, key.secret)
        try:
            token = read_token(answer)
        except ProtocolError as error:
            raise AgentError(f"The console's token is unusable: {error}") from error
        if token.scope != scope:
            raise AgentError("The console sent a token for another scope.")
        return token.token

    def _web(self, machine: Machine) -> Unit:
        directory = self._place.instance_files(machine.instance_id)
        config = directory / "nginx.conf"

        def write() -> None:
            # A worker outlives its master's sudden end, and would keep the port.
            namespaces.end_processes(lambda: namespaces.processes_in([machine.namespace], "nginx"))
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = machine.name or machine.instance_id
            write_atomically(config, nginx_configuration(directory, name))

        name = f"web:{machine.instance_id}"
        command = ("nginx", "-e", "stderr", "-p", str(directory), "-c", str(config))
        return Unit(name, machine.namespace, command, write)


def nginx_configuration(directory: Path, name: str) -> str:
    """Return the configuration of the nginx that answers with an instance's name."""
    for text in (str(directory), name):
        if set('"\\${};\n\r') & set(text):
            raise AgentError("A name or path has characters that nginx would take for its own.")
    return _NGINX.format(directory=_quoted(directory), name=name)


def _quoted(path: Path) -> str:
    """Return a path as nginx reads it; only blanks need care."""
    return str(path).replace(" ", "\\ ")


def by_name(units: Iterable[Unit]) -> dict[str, Unit]:
    """Return units by their names."""
    return {unit.name: unit for unit in units}

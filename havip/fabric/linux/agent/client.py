"""Speaks to the console: HTTPS, or a unix socket on the same machine. Follows no redirect and reads no more than it expects."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.roles import AgentError
from havip.fabric.linux.protocol import MAXIMUM_DOCUMENT_BYTES, ProtocolError, loads

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
PREFIX = "/agent/v1/"


class ConsoleAway(AgentError):
    """The console did not answer, or not with anything of use. Later again."""


class KeyRefused(AgentError):
    """The console does not know the key or the token (any more)."""


@dataclass(frozen=True, slots=True)
class ConsoleAddress:
    """Where the console is."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> ConsoleAddress:
        """Read `https://host[:port][/prefix]`, `unix:///path`, or `http://` to this machine itself."""
        parts = urlsplit(text)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise AgentError("The console's address is only a scheme, a host and a path.")
        if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
            return cls("unix", "localhost", 0, parts.path)
        if parts.scheme == "https" and parts.hostname:
            return cls("https", parts.hostname, parts.port or 443, parts.path.rstrip("/"))
        if parts.scheme == "http" and parts.hostname in _LOOPBACK:
            return cls("http", parts.hostname, parts.port or 80, parts.path.rstrip("/"))
        raise AgentError("The console's address must be https://host or unix:///path.")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """One console. A connection for each request: they are few, and a proxy's restart is then no event."""

    def __init__(self, address: ConsoleAddress, ca_file: Path | None = None) -> None:
        self._address = address
        self._tls: ssl.SSLContext | None = None
        if address.scheme == "https":
            self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def get(
        self, name: str, parameters: Mapping[str, int], key: str, timeout: float
    ) -> object | None:
        """Ask for something; None: nothing new (204). What comes back is JSON, and nothing else is known of it."""
        query = "&".join(f"{quote(field)}={value:d}" for field, value in parameters.items())
        return self._ask("GET", f"{name}?{query}", None, key, timeout)

    def post(
        self, name: str, body: Mapping[str, Any], key: str = "", timeout: float = 15.0
    ) -> object | None:
        """Tell something and return the answer, of which nothing is known but that it is JSON."""
        return self._ask("POST", name, body, key, timeout)

    def _ask(
        self, method: str, target: str, body: Mapping[str, Any] | None, key: str, timeout: float
    ) -> object | None:
        headers = {"Accept": "application/json", "User-Agent": f"havip-agent/{AGENT_VERSION}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if key:
            headers["Authorization"] = f"Bearer {key}"
        connection = self._connect(timeout)
        prefix = "" if self._address.scheme == "unix" else self._address.path
        try:
            connection.request(method, prefix + PREFIX + target, body=data, headers=headers)
            answer = connection.getresponse()
            status = answer.status
            raw = answer.read(MAXIMUM_DOCUMENT_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise ConsoleAway(f"The console does not answer ({type(error).__name__}).") from error
        finally:
            connection.close()
        return _read(status, raw)

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        address = self._address
        if address.scheme == "unix":
            return _UnixConnection(address.path, timeout)
        if self._tls is not None:
            return http.client.HTTPSConnection(
                address.host, address.port, timeout=timeout, context=self._tls
            )
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout)


def _read(status: int, raw: bytes) -> object | None:
    if status == http.HTTPStatus.NO_CONTENT:
        return None
    if status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
        raise KeyRefused("The console does not accept this agent's key.")
    if not http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES:
        raise ConsoleAway(f"The console answered with status {status:d}.")
    try:
        return loads(raw, limit=MAXIMUM_DOCUMENT_BYTES)
    except (ProtocolError, RecursionError) as error:
        raise ConsoleAway(f"The console's answer is unusable: {error}") from error

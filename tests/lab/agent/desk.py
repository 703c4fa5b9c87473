"""A console as small as can be, on a unix socket: it hands out documents that the test wrote and keeps the reports."""

from __future__ import annotations

import copy
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from havip.fabric.linux.protocol import Report, read_enrolment, read_report
from tests.lab.agent.network import PATIENCE, wait_until

TOKEN = "one-time-token-of-the-test"


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
    desk: Desk

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that was killed does not read its answer."""


class Desk:
    """The console's side. `documents` may hold anything, also what no decent console would send."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.documents: dict[str, Any] = {}
        self.keys: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.reports: list[tuple[float, str, Report]] = []
        self.asked: list[tuple[float, str]] = []
        self.nudges = 0
        self.faults: list[str] = []
        self.changed = threading.Condition()
        self._server: _Server | None = None

    @property
    def address(self) -> str:
        return f"unix://{self.path}"

    def open(self) -> None:
        self.path.unlink(missing_ok=True)
        self._server = _Server(str(self.path), _Handler)
        self._server.desk = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Be away: nobody listens, and who is waiting for an answer gets none."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self.path.unlink(missing_ok=True)
            with self.changed:
                self.changed.notify_all()

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def want(self, scope: str, document: Any, version: int | None = None) -> int:
        """Publish a document; return its version."""
        with self.changed:
            before = self.documents.get(scope, {"version": 0})
            document = copy.deepcopy(document)
            document["version"] = version if version is not None else before["version"] + 1
            self.documents[scope] = document
            self.changed.notify_all()
            return int(document["version"])

    def nudge(self) -> None:
        """Answer whoever is waiting with nothing, so that he asks again."""
        with self.changed:
            self.nudges += 1
            self.changed.notify_all()

    def last(self, scope: str) -> Report | None:
        for _at, whose, report in reversed(self.reports):
            if whose == scope:
                return report
        return None

    def wait(
        self, scope: str, true: Callable[[Report], object], seconds: float = PATIENCE
    ) -> float:
        """Wait for a report of this agent that satisfies the test."""

        def satisfied() -> bool:
            report = self.last(scope)
            return report is not None and bool(true(report))

        return wait_until(satisfied, seconds, f"last report of {scope}: {self.last(scope)}")

    def wait_applied(self, scope: str, version: int, seconds: float = PATIENCE) -> float:
        taken = self.wait(
            scope,
            lambda report: (
                report.applied_version == version
                or (report.error and report.attempted_version == version)
            ),
            seconds,
        )
        report = self.last(scope)
        assert report is not None
        assert not report.error
        return taken

    def apply(self, scope: str, document: Any, seconds: float = PATIENCE) -> float:
        """Publish a document and wait until the agent has applied it."""
        return self.wait_applied(scope, self.want(scope, document), seconds)

    def holders(self, scope: str) -> tuple[str, ...] | None:
        report = self.last(scope)
        if report is None or not report.observations:
            return None
        return report.observations[0].holders

    def vrrp(self, scope: str) -> dict[str, str]:
        report = self.last(scope)
        return {each.havip_id: each.state for each in report.vrrp} if report else {}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        pass

    def address_string(self) -> str:
        return "agent"

    def _answer(self, status: int, body: Any = None) -> None:
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _scope(self) -> str:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.server.desk.keys.get(key, "")

    def do_GET(self) -> None:
        desk, scope = self.server.desk, self._scope()
        if not scope:
            return self._answer(401)
        query = parse_qs(urlsplit(self.path).query)
        after, wait = int(query["after"][0]), int(query["wait"][0])
        desk.asked.append((time.monotonic(), scope))
        with desk.changed:
            nudges = desk.nudges
            desk.changed.wait_for(
                lambda: (
                    not desk.is_open
                    or desk.nudges != nudges
                    or desk.documents.get(scope, {"version": after})["version"] != after
                ),
                wait,
            )
            document = desk.documents.get(scope)
        if not desk.is_open:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if not self._scope():
            return self._answer(401)
        if document is None or document["version"] == after:
            return self._answer(204)
        return self._answer(200, document)

    def do_POST(self) -> None:
        desk = self.server.desk
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/agent/v1/enrol":
            request = read_enrolment(body)
            if desk.tokens.pop(request.scope, "") != request.token:
                return self._answer(401)
            desk.keys[request.key] = request.scope
            return self._answer(200, {"agent_id": "agent-test"})
        scope = self._scope()
        if not scope:
            return self._answer(401)
        try:
            report = read_report(body)
        except ValueError as error:
            desk.faults.append(str(error))
            return self._answer(400)
        desk.reports.append((time.monotonic(), scope, report))
        wanted = desk.documents.get(scope, {"version": 0})["version"]
        return self._answer(200, {"wanted_version": wanted})

"""The agent program's own conversations, with the console's real answers over a socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.agent.client import (
    PREFIX,
    Client,
    ConsoleAddress,
    ConsoleAway,
    KeyRefused,
)
from havip.fabric.linux.agent.console import Membership
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.enrolment import new_token
from havip.fabric.linux.models import Agent, EnrolmentToken
from havip.fabric.linux.protocol import (
    PROTOCOL,
    Report,
    Software,
    as_json,
    read_document,
    read_reply,
)
from tests.cast import World


@contextmanager
def keeping_the_answer(client: Client) -> Iterator[ConsoleAddress]:
    """Stand between an agent and its console, for one request: pass on what is said, and hang up instead of answering."""

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            client.post(self.path.removeprefix(PREFIX), said)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Between) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield ConsoleAddress.parse(f"http://127.0.0.1:{server.server_port}")
        thread.join(60)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_was_lost_is_asked_for_again(
    live_server: Any, world: World, tmp_path: Path
) -> None:
    """The console has spent the token and knows the key; the agent was killed, or cut off, before it heard of it."""
    scope = f"gateway:{world.vpc}"
    token_file = tmp_path / "token"
    token_file.write_text(new_token(scope, created_by="a test") or "")
    client = Client(ConsoleAddress.parse(live_server.url))
    with keeping_the_answer(client) as address:
        cut_off = StateDirectory(tmp_path / "state")
        cut_off.open()
        with pytest.raises(ConsoleAway):
            Membership(Client(address), cut_off, scope, token_file).key()
        cut_off.close()
    assert Agent.objects.filter(scope=scope).count() == 1
    assert EnrolmentToken.objects.filter(used_at__isnull=True).count() == 0

    state = StateDirectory(tmp_path / "state")
    state.open()
    try:
        key = Membership(client, state, scope, token_file).key()
        assert client.get("wanted", {"after": 0, "wait": 0}, key, 30) is not None
        assert Agent.objects.filter(scope=scope).count() == 1
        assert sorted(each.name for each in state.path.glob("*key*")) == ["key.json"]
        assert not token_file.exists()
    finally:
        state.close()


@pytest.mark.django_db(transaction=True)
def test_it_enrols_asks_and_reports(live_server: Any, world: World, tmp_path: Path) -> None:
    scope = f"gateway:{world.vpc}"
    token_file = tmp_path / "token"
    token_file.write_text(new_token(scope, created_by="a test") or "")
    state = StateDirectory(tmp_path / "state")
    state.open()
    try:
        client = Client(ConsoleAddress.parse(live_server.url))
        key = Membership(client, state, scope, token_file).key()
        assert not token_file.exists()
        answer = client.get("wanted", {"after": 0, "wait": 25}, key, 30)
        document = read_document(answer, scope=scope)
        assert client.get("wanted", {"after": document.version, "wait": 0}, key, 30) is None
        report = Report(
            protocol=PROTOCOL,
            applied_version=document.version,
            attempted_version=document.version,
            software=Software(agent="1.0"),
        )
        reply = read_reply(client.post("report", as_json(report), key))
        assert reply.wanted_version == document.version
        Agent.objects.update(revoked_at="2026-01-01T00:00:00Z")
        with pytest.raises(KeyRefused):
            client.get("wanted", {"after": 0, "wait": 0}, key, 30)
    finally:
        state.close()

"""The agent program's own conversations, with the console's real answers over a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.agent.client import Client, ConsoleAddress, KeyRefused
from havip.fabric.linux.agent.console import Membership
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.enrolment import new_token
from havip.fabric.linux.models import Agent
from havip.fabric.linux.protocol import (
    PROTOCOL,
    Report,
    Software,
    as_json,
    read_document,
    read_reply,
)
from tests.cast import World


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
        assert client.get("wanted", {"after": document.version, "wait": 0}, key, 5) is None
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
            client.get("wanted", {"after": 0, "wait": 0}, key, 5)
    finally:
        state.close()

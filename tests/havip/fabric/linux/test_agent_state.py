"""What an agent keeps on its disk, and what it does without a program that it needs."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from havip.fabric.linux.agent import alone, commands
from havip.fabric.linux.agent.client import Client, ConsoleAddress
from havip.fabric.linux.agent.console import Membership
from havip.fabric.linux.agent.loop import Loop
from havip.fabric.linux.agent.node import Node
from havip.fabric.linux.agent.processes import OwnKeepalived
from havip.fabric.linux.agent.roles import AgentError, NotYet
from havip.fabric.linux.agent.state import Key, StateDirectory
from havip.fabric.linux.protocol import read_document
from tests.havip.fabric.linux.test_protocol import NODE

SCOPE = NODE["scope"]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    (tmp_path / "state").mkdir(mode=0o700)
    return StateDirectory(tmp_path / "state")


def test_a_directory_that_others_may_write_is_refused(state: StateDirectory) -> None:
    state.path.chmod(0o777)
    with pytest.raises(AgentError, match="nobody else may write there"):
        state.open()
    assert not list(state.path.iterdir())


def test_a_key_that_is_open_to_others_is_closed(state: StateDirectory) -> None:
    state.keep_key(Key("agent-1", "secret"))
    file = state.path / "key.json"
    file.chmod(0o644)
    assert state.key() == Key("agent-1", "secret")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_is_not_spent_on_a_key_that_cannot_be_kept(
    state: StateDirectory, tmp_path: Path
) -> None:
    """There is no console at the other end: had the agent asked it, it would complain of that."""
    (state.path / ".writable.new").mkdir()  # in the way of every file that is written
    token = tmp_path / "token"
    token.write_text("x" * 43)
    client = Client(ConsoleAddress.parse(f"unix://{tmp_path}/nobody.sock"))
    with pytest.raises(AgentError, match="cannot be written"):
        Membership(client, state, SCOPE, token).key()
    assert token.exists()


@pytest.mark.parametrize("ahead", [0, 3600], ids=["in time", "a clock that is behind"])
def test_a_drill_s_order_does_not_take_the_rest_of_the_document_with_it(
    state: StateDirectory, tmp_path: Path, ahead: int
) -> None:
    """After a start of the machine with a wrong clock, and without a console, the network is kept all the same."""
    import time

    kept: dict[str, Any] = copy.deepcopy(NODE)
    until = int(time.time()) + 20 + ahead
    order = {"id": "drill-1", "kind": "keepalived_stopped", "until": until, "disturb": True}
    kept["drill"] = {**order, "havip_id": kept["havips"][0]["id"]}
    (state.path / "wanted.json").write_text(json.dumps(kept))
    client = Client(ConsoleAddress.parse(f"unix://{tmp_path}/nobody.sock"))
    loop = Loop(SCOPE, object(), state, client)  # type: ignore[arg-type]
    assert loop._wanted is not None
    assert loop._wanted.version == NODE["version"]
    assert (loop._wanted.drill is None) == bool(ahead)


def test_without_keepalived_a_node_can_still_be_unbound(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_PATH", "/nowhere")
    directory = state.path / "keepalived"
    directory.mkdir()
    node = Node(state, directory, OwnKeepalived(directory))
    with pytest.raises(NotYet, match="keepalived is not installed"):
        node.apply(read_document(NODE, scope=SCOPE))
    node.apply(read_document({**NODE, "havips": []}, scope=SCOPE))
    assert node.findings().vrrp == ()
    node.close(teardown=False)


def test_a_role_is_taken_once_in_a_network() -> None:
    role = f"test-{os.getpid()}"
    taken = alone.claim(role)
    assert taken is not None
    for _again in range(200):
        with pytest.raises(AgentError, match=f"process {os.getpid()}"):
            alone.claim(role)
    taken.close()

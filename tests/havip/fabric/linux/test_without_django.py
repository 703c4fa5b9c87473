"""An agent's machine has neither Django nor anything else of the console."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from havip.web.views.agents import AGENT_FILES
from tests.havip.fabric.linux.bare import COPIED, LOCK, PYTHON, ROOT, lay_out, locked
from tests.havip.fabric.linux.test_protocol import NODE

WHOLE = """
import json, sys
from pathlib import Path
from havip.fabric.linux.agent import gateway, keepalived, node
from havip.fabric.linux.lab import host
from havip.fabric.linux.protocol import read_document
document = json.loads(sys.stdin.read())
wanted = read_document(document, scope=document["scope"])
print(keepalived.rendered(wanted, {wanted.interfaces[0].id: "ens3"}, Path("/run/notify")))
foreign = {"django", "console", "celery", "structlog"} & {name.partition(".")[0] for name in sys.modules}
assert not foreign, foreign
assert not [name for name in sys.modules if name.startswith("havip.models")]
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return lay_out(tmp_path)


def run(environment: dict[str, str], words: Iterable[str], text: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [*PYTHON[:-1], *words],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=environment,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_role_is_there_and_writes_its_files(environment: dict[str, str]) -> None:
    code, _, _ = run(environment, ["-c", "import django"])
    assert code == 1, "this interpreter has Django: the rest would prove nothing"
    code, shown, said = run(environment, ["-c", WHOLE], json.dumps(NODE))
    assert code == 0, said
    assert "interface ens3" in shown
    assert "auth_pass abcdefgh" in shown


def test_the_program_starts_and_says_what_is_wrong(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With a network it is tried in tests/lab, where every agent is started like this."""
    agent = ["-m", "havip.fabric.linux.agent", "--state-dir", str(tmp_path / "state")]
    node = [*agent, "--role", "node", "--scope"]
    code, _, said = run(environment, [*node, "gateway:vpc-1", "--console", "https://c.example"])
    assert (code, "is not one of a node" in said) == (1, True), said
    code, _, said = run(environment, [*node, "node:i-1", "--console", "ftp://c.example"])
    assert (code, "must be https://host or unix:///path" in said) == (1, True), said


def test_the_lock_holds_little_and_agrees_with_the_console_s() -> None:
    assert locked() == ["pyroute2"]
    console = (ROOT / "requirements/base.txt").read_text().splitlines()
    assert set(LOCK.read_text().splitlines()) <= set(console)


def test_the_manual_and_the_page_have_the_same_files_copied() -> None:
    assert AGENT_FILES[: len(COPIED)] == COPIED
    assert all((ROOT / name).exists() for name in AGENT_FILES)
    assert " ".join(AGENT_FILES) in (ROOT / "docs/agents.md").read_text()

"""The real keepalived, asked what it thinks of a file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Verdict = Callable[[str], tuple[int, str]]


def _without(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def keepalived() -> str:
    """The program; without it the test is skipped, or fails where CI=true."""
    found = shutil.which("keepalived", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        _without("keepalived is not installed (apt-get install keepalived)")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def card(keepalived: str) -> str:
    """An interface of this machine that is not the loopback interface: keepalived wants to see it."""
    names = [name for _, name in socket.if_nameindex() if name != "lo" and len(name) <= 15]
    ethernet = [
        name for name in names if Path(f"/sys/class/net/{name}/type").read_text().strip() == "1"
    ]
    if not ethernet:
        _without("this machine has no network interface besides lo")
    return min(ethernet, key=lambda name: (not name.startswith("e"), name))


@pytest.fixture
def config_test(keepalived: str, tmp_path: Path) -> Verdict:
    """Return keepalived's exit status and everything that it said."""

    def ask(text: str) -> tuple[int, str]:
        file = tmp_path / "keepalived.conf"
        file.write_bytes(text.encode())
        done = subprocess.run(
            [keepalived, "--config-test", "--use-file", str(file)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return ask

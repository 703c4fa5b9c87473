"""Runs the few programs that the agent needs: by their full path, with a list of arguments, never through a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from havip.fabric.linux.agent.roles import NotYet

_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_TIMEOUT_SECONDS = 20.0
ENVIRONMENT = {"PATH": _PATH, "LANG": "C", "LC_ALL": "C", "TZ": os.environ.get("TZ", "")}


@dataclass(frozen=True, slots=True)
class Output:
    """What a program left behind."""

    code: int
    out: str
    err: str


def program(name: str) -> str:
    """Return the full path of a program. Raises NotYet when it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise NotYet(f"{name} is not installed.")
    return found


def run(name: str, arguments: Sequence[str], *, text: str = "") -> Output:
    """Run a program to its end, with `text` on its standard input."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of validated values, no shell
            [program(name), *arguments],
            input=text,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            env=ENVIRONMENT,
        )
    except subprocess.TimeoutExpired:
        raise NotYet(f"{name} did not end within {_TIMEOUT_SECONDS:.0f} seconds.") from None
    return Output(done.returncode, done.stdout, done.stderr)

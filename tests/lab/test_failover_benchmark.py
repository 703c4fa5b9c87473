"""The benchmark of fail-overs, short: it measures every case, prints all of it, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.failover.files import NAMES
from benchmarks.failover.measuring import KINDS
from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.topology import Place

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
PROJECT = Path(__file__).resolve().parents[2]


def command(data: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.failover", "--data", str(data), *more]


def test_every_case_is_measured(data: Path) -> None:
    done = subprocess.run(
        command(data, "--runs", "1", "--load-seconds", "10"),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert "keepalived v" in done.stdout.lower()
    assert f"{os.cpu_count()} processors" in done.stdout
    assert os.uname().release in done.stdout
    row = re.compile(r"^(\S+) +(\S+) +1 +(\d+) +(\d+) +(\d+) +(\d+)$", re.MULTILINE)
    cases = {found[:2]: [int(each) for each in found[2:]] for found in row.findall(done.stdout)}
    assert set(cases) == {(profile, kind) for profile in NAMES for kind in KINDS}
    for case, (median, longest, outside_median, outside_longest) in cases.items():
        assert 0 < median == longest, case
        assert 0 < outside_median == outside_longest, case
    # What the timers leave no doubt about: a standby waits for three heartbeats that do not come.
    assert cases["documented", "link-down"][0] > 2000
    assert cases["published", "instance-stopped"][0] > 2000
    endured = re.findall(
        r"^(\S+) +(\d+) +\d+ +\d+ +\d+ ms +\d+ ms +\d+ ms$", done.stdout, re.MULTILINE
    )
    assert {profile for profile, _seconds in endured} == {"fast", "documented"}
    # Who sleeps for ten seconds on a busy machine may sleep for longer.
    assert all(int(seconds) >= 10 for _profile, seconds in endured)
    assert not any(data.iterdir())


def test_what_a_sudden_end_leaves_is_removed_and_an_interrupted_one_leaves_nothing(
    data: Path,
) -> None:
    short = ("--profiles", "fast", "--kinds", "keepalived-stopped", "--runs", "9")
    killed = started(data, *short)
    killed.kill()
    killed.communicate()
    assert namespaces.present(Place.of(data).mark)
    interrupted = started(data, *short)
    interrupted.send_signal(signal.SIGINT)
    _, words = interrupted.communicate(timeout=120)
    assert interrupted.returncode == 130, words
    assert "Traceback" not in words
    assert not any(data.iterdir())


def started(data: Path, *more: str) -> subprocess.Popen[str]:
    """Begin; return when the first case has been measured."""
    process = subprocess.Popen(command(data, *more), cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    # A program that it uses may have something to say before.
    assert any("run 1 of 9" in line for line in process.stderr)
    return process


def test_without_root_it_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", *command(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission denied" in done.stderr and not done.stdout:
        pytest.skip("nobody may not read the project here")
    assert done.returncode == 2
    assert "root" in done.stderr
    assert "Traceback" not in done.stderr

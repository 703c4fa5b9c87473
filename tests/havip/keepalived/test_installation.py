"""The steps that a page shows: complete, in order, and safe to copy."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from havip.keepalived import DOCUMENTED, FAMILIES, FAST, Family, installation_for
from havip.keepalived.installation import (
    CONFIGURATION_PATH,
    DROP_IN,
    NOTIFY_SCRIPT,
)
from havip.keepalived.profiles import REAL_TIME_PRIORITY
from tests.havip.keepalived.material import nodes_of


@pytest.mark.parametrize("family", list(Family))
def test_the_steps_of_a_family(family: Family) -> None:
    node = nodes_of(notify_script="/usr/local/libexec/havip/notify.sh")[0]
    installation = installation_for(node, family)
    assert [step.code for step in installation.steps] == [
        "install",
        "script",
        "put",
        "check",
        "enable",
        "verify",
    ]
    steps = (*installation.steps, installation.firewall)
    commands = [command for step in steps for command in step.commands]
    assert all(shlex.split(command) and "\n" not in command for command in commands)
    assert all(str(step.title) and str(step.explanation) for step in steps)
    assert any(CONFIGURATION_PATH in command for command in commands)
    assert any("192.168.0.88" in command for command in commands)
    assert family in FAMILIES


@pytest.mark.parametrize("family", list(Family))
def test_the_firewall_lets_each_peer_through(family: Family) -> None:
    node = nodes_of(("10.0.0.1", "10.0.0.2", "10.0.0.3"))[0]
    commands = installation_for(node, family).firewall.commands
    for peer in ("10.0.0.2", "10.0.0.3"):
        assert sum(peer in command and "112" in command for command in commands) == 1


def test_without_a_script_there_is_no_step_for_one() -> None:
    codes = [step.code for step in installation_for(nodes_of()[0], Family.DEBIAN).steps]
    assert "script" not in codes


def test_a_password_is_spoken_of_where_there_is_one() -> None:
    for profile in (DOCUMENTED, FAST):
        steps = installation_for(nodes_of(profile=profile)[0], Family.DEBIAN).steps
        (put,) = (step for step in steps if step.code == "put")
        assert ("password" in str(put.explanation)) == profile.authenticates


def test_only_fast_timers_ask_for_real_time_priority(tmp_path: Path) -> None:
    usual, fast = (
        installation_for(nodes_of(profile=profile)[0], Family.DEBIAN)
        for profile in (DOCUMENTED, FAST)
    )
    assert "schedule" not in [step.code for step in usual.steps]
    codes = [step.code for step in fast.steps]
    assert codes.index("schedule") < codes.index("enable"), "systemd applies it when it starts it"
    commands = fast.steps[codes.index("schedule")].commands
    drop_in = tmp_path / "drop-in" / "havip.conf"
    for command in commands[:2]:
        there = command.replace(DROP_IN, str(drop_in)).replace(
            str(Path(DROP_IN).parent), str(drop_in.parent)
        )
        subprocess.run(["sh", "-c", there], check=True)
    assert drop_in.read_text().split("\n") == [
        "[Service]",
        "CPUSchedulingPolicy=rr",
        f"CPUSchedulingPriority={REAL_TIME_PRIORITY}",
        "",
    ]


def test_the_script_is_one_that_a_shell_reads() -> None:
    assert NOTIFY_SCRIPT.startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n"], input=NOTIFY_SCRIPT, text=True, check=True)

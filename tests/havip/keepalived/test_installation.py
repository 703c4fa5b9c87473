"""The steps that a page shows: complete, in order, and safe to copy."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from havip.keepalived import FAMILIES, Family, installation_for
from havip.keepalived.installation import CONFIGURATION_PATH, NOTIFY_SCRIPT
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


def test_the_script_is_one_that_a_shell_reads() -> None:
    assert NOTIFY_SCRIPT.startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n"], input=NOTIFY_SCRIPT, text=True, check=True)

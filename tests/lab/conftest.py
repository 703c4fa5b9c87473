"""What the tests of the lab share: the machine they need, and a look at it before and after."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from havip.fabric.linux.lab import namespaces
from tests.lab.console import LabConsole
from tests.lab.machine import Machine, nothing_of, run
from tests.lab.patient import PatientConsole

PROGRAMS = ("ip", "nft", "keepalived", "nginx", "curl", "nsenter", "unshare", "tcpdump")


def _reason() -> str:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "the lab needs root on Linux"
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    missing = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if missing:
        return f"the lab needs programs that are not installed: {', '.join(missing)}"
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "this machine refuses network namespaces" if probe.returncode else ""


@pytest.fixture(autouse=True)
def _machine_for_a_lab(request: pytest.FixtureRequest) -> None:
    """Leave the test out, with the reason, where no lab can be; in CI that is a failure."""
    if request.node.get_closest_marker("lab") is None:
        return
    if reason := _reason():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


OTHER_LAB = "havip-lab 0123456789abcdef /another/lab"


@contextmanager
def bystanders() -> Iterator[Machine]:
    """Things of somebody else: a link, a table, and namespaces that look like the lab's but are not this lab's."""
    run("ip link add bystander0 type bridge")
    run("nft add table inet bystander")
    run("ip netns add havip-i-00000000ff")
    run("ip netns add havip-r-00000000ff")
    run(f"ip -n havip-r-00000000ff link set dev lo alias '{OTHER_LAB}'")
    before = Machine.now()
    try:
        yield before
        assert Machine.now() == before
        assert namespaces.mark_of("havip-r-00000000ff") == OTHER_LAB
        assert "havip-i-00000000ff" in run("ip netns")
    finally:
        run("ip link del bystander0; nft delete table inet bystander", check=False)
        run("ip netns del havip-i-00000000ff; ip netns del havip-r-00000000ff", check=False)


@contextmanager
def data_below(parent: Path) -> Iterator[Path]:
    """A data directory; whatever a lab in it leaves behind is a fault, and is removed."""
    directory = parent / "data"
    directory.mkdir(mode=0o700)
    with bystanders():
        try:
            yield directory
            assert nothing_of(directory) == []
        finally:
            subprocess.run(
                [sys.executable, "-m", "havip.fabric.linux.lab", "down", "--data", str(directory)],
                check=False,
            )


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory for one test."""
    with data_below(tmp_path) as directory:
        yield directory


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabConsole]:
    """A console with its lab, for all tests of a module; it ends well after the last of them."""
    if reason := _reason():  # asked here, too: this begins before any test does
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with data_below(tmp_path_factory.mktemp("lab")) as directory:
        patience = {"HAVIP_JOB_LEASE_SECONDS": "5", "HAVIP_JOB_RESEND_SECONDS": "1"}
        with PatientConsole(directory.parent, **patience) as console:
            yield console
            assert console.interrupt() == 0

"""How `bin/run --lab` is asked for, and what it says where no lab can be. Needs neither root nor a network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.embedded import lab as labs
from console.embedded.data import DataDirectory
from console.embedded.lab import Lab, LabError
from console.embedded.options import parse
from havip.fabric.linux.lab import topology
from tests.consoles import PROJECT


def test_down_goes_with_lab(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--lab", "--down"]).down
    assert not parse([]).lab
    with pytest.raises(SystemExit):
        parse(["--down"])
    assert "--down goes with --lab" in capsys.readouterr().err


def test_console_and_lab_agree_on_names() -> None:
    assert labs.REGION == topology.REGION
    place = topology.Place.of("/srv/data")
    lab = Lab(DataDirectory(Path("/srv/data")))
    assert (lab.directory, lab.socket_path) == (place.directory, place.data / "console.sock")


def test_nobody_but_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="needs root on Linux"):
        Lab(DataDirectory(tmp_path)).check()


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(labs, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(LabError, match="not installed: ip, nft, keepalived, nginx"):
        Lab(DataDirectory(tmp_path)).check()


@pytest.mark.parametrize(
    ("name", "why"), [("da ta", "letters, digits"), ("long" * 30, "path is too long")]
)
def test_paths_that_programs_cannot_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, why: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(labs, "PROGRAMS", ())
    monkeypatch.setattr(
        subprocess, "run", lambda *_args, **_options: subprocess.CompletedProcess([], 0)
    )
    with pytest.raises(LabError, match=why):
        Lab(DataDirectory(tmp_path / name)).check()


def test_settings_of_ones_own_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lab = Lab(DataDirectory(tmp_path))
    fabric = "dc-lab=havip.fabric.linux.fabric.LinuxFabric"
    for name in ("HAVIP_REGIONS", "HAVIP_FABRICS", "HAVIP_FIRST_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert lab.environment() == {
        "HAVIP_REGIONS": str(tmp_path / "lab" / "regions.toml"),
        "HAVIP_FABRICS": fabric,
        "HAVIP_FIRST_REGION": "dc-lab",
    }
    monkeypatch.setenv("HAVIP_REGIONS", "/etc/regions.toml")
    monkeypatch.setenv("HAVIP_FABRICS", "dc-one=some.Fabric")
    monkeypatch.setenv("HAVIP_FIRST_REGION", "dc-one")
    assert lab.environment() == {
        "HAVIP_REGIONS": "/etc/regions.toml",
        "HAVIP_FABRICS": f"dc-one=some.Fabric,{fabric}",
        "HAVIP_FIRST_REGION": "dc-one",
    }


def test_the_region_is_one_that_the_console_reads(tmp_path: Path, settings: Any) -> None:
    from havip.regions import find_region

    lab = Lab(DataDirectory(tmp_path))
    with lab.prepare():
        settings.HAVIP_REGIONS_FILE = str(lab.directory / "regions.toml")
        region = find_region("dc-lab")
        assert region is not None
        assert (region.name, region.chinese_name, region.zones) == (
            "Lab",
            "实验室",
            ("dc-lab-a",),
        )
        assert lab.socket_path.stat().st_mode & 0o777 == 0o600


def test_the_script_refuses_before_it_does_anything(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
    done = subprocess.run(
        [*nobody, "bash", "bin/run", "--lab", "--data", str(tmp_path / "data")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == "bin/run: --lab makes network namespaces, so it needs root on Linux.\n"

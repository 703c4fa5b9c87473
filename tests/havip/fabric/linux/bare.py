"""What a machine has that runs an agent: the folders that are copied there, and requirements/agent.txt; nothing else."""

from __future__ import annotations

import os
import re
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
COPIED = ("havip/__init__.py", "havip/fabric", "havip/keepalived")
"""As the page of the token and docs/agents.md have them copied."""
LOCK = ROOT / "requirements/agent.txt"
PYTHON = (sys.executable, "-S", "-P", "-m")
"""Without `site` there is nothing but the standard library and PYTHONPATH."""


def powers() -> str:
    """Return what deploy/havip-agent@.service leaves root, as setpriv reads it: "+net_admin,+net_raw"."""
    unit = (ROOT / "deploy/havip-agent@.service").read_text()
    names = re.search(r"^CapabilityBoundingSet=(.+)$", unit, re.MULTILINE)[1].split()  # type: ignore[index]
    return ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in names)


def lay_out(place: Path) -> dict[str, str]:
    """Make such a machine's folders below `place`, by links; return the environment that has Python find them."""
    for name in COPIED:
        target = place / "havip-agent" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, target)
        else:
            target.symlink_to(ROOT / name)
    packages = place / "packages"
    packages.mkdir()
    for installed in locked_packages():
        (packages / installed.name).symlink_to(installed)
    path = f"{place / 'havip-agent'}:{packages}"
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": path}


def locked_packages() -> list[Path]:
    """Return what the lock file's distributions have put into site-packages."""
    return [
        Path(str(distribution(name).locate_file(top)))
        for name in locked()
        for top in {file.parts[0] for file in distribution(name).files or ()} - {".."}
    ]


def locked() -> list[str]:
    """Return the distributions of the lock file that are for this platform."""
    lines = LOCK.read_text().splitlines()
    found = [
        re.match(r"([A-Za-z0-9_.-]+)==[^ ]+( ; sys_platform == 'win32')? \\$", x) for x in lines
    ]
    return [each[1] for each in found if each and not each[2]]

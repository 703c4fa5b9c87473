"""The machine that a lab runs on: what is there, and what of it belongs to a lab."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.topology import Place


def run(command: str, *, check: bool = True) -> str:
    """Run a command in a shell; return what it printed."""
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, timeout=60
    )
    assert not check or done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def inside(namespace: str, command: str, *, check: bool = True) -> str:
    """Run a command in a namespace."""
    return run(f"nsenter --net=/run/netns/{namespace} {command}", check=check)


_CLONE_NEWNET = 0x40000000


def enter(namespace: str) -> None:
    """Move the calling thread into a namespace; sockets that it makes from then on are there."""
    with Path(f"/run/netns/{namespace}").open() as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


@dataclass(frozen=True)
class Machine:
    """What a lab must leave alone: everything outside of its own namespaces."""

    links: frozenset[tuple[int, str]]
    tables: str
    rules: str
    routes: str

    @classmethod
    def now(cls) -> Self:
        """Look."""
        links = json.loads(run("ip -j link"))
        return cls(
            links=frozenset((each["ifindex"], each["ifname"]) for each in links),
            tables=run("nft -s list ruleset"),
            rules=run("ip rule"),
            routes=run("ip route show table all"),
        )


def nothing_of(data: Path) -> list[str]:
    """Return what there is of a directory's lab: nothing, if it was removed well."""
    place = Place.of(data)
    found = [f"namespace {name}" for name in namespaces.present(place.mark)]
    found += [f"process {pid}" for pid in namespaces.processes_with(f"HAVIP_LAB={place.data}")]
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if int(file.parent.name) != os.getpid() and f"{place.data}/" in words:
            found.append(f"process {words}")
    files = [place.directory, place.data / "console.sock", *place.data.glob("logs/lab*")]
    found += [str(path) for path in files if path.exists()]
    return found

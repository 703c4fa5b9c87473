"""Namespaces of the lab, and what runs in them.

Each carries its lab's mark from the very moment that it has a name: nothing else is ever taken for the lab's own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from pyroute2 import NetNS, netns  # type: ignore[import-untyped]

from havip.fabric.linux.lab.topology import namespace_path

_DIRECTORY = Path("/run/netns")
_OURS = re.compile(r"havip-[rio]-[0-9a-f]{10}")
_PATIENCE_SECONDS = 10.0
_MARKED = 'ip link set dev lo alias "$1" up && echo ready && read -r _'


class NamespaceError(Exception):
    """The machine does not let the lab have its namespaces."""


def present(mark: str) -> set[str]:
    """Return the names of the namespaces that carry this mark."""
    return {name for name in _candidates() if mark_of(name) == mark}


def mark_of(name: str) -> str:
    """Return the mark of a namespace; empty where there is none, or no namespace behind the name."""
    try:
        with NetNS(name, flags=0) as inside:
            for link in inside.get_links(1):
                return str(link.get("ifalias") or "")
    except (OSError, ValueError):
        return ""
    return ""


def identity(name: str) -> int:
    """Return the number by which the kernel knows the namespace behind a name; another one has another."""
    return os.stat(namespace_path(name)).st_ino  # noqa: PTH116


def create(name: str, mark: str) -> None:
    """Make a namespace that carries the mark before it has a name; a crash half-way leaves none."""
    if not _OURS.fullmatch(name):
        raise ValueError(name)
    _forget_empty_name(name)
    process = subprocess.Popen(  # noqa: S603 - the mark is an argument, not a part of the script
        ["unshare", "--net", "sh", "-c", _MARKED, "sh", mark],  # noqa: S607
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None and process.stderr is not None  # noqa: PT018
        if process.stdout.readline() != b"ready\n":
            why = process.stderr.read().decode(errors="replace").strip()
            raise NamespaceError(f"This machine refuses network namespaces: {why[:200]}")
        netns.attach(name, process.pid)
    finally:
        process.communicate()


def _forget_empty_name(name: str) -> None:
    """Remove a name that a crash left without a namespace behind it. One with a namespace is busy and stays."""
    path = Path(namespace_path(name))
    with contextlib.suppress(OSError):
        if path.stat().st_dev == _DIRECTORY.stat().st_dev:
            path.unlink()


def remove(names: Iterable[str]) -> None:
    """End everything in these namespaces, and remove them with the links in them."""
    names = list(names)
    end_processes(lambda: processes_in(names))
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            netns.remove(name)


def forget_empty_names() -> None:
    """Remove the names of the lab's pattern that have no namespace behind them."""
    for name in _candidates():
        _forget_empty_name(name)


def _candidates() -> list[str]:
    try:
        return [name for name in os.listdir(_DIRECTORY) if _OURS.fullmatch(name)]  # noqa: PTH208
    except FileNotFoundError:
        return []


def processes_in(names: Iterable[str], program: str = "") -> set[int]:
    """Return the processes that live in these namespaces, or those of one program; this one is left out."""
    wanted = set()
    for name in names:
        with contextlib.suppress(OSError):
            status = os.stat(namespace_path(name))  # noqa: PTH116
            wanted.add((status.st_dev, status.st_ino))
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError):
            status = os.stat(f"/proc/{pid}/ns/net")  # noqa: PTH116
            if (status.st_dev, status.st_ino) in wanted and program in ("", _program(pid)):
                found.add(pid)
    return found


def processes_about(directory: Path, programs: Collection[str]) -> set[int]:
    """Return the processes of these programs whose arguments speak of files in a directory."""
    prefix = os.fsencode(f"{directory}/")
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError):
            if _program(pid) in programs and prefix in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()


def processes_with(variable: str) -> set[int]:
    """Return the processes in whose environment this `NAME=value` stands, this one left out."""
    wanted = os.fsencode(variable)
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.add(pid)
    return found


def _processes() -> list[int]:
    own = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != own]  # noqa: PTH208


def end_processes(find: Callable[[], set[int]]) -> None:
    """Kill what `find` returns until it returns nothing any more."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while victims := {pid for pid in find() if not _is_dead(pid)}:
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise NamespaceError(f"Processes that do not end: {sorted(victims)}.")
        time.sleep(0.02)


def _is_dead(pid: int) -> bool:
    """Return whether a process is over and only waits for its parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] in "ZX"


def set_parameters(name: str, parameters: Iterable[tuple[str, str]]) -> None:
    """Write kernel parameters (`net/ipv4/…`) of a namespace; those that this kernel does not have are left out."""
    wanted = list(parameters)
    faults: list[OSError] = []

    def write() -> None:
        try:
            netns.setns(name, flags=0)  # of this thread alone
            for path, value in wanted:
                file = Path("/proc/sys") / path
                if file.exists() and file.read_text(encoding="ascii").strip() != value:
                    file.write_text(value, encoding="ascii")
        except OSError as error:
            faults.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]

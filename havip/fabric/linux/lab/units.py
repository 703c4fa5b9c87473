"""The processes of the lab: started in their namespaces, looked after, found again after a sudden end of this process.

They are not tied to this process: the network goes on without the one who built it. Each is known by a file with its process
id and the time of its start, written before the program itself begins.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from havip.fabric.linux.lab.topology import Place, namespace_path

_QUICK_DEATH_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 8.0
_LARGEST_LOG_BYTES = 4 * 1024 * 1024
# The first line of the file is what /proc says of the process: its id, and when it began.
_BEGIN = (
    'read -r line </proc/$$/stat && printf "%s\\n%s\\n" "$line" "$1" >"$0" && shift && exec "$@"'
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Unit:
    """One process that shall run in a namespace. `prepare` is called before each start; what it raises puts the start off."""

    name: str
    namespace: str
    command: tuple[str, ...]
    prepare: Callable[[], None] = field(compare=False)

    @property
    def tag(self) -> str:
        """Which unit it is, and what exactly is started."""
        digest = hashlib.sha256("\0".join(self.command).encode()).hexdigest()[:12]
        return f"{self.name} {digest}"


@dataclass(slots=True)
class _Running:
    unit: Unit
    pid: int
    descriptor: int
    started: float
    child: subprocess.Popen[bytes] | None


class Units:
    """All processes of one lab."""

    def __init__(self, place: Place, environment: Mapping[str, str]) -> None:
        self._place = place
        self._environment = {**environment, "PATH": _PATH, "HAVIP_LAB": str(place.data)}
        self._wanted: dict[str, Unit] = {}
        self._running: dict[str, _Running] = {}
        self._deaths: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def want(self, units: Mapping[str, Unit]) -> None:
        """Have exactly these running: stop the others, start what is missing."""
        for name, running in list(self._running.items()):
            if units.get(name) != running.unit or not _is_at_home(running):
                self._stop(running)
        self._wanted = dict(units)
        self._deaths = {name: count for name, count in self._deaths.items() if name in units}
        self._due = {name: 0.0 for name in units if name not in self._running}
        self.start_due()

    def start_due(self) -> float:
        """Start what is to be started by now; return the seconds until the next start is due."""
        now = time.monotonic()
        for name, due in list(self._due.items()):
            if due <= now:
                self._start(self._wanted[name], now)
        return min((due - now for due in self._due.values()), default=3600.0)

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Return a descriptor for each process, readable when it ends, with what to do then."""
        return {running.descriptor: self._on_end(running) for running in self._running.values()}

    def close(self) -> None:
        """Let go of all without ending them."""
        for running in self._running.values():
            os.close(running.descriptor)
        self._running.clear()

    def _on_end(self, running: _Running) -> Callable[[], None]:
        def ended() -> None:
            self._forget(running)
            name = running.unit.name
            quick = time.monotonic() - running.started < _QUICK_DEATH_SECONDS
            self._deaths[name] = self._deaths.get(name, 0) + 1 if quick else 1
            self._put_off(name)

        return ended

    def _put_off(self, name: str) -> None:
        pause = min(0.1 * 2.0 ** self._deaths.get(name, 0), _LONGEST_PAUSE_SECONDS)
        self._due[name] = time.monotonic() + pause

    def _start(self, unit: Unit, now: float) -> None:
        running = self._find(unit, now)
        if running is None:
            try:
                unit.prepare()
            except Exception:  # noqa: BLE001 - whatever it is, it is tried again, with a longer pause each time
                self._deaths[unit.name] = self._deaths.get(unit.name, 0) + 1
                self._put_off(unit.name)
                return
            running = self._spawn(unit, now)
        self._running[unit.name] = running
        self._due.pop(unit.name, None)

    def _spawn(self, unit: Unit, now: float) -> _Running:
        file = self._pid_file(unit)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        enter = ["nsenter", f"--net={namespace_path(unit.namespace)}", "sh", "-c", _BEGIN]
        with self._log(unit).open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - arguments are paths and checked identifiers
                [*enter, str(file), unit.tag, *unit.command],
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return _Running(unit, child.pid, os.pidfd_open(child.pid), now, child)

    def _find(self, unit: Unit, now: float) -> _Running | None:
        """Return the unit's process where an earlier host started it and it lives still.

        One that was started differently is ended: it would stand in the way.
        """
        try:
            stood, tag = self._pid_file(unit).read_text(encoding="utf-8").splitlines()
            pid = int(stood.split()[0])
            descriptor = os.pidfd_open(pid)
        except (OSError, ValueError):
            return None
        found = _Running(unit, pid, descriptor, now, None)
        if _began(stood) == _began(_stat(pid)):
            if tag == unit.tag and _is_at_home(found):
                return found
            self._stop(found)
        else:
            os.close(descriptor)
        return None

    def _stop(self, running: _Running) -> None:
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(running.descriptor, number)
            if _ends_within(running.descriptor, patience):
                break
        self._forget(running)

    def _forget(self, running: _Running) -> None:
        os.close(running.descriptor)
        if running.child is not None:
            running.child.wait()
        self._running.pop(running.unit.name, None)
        self._pid_file(running.unit).unlink(missing_ok=True)

    def _pid_file(self, unit: Unit) -> Path:
        return self._place.directory / "pids" / unit.name.replace(":", "-")

    def _log(self, unit: Unit) -> Path:
        directory = self._place.logs()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = directory / f"{unit.name.replace(':', '-')}.log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log


def _stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _began(stat: str) -> str:
    """Return when a process began, from its line in /proc; empty for one that is over."""
    words = stat.rpartition(")")[2].split()
    return words[19] if len(words) > 19 and words[0] not in "ZX" else ""


def _is_at_home(running: _Running) -> bool:
    """Return whether a process lives in the namespace that has its unit's namespace's name now."""
    try:
        here = os.stat(f"/proc/{running.pid}/ns/net").st_ino  # noqa: PTH116
        return here == os.stat(namespace_path(running.unit.namespace)).st_ino  # noqa: PTH116
    except OSError:
        return False


def _ends_within(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))

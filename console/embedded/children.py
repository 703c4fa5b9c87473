"""The supervisor's children: how each is started, stopped, and started again after a sudden end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from console.lifeline import tied_to_this_process

QUICK_DEATH_SECONDS = 30.0
MOST_QUICK_DEATHS = 5
LONGEST_BACK_OFF_SECONDS = 8.0
LARGEST_LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs, and how long it may take to stop."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    working_directory: Path
    patience_seconds: float = 10.0
    inherited: tuple[int, ...] = ()


class GivenUpError(Exception):
    """A child died too often; the message says which and why."""


@dataclass(slots=True)
class Child:
    """One supervised program: its present process, and its record of deaths."""

    program: Program
    log: Path
    echo: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _again_at: float = 0.0
    _quick_deaths: deque[str] = field(default_factory=deque)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process, tied to this one, in a process group of its own, its output in the log."""
        self._set_old_log_aside()
        self._started = time.monotonic()
        self._again_at = 0.0
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.program.command,
                env=self.program.environment,
                cwd=self.program.working_directory,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr if self.echo else output,
                stderr=sys.stderr if self.echo else output,
                pass_fds=self.program.inherited,
                process_group=0,
                preexec_fn=tied_to_this_process(),  # noqa: PLW1509  (the supervisor has no threads)
            )

    def look_after(self) -> float | None:
        """Start the process again if it died and its back-off is over.

        Return the seconds until it must be looked after again, or None if it runs. Raise GivenUpError after too
        many quick deaths.
        """
        if self.running:
            return None
        now = time.monotonic()
        if not self._again_at:
            self._again_at = now + self._count_death(now)
        if now < self._again_at:
            return self._again_at - now
        self.start()
        return None

    def stop(self, *, at_once: bool = False) -> None:
        """End the process: politely, then, when its patience is over, by force; and all it left behind."""
        process = self._process
        if process is None:
            return
        if not at_once and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(self.program.patience_seconds)
            except subprocess.TimeoutExpired:
                at_once = True
        self._end_group(process.pid)
        process.wait()
        self._process = None

    def end_at_once(self) -> None:
        """Kill the process group without waiting."""
        if self._process is not None:
            self._end_group(self._process.pid)

    def last_words(self, lines: int = 15) -> str:
        """Return the end of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 8192))
                tail = file.read().decode(errors="replace").splitlines()[-lines:]
        except OSError:
            return ""
        return "\n".join(f"    {line}" for line in tail)

    def _count_death(self, now: float) -> float:
        """Note how the process ended; return how many seconds to wait before the next try."""
        if self._process is None:
            return 0.0
        self._end_group(self._process.pid)
        if now - self._started > QUICK_DEATH_SECONDS:
            self._quick_deaths.clear()
        self._quick_deaths.append(_describe(self._process.returncode))
        if len(self._quick_deaths) >= MOST_QUICK_DEATHS:
            raise GivenUpError(
                f"The {self.program.name} process ended {MOST_QUICK_DEATHS} times within "
                f"{QUICK_DEATH_SECONDS:.0f} seconds of its start, last with {self._quick_deaths[-1]}. "
                f"The end of {self.log}:\n{self.last_words()}",
            )
        return min(0.25 * 2.0 ** len(self._quick_deaths), LONGEST_BACK_OFF_SECONDS)

    @staticmethod
    def _end_group(leader: int) -> None:
        """End whatever is left of a process group; a group that is gone is fine."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)

    def _set_old_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def _describe(code: int | None) -> str:
    if code is None:
        return "no exit code"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"

"""The lives of processes: one tied to its parent's, so that nothing outlives what started it; and whether one still lives."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None = None, how: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to end this process as soon as its parent is gone, even by ``kill -9``.

    ``parent`` is the process id that the parent had when it started this process: with it, a parent that died
    before the request was made is noticed as well. ``how`` is the signal to be sent. Linux only;
    elsewhere the call does nothing.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def tied_to_this_process(how: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """Return a ``preexec_fn`` for ``subprocess`` that ties the child to the calling process."""
    parent = os.getpid()
    return lambda: die_with_parent(parent, how)


def lives(pid: int) -> bool:
    """Tell whether a process of this machine lives; one that has ended and is not reaped yet does not.

    Where the system does not let us see it, it counts as living.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    # The name of the program, in parentheses, may itself have any character in it.
    return status.rpartition(")")[2].split()[:1] != ["Z"]

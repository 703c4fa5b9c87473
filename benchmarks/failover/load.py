"""Processes that keep every processor busy, for a bounded time, and end with the one that started them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

PER_PROCESSOR = 2
_BUSY = """
import os, sys, time
end, parent = time.monotonic() + float(sys.argv[1]), int(sys.argv[2])
while time.monotonic() < end and os.getppid() == parent:
    for _ in range(200_000):
        pass
"""


@contextlib.contextmanager
def busy(seconds: float, environment: Mapping[str, str]) -> Iterator[int]:
    """Keep every processor busy with two processes; yield how many there are."""
    count = PER_PROCESSOR * (os.cpu_count() or 1)
    command = [sys.executable, "-I", "-c", _BUSY, str(seconds + 30), str(os.getpid())]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            processes.append(  # noqa: PERF401 - those that were started must be known if the next one fails
                subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
            )
        yield count
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

"""What a worker forks ends with it, at whatever moment the worker ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A worker that is killed between its fork and the first words of what it forked: the standard library's fork stands for Celery's.
_KILLED_TOO_EARLY = """
import os, signal, sys, time
from celery import signals
import console.celery

signals.worker_init.send(sender=None)
worker = os.getpid()
if os.fork() == 0:
    deadline = time.monotonic() + 60
    while os.getppid() == worker and time.monotonic() < deadline:
        time.sleep(0.01)
    signals.{signal}.send(sender=None)
    print("lives on", flush=True)
else:
    os.kill(worker, signal.SIGKILL)
"""


@pytest.mark.parametrize("signal", ["worker_process_init", "beat_embedded_init"])
def test_a_process_whose_worker_is_gone_already_ends(signal: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED_TOO_EARLY.format(signal=signal)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings.embedded"},
        stdout=subprocess.PIPE,  # read until the forked process has closed it, too
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -9
    assert done.stdout == ""

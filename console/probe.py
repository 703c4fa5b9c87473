"""Ask the web server, the worker or the scheduler how it is: for the health checks of containers.

``python -m console.probe URL`` succeeds when the URL answers with 200; ``python -m console.probe worker NAME``
when the worker of that name answers; ``python -m console.probe beat FILE`` when the scheduler wrote FILE lately.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT_SECONDS = 4.0
# The scheduler saves its schedule every three minutes.
LONGEST_SILENCE_SECONDS = 420.0


def web(url: str) -> bool:
    """Whether the web server answers with 200; it is asked as the first allowed host."""
    host = os.environ.get("HAVIP_ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def worker(name: str) -> bool:
    """Whether the worker answers a ping through the broker."""
    from console.celery import app

    return bool(app.control.inspect(destination=[name], timeout=TIMEOUT_SECONDS).ping())


def beat(file: str) -> bool:
    """Whether the scheduler saved its schedule lately."""
    found = [path.stat().st_mtime for path in Path(file).parent.glob(f"{Path(file).name}*")]
    return bool(found) and time.time() - max(found) < LONGEST_SILENCE_SECONDS


def main(words: list[str]) -> int:
    """Carry out the command line; 0 is healthy."""
    match words:
        case ["worker", name]:
            healthy = worker(name)
        case ["beat", file]:
            healthy = beat(file)
        case [url]:
            healthy = web(url)
        case _:
            return 2
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

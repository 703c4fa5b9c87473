"""Counting for limits, in the cache that all web processes share."""

from __future__ import annotations

import logging
import math
import time

from django.core.cache import cache

logger = logging.getLogger(__name__)
MINUTE = 60


def count(name: str, *, seconds: int) -> int:
    """Count one more under a name that is forgotten after so many seconds; return how many that makes.

    0 when the cache is away: a limit must not stop what it protects.
    """
    try:
        cache.add(name, 0, timeout=seconds)
        return int(cache.incr(name))
    except Exception as error:  # noqa: BLE001 - whatever the cache's trouble is
        logger.warning("not counted: %s", error)
        return 0


def count_in_minute(name: str) -> tuple[int, int]:
    """Count one more under a name in this minute; return how many that makes, and the seconds until the next minute (1 to 60)."""
    now = time.time()
    # The old minute's count is left to the cache; a clock that is a little off on another machine still finds its own.
    used = count(name_in_minute(name, now), seconds=2 * MINUTE)
    return used, seconds_left(now)


def name_in_minute(name: str, moment: float) -> str:
    """Return under which name of the cache the minute of a moment (seconds since 1970) is counted."""
    return f"{name}:{int(moment // MINUTE)}"


def seconds_left(now: float) -> int:
    """Return the whole seconds until the minute of a moment is over, 1 to 60: who waits so long is in the next one."""
    return max(1, math.ceil(MINUTE - now % MINUTE))

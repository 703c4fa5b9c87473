"""Counting for limits, in the cache that all web processes share."""

from __future__ import annotations

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)


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

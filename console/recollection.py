"""What the cache keeps for all processes, for a while: whoever asks must be able to do without it.

A cache that is away is only logged. So nothing may be kept here that has to be there, or has to be gone.
"""

from __future__ import annotations

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)


def keep(name: str, value: object, *, seconds: int) -> None:
    """Keep a value under a name for so many seconds at most."""
    try:
        cache.set(name, value, timeout=seconds)
    except Exception as error:  # noqa: BLE001 - whatever the cache's trouble is
        logger.warning("not kept: %s", error)


def keep_first(name: str, value: object, *, seconds: int) -> bool:
    """Keep a value unless there is one of this name; return whether there was none, as far as anybody knows."""
    try:
        return bool(cache.add(name, value, timeout=seconds))
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("not kept: %s", error)
        return True


def recall(name: str, otherwise: object | None = None) -> object | None:
    """Return what is kept under a name, `otherwise` for nothing; None when the cache cannot be asked."""
    try:
        kept: object | None = cache.get(name, otherwise)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("not recalled: %s", error)
        return None
    return kept


def forget(name: str) -> None:
    """Keep nothing under this name any more."""
    try:
        cache.delete(name)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("not forgotten: %s", error)

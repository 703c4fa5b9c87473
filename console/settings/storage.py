"""Databases, caches and brokers, as the settings modules build them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import dj_database_url

# Readers never wait for the writer (WAL); a transaction takes the write lock when it begins, so that it waits
# for its turn instead of failing half-way.
_SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"


def sqlite(path: Path, timeout_seconds: int = 30) -> dict[str, Any]:
    """Return Django's description of a SQLite database file that several processes share."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "timeout": timeout_seconds,
            "transaction_mode": "IMMEDIATE",
            "init_command": _SQLITE_PRAGMAS,
        },
    }


def postgresql(url: str, *, pool: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return Django's description of a PostgreSQL database, with a connection pool if one is described."""
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0))
    options = dict(database.get("OPTIONS", {}))
    options.setdefault("connect_timeout", 5)
    if pool is not None:
        options["pool"] = pool
    return {**database, "OPTIONS": options, "CONN_HEALTH_CHECKS": pool is None}


def redis_cache(url: str) -> dict[str, Any]:
    """Return Django's description of a Redis cache that gives up quickly when Redis is not there."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "havip",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "health_check_interval": 25},
    }


def next_database(url: str) -> str:
    """Return the URL of the Redis database after the one that ``url`` names: the cache's, beside the broker's."""
    parts = urlsplit(url)
    number = parts.path.strip("/")
    following = int(number or "0") + 1 if (number or "0").isdigit() else 1
    return urlunsplit(parts._replace(path=f"/{following}"))


def socket_broker(path: Path) -> str:
    """Return Celery's URL of a broker that listens on a Unix socket."""
    return f"redis+socket://{quote(str(path))}"


def socket_cache(path: Path) -> str:
    """Return the cache's URL of the server that listens on a Unix socket."""
    return f"unix://{quote(str(path))}?db=1"

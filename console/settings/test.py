"""Settings for the tests: SQLite in a file of its own for each process, or the servers that are named.

``HAVIP_TEST_DATABASE_URL`` names another database (PostgreSQL, or a SQLite file), ``HAVIP_TEST_REDIS_URL`` a
Redis to use as broker and cache.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

from console.settings import logs, storage
from console.settings.base import *

DEBUG = False
SECRET_KEY = "a key that only the tests know, and that nothing else may use"
HAVIP_AUDIT_KEY = "an audit key that only the tests know, and that nothing else may use"
HAVIP_ENCRYPTION_KEYS = [
    "an encryption key that only the tests know, and that nothing else may use"
]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

_database_url = environment.text("HAVIP_TEST_DATABASE_URL", "")
_redis_url = environment.text("HAVIP_TEST_REDIS_URL", "")
environment.check()


def _remove(path: Path, owner: int) -> None:
    """Leave nothing of a temporary database behind; a forked process leaves it to its owner."""
    if os.getpid() == owner:
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)


if _database_url.startswith("postgres"):
    DATABASES = {"default": storage.postgresql(_database_url)}
else:
    if _database_url:
        _path = Path(_database_url.removeprefix("sqlite://"))
    else:
        _path = Path(tempfile.gettempdir()) / f"havip-test-{os.getuid()}-{os.getpid()}.sqlite3"
        atexit.register(_remove, _path, os.getpid())
    # Many threads race for the one writer: let each wait for its turn.
    DATABASES = {"default": {**storage.sqlite(_path, timeout_seconds=60), "CONN_MAX_AGE": 0}}
    DATABASES["default"]["TEST"] = {"NAME": str(_path)}

if _redis_url:
    CACHES = {"default": storage.redis_cache(storage.next_database(_redis_url))}
    CELERY_BROKER_URL = _redis_url
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CELERY_BROKER_URL = "memory://"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = False
LOGGING = logs.configure("WARNING", json=False)

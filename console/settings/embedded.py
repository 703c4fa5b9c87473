"""Settings for running everything from one directory: SQLite, and a broker on a Unix socket."""

from __future__ import annotations

from pathlib import Path

from console.embedded.data import DataDirectory
from console.settings import logs, storage
from console.settings.base import *

DEBUG = False
_data = DataDirectory(Path(environment.text("HAVIP_DATA", str(BASE_DIR / "var"))))
HAVIP_DATA_DIRECTORY = str(_data.path)
_secrets = _data.secrets()
SECRET_KEY = _secrets.secret_key
HAVIP_AUDIT_KEY = _secrets.audit_key
# Whoever can read the one file of secrets can read them all: a third secret would guard nothing more.
HAVIP_ENCRYPTION_KEYS = [_secrets.secret_key]

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *environment.items("HAVIP_ALLOWED_HOSTS", ())]
CSRF_TRUSTED_ORIGINS = environment.items("HAVIP_CSRF_TRUSTED_ORIGINS", ())
HAVIP_TRUSTED_PROXIES = environment.networks("HAVIP_TRUSTED_PROXIES", ())
_socket = Path(environment.text("HAVIP_BROKER_SOCKET", str(_data.broker_socket)))
environment.check()

DATABASES = {"default": storage.sqlite(_data.database)}
CACHES = {"default": storage.redis_cache(storage.socket_cache(_socket))}
# The data directory is locked: no other machine works on it.
HAVIP_WORKERS_ARE_LOCAL = True
CELERY_BROKER_URL = storage.socket_broker(_socket)

WHITENOISE_USE_FINDERS = True
LOGGING = logs.configure(HAVIP_LOG_LEVEL, json=False)

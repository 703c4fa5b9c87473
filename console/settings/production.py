"""Settings for a real installation: PostgreSQL, Redis, TLS in front; every secret from the environment."""

from __future__ import annotations

from console.settings import logs, storage
from console.settings.base import *

DEBUG = False
SECRET_KEY = environment.secret("HAVIP_SECRET_KEY")
HAVIP_AUDIT_KEY = environment.secret("HAVIP_AUDIT_KEY")
if SECRET_KEY and SECRET_KEY == HAVIP_AUDIT_KEY:
    environment.fault("HAVIP_AUDIT_KEY must differ from HAVIP_SECRET_KEY.")
# The first key encrypts; the others, which it replaced, can still read.
HAVIP_ENCRYPTION_KEYS = [
    environment.secret("HAVIP_ENCRYPTION_KEY"),
    *environment.items("HAVIP_ENCRYPTION_KEY_FALLBACKS", ()),
]
if HAVIP_ENCRYPTION_KEYS[0] and HAVIP_ENCRYPTION_KEYS[0] in {SECRET_KEY, HAVIP_AUDIT_KEY}:
    environment.fault("HAVIP_ENCRYPTION_KEY must differ from HAVIP_SECRET_KEY and HAVIP_AUDIT_KEY.")
ALLOWED_HOSTS = environment.items("HAVIP_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = environment.items("HAVIP_CSRF_TRUSTED_ORIGINS")
HAVIP_TRUSTED_PROXIES = environment.networks("HAVIP_TRUSTED_PROXIES")
if "*" in ALLOWED_HOSTS:
    environment.fault("HAVIP_ALLOWED_HOSTS must name the hosts; * would allow any.")
for origin in CSRF_TRUSTED_ORIGINS:
    if not origin.startswith("https://"):
        environment.fault(
            f"HAVIP_CSRF_TRUSTED_ORIGINS has {origin!r}, but an origin must begin with https://."
        )

_database_url = environment.url("HAVIP_DATABASE_URL", ("postgres", "postgresql"))
_redis_url = environment.url("HAVIP_REDIS_URL", ("redis", "rediss"))
_pool_size = environment.integer("HAVIP_DATABASE_POOL", default=10, minimum=1, maximum=200)
_static_root = environment.text("HAVIP_STATIC_ROOT", str(BASE_DIR / "staticfiles"))
environment.check()

DATABASES = {
    "default": storage.postgresql(
        _database_url,
        pool={"min_size": 1, "max_size": _pool_size, "timeout": 10, "max_idle": 300},
    ),
}
CACHES = {"default": storage.redis_cache(storage.next_database(_redis_url))}
CELERY_BROKER_URL = _redis_url

STATIC_ROOT = _static_root
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True

LOGGING = logs.configure(HAVIP_LOG_LEVEL, json=True)

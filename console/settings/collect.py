"""Settings for collecting static files while an image is built: production's storage, and no secret at all."""

from __future__ import annotations

from console.settings.base import *

SECRET_KEY = "only for collecting files"  # noqa: S105
DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
STATIC_ROOT = environment.text("HAVIP_STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
environment.check()

"""Which fabric serves which region: by configuration (`HAVIP_FABRICS`), never by code."""

from __future__ import annotations

import functools
from typing import cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from havip.fabric.base import Fabric


@functools.cache
def fabric_for(region: str) -> Fabric:
    """Return the fabric of a region; "*" in the configuration stands for every region that is not named."""
    configured: dict[str, str] = settings.HAVIP_FABRICS
    path = configured.get(region) or configured.get("*")
    if not path:
        raise ImproperlyConfigured(f"HAVIP_FABRICS names no fabric for {region}")
    return cast(Fabric, import_string(path)())


def some_fabric_announces() -> bool:
    """Return whether any region's fabric announces addresses, so that there are agents to look at."""
    return any(fabric_for(region).announces for region in settings.HAVIP_FABRICS)


def _forget(*, setting: str, **_kwargs: object) -> None:
    if setting == "HAVIP_FABRICS":
        fabric_for.cache_clear()


setting_changed.connect(_forget)

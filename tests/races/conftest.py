"""Patience: many threads at once on a busy machine wait long for their turn, and that says nothing of what they do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection, connections

# Less than a test may take, so that the one that waited for nothing is told by its own error.
PATIENCE_SECONDS = 150


@pytest.fixture(scope="package", autouse=True)
def _patience() -> Iterator[None]:
    """Let nobody give up a database or a cache that only takes its time."""
    database = connections.settings["default"]["OPTIONS"]
    cache = caches.settings["default"].get("OPTIONS", {})
    lasting = "connect_timeout" if connection.vendor == "postgresql" else "timeout"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(database, lasting, PATIENCE_SECONDS)
        for name in cache.keys() & {"socket_connect_timeout", "socket_timeout"}:
            patch.setitem(cache, name, PATIENCE_SECONDS)
        yield

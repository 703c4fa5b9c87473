"""Trying operations out: they run in full, rules and writes, and then everything is undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rehearsal() -> Iterator[None]:
    """Undo at the end whatever operations within did; a Refusal passes through, with nothing changed either.

    A rehearsal is no attempt: it leaves no audit event, no idempotency token and no job, and tells no worker or page.
    Identifiers that operations answer within name nothing afterwards.
    """
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

"""Running a migration's own SQL on either database."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper


def execute(connection: BaseDatabaseWrapper, *, postgresql: str, sqlite: Sequence[str]) -> None:
    """Run one script on PostgreSQL, or the statements one by one on SQLite."""
    with connection.cursor() as cursor:
        for statement in [postgresql] if connection.vendor == "postgresql" else sqlite:
            cursor.execute(statement)


def drop_triggers(names: Sequence[str]) -> list[str]:
    """Return SQLite's statements that drop these triggers where they are."""
    return [f"DROP TRIGGER IF EXISTS {name}" for name in names]

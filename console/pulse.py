"""A counter per team that moves whenever something of the team changed: open pages watch it.

It lives in the shared cache, costs one look-up, and may be lost: a page that sees another value than before
asks for its fragment again, which is harmless.
"""

from __future__ import annotations

import time

from django.db import transaction

from console.recollection import keep, recall

_LIFETIME_SECONDS = 7 * 24 * 3600


def _key(team_id: int) -> str:
    return f"pulse:{team_id}"


def touch(team_id: int) -> None:
    """Note, once the running transaction is committed, that something of this team changed."""
    transaction.on_commit(lambda: _move(team_id), robust=True)


def _move(team_id: int) -> None:
    """Give the team's counter a value that it never had before."""
    keep(_key(team_id), str(time.time_ns()), seconds=_LIFETIME_SECONDS)


def current(team_id: int) -> str:
    """Return the team's present value; an unreachable or empty cache counts as "0"."""
    return str(recall(_key(team_id)) or "0")

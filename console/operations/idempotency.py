"""Idempotency tokens: the same token and arguments give the same answer and no second effect (6-cloud-api, section 4)."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from console.operations.models import IdempotencyRecord
from console.operations.refusal import TOKEN_MALFORMED, TOKEN_REUSED
from console.teams.models import Team

MAXIMUM_LENGTH = 64
LIFETIME = timedelta(hours=24)


def check_token(token: str) -> None:
    """Refuse a token that is too long or not ASCII; an empty one means that none was given."""
    if len(token) > MAXIMUM_LENGTH or not token.isascii() or not token.isprintable():
        raise TOKEN_MALFORMED.refuse()


def arguments_hash(arguments: dict[str, Any]) -> str:
    """Return a digest of an operation's arguments."""
    text = json.dumps(arguments, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def earlier_outcome(team: Team, token: str, action: str, digest: str) -> dict[str, Any] | None:
    """Return the answer that this token gave before, or None. Raises Refusal for other arguments.

    Called under the team's lock, so that the same token sent many times at once is answered one after the other.
    """
    if not token:
        return None
    known = IdempotencyRecord.objects.filter(team=team, token=token).first()
    if known is None:
        return None
    if known.created_at < timezone.now() - LIFETIME:
        known.delete()
        return None
    if (known.action, known.arguments_hash) != (action, digest):
        raise TOKEN_REUSED.refuse()
    outcome: dict[str, Any] = known.outcome
    return outcome


def remember(team: Team, token: str, action: str, digest: str, outcome: dict[str, Any]) -> None:
    """Keep the answer for the token's lifetime of 24 hours."""
    if token:
        IdempotencyRecord.objects.create(
            team=team, token=token, action=action, arguments_hash=digest, outcome=outcome
        )


def forget_expired() -> int:
    """Delete tokens past their lifetime; return how many."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()
    return deleted

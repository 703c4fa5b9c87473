"""The hash of an audit event: one definition for the writer and the verifier.

HMAC-SHA256 over a canonical JSON of every recorded field and the hash before it. The key (`HAVIP_AUDIT_KEY`) is not in
the database, so that someone who can write there still cannot forge a link.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from console.audit.models import AuditEvent

HASHED_FIELDS = (
    "actor_kind",
    "actor_id",
    "actor_label",
    "channel",
    "action",
    "object_kind",
    "object_id",
    "object_label",
    "result",
    "rule",
    "code",
    "message",
    "message_parameters",
    "before",
    "after",
    "job_id",
    "cause",
    "request_id",
    "source_address",
    "previous_hash",
)


def event_hash(event: AuditEvent, *, chain_name: str) -> str:
    """Return the link of `event` in the chain called `chain_name`, as 64 hexadecimal digits."""
    content: dict[str, object] = {name: getattr(event, name) for name in HASHED_FIELDS}
    content["chain"] = chain_name
    content["sequence"] = event.sequence
    content["occurred_at"] = event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(
        content,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        cls=DjangoJSONEncoder,
    )
    key = settings.HAVIP_AUDIT_KEY.encode()
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()

"""The audit log as a file: CSV or JSON Lines, written piece by piece in constant memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import translation

from console.audit.models import AuditEvent
from console.audit.wording import describe
from console.spreadsheets import harmless_cell

CHUNK = 500
COLUMNS = (
    "sequence",
    "occurred_at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "channel",
    "action",
    "description",
    "object_kind",
    "object_id",
    "object_label",
    "result",
    "rule",
    "code",
    "explanation",
    "before",
    "after",
    "job_id",
    "cause",
    "request_id",
    "source_address",
    "previous_hash",
    "hash",
)

Writer = Callable[[list[AuditEvent]], str]


def export(queryset: QuerySet[AuditEvent], write: Writer, *, head: str = "") -> Iterator[str]:
    """Yield the events of `queryset`, newest first, as `write` puts them; texts are in the language of the request.

    They are read in steps by their number, so that neither this process nor the database holds a long result open.
    """
    language = translation.get_language() or "en"
    if head:
        yield head
    bound: int | None = None
    while True:
        rows = queryset if bound is None else queryset.filter(sequence__lt=bound)
        events = list(rows.order_by("-sequence")[:CHUNK])
        if not events:
            return
        with translation.override(language):
            text = write(events)
        yield text
        bound = events[-1].sequence


def values(event: AuditEvent) -> dict[str, object]:
    """Return every recorded field of an event, and what it says in words."""
    known: dict[str, object] = {
        name: getattr(event, name)
        for name in COLUMNS
        if name not in ("description", "explanation", "occurred_at")
    }
    return {
        **known,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "description": describe(event),
        "explanation": event.sentence,
    }


def json_lines(events: list[AuditEvent]) -> str:
    """Write one JSON object per line."""
    lines = []
    for event in events:
        known = values(event)
        ordered = {name: known[name] for name in COLUMNS}
        lines.append(json.dumps(ordered, ensure_ascii=False, cls=DjangoJSONEncoder))
    return "\n".join(lines) + "\n"


def csv_head() -> str:
    """Write the line with the names of the columns."""
    return _csv([list(COLUMNS)])


def csv_rows(events: list[AuditEvent]) -> str:
    """Write one line per event; nested values as JSON, and nothing that a spreadsheet would compute."""
    rows = []
    for event in events:
        known = values(event)
        rows.append([_cell(known[name]) for name in COLUMNS])
    return _csv(rows)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder) if value else ""
    return harmless_cell(str(value))


def _csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()

"""The filtered list as a file, streamed row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from console.spreadsheets import harmless_cell
from console.teams.access import team_view
from console.teams.principal import Principal
from havip.filters.havips import DEFAULT_ORDERING, HaVipFilter, matching, orderings
from havip.models import HaVip
from havip.selectors.havips import bindings_of, eip_of, havips
from havip.selectors.tags import tag_mapping, with_tags

_CHUNK = 500
_FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
COLUMNS = (
    "id",
    "name",
    "description",
    "ip_address",
    "status",
    "region",
    "vpc_id",
    "vswitch_id",
    "bound_type",
    "bound_resources",
    "holder",
    "eip_id",
    "eip_address",
    "created_at",
    "created_by",
    "tags",
)


@team_view()
def havip_export(request: HttpRequest, principal: Principal, region: str) -> HttpResponseBase:
    """Every row that the filter lets through, as CSV or JSON Lines; values as machines read them."""
    wanted = request.GET.get("format", "csv")
    if wanted not in _FORMATS:
        return HttpResponse("format must be csv or jsonl\n", status=400, content_type="text/plain")
    exported = with_tags(havips(principal.team, region))
    filtered = HaVipFilter(request.GET, queryset=exported, request=request)
    ordering = request.GET.get("sort", "") or DEFAULT_ORDERING
    column = orderings().get(ordering.removeprefix("-"), "pk")
    sign = "-" if ordering.startswith("-") else ""
    found = matching(filtered).order_by(f"{sign}{column}", f"{sign}pk")
    records = (_record(havip) for havip in found.iterator(chunk_size=_CHUNK))
    lines = _csv(records) if wanted == "csv" else _json_lines(records)
    response = StreamingHttpResponse(lines, content_type=_FORMATS[wanted])
    name = f"havips-{principal.team.slug}-{region}-{timezone.now():%Y%m%dT%H%M%SZ}.{wanted}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _record(havip: HaVip) -> dict[str, Any]:
    bindings = bindings_of(havip)
    eip = eip_of(havip)
    return {
        "id": havip.resource_id,
        "name": havip.name,
        "description": havip.description,
        "ip_address": havip.ip_address,
        "status": havip.status,
        "region": havip.region,
        "vpc_id": havip.vpc.resource_id,
        "vswitch_id": havip.vswitch.resource_id,
        "bound_type": bindings[0].kind if bindings else "",
        "bound_resources": [binding.resource.resource_id for binding in bindings],
        "holder": havip.holder_id,
        "eip_id": eip.resource_id if eip else "",
        "eip_address": eip.ip_address if eip else "",
        "created_at": havip.created_at.isoformat(timespec="seconds"),
        "created_by": havip.created_by,
        "tags": tag_mapping(havip),
    }


class _Line:
    """A file whose `write` gives the line back, so that the csv module can be streamed."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def _csv(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield str(writer.writerow(COLUMNS))
    for record in records:
        yield str(writer.writerow([_cell(record[name]) for name in COLUMNS]))


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula; of tags their JSON text, since they may hold any separator."""
    if isinstance(value, dict):
        return harmless_cell(json.dumps(value, ensure_ascii=False) if value else "")
    text = " ".join(value) if isinstance(value, list) else str(value)
    return harmless_cell(text)


def _json_lines(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        yield json.dumps(record, ensure_ascii=False) + "\n"

"""The audit log: its events, and the whole of it as a file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from console.audit import checks, export
from console.audit.filters import AuditFilter
from console.audit.log import AuditEntry, record
from console.audit.models import AuditChain, AuditResult
from console.audit.models import AuditEvent as EventRecord
from console.audit.wording import fault_name
from console.teams.roles import Permission
from havip.rest import showing_console as showing
from havip.rest.documented import Parameter, documented
from havip.rest.endpoint import AnyAccept, Endpoint
from havip.rest.paging import Listing, as_page
from havip.rest.problems import Problem, not_found, wrong_parameter
from havip.rest.serializers import console as shapes

_TAG = gettext_lazy("Audit log")
_LARGEST = 2**63 - 1
_FORMATS: dict[str, tuple[str, Any, str]] = {
    "csv": ("text/csv", export.csv_rows, export.csv_head()),
    "jsonl": ("application/x-ndjson", export.json_lines, ""),
}
LISTING: Listing[EventRecord] = Listing(
    filters=AuditFilter, orderings=lambda: {"sequence": "sequence"}, default="-sequence"
)


class _Audit(Endpoint):
    """What reads the team's log."""

    def events(self) -> QuerySet[EventRecord]:
        """Return the team's events, by their chain."""
        chain = AuditChain.objects.filter(team=self.team).values("pk")[:1]
        return EventRecord.objects.filter(chain=chain)


class AuditEvents(_Audit):
    """The events of the team's log."""

    @documented(
        "listAuditEvents",
        _TAG,
        {200: shapes.AuditEventPage},
        listing=LISTING,
        needs=Permission.READ_AUDIT,
    )
    def get(self, request: Request) -> Response:
        """List the events of the team's audit log."""
        page = LISTING.page(request, self.events())
        return self.shown(as_page(request, page, [showing.audit_event(row) for row in page.rows]))


class AuditEvent(_Audit):
    """One event."""

    @documented("getAuditEvent", _TAG, {200: shapes.AuditEvent}, needs=Permission.READ_AUDIT)
    def get(self, request: Request, sequence: int) -> Response:
        """Show an event by its number in the team's log."""
        found = self.events().filter(sequence=sequence).first() if sequence <= _LARGEST else None
        if found is None:
            raise not_found()
        return self.shown(showing.audit_event(found))


class AuditVerification(_Audit):
    """Checking the chain."""

    @documented(
        "verifyAuditLog",
        _TAG,
        {200: shapes.AuditVerification},
        needs=Permission.READ_AUDIT,
        refusals=(404, 409),
    )
    def post(self, request: Request) -> Response:
        """Check the log's hash chain, link by link; the check is itself an event."""
        chain = AuditChain.objects.filter(team=self.team).first()
        if chain is None:
            raise not_found()
        try:
            found = checks.check(chain)
        except checks.CheckIsRunning:
            detail = _("Somebody is checking the chain at this moment.")
            raise Problem(HTTPStatus.CONFLICT, "OperationConflict", detail) from None
        fault = {} if found.intact else {"sequence": found.fault_sequence, "fault": found.fault}
        record(
            self.principal,
            AuditEntry(
                action="audit.verify",
                result=AuditResult.SUCCEEDED if found.intact else AuditResult.FAILED,
                object_kind="audit",
                object_id=chain.name,
                object_label=self.team.name,
                message=found.fault,
                after={"up_to": found.sequence, **fault},
            ),
        )
        content = {
            "intact": found.intact,
            "checked_up_to": found.sequence,
            "fault_sequence": found.fault_sequence,
            "fault": fault_name(found.fault) if found.fault else "",
        }
        return self.shown(content)


_EXPORT: Listing[EventRecord] = Listing(filters=AuditFilter)


class AuditExport(_Audit):
    """The log as a file."""

    content_negotiation_class = AnyAccept

    @documented(
        "exportAuditLog",
        _TAG,
        {200: None},
        needs=Permission.READ_AUDIT,
        parameters=(
            Parameter("format", {"type": "string", "enum": list(_FORMATS), "default": "csv"}),
        ),
        filters_of=_EXPORT,
        media={200: tuple(mime for mime, _write, _head in _FORMATS.values())},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export the filtered events, newest first, as CSV or JSON Lines.

        The export is itself an event, written before the first byte.
        """
        kind = request.query_params.get("format", "csv")
        if kind not in _FORMATS:
            raise wrong_parameter("format", _("It must be one of: %s.") % ", ".join(_FORMATS))
        chosen = _EXPORT.narrow(request, self.events())
        chain = AuditChain.objects.filter(team=self.team).first()
        if chain is None:
            raise not_found()
        asked = {name: text for name, text in request.query_params.items() if name != "format"}
        record(
            self.principal,
            AuditEntry(
                action="audit.export",
                object_kind="audit",
                object_id=chain.name,
                object_label=self.team.name,
                after={"format": kind, "up_to": chain.last_sequence, "filters": asked},
            ),
        )
        mime, write, head = _FORMATS[kind]
        content = export.export(chosen.filter(sequence__lte=chain.last_sequence), write, head=head)
        response = StreamingHttpResponse(content, content_type=f"{mime}; charset=utf-8")
        name = f"audit-{self.team.slug}-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

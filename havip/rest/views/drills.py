"""Fail-over drills: starting one, seeing who answers, and stopping it before its time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.models import Drill as DrillRecord
from havip.models import DrillKind
from havip.operations.drills import start_drill, stop_drill
from havip.operations.finding import the_region
from havip.rest import showing, waiting
from havip.rest.acting import Acting
from havip.rest.documented import documented
from havip.rest.endpoint import Endpoint
from havip.rest.paging import Listing, as_page
from havip.rest.resources import HAVIPS
from havip.rest.serializers import drills as shapes
from havip.rules import drills as rules
from havip.rules.catalogue import first_refusal
from havip.selectors.drill_options import drill_options
from havip.selectors.drills import answers_of, drill_of, drills_of
from havip.selectors.inventory import operate_refusal

_TAG = _("Drills")
LISTING: Listing[DrillRecord] = Listing()


class _Drills(Acting):
    """What shows drills."""

    def described(self, drill: DrillRecord) -> dict[str, Any]:
        """Return a drill as plain values; asks nothing where HaVip, instance and job are fetched."""
        stopping = operate_refusal(self.principal)
        stopping = stopping or first_refusal(lambda: rules.x6_under_way(drill))
        return {
            "id": drill.resource_id,
            "region": drill.region,
            "havip_id": drill.havip.resource_id,
            "kind": drill.kind,
            "status": drill.status,
            "instance_id": drill.instance.resource_id if drill.instance else None,
            "node_name": drill.node_label,
            "standby_name": drill.standby_label,
            "taken_over_by": drill.taken_over_by,
            "from_inside": drill.from_inside,
            "from_outside": drill.from_outside,
            "port": drill.port,
            "gap_inside_ms": drill.gap_inside_ms,
            "gap_outside_ms": drill.gap_outside_ms,
            "reason": drill.reason,
            "probing_since": showing.when(drill.probing_since),
            "disturbed_at": showing.when(drill.disturbed_at),
            "restored_at": showing.when(drill.restored_at),
            "ended_at": showing.when(drill.ended_at),
            "restored_by_itself_at": showing.when(drill.deadline),
            "created_at": showing.when(drill.created_at),
            "created_by": drill.created_by,
            "job": showing.job_reference(drill.job) if drill.job else None,
            "capabilities": {"stop": showing.capability(stopping)},
        }

    def record(self, region: str, drill_id: str) -> DrillRecord:
        """Return the team's drill. Raises Refusal C2, X0."""
        the_region(region)
        found = drill_of(self.team, region, drill_id)
        if found is None:
            raise rules.X0_DRILL.refuse(drill=drill_id[:60])
        return found

    def look(self, region: str, drill_id: str) -> dict[str, Any] | None:
        """Return it as it is shown now; None when there is none."""
        found = drill_of(self.team, region, drill_id)
        return self.described(found) if found else None


class HaVipDrills(_Drills):
    """The drills of a HaVip."""

    @documented("listDrills", _TAG, {200: shapes.DrillPage}, listing=LISTING)
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """List the drills of a HaVip."""
        havip = HAVIPS.record(self.principal, region, havip_id)
        page = LISTING.page(request, drills_of(havip).select_related("havip"))
        return self.shown(as_page(request, page, [self.described(row) for row in page.rows]))

    @documented(
        "startDrill",
        _TAG,
        {201: shapes.Drill, 202: shapes.Drill},
        body=shapes.StartDrill,
        writes=True,
        waits=True,
        conditional=True,
        refusals=(410,),
        example={"kind": "keepalived_stopped", "from_inside": True, "from_outside": False},
    )
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Start a fail-over drill: disturb the node that holds the address, and see how long nobody answers."""
        seconds = waiting.seconds_of(request)
        outcome = self.perform(
            start_drill,
            look=lambda: HAVIPS.look(self.principal, region, havip_id),
            region=region,
            havip_id=havip_id,
            **self.body(),
        )
        job = self.followed(outcome, seconds)
        drill_id = outcome.values["drill_id"]
        content = self.described(self.record(region, drill_id))
        ended = job is not None and not job.is_active and seconds > 0
        place = reverse("rest:drill", args=[region, drill_id])
        if ended or job is None:
            return self.shown(content, HTTPStatus.CREATED, {"Location": place})
        headers = {"Location": showing.job_url(job), "Retry-After": "1"}
        return self.shown(content, HTTPStatus.ACCEPTED, headers)


class HaVipDrillOptions(Endpoint):
    """What a drill may be now."""

    @documented("getDrillOptions", _TAG, {200: shapes.DrillOptions})
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """Say which drills may be started now, why others may not, and what becomes of the node's other HaVips."""
        options = drill_options(HAVIPS.record(self.principal, region, havip_id), self.principal)
        content = {
            "start": showing.capability(options.refusal),
            "kinds": [
                {"kind": kind.value, **showing.capability(refusal)}
                for kind, refusal in options.kinds.items()
            ],
            "from_outside": showing.capability(options.outside),
            "others": [
                {
                    "havip_id": other.havip_id,
                    "name": other.label,
                    "fate": other.fate.value,
                    "node_name": other.node_label,
                    "kinds": [kind.value for kind in DrillKind if other.is_met_by(kind)],
                }
                for other in options.others
            ],
        }
        return self.shown(content)


class Drill(_Drills):
    """One drill."""

    @documented("getDrill", _TAG, {200: shapes.Drill})
    def get(self, request: Request, region: str, drill_id: str) -> Response:
        """Show a drill."""
        return self.shown(self.described(self.record(region, drill_id)))


class DrillAnswers(_Drills):
    """Who answered during a drill."""

    @documented("getDrillAnswers", _TAG, {200: shapes.DrillAnswers})
    def get(self, request: Request, region: str, drill_id: str) -> Response:
        """Show who answered when during a drill."""
        runs = answers_of(self.record(region, drill_id))
        items = [
            {
                "vantage": each.vantage,
                "started_ms": each.started_ms,
                "ended_ms": each.ended_ms,
                "answered_by": each.answered_by,
                "probes": each.probes,
            }
            for found in runs.values()
            for each in found
        ]
        return self.shown({"items": items})


class DrillStop(_Drills):
    """Stopping a drill."""

    @documented("stopDrill", _TAG, {200: shapes.Drill}, writes=True, conditional=True)
    def post(self, request: Request, region: str, drill_id: str) -> HttpResponseBase:
        """Bring the disturbed node back now; what was seen so far is kept."""
        self.perform(
            stop_drill,
            look=lambda: self.look(region, drill_id),
            region=region,
            drill_id=drill_id,
        )
        return self.shown(self.described(self.record(region, drill_id)))

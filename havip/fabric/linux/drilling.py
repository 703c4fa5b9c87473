"""What agents report of a drill: when they disturbed and restored, and who answered their probes; written into the drill's row.

`Drill.probers` keeps for each vantage when its prober began (`began`, ms since 1970), how far its zero is from the drill's own
(`offset`), and at which sequence its runs begin (`base`): a prober that was ended and began anew continues the list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from havip.fabric.linux.models import Agent, AgentRole
from havip.fabric.linux.protocol import DrillReport, ProbeRun, safe_name
from havip.models import (
    RUNNING_DRILL,
    Binding,
    Drill,
    DrillAnswer,
    DrillKind,
    DrillStatus,
    Vantage,
)

VANTAGE_OF = {AgentRole.GATEWAY: Vantage.INSIDE, AgentRole.HOST: Vantage.OUTSIDE}
DISTURBER_OF = {
    DrillKind.KEEPALIVED_STOPPED: AgentRole.NODE,
    DrillKind.LINK_DOWN: AgentRole.GATEWAY,
    DrillKind.INSTANCE_STOPPED: AgentRole.HOST,
}
_MOST_RUNS = 500
_LATEST_MS = 600_000
_LONGEST_NAME = 64
_TOLERANCE_MS = 5000
"""A prober whose clock says that it began so long before the drill, or so far ahead of us, is dated by its report's arrival."""


def note(agent: Agent, reports: Iterable[DrillReport], *, up_to_date: bool) -> bool:
    """Write what an agent says of the drills that are its business; return whether a job should look now.

    `up_to_date` is whether the agent has applied the newest wanted state: only then does its word count for the present stage.
    Only inside the transaction that takes in the report.
    """
    told = {each.id: each for each in reports}
    if not told:
        return False
    found = Drill.objects.filter(resource_id__in=told, status__in=RUNNING_DRILL, **_place(agent))
    drills = found.select_related("havip").select_for_update(of=("self",)).order_by("pk")
    # Each is written, whatever the one before it brought.
    news = [_note(agent, drill, told[drill.resource_id], up_to_date=up_to_date) for drill in drills]
    return any(news)


def _place(agent: Agent) -> dict[str, Any]:
    """Return which drills are an agent's business."""
    if agent.role == AgentRole.GATEWAY:
        return {"havip__vpc__resource_id": agent.subject}
    if agent.role == AgentRole.NODE:
        return {"instance__resource_id": agent.subject}
    return {"region": agent.region}


def _note(agent: Agent, drill: Drill, report: DrillReport, *, up_to_date: bool) -> bool:
    news = False
    fields: list[str] = []
    if agent.role == DISTURBER_OF[DrillKind(drill.kind)] and up_to_date:
        news = _note_disturbance(drill, report, fields)
    vantage = VANTAGE_OF.get(AgentRole(agent.role))
    asked = {Vantage.INSIDE: drill.from_inside, Vantage.OUTSIDE: drill.from_outside}
    if vantage is not None and asked[vantage] and report.began_ms:
        news |= _note_runs(drill, vantage, report, fields)
    if fields:
        drill.save(update_fields=fields)
    return news


def _note_disturbance(drill: Drill, report: DrillReport, fields: list[str]) -> bool:
    now = timezone.now()
    if drill.status == DrillStatus.DISTURBED and report.disturbed_ms and drill.disturbed_at is None:
        # The agent's word for when, as far as it can be true.
        said = _moment(report.disturbed_ms)
        earliest = now - timedelta(milliseconds=_TOLERANCE_MS)
        drill.disturbed_at = min(max(said, earliest), now)
        fields.append("disturbed_at")
        return True
    restoring = drill.status == DrillStatus.RESTORING and drill.restored_at is None
    if restoring and not report.disturbed_ms:
        drill.restored_at = now
        fields.append("restored_at")
        return True
    return False


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(min(milliseconds, 2**41) / 1000, UTC)


def _note_runs(drill: Drill, vantage: Vantage, report: DrillReport, fields: list[str]) -> bool:
    """Write new and grown runs; return whether there is a new one."""
    prober: dict[str, int] | None = drill.probers.get(vantage.value)
    answers = DrillAnswer.objects.filter(drill=drill, vantage=vantage)
    if prober is None or prober["began"] != report.began_ms:
        before = list(answers.order_by("sequence").values_list("ended_ms", flat=True))
        prober = _begin(drill, report, len(before), before[-1] if before else -_TOLERANCE_MS)
        drill.probers = {**drill.probers, vantage.value: prober}
        fields += ["probers", "probing_since"]
    names = names_of(drill)
    wanted = {prober["base"] + run.sequence: run for run in report.runs}
    known = {each.sequence: each for each in answers.filter(sequence__in=wanted)}
    news = False
    for sequence, run in sorted(wanted.items()):
        if sequence >= _MOST_RUNS:
            break
        fresh = _values(run, prober["offset"], names)
        standing = known.get(sequence)
        if standing is None:
            DrillAnswer.objects.create(drill=drill, vantage=vantage, sequence=sequence, **fresh)
            news = True
        elif standing.probes < run.probes:
            DrillAnswer.objects.filter(pk=standing.pk).update(**fresh)
    return news


def _begin(drill: Drill, report: DrillReport, base: int, earliest: int) -> dict[str, int]:
    """Return how a prober's times become the drill's, whose zero is the beginning of its first prober.

    `base` is the number of runs that the prober before it left, `earliest` where the last of them ended.
    """
    now = timezone.now()
    tolerance = timedelta(milliseconds=_TOLERANCE_MS)
    began = _moment(report.began_ms)
    # A report may have waited for us for long, so its arrival says little: it only counts where the clock cannot be right.
    if not drill.created_at - tolerance <= began <= now + tolerance:
        latest = max((run.ended_ms for run in report.runs), default=0)
        began = now - timedelta(milliseconds=latest)
    if drill.probing_since is None:
        drill.probing_since = began
    offset = math.floor((began - drill.probing_since).total_seconds() * 1000)
    return {"began": report.began_ms, "offset": max(offset, earliest), "base": base}


def _values(run: ProbeRun, offset: int, names: dict[str, str]) -> dict[str, Any]:
    return {
        "started_ms": min(max(run.started_ms + offset, 0), _LATEST_MS),
        "ended_ms": min(max(run.ended_ms + offset, 0), _LATEST_MS),
        "answered_by": names.get(run.answered_by, run.answered_by),
        "probes": run.probes,
    }


def names_of(drill: Drill) -> dict[str, str]:
    """Return the labels of the HaVip's nodes by what their service may call itself: the instance's name or identifier."""
    bindings = Binding.objects.filter(havip=drill.havip).select_related(
        "instance", "interface__instance"
    )
    names: dict[str, str] = {}
    for binding in bindings:
        node = binding.node
        if node is not None:
            said = " ".join(safe_name(node.name).split())[:_LONGEST_NAME]
            names[said or node.resource_id] = node.label
            names[node.resource_id] = node.label
    return names

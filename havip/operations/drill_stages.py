"""The stages of a drill: probed, disturbed, brought back, ended. Each look goes as far as what is known allows, and never waits.

What is wanted of the agents follows from the drill's row (`havip.fabric.linux.documents`), what they did and saw is written into it
by their reports (`havip.fabric.linux.drilling`). So a console that was away goes on where the row stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from console import pulse
from console.audit.log import AuditEntry, record
from console.audit.models import AuditEvent
from console.jobs.handlers import Done, PermanentFailure, Stopped, Waiting
from console.jobs.models import Job
from console.sentences import phrase, sentence_within
from console.teams.principal import system_principal
from havip.fabric.base import FabricBusy, FabricRefused, InProgress
from havip.fabric.directory import fabric_for
from havip.fabric.linux import holders
from havip.fabric.wanted import wanted_havip
from havip.models import Drill, DrillStatus, HaVip, Vantage
from havip.selectors.drill_results import Sight, longest_silence_ms, sight_of
from havip.selectors.drills import answers_of
from havip.selectors.nodes import node_states

PROBING_WITHIN_SECONDS = 15
"""So long somebody may take to answer before anything is disturbed."""
TAKEOVER_WITHIN_SECONDS = 15
DISTURBED_WITHIN_SECONDS = 22
"""After so long the agents bring the node back by themselves."""
RESTORED_WITHIN_SECONDS = 30
_STEADY_MS = 2000
"""So long each state is looked at: before, with the standby, and after."""
_LAST_SECONDS = 2
_LOOK_SECONDS = 0.5
_AFTERMATH_SECONDS = 10

INSIDE = phrase(gettext_noop("inside the VPC"))
OUTSIDE = phrase(gettext_noop("outside"))
_PLACES = {Vantage.INSIDE.value: INSIDE, Vantage.OUTSIDE.value: OUTSIDE}
NOTHING_ASKED = gettext_noop("Nobody began to probe, and nothing was disturbed: %(note)s.")
NO_ANSWER_BEFORE = gettext_noop(
    "Nothing was disturbed, for the address did not answer steadily at port %(port)s, asked from: %(places)s."
)
NOT_DISTURBED = gettext_noop("%(node)s could not be disturbed in time: %(note)s.")
NOT_TAKEN_OVER = gettext_noop(
    "%(standby)s did not answer within %(seconds)s seconds, asked from: %(places)s."
)
STOPPED = gettext_noop("It was stopped by hand before the standby had taken over.")
NOT_RESTORED = gettext_noop(
    "%(node)s is not known to be back: %(note)s. Its agent brings it back by itself."
)
NOT_RESTORED_EITHER = gettext_noop(
    "%(reason)s %(node)s is not known to be back: %(note)s. Its agent brings it back by itself."
)
NO_REPORT = phrase(gettext_noop("its agent has not reported"))
KEEPALIVED_AWAY = phrase(gettext_noop("its keepalived has not reported"))


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of telling the fabric: who is awaited, or what was refused (a sentence and its parameters)."""

    note: str = ""
    refused: tuple[str, dict[str, object]] | None = None


def advance(pk: int) -> Done | Waiting | Stopped:
    """Take a drill as far as it can go now.

    Raises PermanentFailure when it has ended badly, with the node brought back, or when the node is not known to be back.
    """
    while True:
        found = Drill.objects.select_related("havip__vpc", "havip__vswitch", "team", "job")
        drill = found.get(pk=pk)
        stage = _STAGES.get(DrillStatus(drill.status))
        answer = Done() if stage is None else stage(drill)
        if answer is not None:
            return answer


def tell(drill: Drill) -> _Told:
    """Have the fabric follow the drill's row. Idempotent."""
    havip = HaVip.objects.select_related("team", "vpc", "vswitch").get(pk=drill.havip_id)
    try:
        answer = fabric_for(drill.region).apply_havip(wanted_havip(havip))
    except FabricBusy as busy:
        return _Told(note=busy.message % busy.parameters)
    except FabricRefused as refused:
        return _Told(refused=(refused.message, refused.parameters))
    return _Told(note=answer.note if isinstance(answer, InProgress) else "")


# --- The stages: each returns None when it has moved the drill on -----------------------------------------------------


def _queued(drill: Drill) -> Waiting | None:
    _move(drill, DrillStatus.PROBING, PROBING_WITHIN_SECONDS)
    return None


def _probing(drill: Drill) -> Waiting | None:
    """Nothing is disturbed before every prober has had steady answers."""
    told = tell(drill)
    if _give_up(drill, told):
        return None
    sights = _sights(drill)
    unsteady = [sight.vantage for sight in sights if sight.steady_ms < _STEADY_MS]
    if not unsteady:
        _announce_drill(drill, until=timezone.now() + timedelta(seconds=60))
        _move(drill, DrillStatus.DISTURBED, DISTURBED_WITHIN_SECONDS)
        return None
    if timezone.now() >= drill.deadline:
        if all(not sight.began for sight in sights):
            _restore(drill, NOTHING_ASKED, note=told.note or NO_REPORT)
        else:
            _restore(drill, NO_ANSWER_BEFORE, port=drill.port, places=_named(unsteady))
        return None
    return Waiting(_LOOK_SECONDS, told.note)


def _disturbed(drill: Drill) -> Waiting | None:
    """The standby must answer every prober, and go on doing so for a while."""
    told = tell(drill)
    sights = _sights(drill)
    missing = [sight.vantage for sight in sights if sight.taken_over_ms < _STEADY_MS]
    now = timezone.now()
    if drill.disturbed_at is not None and not missing:
        _restore(drill, "")
        return None
    if _give_up(drill, told):
        return None
    last_moment = drill.deadline - timedelta(seconds=_LAST_SECONDS)
    if drill.disturbed_at is None:
        if now >= last_moment:
            _restore(drill, NOT_DISTURBED, node=drill.node_label, note=told.note or NO_REPORT)
            return None
    else:
        patience = timedelta(seconds=TAKEOVER_WITHIN_SECONDS)
        if now >= min(drill.disturbed_at + patience, last_moment):
            never = [sight.vantage for sight in sights if not sight.taken_over_by]
            if never:
                standby, seconds = drill.standby_label, TAKEOVER_WITHIN_SECONDS
                _restore(
                    drill, NOT_TAKEN_OVER, standby=standby, seconds=seconds, places=_named(never)
                )
            else:
                _restore(drill, "")
            return None
    return Waiting(_LOOK_SECONDS, told.note)


def _restoring(drill: Drill) -> Done | Waiting | Stopped:
    """The node's own agent must say that it is back, and its keepalived that it takes part again."""
    told = tell(drill)
    now = timezone.now()
    awaited = told.note or NO_REPORT
    if drill.restored_at is not None:
        if _is_back(drill, drill.restored_at):
            settled = drill.restored_at + timedelta(milliseconds=_STEADY_MS)
            if now >= settled:
                return _end(drill)
            return Waiting(max((settled - now).total_seconds(), 0.1))
        awaited = KEEPALIVED_AWAY
    if now >= drill.deadline:
        _fail_unrestored(drill, awaited)
    return Waiting(_LOOK_SECONDS, told.note)


_STAGES: dict[DrillStatus, Callable[[Drill], Done | Waiting | Stopped | None]] = {
    DrillStatus.QUEUED: _queued,
    DrillStatus.PROBING: _probing,
    DrillStatus.DISTURBED: _disturbed,
    DrillStatus.RESTORING: _restoring,
}


def _fail_unrestored(drill: Drill, awaited: str) -> NoReturn:
    """End a drill whose node nobody has heard of, beside whatever else went wrong with it."""
    message = NOT_RESTORED
    parameters: dict[str, object] = {"node": drill.node_label, "note": awaited}
    if drill.explanation:
        reason = sentence_within(drill.explanation, drill.explanation_parameters)
        message, parameters = NOT_RESTORED_EITHER, {**parameters, "reason": reason}
    unended = Drill.objects.filter(pk=drill.pk, status=DrillStatus.RESTORING)
    unended.update(explanation=message, explanation_parameters=parameters)
    raise PermanentFailure(message, **parameters)


def _end(drill: Drill) -> Done | Stopped:
    if drill.explanation == STOPPED:
        return Stopped(STOPPED)
    if drill.explanation:
        raise PermanentFailure(drill.explanation, **drill.explanation_parameters)
    return Done()


def _give_up(drill: Drill, told: _Told) -> bool:
    """Bring the node back early: somebody asked for it, or an agent said no."""
    if drill.stop_requested:
        _restore(drill, STOPPED)
        return True
    if told.refused is not None:
        message, parameters = told.refused
        _restore(drill, message, **parameters)
        return True
    return False


def _restore(drill: Drill, explanation: str, **parameters: object) -> None:
    _move(
        drill,
        DrillStatus.RESTORING,
        RESTORED_WITHIN_SECONDS,
        explanation=explanation,
        explanation_parameters=parameters,
    )


def _move(drill: Drill, status: DrillStatus, seconds: int, **fields: Any) -> None:
    """Enter a stage, unless another worker has done so; agents end what they do for it by themselves after `seconds`."""
    deadline = timezone.now() + timedelta(seconds=seconds)
    here = Drill.objects.filter(pk=drill.pk, status=drill.status)
    if here.update(status=status, deadline=deadline, **fields):
        pulse.touch(drill.team_id)


def _is_back(drill: Drill, restored_at: datetime) -> bool:
    """Return whether the node's keepalived has said, since it was brought back, that it takes part again."""
    node = next(
        (each for each in node_states(drill.havip) if _resource(each) == drill.node_id), None
    )
    if node is None or node.last_seen is None:
        return False
    return node.last_seen >= restored_at and node.state in ("MASTER", "BACKUP")


def _resource(state: Any) -> str:
    return str(state.binding.resource.resource_id)


def _sights(drill: Drill) -> list[Sight]:
    """Return what each of the drill's vantages has seen so far."""
    answers = answers_of(drill)
    return [sight_of(drill, vantage, answers[vantage]) for vantage in vantages_of(drill)]


def vantages_of(drill: Drill) -> list[str]:
    """Return from where a drill is probed."""
    asked = {Vantage.INSIDE.value: drill.from_inside, Vantage.OUTSIDE.value: drill.from_outside}
    return [vantage for vantage, wanted in asked.items() if wanted]


def _named(vantages: Iterable[str]) -> str:
    return "; ".join(_PLACES[vantage] for vantage in vantages)


def _announce_drill(drill: Drill, *, until: datetime) -> None:
    """Let the timelines of all HaVips of the disturbed node say that what happens now is a drill's doing."""
    node = drill.instance_id
    concerned = HaVip.objects.filter(vpc=drill.havip.vpc_id)
    direct = concerned.filter(bindings__instance=node)
    by_card = concerned.filter(bindings__interface__instance=node)
    for havip in (direct | by_card).distinct().order_by("pk"):
        holders.expect_drill(havip, until=until)


# --- The end ----------------------------------------------------------------------------------------------------------


def finish(job: Job) -> None:
    """Write the result of a drill that went as intended, in the transaction that ends its job."""
    drill = _of(job)
    if drill is not None:
        _write_result(drill, DrillStatus.FINISHED, explanation="", explanation_parameters={})
        drill.refresh_from_db()
        _record_result(job, drill)


def fail(job: Job) -> None:
    """Write the result of a drill that did not, in the transaction that ends its job."""
    drill = _of(job)
    if drill is None:
        return
    message, parameters = drill.explanation, drill.explanation_parameters
    if not message:
        message, parameters = job.explanation, job.explanation_parameters
    _write_result(drill, DrillStatus.FAILED, explanation=message, explanation_parameters=parameters)
    if message == STOPPED:  # of a job that failed its runner says so
        drill.refresh_from_db()
        _record_result(job, drill)


def follow_records(job: Job) -> None:
    """Take a drill that has ended out of what the agents are told."""
    drill = Drill.objects.filter(pk=job.instructions["drill"]).first()
    if drill is not None:
        tell(drill)


def _of(job: Job) -> Drill | None:
    found = Drill.objects.select_related("havip__vpc", "team").filter(pk=job.instructions["drill"])
    drill = found.first()
    return drill if drill is not None and drill.is_under_way else None


def _write_result(drill: Drill, status: DrillStatus, **explanation: Any) -> None:
    answers = answers_of(drill)
    now = timezone.now()
    sights = _sights(drill)
    gaps = {
        f"gap_{vantage}_ms": longest_silence_ms(answers[vantage]) for vantage in vantages_of(drill)
    }
    Drill.objects.filter(pk=drill.pk).update(
        status=status,
        ended_at=now,
        taken_over_by=next((each.taken_over_by for each in sights if each.taken_over_by), ""),
        **gaps,
        **explanation,
    )
    if drill.disturbed_at is not None:
        _announce_drill(drill, until=now + timedelta(seconds=_AFTERMATH_SECONDS))
    pulse.touch(drill.team_id)
    # A message that is lost costs nothing: what the agents were told ends by itself.
    transaction.on_commit(lambda: tell(drill), robust=True)


def _record_result(job: Job, drill: Drill) -> None:
    began = AuditEvent.objects.filter(job_id=job.resource_id, action=job.kind)
    sequence = began.order_by("sequence").values_list("sequence", flat=True).first()
    record(
        system_principal(job.team, label=job.requested_by, request_id=job.request_id),
        AuditEntry(
            action="havip.drill_result",
            object_kind=job.target_kind,
            object_id=job.target_id,
            object_label=job.target_label,
            after={
                "drill": drill.resource_id,
                "kind": drill.kind,
                "resource_label": drill.node_label,
                "taken_over_by": drill.taken_over_by,
                "gap_inside_ms": drill.gap_inside_ms,
                "gap_outside_ms": drill.gap_outside_ms,
            },
            job_id=job.resource_id,
            cause=f"{job.kind}#{sequence}" if sequence is not None else "",
        ),
    )

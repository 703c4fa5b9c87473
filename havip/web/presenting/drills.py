"""Drills as the Fail-over tab, the start dialog and a drill's own page show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.operations.refusal import PERMISSION, Refusal
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import Drill, DrillAnswer, DrillStatus, HaVip, Vantage
from havip.selectors.drill_results import longest_silence_ms
from havip.selectors.havips import bindings_of
from havip.web.presenting.drill_chart import (
    Chart,
    Moment,
    Track,
    around_silence,
    chart,
    whole,
)
from havip.web.presenting.links import Links

_MOST_ROWS = 100
_LOOKS: Mapping[str, tuple[str, str]] = {
    DrillStatus.QUEUED: ("idle", "clock"),
    DrillStatus.PROBING: ("run", "spinner"),
    DrillStatus.DISTURBED: ("run", "gap"),
    DrillStatus.RESTORING: ("run", "spinner"),
    DrillStatus.FINISHED: ("ok", "check-circle"),
    DrillStatus.FAILED: ("bad", "x-circle"),
}
# The order in which a drill passes through its stages.
_STAGES = (
    DrillStatus.PROBING,
    DrillStatus.DISTURBED,
    DrillStatus.RESTORING,
    DrillStatus.FINISHED,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A status as a chip."""

    label: str
    tone: str
    icon: str


def look(drill: Drill) -> Look:
    """Return how a drill's status is shown."""
    tone, icon = _LOOKS[drill.status]
    return Look(str(DrillStatus(drill.status).label), tone, icon)


# --- In words ---------------------------------------------------------------------------------------------------------


def milliseconds(value: int | None) -> str:
    """Write a gap; a dash where it is not known."""
    return "—" if value is None else _("%(number)s ms") % {"number": value}


def story(drill: Drill) -> str:
    """Say in a sentence what happens now, or what came of it."""
    names = {"node": drill.node_label, "standby": drill.standby_label}
    match drill.status:
        case DrillStatus.QUEUED:
            return _("Waiting for the agents.")
        case DrillStatus.PROBING:
            return _("Probing %(node)s before anything is disturbed.") % names
        case DrillStatus.DISTURBED:
            return _("%(node)s is disturbed; waiting for %(standby)s to answer.") % names
        case DrillStatus.RESTORING:
            return _("%(node)s is being brought back.") % names
        case DrillStatus.FAILED:
            return drill.reason
    return result(drill)


def result(drill: Drill) -> str:
    """Say what came of a drill that has ended without failing."""
    who = drill.taken_over_by
    if not who:
        return drill.reason or _("Nobody took over.")
    if who == drill.node_label:
        return _("%(node)s answered all the time: nobody had to take over.") % {"node": who}
    gaps = _gaps(drill)
    if not gaps:
        return _("%(node)s took over.") % {"node": who}
    if not any(gap for _label, gap in gaps):
        return _("%(node)s took over, and no probe went unanswered.") % {"node": who}
    if len(gaps) == 1:
        told = milliseconds(gaps[0][1])
    else:
        told = _(" and ").join(
            _("%(gap)s (%(vantage)s)") % {"gap": milliseconds(gap), "vantage": label}
            for label, gap in gaps
        )
    return _("%(node)s took over after %(gap)s.") % {"node": who, "gap": told}


def _gaps(drill: Drill) -> list[tuple[str, int]]:
    """Return what is known of how long nobody answered, with the vantage in the middle of a sentence."""
    known = (
        (_("inside the VPC"), drill.gap_inside_ms),
        (
            _(
                "outside",
            ),
            drill.gap_outside_ms,
        ),
    )
    return [(label, gap) for label, gap in known if gap is not None]


# --- The list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One drill in the list."""

    drill: Drill
    url: str
    look: Look
    vantages: str
    gap_inside: str
    gap_outside: str
    story: str


def drill_rows(drills: Sequence[Drill], havip: HaVip, links: Links) -> list[DrillRow]:
    """Return rows of the list; asks the database nothing."""
    return [
        DrillRow(
            drill=drill,
            url=links.of("drill", havip.resource_id, drill.resource_id),
            look=look(drill),
            vantages=_vantages(drill),
            gap_inside=milliseconds(drill.gap_inside_ms) if drill.from_inside else "",
            gap_outside=milliseconds(drill.gap_outside_ms) if drill.from_outside else "",
            story=story(drill),
        )
        for drill in drills
    ]


def _vantages(drill: Drill) -> str:
    chosen = [Vantage.INSIDE] * drill.from_inside + [Vantage.OUTSIDE] * drill.from_outside
    return " · ".join(str(each.label) for each in chosen)


# --- One drill --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the stages that a drill goes through. State: "done", "current", "failed" or "" (yet to come)."""

    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Figure:
    """How long nobody answered, at one vantage; `note` says how far that is known."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A run of equal answers as a row of the table that says what the drawing shows."""

    run: DrillAnswer
    tone: str
    lasted_ms: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What one vantage asked (`target`: address and port, "" when no longer known), and what it was answered."""

    vantage: Vantage
    label: str
    target: str
    runs: Sequence[DrillAnswer]
    rows: Sequence[Answer]

    @property
    def left_out(self) -> int:
        """How many runs have no row."""
        return len(self.runs) - len(self.rows)

    @property
    def track(self) -> Track:
        """The same for the drawing."""
        title = f"{self.label} → {self.target}" if self.target else self.label
        return Track(title, self.runs)


@dataclass(frozen=True, slots=True)
class DrillView:
    """One drill with all that its page shows."""

    drill: Drill
    look: Look
    story: str
    stages: list[Stage]
    figures: list[Figure]
    chart: Chart
    close_up: Chart | None
    legend: list[tuple[str, str]]
    groups: list[Asked]
    job_url: str
    stop_refusal: Refusal | None


def drill_view(
    drill: Drill,
    havip: HaVip,
    answers: Mapping[str, Sequence[DrillAnswer]],
    principal: Principal,
    links: Links,
) -> DrillView:
    """Return what a drill's page shows; `havip` is the drill's, with its bindings and EIP."""
    tones = _tones(drill, havip)
    asked = _asked(drill, havip, answers, tones)
    tracks = [each.track for each in asked]
    moments = _moments(drill)
    window = whole(tracks, moments, live=drill.is_under_way)
    near = around_silence(tracks, window)
    return DrillView(
        drill=drill,
        look=look(drill),
        story=story(drill),
        stages=_stages(drill),
        figures=[_figure(drill, each) for each in asked],
        chart=chart(tracks, moments, window, tones),
        close_up=chart(tracks, moments, near, tones) if near is not None else None,
        legend=_legend(asked, tones),
        groups=[each for each in asked if each.runs],
        job_url=links.job(drill.job.resource_id) if drill.job else "",
        stop_refusal=None if principal.may(Permission.OPERATE) else PERMISSION.refuse(),
    )


def _asked(
    drill: Drill,
    havip: HaVip,
    answers: Mapping[str, Sequence[DrillAnswer]],
    tones: Mapping[str, str],
) -> list[Asked]:
    """Return what was asked from where, and what came back."""
    places = (
        (Vantage.INSIDE, drill.from_inside, str(havip.ip_address)),
        (Vantage.OUTSIDE, drill.from_outside, drill.eip_address),
    )
    asked = []
    for vantage, wanted, address in places:
        if wanted:
            runs = answers.get(vantage.value, ())
            target = f"{address}:{drill.port}" if address else ""
            rows = _rows(runs, tones)[:_MOST_ROWS]
            asked.append(Asked(vantage, str(vantage.label), target, runs, rows))
    return asked


def _rows(runs: Sequence[DrillAnswer], tones: Mapping[str, str]) -> list[Answer]:
    """Return the runs as rows; a silence is as long as it was between the answers around it."""
    rows = []
    for number, run in enumerate(runs):
        begin, end = run.started_ms, run.ended_ms
        if not run.answered_by:
            begin = runs[number - 1].ended_ms if number else begin
            end = runs[number + 1].started_ms if number + 1 < len(runs) else end
        tone = tones.get(run.answered_by, "") if run.answered_by else "gap"
        rows.append(Answer(run, tone, end - begin))
    return rows


def _tones(drill: Drill, havip: HaVip) -> dict[str, str]:
    """Give the nodes the tones that they have in the timeline of holders; those of the past take what is left."""
    tones = {
        label: tone
        for binding, tone in zip(bindings_of(havip), ("a", "b"), strict=False)
        for label in (binding.resource.label, binding.node.label if binding.node else "")
        if label
    }
    for label in (drill.node_label, drill.standby_label):
        free = [tone for tone in ("a", "b") if tone not in tones.values()]
        if label and label not in tones and free:
            tones[label] = free[0]
    return tones


def _moments(drill: Drill) -> list[Moment]:
    """Return what was done, since probing began; nothing before that."""
    if drill.probing_since is None:
        return []
    done = (
        (drill.disturbed_at, _("disturbed"), "disturbed"),
        (drill.restored_at, _("restored"), "restored"),
    )
    return [
        Moment((moment - drill.probing_since).total_seconds() * 1000, label, tone)
        for moment, label, tone in done
        if moment is not None
    ]


def _stages(drill: Drill) -> list[Stage]:
    """Return the stages with how far it has come; a drill that failed stands where it was then."""
    reached = -1
    for number, moment in enumerate((drill.probing_since, drill.disturbed_at, drill.restored_at)):
        reached = number if moment is not None else reached
    if drill.status in _STAGES:
        reached = _STAGES.index(DrillStatus(drill.status))
    stages = []
    for number, stage in enumerate(_STAGES):
        state = "done" if number < reached else ""
        if number == reached:
            state = "current" if drill.is_under_way else "done"
        if drill.status == DrillStatus.FAILED and number == max(reached, 0):
            state = "failed"
        stages.append(Stage(str(stage.label), state))
    return stages


def _figure(drill: Drill, asked: Asked) -> Figure:
    """Return the longest silence: the recorded one, else what is known of it so far."""
    gap = drill.gap_inside_ms if asked.vantage == Vantage.INSIDE else drill.gap_outside_ms
    if gap is not None:
        return Figure(asked.label, milliseconds(gap), _("the longest time without an answer"))
    if not any(run.answered_by for run in asked.runs):
        return Figure(
            asked.label, "—", _("no answer yet") if drill.is_under_way else _("no answer")
        )
    gap = longest_silence_ms(asked.runs) or 0
    unended = asked.rows[-1].lasted_ms if asked.rows and asked.rows[-1].tone == "gap" else 0
    note = (
        _("without an answer so far") if drill.is_under_way else _("without an answer at the end")
    )
    return Figure(asked.label, milliseconds(max(gap, unended)), note)


def _legend(asked: Sequence[Asked], tones: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return who is drawn how: (tone, name), nobody last."""
    runs = [run for each in asked for run in each.runs]
    names = dict.fromkeys(run.answered_by for run in runs if run.answered_by)
    named = [(tones.get(name, ""), name) for name in names]
    silent = any(not run.answered_by for run in runs)
    return [*named, ("gap", _("nobody"))] if silent else named

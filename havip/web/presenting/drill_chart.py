"""Who answered when, as geometry: lanes of segments over a time axis (templates/drills/_chart.html draws it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from havip.models import DrillAnswer

_NARROWEST_PERCENT = 0.35
_LABEL_PERCENT = 12.0
_ANCHOR_END_PERCENT = 70.0
_MOST_SEGMENTS = 400
# Probes are sent every 20 ms: where two runs stand further apart than this, nobody asked in between.
_CONTIGUOUS_MS = 250
_MOST_TICKS = 8
_STEPS_MS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000)
_LIVE_SPANS_MS = (10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000)
_TOLD_RUNS = 8

# Heights in CSS pixels: the drawing is as wide as its place, and only its width is stretched.
_MARKER_ROW, _LANE_TITLE, _STRIP, _EDGE, _LANE_GAP, _AXIS = 18, 18, 28, 4, 12, 22
_TITLE_DROP, _FOOT_DROP, _AXIS_DROP, _MARKER_DROP, _LINE_DROP = 5, 4, 6, 13, 2


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a drill is drawn, in milliseconds since probing began."""

    begin: float
    end: float

    @property
    def span(self) -> float:
        """How long it is; never nothing."""
        return max(self.end - self.begin, 1.0)

    def percent(self, moment: float) -> float:
        """Return where a moment stands, from 0 at the left to 100 at the right."""
        return min(max(100 * (moment - self.begin) / self.span, 0.0), 100.0)


@dataclass(frozen=True, slots=True)
class Segment:
    """One run of equal answers. Tone: "a", "b" (the two nodes), "" (somebody else) or "gap" (nobody)."""

    x: str
    width: str
    label: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What was answered to one vantage."""

    title: str
    title_y: int
    strip_y: int
    strip_height: int
    edge_y: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment at which something was done, with its line down to the axis."""

    x: str
    label: str
    tone: str
    y: int
    line_y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment of the axis."""

    x: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A whole drawing; `label` says the same in words."""

    height: int
    foot: int
    axis_y: int
    lanes: tuple[Lane, ...]
    markers: tuple[Marker, ...]
    ticks: tuple[Tick, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Track:
    """One vantage before it is drawn: its title, and its runs in the order of asking."""

    title: str
    runs: Sequence[DrillAnswer]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was done, in milliseconds since probing began; tone: "disturbed" or "restored"."""

    at: float
    label: str
    tone: str


def chart(
    tracks: Sequence[Track], moments: Sequence[Moment], window: Window, tones: Mapping[str, str]
) -> Chart:
    """Lay out the tracks one below the other, the moments above them and the axis below."""
    shown = [each for each in moments if window.begin <= each.at <= window.end]
    top = len(shown) * _MARKER_ROW
    lanes = []
    for number, track in enumerate(tracks):
        title_y = top + number * (_LANE_TITLE + _STRIP + _LANE_GAP) + _LANE_TITLE - _TITLE_DROP
        lanes.append(
            Lane(
                title=track.title,
                title_y=title_y,
                strip_y=title_y + _TITLE_DROP,
                strip_height=_STRIP,
                edge_y=_STRIP - _EDGE,
                segments=tuple(_segments(track.runs, window, tones)),
            )
        )
    foot = top + len(tracks) * (_LANE_TITLE + _STRIP + _LANE_GAP) - _LANE_GAP + _FOOT_DROP
    return Chart(
        height=foot + _AXIS,
        foot=foot,
        axis_y=foot + _AXIS - _AXIS_DROP,
        lanes=tuple(lanes),
        markers=tuple(_markers(shown, window)),
        ticks=tuple(_ticks(window)),
        label=" ".join(_told(track, window) for track in tracks),
    )


def _segments(
    runs: Sequence[DrillAnswer], window: Window, tones: Mapping[str, str]
) -> Iterator[Segment]:
    """Yield what lies inside the window; a run ends where the next one begins, unless nobody asked in between."""
    drawn = 0
    for number, run in enumerate(runs):
        after = runs[number + 1] if number + 1 < len(runs) else None
        end = run.ended_ms
        if after is not None and after.started_ms - run.ended_ms <= _CONTIGUOUS_MS:
            end = after.started_ms
        if end < window.begin or run.started_ms > window.end:
            continue
        drawn += 1
        if drawn > _MOST_SEGMENTS:
            return
        left = min(window.percent(run.started_ms), 100 - _NARROWEST_PERCENT)
        width = min(max(window.percent(end) - left, _NARROWEST_PERCENT), 100 - left)
        yield Segment(
            x=f"{left:.2f}",
            width=f"{width:.2f}",
            label=_answer(run) if width >= _LABEL_PERCENT else "",
            tone=tones.get(run.answered_by, "") if run.answered_by else "gap",
            title=_title(run),
        )


def _answer(run: DrillAnswer) -> str:
    return run.answered_by or _("nobody")


def _title(run: DrillAnswer) -> str:
    return _("%(who)s, from %(begin)s to %(end)s") % {
        "who": _answer(run),
        "begin": seconds(run.started_ms, 3),
        "end": seconds(run.ended_ms, 3),
    }


def seconds(milliseconds: float, digits: int = 0) -> str:
    """Write a moment as seconds, with so many digits after the point."""
    return _("%(seconds)s s") % {"seconds": f"{milliseconds / 1000:.{digits}f}"}


def _markers(moments: Sequence[Moment], window: Window) -> Iterator[Marker]:
    """Yield one marker for each moment, each label in a row of its own: they may be close to each other."""
    for number, moment in enumerate(moments):
        x = window.percent(moment.at)
        yield Marker(
            x=f"{x:.2f}",
            label=f"{moment.label} · {seconds(moment.at, 1)}",
            tone=moment.tone,
            y=number * _MARKER_ROW + _MARKER_DROP,
            line_y=number * _MARKER_ROW + _LINE_DROP,
            anchor="end" if x > _ANCHOR_END_PERCENT else "start",
        )


def _ticks(window: Window) -> Iterator[Tick]:
    """Yield a handful of round moments."""
    fitting = (step for step in _STEPS_MS if window.span / step <= _MOST_TICKS)
    step = next(fitting, _STEPS_MS[-1])
    digits = 0 if step >= 1000 else 1 if step >= 100 else 2
    first = -(-window.begin // step) * step
    for number in range(_MOST_TICKS + 1):
        moment = first + number * step
        if moment > window.end:
            return
        x = window.percent(moment)
        anchor = "start" if x < 2 else "end" if x > 95 else "middle"
        yield Tick(f"{x:.2f}", seconds(moment, digits), anchor)


def _told(track: Track, window: Window) -> str:
    """Say one track in a sentence."""
    runs = [
        run for run in track.runs if run.ended_ms >= window.begin and run.started_ms <= window.end
    ]
    if not runs:
        return _("%(track)s: nobody has asked yet.") % {"track": track.title}
    told = "; ".join(_title(run) for run in runs[:_TOLD_RUNS])
    if len(runs) > _TOLD_RUNS:
        told += "; …"
    return _("%(track)s: %(told)s.") % {"track": track.title, "told": told}


def whole(tracks: Sequence[Track], moments: Sequence[Moment], *, live: bool) -> Window:
    """Return the window of a whole drill; while it runs one that need not be stretched with every answer."""
    ends = [run.ended_ms for track in tracks for run in track.runs]
    last = max([*ends, *(moment.at for moment in moments), 0.0])
    if live:
        return Window(0, next((span for span in _LIVE_SPANS_MS if span >= last), last))
    return Window(0, max(last, 1000))


_CLOSE_UP_SHARE = 0.15
_CLOSE_UP_MARGIN_MS = 200


def around_silence(tracks: Sequence[Track], of: Window) -> Window | None:
    """Return a window around the longest silence, where that is too short to be seen well in the whole one."""
    longest = max(
        (run for track in tracks for run in track.runs if not run.answered_by),
        key=lambda run: run.ended_ms - run.started_ms,
        default=None,
    )
    if longest is None:
        return None
    lasted = longest.ended_ms - longest.started_ms
    if lasted / of.span > _CLOSE_UP_SHARE:
        return None
    margin = max(lasted, _CLOSE_UP_MARGIN_MS)
    begin = max((longest.started_ms - margin) // 50 * 50, 0)
    return Window(begin, -(-(longest.ended_ms + margin) // 50) * 50)

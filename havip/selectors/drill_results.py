"""What the answers of a drill mean: whether the address answers steadily, who took it over, and how long nobody answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from havip.models import Drill, DrillAnswer
from havip.selectors.nodes import node_states


@dataclass(frozen=True, slots=True)
class Sight:
    """What one vantage has seen: `began` whether it probes, `steady_ms` since when the last answers come without a break.

    `taken_over_by` is the node that answered after the disturbance ("": none did), and `taken_over_ms` for how long it did.
    """

    vantage: str
    began: bool
    steady_ms: int
    taken_over_by: str
    taken_over_ms: int


def sight_of(drill: Drill, vantage: str, answers: Sequence[DrillAnswer]) -> Sight:
    """Return what one vantage has seen of a drill so far."""
    steady = 0
    for answer in reversed(answers):
        if not answer.answered_by:
            break
        steady = answers[-1].ended_ms - answer.started_ms
    by, milliseconds = _taken_over(drill, answers)
    return Sight(vantage, bool(answers), steady, by, milliseconds)


def _taken_over(drill: Drill, answers: Sequence[DrillAnswer]) -> tuple[str, int]:
    """Return who answered after the disturbance in the holder's place, and for how long.

    A node is known by its name in the answer. A service that does not say who it is counts as the one that was seen
    to announce the address since then.
    """
    if drill.disturbed_at is None or drill.probing_since is None:
        return "", 0
    disturbed = _milliseconds(drill, drill.disturbed_at)
    labels = {
        each.binding.resource.resource_id: each.binding.node.label
        for each in node_states(drill.havip)
        if each.binding.node is not None
    }
    others = {label for key, label in labels.items() if key != drill.node_id}
    named = drill.node_label not in others
    havip = drill.havip
    announcer, since = "", 0
    if havip.holder_id != drill.node_id and havip.holder_since is not None:
        announcer = labels.get(havip.holder_id, "")
        since = _milliseconds(drill, havip.holder_since)
    by, milliseconds = "", 0
    for answer in answers:
        if not answer.answered_by or answer.ended_ms <= disturbed:
            continue
        if named and answer.answered_by in others:
            who, begin = answer.answered_by, max(answer.started_ms, disturbed)
        elif announcer and not (named and answer.answered_by == drill.node_label):
            who, begin = announcer, max(answer.started_ms, disturbed, since)
        else:
            continue
        if answer.ended_ms > begin:
            by, milliseconds = who, max(milliseconds, answer.ended_ms - begin)
    return by, milliseconds


def _milliseconds(drill: Drill, moment: datetime) -> int:
    assert drill.probing_since is not None
    return round((moment - drill.probing_since).total_seconds() * 1000)


def longest_silence_ms(answers: Sequence[DrillAnswer]) -> int | None:
    """Return the longest time from an answered probe to the next one with unanswered ones in between.

    0 where every probe between the first and the last answered one was answered; None where nobody answered at all, or not
    any more after a silence that is the only one.
    """
    longest: int | None = None
    before: DrillAnswer | None = None
    silent = False
    for answer in answers:
        if not answer.answered_by:
            silent = before is not None
            continue
        if before is not None and silent:
            longest = max(longest or 0, answer.started_ms - before.ended_ms)
        before, silent = answer, False
    if longest is None and before is not None and not silent:
        return 0
    return longest

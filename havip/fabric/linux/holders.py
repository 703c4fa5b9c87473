"""Who held a HaVip, since when and why: written from gateways' reports, read by the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from havip.fabric.linux.models import HolderInterval, HolderReason, NodeVrrp, Sighting
from havip.fabric.linux.protocol import Observed, Role, VrrpState, scope_of
from havip.models import HaVip

_NARROWEST_PERCENT = 0.4
_LABEL_PERCENT = 12
_ROWS = 50
_MOST_STRETCHES = 200


def bound_labels(havip: HaVip) -> dict[str, str]:
    """Return what is bound, by identifier, in the order of slots; what is being unbound still counts."""
    bindings = havip.bindings_with_nodes()
    return {each.resource.resource_id: each.resource.label for each in bindings}


def note_sighting(havip: HaVip, observed: Observed, bound: Mapping[str, str]) -> bool:
    """Write what a gateway sees of a HaVip; return whether the holder is another one than before.

    What is not bound is no holder, whatever it announces: it becomes an alert instead.
    """
    now = timezone.now()
    seen = list(observed.holders) or ([observed.holder] if observed.holder else [])
    sighting, _new = Sighting.objects.update_or_create(
        havip=havip, defaults={"holders": seen, "seen_at": now}
    )
    holder = observed.holder if observed.holder in bound else ""
    changed = _extend(havip, holder, _believable(havip, observed.at, now), bound, sighting)
    since = _open_interval(havip)
    fields: dict[str, Any] = {"observed_at": now}
    if havip.holder_id != holder:
        fields |= {"holder_id": holder, "holder_since": since.since if holder and since else None}
    HaVip.objects.filter(pk=havip.pk).update(**fields)
    return changed or "holder_id" in fields


def _believable(havip: HaVip, at: datetime, now: datetime) -> datetime:
    """Return an agent's time as far as it can be true: not before the HaVip was there, not ahead of us."""
    return max(min(at, now), havip.created_at)


def _open_interval(havip: HaVip) -> HolderInterval | None:
    return HolderInterval.objects.filter(havip=havip, until__isnull=True).first()


def _extend(
    havip: HaVip, holder: str, at: datetime, bound: Mapping[str, str], sighting: Sighting
) -> bool:
    """End the open stretch of the timeline and begin another one, if the holder is not the same any more."""
    current = _open_interval(havip)
    if (current is None and not holder) or (current is not None and current.holder_id == holder):
        return False
    if current is not None:
        at = max(at, current.since)
        HolderInterval.objects.filter(pk=current.pk).update(until=at)
    HolderInterval.objects.create(
        havip=havip,
        holder_id=holder,
        holder_label=bound.get(holder, "")[:200],
        since=at,
        reason=_reason(havip, current, holder, bound, sighting),
    )
    return True


def _reason(
    havip: HaVip,
    current: HolderInterval | None,
    holder: str,
    bound: Mapping[str, str],
    sighting: Sighting,
) -> HolderReason:
    """Return why the address goes from the current stretch's holder to another one."""
    if current is None:
        return HolderReason.FIRST_START
    last = current
    if not current.holder_id:
        held = HolderInterval.objects.filter(havip=havip).exclude(holder_id="")
        last = held.first() or current
    if last.holder_id and last.holder_id not in bound:
        return HolderReason.UNBOUND
    if sighting.drill_until is not None and timezone.now() <= sighting.drill_until:
        return HolderReason.DRILL
    if not holder:
        return HolderReason.LOST
    return HolderReason.RETURNED if holder == last.holder_id else HolderReason.FAIL_OVER


def expect_drill(havip: HaVip, *, until: datetime | None) -> None:
    """Say that changes of the holder up to a moment are a drill's doing; None: not any more."""
    Sighting.objects.update_or_create(
        havip=havip,
        defaults={"drill_until": until},
        create_defaults={"drill_until": until, "seen_at": timezone.now()},
    )


def note_vrrp(havip: HaVip, scope: str, state: VrrpState) -> bool:
    """Write what a node's keepalived says of a HaVip; return whether that is another state than before.

    A node has one state for a HaVip: what was said of another card of it is over.
    """
    now = timezone.now()
    kept = list(NodeVrrp.objects.filter(havip=havip, scope=scope))
    same = [(each.interface_id, each.state) for each in kept]
    if same == [(state.interface_id, state.state)]:
        return False
    others = [each.pk for each in kept if each.interface_id != state.interface_id]
    if others:
        NodeVrrp.objects.filter(pk__in=others).delete()
    NodeVrrp.objects.update_or_create(
        havip=havip,
        scope=scope,
        interface_id=state.interface_id,
        defaults={
            "state": state.state,
            "since": _believable(havip, state.at, now),
            "received_at": now,
        },
    )
    return True


def vrrp_of(havip: HaVip) -> dict[str, NodeVrrp]:
    """Return what the node of each bound resource said last, by the resource's identifier (for the drawing)."""
    states = {each.scope: each for each in NodeVrrp.objects.filter(havip=havip)}
    bindings = havip.bindings_with_nodes()
    return {
        binding.resource.resource_id: states[scope]
        for binding in bindings
        if binding.node is not None
        and (scope := scope_of(Role.NODE, binding.node.resource_id)) in states
    }


# --- The timeline as pages show it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timeline:
    """A window of the past: what `components/_timeline.html` draws, and the same as rows, newest first."""

    segments: list[dict[str, Any]]
    axis: list[str]
    timeline_label: str
    rows: list[HolderInterval]

    def as_context(self) -> dict[str, Any]:
        """Return the names that the partial takes."""
        return {
            "segments": self.segments,
            "axis": self.axis,
            "timeline_label": self.timeline_label,
            "rows": self.rows,
        }


def timeline(havip: HaVip, *, window: timedelta = timedelta(hours=1)) -> Timeline:
    """Return who held a HaVip during the last `window`, and the newest changes of all time. One query, beside the bindings."""
    now = timezone.now()
    begin = max(now - window, havip.created_at)
    intervals = HolderInterval.objects.filter(havip=havip).order_by("-since", "-pk")
    newest = list(intervals[:_MOST_STRETCHES])
    stretches = [each for each in reversed(newest) if each.until is None or each.until >= begin]
    tones = _tones(havip, stretches)
    span = max((now - begin).total_seconds(), 1.0)
    segments = [_segment(each, begin, now, span, tones) for each in stretches]
    return Timeline(
        segments=segments,
        axis=_axis(begin, now),
        timeline_label=_told(stretches, begin),
        rows=newest[:_ROWS],
    )


def _tones(havip: HaVip, stretches: Iterable[HolderInterval]) -> dict[str, str]:
    """Give the first two bound resources the tones of the two nodes; those of the past take what is left."""
    tones = dict(zip(bound_labels(havip), ("a", "b"), strict=False))
    for stretch in stretches:
        free = [tone for tone in ("a", "b") if tone not in tones.values()]
        if stretch.holder_id and stretch.holder_id not in tones:
            tones[stretch.holder_id] = free[0] if free else ""
    return tones


def _segment(
    stretch: HolderInterval, begin: datetime, now: datetime, span: float, tones: Mapping[str, str]
) -> dict[str, Any]:
    start, end = max(stretch.since, begin), stretch.until or now
    left = 100 * (start - begin).total_seconds() / span
    width = max(100 * (end - start).total_seconds() / span, _NARROWEST_PERCENT)
    left = min(left, 100 - _NARROWEST_PERCENT)
    width = min(width, 100 - left)
    label = stretch.holder_label if width >= _LABEL_PERCENT else ""
    return {
        "x": f"{left:.2f}",
        "width": f"{width:.2f}",
        "label": label,
        "tone": tones.get(stretch.holder_id, "") if stretch.holder_id else "gap",
        "title": _title(stretch, (end - stretch.since).total_seconds()),
    }


def _title(stretch: HolderInterval, seconds: float) -> str:
    return _("%(holder)s, from %(since)s, for %(seconds).1f s: %(reason)s") % {
        "holder": stretch.holder_label or _("nobody"),
        "since": date_format(timezone.localtime(stretch.since), "H:i:s"),
        "seconds": seconds,
        "reason": stretch.get_reason_display(),
    }


def _axis(begin: datetime, now: datetime) -> list[str]:
    """Return five moments, the first and the last of the window among them; to the second where minutes would repeat."""
    step = (now - begin) / 4
    moments = [begin + step * number for number in range(4)]
    shape = "H:i" if step >= timedelta(minutes=1) else "H:i:s"
    return [*(date_format(timezone.localtime(each), shape) for each in moments), _("now")]


def _told(stretches: list[HolderInterval], begin: datetime) -> str:
    """Say the strip in one sentence."""
    since = date_format(timezone.localtime(begin), "H:i")
    if not stretches:
        return _("Since %(since)s nobody was seen holding the address.") % {"since": since}
    told = ", ".join(_title(each, each.seconds) for each in stretches[-5:])
    return _("Since %(since)s: %(told)s") % {"since": since, "told": told}

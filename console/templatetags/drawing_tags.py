"""Template tags of the binding drawing: its wires, and how a slot looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def binding_wires(slots: Sequence[Mapping[str, Any]]) -> SafeString:
    """Draw the wires from the HaVip to its slots, beside each other and (narrow) below each other.

    All slots are equally high, so the wire of slot i ends at (i + ½) of N. The live one is drawn last, on top.
    """
    number = max(len(slots), 1)
    middle = number * 50
    looks = sorted(
        enumerate(slot_look(slot) for slot in slots),
        key=lambda pair: _WIRE_ORDER.index(pair[1]),
    )
    # Under each dashed wire lies a bare one, so that no other wire shows through its gaps.
    strokes = [
        stroke
        for place, look in looks
        for stroke in ((place, "under"), (place, look))
        if stroke[1] != "under" or look != "bound"
    ]
    row = format_html_join(
        "",
        '<path class="is-{}" d="M0 {}C55 {} 45 {} 100 {}"/>',
        ((look, middle, middle, place * 100 + 50, place * 100 + 50) for place, look in strokes),
    )
    column = format_html_join(
        "",
        '<path class="is-{}" d="M17 0V{}Q17 {} 27 {}H34"/>',
        ((look, place * 100 + 42, place * 100 + 53, place * 100 + 53) for place, look in strokes),
    )
    return format_html(
        '<svg class="wires wires--row" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
        '<svg class="wires wires--column" viewBox="0 0 34 {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        number * 100,
        row,
        number * 100,
        column,
    )


_WIRE_ORDER: Final = ("empty", "bound", "failed", "busy", "live")


@register.filter
def slot_look(slot: Mapping[str, Any] | None) -> str:
    """Tell how a slot (or the EIP) and its wire are drawn: empty, bound, live, busy or failed."""
    if not slot:
        return "empty"
    job = slot.get("job") or {}
    if job.get("state") in {"queued", "running"} or slot.get("state") in {"binding", "unbinding"}:
        return "busy"
    if job.get("state") == "failed":
        return "failed"
    if slot.get("state") == "empty" or not slot.get("resource", slot.get("address")):
        return "empty"
    if slot.get("observed_role") in {"FAULT", "SPLIT"}:
        return "failed"
    return "live" if slot.get("holder") else "bound"

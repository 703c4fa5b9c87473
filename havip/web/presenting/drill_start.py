"""What the dialog that starts a drill offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console.operations.refusal import Refusal
from havip.models import DrillKind
from havip.rules.drills import Fate, OtherHaVip
from havip.selectors.drill_options import DrillOptions

_WHAT_HAPPENS: Mapping[str, str] = {
    DrillKind.KEEPALIVED_STOPPED: gettext_noop(
        "keepalived is stopped on the node that holds the address, and started again afterwards. "
        "Everything else on the node keeps running."
    ),
    DrillKind.LINK_DOWN: gettext_noop(
        "The node's port is taken down, as if its cable were pulled, and up again afterwards. "
        "The standby notices only that it hears nothing any more."
    ),
    DrillKind.INSTANCE_STOPPED: gettext_noop(
        "The whole instance is stopped, with all that runs on it, and started again afterwards."
    ),
}


@dataclass(frozen=True, slots=True)
class KindChoice:
    """One disturbance that the dialog offers, with why it cannot be chosen (None: it can)."""

    kind: DrillKind
    label: str
    what: str
    chosen: bool
    refusal: Refusal | None


def kind_choices(options: DrillOptions, chosen: str) -> list[KindChoice]:
    """Return the disturbances; the first possible one is chosen unless another is."""
    possible = [kind.value for kind, refusal in options.kinds.items() if refusal is None]
    wanted = chosen if chosen in possible else next(iter(possible), "")
    return [
        KindChoice(kind, str(kind.label), _(_WHAT_HAPPENS[kind]), kind.value == wanted, refusal)
        for kind, refusal in options.kinds.items()
    ]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another HaVip of the node, and what becomes of it; `asks`: whoever starts the drill has to say that it may be so."""

    havip_id: str
    what: str
    note: str
    asks: bool
    accepted: bool


def neighbours(options: DrillOptions, accepted: Collection[str]) -> list[Neighbour]:
    """Return the other HaVips of the node that would be disturbed, those that are left with nobody first."""
    found = sorted(options.others, key=lambda other: other.fate != Fate.LOST)
    return [
        Neighbour(
            havip_id=other.havip_id,
            what=_fate(other),
            note="" if other.same_port else _("Not so when only the link goes down."),
            asks=other.fate == Fate.LOST,
            accepted=other.havip_id in accepted,
        )
        for other in found
    ]


def _fate(other: OtherHaVip) -> str:
    names = {"havip": other.label, "node": other.node_label}
    match other.fate:
        case Fate.LOST:
            return _("Nobody answers at %(havip)s: it has no live standby.") % names
        case Fate.MOVES:
            return _("%(havip)s moves to %(node)s.") % names
        case Fate.STAYS if other.node_label:
            return _("%(havip)s stays with %(node)s, without this standby.") % names
    return _("%(havip)s has one node less.") % names

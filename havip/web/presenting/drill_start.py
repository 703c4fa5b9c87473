"""What the dialog that starts a drill offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console.operations.refusal import Refusal
from havip.models import DrillKind
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

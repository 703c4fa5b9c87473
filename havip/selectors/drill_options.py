"""What a drill may be now: why none can begin, which disturbances the region can do, and from where it can be probed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.operations.refusal import PERMISSION, Refusal
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import DrillKind, HaVip
from havip.rules import drills as rules
from havip.rules.catalogue import first_refusal
from havip.rules.drills import DrillWish, OtherHaVip
from havip.selectors.drill_scenes import drill_scene
from havip.selectors.havips import eip_of


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """Refusals by what they are about; None: it may be done.

    `refusal` is about any drill at all, `kinds` about each disturbance by itself, `outside` about probing from outside. `others`
    are the other HaVips of the node that would be disturbed; for those left with nobody the caller has to say that it may be so.
    """

    refusal: Refusal | None
    kinds: Mapping[DrillKind, Refusal | None]
    outside: Refusal | None
    others: Sequence[OtherHaVip] = ()


def drill_options(havip: HaVip, principal: Principal) -> DrillOptions:
    """Return what a start dialog offers this caller; as many queries as one refusal takes."""
    scene, eip = drill_scene(havip), eip_of(havip)
    refusal = first_refusal(lambda: rules.check_drill(havip, eip, scene, DrillWish()))
    if not principal.may(Permission.OPERATE):
        refusal = PERMISSION.refuse()
    kinds = {
        kind: first_refusal(lambda kind=kind: rules.x1_region(scene.kinds, kind))  # type: ignore[misc]
        for kind in DrillKind
    }
    wish = DrillWish(from_outside=True)
    outside = first_refusal(lambda: rules.x5_probes(wish, eip, outside=scene.outside))
    return DrillOptions(refusal, kinds, outside, scene.others)

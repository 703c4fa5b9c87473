"""Reading drills: those of a HaVip, what they were answered, and whether one may begin now."""

from __future__ import annotations

from django.db.models import QuerySet

from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.models import Drill, DrillAnswer, HaVip, Vantage
from havip.rules import drills as rules
from havip.rules.catalogue import first_refusal
from havip.rules.drills import DrillWish
from havip.selectors.drill_scenes import drill_scene
from havip.selectors.havips import eip_of


def drills_of(havip: HaVip) -> QuerySet[Drill]:
    """Return the drills of a HaVip, newest first, with what a row shows."""
    return Drill.objects.filter(havip=havip).select_related("instance", "job").order_by("-pk")


def drill_of(team: Team, region: str, drill_id: str) -> Drill | None:
    """Return the team's drill in the region, with its HaVip, or None."""
    if "\0" in drill_id:
        return None
    found = Drill.objects.filter(team=team, region=region, resource_id=drill_id)
    return found.select_related("havip", "instance", "job", "team").first()


def answers_of(drill: Drill) -> dict[str, list[DrillAnswer]]:
    """Return the runs of answers by vantage ("inside", "outside"), in their order. One query."""
    answers: dict[str, list[DrillAnswer]] = {vantage.value: [] for vantage in Vantage}
    for answer in drill.answers.order_by("vantage", "sequence"):
        answers[answer.vantage].append(answer)
    return answers


def drill_refusal(havip: HaVip, principal: Principal | None = None) -> Refusal | None:
    """Return why no drill can begin on the HaVip now, or None: of any kind, probed from inside."""
    if principal is not None and not principal.may(Permission.OPERATE):
        return PERMISSION.refuse()
    eip, scene = eip_of(havip), drill_scene(havip)
    return first_refusal(lambda: rules.check_drill(havip, eip, scene, DrillWish()))

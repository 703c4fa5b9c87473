"""Reading drills: those of a HaVip, what they were answered, and whether one may begin now."""

from __future__ import annotations

from django.db.models import QuerySet

from console.jobs.models import JobLock, lock_key
from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for
from havip.fabric.linux.models import Sighting
from havip.models import RUNNING_DRILL, Drill, DrillAnswer, DrillKind, HaVip, Vantage
from havip.rules import drills as rules
from havip.rules.catalogue import first_refusal
from havip.rules.drills import DrillNode, DrillScene, DrillWish
from havip.selectors.havips import eip_of
from havip.selectors.nodes import NodeState, node_states
from havip.selectors.resources import find


def drills_of(havip: HaVip) -> QuerySet[Drill]:
    """Return the drills of a HaVip, newest first, with what a row shows."""
    return Drill.objects.filter(havip=havip).select_related("instance", "job").order_by("-pk")


def drill_of(team: Team, region: str, drill_id: str) -> Drill | None:
    """Return the team's drill in the region, with its HaVip, or None."""
    found = find(Drill, team, drill_id, region=region)
    if found is None:
        return None
    return Drill.objects.select_related("havip", "instance", "job", "team").get(pk=found.pk)


def answers_of(drill: Drill) -> dict[str, list[DrillAnswer]]:
    """Return the runs of answers by vantage ("inside", "outside"), in their order. One query."""
    answers: dict[str, list[DrillAnswer]] = {vantage.value: [] for vantage in Vantage}
    for answer in drill.answers.order_by("vantage", "sequence"):
        answers[answer.vantage].append(answer)
    return answers


def can_drill(region: str) -> bool:
    """Tell whether the region's network announces addresses, so that there is something to drill."""
    return bool(kinds_of(region))


def kinds_of(region: str) -> list[DrillKind]:
    """Return the disturbances that the region's network can do, in their usual order."""
    possible = fabric_for(region).drill_abilities(region).kinds
    return [kind for kind in DrillKind if kind.value in possible]


def drill_refusal(
    havip: HaVip,
    principal: Principal | None = None,
    *,
    kind: str | None = None,
    from_inside: bool = True,
    from_outside: bool = False,
    port: int = 80,
) -> Refusal | None:
    """Return why no drill can begin on the HaVip now, or None. Without a kind: of any kind, probed from inside."""
    if principal is not None and not principal.may(Permission.OPERATE):
        return PERMISSION.refuse()
    wish = DrillWish(kind, from_inside=from_inside, from_outside=from_outside, port=port)
    return first_refusal(lambda: rules.check_drill(havip, eip_of(havip), drill_scene(havip), wish))


def drill_scene(havip: HaVip) -> DrillScene:
    """Read the facts that the rules of drills need; a constant number of queries."""
    abilities = fabric_for(havip.region).drill_abilities(havip.region)
    if not abilities.kinds:
        return DrillScene(
            kinds=(), outside=False, locked=False, other=None, announcers=(), nodes=(), silent=()
        )
    nodes = [_node(each) for each in node_states(havip)]
    seen = Sighting.objects.filter(havip=havip).values_list("holders", flat=True).first()
    keys = [lock_key(HaVip.KIND, havip.resource_id)]
    keys += [
        lock_key("instance", node.instance_id)
        for node in nodes
        if node.resource_id == havip.holder_id and node.instance_id
    ]
    under_way = Drill.objects.filter(havip__vpc=havip.vpc_id, status__in=RUNNING_DRILL)
    return DrillScene(
        kinds=abilities.kinds,
        outside=abilities.outside,
        locked=JobLock.objects.filter(key__in=keys).exists(),
        other=under_way.select_related("havip").first(),
        announcers=seen or (),
        nodes=nodes,
        silent=fabric_for(havip.region).drill_silent(havip.region, havip.vpc.resource_id),
    )


def _node(known: NodeState) -> DrillNode:
    binding, node = known.binding, known.binding.node
    return DrillNode(
        resource_id=binding.resource.resource_id,
        instance_id=node.resource_id if node is not None else "",
        label=node.label if node is not None else binding.resource.label,
        runs=known.runs,
        heard=known.heard,
        state=known.state,
    )

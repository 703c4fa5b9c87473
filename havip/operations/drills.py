"""Fail-over drills: beginning one, and ending one before its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from console.jobs.models import Job
from console.jobs.queue import JobRequest
from console.jobs.runner import ask_to_stop
from console.operations.framework import Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import Drill, HaVip, Instance
from havip.operations.drill_stages import PROBING_WITHIN_SECONDS
from havip.operations.finding import the_havip
from havip.rules import drills as rules
from havip.rules.drills import DrillWish
from havip.selectors.drill_scenes import drill_scene
from havip.selectors.drills import drill_of
from havip.selectors.havips import eip_of

HANDLER = "drill"


@operation("havip.drill")
def start_drill(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    kind: str,
    from_inside: bool = True,
    from_outside: bool = True,
    port: int = 80,
    accept_outage_of: Sequence[str] = (),
    client_token: str = "",
) -> Outcome:
    """Disturb the node that holds the address, and see how long nobody answers at a TCP `port` from 1 to 65535.

    `kind` is keepalived_stopped, link_down or instance_stopped. Its job holds the HaVip until the node is brought back, which
    the agents do by themselves in time, too. Other HaVips of the node move as well; those that would be left with nobody are
    named in `accept_outage_of` by who starts it. Raises Refusal H1, X1 to X5, X7.
    """
    change = current_change()
    change.concerns("havip", havip_id, havip_id)
    havip = the_havip(principal.team, region, havip_id)
    change.concerns("havip", havip.resource_id, havip.label)
    wish = DrillWish(
        kind,
        from_inside=from_inside,
        from_outside=from_outside,
        port=port,
        accept_outage_of=accept_outage_of,
    )
    scene, eip = drill_scene(havip), eip_of(havip)
    node, standby = rules.check_drill(havip, eip, scene, wish)
    instance = Instance.objects.get(resource_id=node.instance_id)
    drill = Drill.objects.create(
        team=principal.team,
        region=region,
        created_by=principal.label,
        havip=havip,
        kind=kind,
        instance=instance,
        node_id=node.resource_id,
        node_label=node.label,
        standby_label=standby.label,
        from_inside=from_inside,
        from_outside=from_outside,
        port=port,
        eip_address=str(eip.ip_address) if eip is not None and from_outside else "",
        deadline=timezone.now() + timedelta(seconds=PROBING_WITHIN_SECONDS),
    )
    locked = [(Instance.KIND, standby.instance_id)]
    locked += [(HaVip.KIND, other.havip_id) for other in scene.others]
    drill.job = change.queue(_job(change.action, drill, instance, locked))
    drill.save(update_fields=["job"])
    change.after = {
        "drill": drill.resource_id,
        "kind": kind,
        "resource": node.resource_id,
        "resource_label": node.label,
        "standby": standby.label,
        "from_inside": from_inside,
        "from_outside": from_outside,
        "port": port,
    }
    if lost := rules.left_with_nobody(scene.others, kind):
        change.after["without_anybody"] = ", ".join(other.label for other in lost)
    return change.outcome(drill_id=drill.resource_id)


def _job(
    kind: str, drill: Drill, instance: Instance, also: Sequence[tuple[str, str]]
) -> JobRequest:
    havip = drill.havip
    return JobRequest(
        kind=kind,
        handler=HANDLER,
        target_kind=HaVip.KIND,
        target_id=havip.resource_id,
        target_label=havip.label,
        region=drill.region,
        # Nobody may start, stop or unbind the node while it is disturbed, nor take away who answers meanwhile.
        locks=[(HaVip.KIND, havip.resource_id), (Instance.KIND, instance.resource_id), *also],
        # The agents' reports wake the jobs of their HaVips and networks.
        instructions={"networks": [havip.vpc_id], "havips": [havip.pk], "drill": drill.pk},
    )


@operation("havip.stop_drill")
def stop_drill(
    *, principal: Principal, region: str, drill_id: str, client_token: str = ""
) -> Outcome:
    """Bring the node back now: the same as cancelling its job, whose `state` is in the values. What was seen so far is kept.

    Raises Refusal X0, X6.
    """
    change = current_change()
    change.concerns("havip", "", drill_id[:60])
    drill = drill_of(principal.team, region, drill_id)
    if drill is None:
        raise rules.X0_DRILL.refuse(drill=drill_id[:60])
    havip = drill.havip
    change.concerns("havip", havip.resource_id, havip.label)
    rules.x6_under_way(drill)
    change.before = {"drill": drill.resource_id, "status": drill.status}
    change.after = {"drill": drill.resource_id, "resource_label": drill.node_label}
    job = Job.objects.active().select_for_update(of=("self",)).filter(drills=drill).first()
    if job is not None:
        ask_to_stop(job, who=principal.label)
    return change.outcome(drill_id=drill.resource_id, state=job.state if job is not None else "")

"""Reading what decides whether a HaVip can be drilled, and what becomes of the others that its node takes part in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat

from console.jobs.models import JobLock, lock_key
from havip.fabric.directory import fabric_for
from havip.models import RUNNING_DRILL, Binding, Drill, HaVip, Instance
from havip.rules.drills import DrillNode, DrillScene, Fate, OtherHaVip
from havip.selectors.nodes import NodeState, bindings_with_reports, states_of

Rows = Sequence[Any]
"""Bindings as `_bindings_of` finds them: of the HaVip, and of the others of the node that holds it."""


def drill_scene(havip: HaVip) -> DrillScene:
    """Read the facts that the rules of drills need. Two queries, beside the HaVip's VPC."""
    abilities = fabric_for(havip.region).drill_abilities(havip.region, havip.vpc.resource_id)
    if not abilities.kinds:
        return DrillScene()
    rows = list(_bindings_of(havip))
    own = [row for row in rows if row.havip_id == havip.pk]
    holding = [row for row in own if row.resource.resource_id == havip.holder_id]
    holder = holding[0] if holding else None
    shared = [row for row in rows if row.havip_id != havip.pk]
    drilled = own[0].drilled_address if own else None
    return DrillScene(
        kinds=abilities.kinds,
        outside=abilities.outside,
        locked=any(row.havip_locked for row in rows) or any(row.node_locked for row in holding),
        other=HaVip(name=own[0].drilled_name, ip_address=drilled).label if drilled else "",
        announcers=_sighting(own),
        nodes=[_node(row, state) for row, state in zip(own, states_of(own), strict=True)],
        silent=abilities.silent,
        others=_others(shared, holder) if holder is not None and holder.node is not None else (),
    )


def _bindings_of(havip: HaVip) -> QuerySet[Any]:
    """Find the bindings of the HaVip, and of every other one that the node which holds it takes part in."""
    held = Binding.objects.filter(
        Q(instance__resource_id=havip.holder_id) | Q(interface__resource_id=havip.holder_id),
        havip=havip,
    )
    of_node = Binding.objects.annotate(node_pk=_NODE).filter(
        node_pk__in=held.annotate(node_pk=_NODE).values("node_pk")
    )
    drills = Drill.objects.filter(havip__vpc=OuterRef("havip__vpc"), status__in=RUNNING_DRILL)
    return (
        bindings_with_reports()
        .filter(Q(havip=havip) | Q(havip__in=of_node.values("havip")))
        .select_related("havip__sighting", "instance", "interface__instance")
        .annotate(
            havip_locked=_locked(HaVip.KIND, "havip__resource_id"),
            node_locked=_locked(
                Instance.KIND, "instance__resource_id", "interface__instance__resource_id"
            ),
            drilled_name=Subquery(drills.values("havip__name")[:1]),
            drilled_address=Subquery(drills.values("havip__ip_address")[:1]),
        )
        .order_by("havip__name", "havip", "slot")
    )


_NODE = Coalesce("instance_id", "interface__instance_id")


def _locked(kind: str, *identifiers: str) -> Exists:
    """Ask whether a job has locked what is so identified."""
    named = [OuterRef(name) for name in identifiers]
    identifier = Coalesce(*named) if len(named) > 1 else named[0]
    key = Concat(Value(lock_key(kind, "")), identifier, output_field=TextField())
    return Exists(JobLock.objects.filter(key=key))


def _sighting(own: Rows) -> Sequence[str]:
    """Return all that were seen announcing the address last."""
    sighting = getattr(own[0].havip, "sighting", None) if own else None
    return list(sighting.holders) if sighting is not None else ()


def _node(row: Any, known: NodeState) -> DrillNode:
    node = row.node
    return DrillNode(
        resource_id=row.resource.resource_id,
        instance_id=node.resource_id if node is not None else "",
        label=node.label if node is not None else row.resource.label,
        runs=known.runs,
        heard=known.heard,
        state=known.state,
        locked=row.node_locked,
    )


# --- The other HaVips of the node -------------------------------------------------------------------------------------


def _others(rows: Rows, disturbed: Any) -> list[OtherHaVip]:
    """Say of each HaVip in which the disturbed binding's node takes part what becomes of it."""
    by_havip: dict[int, list[Any]] = {}
    for row in rows:
        by_havip.setdefault(row.havip_id, []).append(row)
    return [_other(each, disturbed) for each in by_havip.values()]


def _other(rows: Rows, disturbed: Any) -> OtherHaVip:
    havip: HaVip = rows[0].havip
    states = states_of(rows)
    nodes = [_node(row, state) for row, state in zip(rows, states, strict=True)]
    node_id = disturbed.node.resource_id
    mine = [node for node in nodes if node.instance_id == node_id]
    rest = [node for node in nodes if node.instance_id != node_id]
    holder = next((node for node in nodes if node.resource_id == havip.holder_id), None)
    # Where nobody is seen, the node's own word counts.
    master = any(node.state == "MASTER" for node in mine)
    is_held = holder in mine if holder is not None else master
    # One that is master already, beside this one, answers as well.
    ready = ("BACKUP", "MASTER")
    standby = next((n.label for n in rest if n.runs and n.heard and n.state in ready), "")
    if is_held:
        fate, label = (Fate.MOVES, standby) if standby else (Fate.LOST, "")
    else:
        fate, label = Fate.STAYS, holder.label if holder is not None else ""
    ports = {_port(row) for row in rows if row.node is not None and row.node == disturbed.node}
    return OtherHaVip(havip.resource_id, havip.label, fate, label, _port(disturbed) in ports)


def _port(binding: Binding) -> str:
    """Return through which card of its node a binding announces; "" for the primary one, which whole instances use."""
    card = binding.interface
    return "" if card is None or card.is_primary else card.resource_id

"""What is known of the nodes of a HaVip: what their keepalived and their agents said last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent, NodeVrrp
from havip.fabric.linux.protocol import Role
from havip.models import Binding, HaVip, InstanceStatus


@dataclass(frozen=True, slots=True)
class NodeState:
    """One slot of a HaVip: its binding, and what was reported of it; "" or None where nothing was.

    `state` is MASTER, BACKUP, FAULT, STOP or INIT, `since` when; `heard`: the agent gave a sign of life in the last 30 seconds.
    """

    binding: Binding
    state: str
    since: datetime | None
    keepalived_version: str
    last_seen: datetime | None
    heard: bool
    runs: bool


def node_states(havip: HaVip) -> list[NodeState]:
    """Return the slots of a HaVip in their order, with what is known of each node. One query."""
    return states_of(bindings_with_reports().filter(havip=havip))


def bindings_with_reports() -> QuerySet[Binding]:
    """Return bindings in the order of slots with what `states_of` needs: the node, and what it and its agent said last."""
    scope = Concat(
        Value(f"{Role.NODE}:"),
        Coalesce("instance__resource_id", "interface__instance__resource_id"),
        output_field=TextField(),
    )
    said = NodeVrrp.objects.filter(havip=OuterRef("havip"), scope=OuterRef("node_scope"))
    agent = Agent.objects.filter(scope=OuterRef("node_scope"), revoked_at__isnull=True)
    return (
        Binding.objects.select_related("instance", "interface__instance")
        .annotate(node_scope=scope)
        .annotate(
            said_state=_newest(said, "state"),
            said_since=_newest(said, "since"),
            agent_version=_newest(agent, "keepalived_version"),
            agent_seen=_newest(agent, "last_seen"),
        )
        .order_by("slot")
    )


def _newest(rows: QuerySet[Any], name: str) -> Subquery:
    return Subquery(rows.order_by("-pk").values(name)[:1])


def states_of(bindings: Iterable[Any]) -> list[NodeState]:
    """Return what is known of the nodes of bindings that `bindings_with_reports` has found, in their order."""
    return [_state(binding) for binding in bindings]


def _state(binding: Any) -> NodeState:
    last_seen, node = binding.agent_seen, binding.node
    return NodeState(
        binding=binding,
        state=binding.said_state or "",
        since=binding.said_since,
        keepalived_version=binding.agent_version or "",
        last_seen=last_seen,
        heard=last_seen is not None and last_seen >= silent_since(timezone.now()),
        runs=node is not None and node.status == InstanceStatus.RUNNING,
    )

"""What is known of the nodes of a HaVip: what their keepalived and their agents said last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent, NodeVrrp
from havip.fabric.linux.protocol import Role, scope_of
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
    """Return the slots of a HaVip in their order, with what is known of each node. Three queries."""
    found = Binding.objects.filter(havip=havip).select_related("instance", "interface__instance")
    bindings = list(found.order_by("slot"))
    scopes = [
        scope_of(Role.NODE, binding.node.resource_id) if binding.node is not None else ""
        for binding in bindings
    ]
    states = {each.scope: each for each in NodeVrrp.objects.filter(havip=havip)}
    living = Agent.objects.filter(scope__in=filter(None, scopes), revoked_at__isnull=True)
    agents = {agent.scope: agent for agent in living}
    return [
        _state(binding, states.get(scope), agents.get(scope))
        for binding, scope in zip(bindings, scopes, strict=True)
    ]


def _state(binding: Binding, said: NodeVrrp | None, agent: Agent | None) -> NodeState:
    last_seen = agent.last_seen if agent is not None else None
    node = binding.node
    return NodeState(
        binding=binding,
        state=said.state if said is not None else "",
        since=said.since if said is not None else None,
        keepalived_version=agent.keepalived_version if agent is not None else "",
        last_seen=last_seen,
        heard=last_seen is not None and last_seen >= silent_since(timezone.now()),
        runs=node is not None and node.status == InstanceStatus.RUNNING,
    )

"""What is wrong in the network: raised and cleared by what agents report, read by the pages. Nobody clears an alert by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from console import pulse
from console.recollection import forget, keep, recall
from havip.fabric.linux import waking
from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.holders import bound_labels
from havip.fabric.linux.models import Agent, AgentRole, Alert, AlertKind, NodeVrrp, Sighting
from havip.fabric.linux.protocol import Role, scope_of
from havip.fabric.linux.words import in_english, labels_of
from havip.models import Binding, HaVip, Instance, InstanceStatus, NetworkInterface

GRACE_SECONDS: Mapping[str, int] = {
    AlertKind.NO_HOLDER: 5,
    AlertKind.UNBOUND_HOLDER: 1,
    AlertKind.AGENT_FAILED: 15,
}
"""How long it must last before it is shown: a fail-over with the published timers takes 3 to 4 seconds."""

_SUSPICION_SECONDS = 60


# --- About HaVips -----------------------------------------------------------------------------------------------------


def examine(havip: HaVip) -> bool:
    """Raise and clear the alerts of a HaVip by what is known now; return whether anything changed."""
    bound = bound_labels(havip)
    sighting = Sighting.objects.filter(havip=havip).first()
    seen = list(sighting.holders) if sighting else []
    masters = _confirmed_masters(havip)
    strangers = [each for each in seen if each not in bound]
    doubles = [each for each in seen if each in bound]
    if len(doubles) < 2:
        doubles = masters if len(masters) > 1 else []
    nobody = sighting is not None and not seen and _should_be_held(havip)
    labels = bound | _labels_of_strangers(havip.team_id, strangers)
    changes = [
        _set(havip, AlertKind.SPLIT_BRAIN, bool(doubles), _names(doubles, labels)),
        _set(havip, AlertKind.UNBOUND_HOLDER, bool(strangers), _names(strangers, labels)),
        _set(havip, AlertKind.NO_HOLDER, nobody, ""),
    ]
    return any(changes)


def _names(identifiers: Iterable[str], labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(each, each) for each in identifiers)


def _labels_of_strangers(team_id: int, identifiers: Collection[str]) -> dict[str, str]:
    """Name who is not bound: the gateway knows ports only, so it tells interfaces; a primary one is its instance.

    Only what is the team's own: an agent may say any identifier, and learns no name by that.
    """
    if not identifiers:
        return {}
    instances = Instance.objects.filter(team_id=team_id, resource_id__in=identifiers)
    found = {each.resource_id: each.label for each in instances}
    cards = NetworkInterface.objects.filter(
        team_id=team_id, resource_id__in=identifiers
    ).select_related("instance")
    for card in cards:
        bearer = card.instance if card.is_primary and card.instance is not None else card
        found[card.resource_id] = bearer.label
    return found


def _should_be_held(havip: HaVip) -> bool:
    """Tell whether a bound node runs, so that somebody should announce the address."""
    running = Q(instance__status=InstanceStatus.RUNNING) | Q(
        interface__instance__status=InstanceStatus.RUNNING
    )
    return Binding.objects.filter(running, havip=havip, state="bound").exists()


def _confirmed_masters(havip: HaVip) -> list[str]:
    """Return the bound resources whose keepalived is master, where that is certain.

    A node that died was master with its last word. So a second master counts only once every one of them was heard after
    the newest change; those that were not are asked for a sign of life, which a dead one does not give.
    """
    states = {
        each.scope: each.received_at
        for each in NodeVrrp.objects.filter(havip=havip, state="MASTER")
    }
    if len(states) < 2:
        return []
    newest = max(states.values())
    agents = Agent.objects.filter(scope__in=states, revoked_at__isnull=True)
    unheard = [each for each in agents if each.last_seen is None or each.last_seen <= newest]
    for agent in unheard:
        keep(_suspicion(agent.scope), havip.pk, seconds=_SUSPICION_SECONDS)
        waking.wake(agent.scope)
    sure = {agent.scope for agent in agents} - {agent.scope for agent in unheard}
    bindings = Binding.objects.filter(havip=havip).select_related("instance", "interface__instance")
    return [
        binding.resource.resource_id
        for binding in bindings.order_by("slot")
        if binding.node and scope_of(Role.NODE, binding.node.resource_id) in sure
    ]


def _suspicion(scope: str) -> str:
    return f"agent-suspect:{scope}"


def is_suspected(agent: Agent) -> bool:
    """Tell whether this agent is asked for a sign of life."""
    return agent.role == AgentRole.NODE and recall(_suspicion(agent.scope)) is not None


def after_sign_of_life(agent: Agent) -> None:
    """Look again at a HaVip for which this agent was asked whether it still lives."""
    if agent.role != AgentRole.NODE:
        return
    pk = recall(_suspicion(agent.scope))
    if not isinstance(pk, int):
        return
    forget(_suspicion(agent.scope))
    havip = HaVip.objects.filter(pk=pk).first()
    if havip is not None and examine(havip):
        pulse.touch(havip.team_id)


def _set(havip: HaVip, kind: AlertKind, wrong: bool, holders: str) -> bool:
    """Open or end one alert."""
    now = timezone.now()
    current = Alert.objects.filter(havip=havip, kind=kind, cleared_at__isnull=True).first()
    parameters = {"holders": holders} if holders else {}
    if wrong and current is None:
        Alert.objects.create(
            havip=havip, team=havip.team, kind=kind, since=now, parameters=parameters
        )
    elif wrong and current is not None and current.parameters != parameters:
        Alert.objects.filter(pk=current.pk).update(parameters=parameters)
    elif not wrong and current is not None:
        _end(current, now)
    else:
        return False
    return True


def _end(alert: Alert, now: datetime) -> None:
    """Clear an open alert, or forget it if nobody has been shown it yet."""
    if is_shown(alert, now):
        Alert.objects.filter(pk=alert.pk).update(cleared_at=now)
    else:
        alert.delete()


# --- About agents -----------------------------------------------------------------------------------------------------


def examine_agents() -> int:
    """Raise and clear the alerts about agents, and let pages show what has lasted by now; return how many were raised or cleared.

    An agent is silent, or says that something is wrong. A node's is silent by right while its instance does not run.
    """
    now = timezone.now()
    living = Agent.objects.filter(revoked_at__isnull=True)
    due = living.exclude(role=AgentRole.NODE, scope__in=resting_scopes())
    is_silent = Q(last_seen__lt=silent_since(now))
    changed = _settle(AlertKind.AGENT_SILENT, due.filter(is_silent), now)
    changed += _settle(AlertKind.AGENT_FAILED, due.exclude(is_silent).exclude(error=""), now)
    _show_what_lasted(now)
    return changed


def _settle(kind: AlertKind, concerned: Iterable[Agent], now: datetime) -> int:
    """Have exactly these agents an open alert of a kind; return how many were raised or cleared."""
    agents = {agent.scope: agent for agent in concerned}
    opened = Alert.objects.filter(kind=kind, cleared_at__isnull=True)
    known = {alert.scope: alert for alert in opened}
    labels = labels_of(agents)
    for scope, agent in agents.items():
        parameters = {"agent": in_english(scope, labels[scope])}
        if kind == AlertKind.AGENT_FAILED:
            parameters["error"] = agent.error
        if scope not in known:
            Alert.objects.create(
                kind=kind, scope=scope, team=agent.team, since=now, parameters=parameters
            )
            _touch(agent.team_id)
        elif known[scope].parameters != parameters:
            Alert.objects.filter(pk=known[scope].pk).update(parameters=parameters)
            _touch(agent.team_id)
    over = [alert for scope, alert in known.items() if scope not in agents]
    for alert in over:
        _end(alert, now)
        _touch(alert.team_id)
    return len(over) + len(agents.keys() - known.keys())


def resting_scopes() -> list[str]:
    """Return the scopes of enrolled nodes whose instance is gone or does not run."""
    scopes = Agent.objects.filter(role=AgentRole.NODE, revoked_at__isnull=True)
    subjects = {agent.subject: agent.scope for agent in scopes.only("scope")}
    running = Instance.objects.filter(
        resource_id__in=subjects, status=InstanceStatus.RUNNING
    ).values_list("resource_id", flat=True)
    return [scope for subject, scope in subjects.items() if subject not in set(running)]


def _show_what_lasted(now: datetime) -> None:
    """Move the pulse of teams with an alert that has just become old enough to be shown."""
    recent = Alert.objects.filter(
        cleared_at__isnull=True, kind__in=GRACE_SECONDS, since__gte=now - timedelta(seconds=20)
    )
    for alert in recent:
        _touch(alert.team_id)


def clear_silence(agent: Agent) -> None:
    """Take note that an agent is heard again."""
    cleared = Alert.objects.filter(
        kind=AlertKind.AGENT_SILENT, scope=agent.scope, cleared_at__isnull=True
    ).update(cleared_at=timezone.now())
    if cleared:
        _touch(agent.team_id)


def _touch(team_id: int | None) -> None:
    if team_id is not None:
        pulse.touch(team_id)


# --- As pages show them -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alerts:
    """The open alerts of one HaVip, worst first; `pending`: something may have to be shown in a moment."""

    shown: tuple[Alert, ...] = ()
    pending: bool = False


def is_shown(alert: Alert, now: datetime) -> bool:
    """Tell whether it has lasted long enough."""
    return now - alert.since >= timedelta(seconds=GRACE_SECONDS.get(alert.kind, 0))


def alerts(havip: HaVip) -> Alerts:
    """Return the open alerts of one HaVip, those of its gateway's and nodes' agents among them. One query, beside the bindings."""
    scopes = {scope_of(Role.GATEWAY, havip.vpc.resource_id)}
    nodes = (binding.node for binding in havip.bindings_with_nodes())
    scopes |= {scope_of(Role.NODE, node.resource_id) for node in nodes if node is not None}
    return _open({havip.pk: scopes}).get(havip.pk, Alerts())


def alerts_of(havips: Collection[HaVip]) -> dict[int, Alerts]:
    """Return the open alerts of several HaVips by primary key; the number of queries does not grow with theirs."""
    return _open(_scopes_of(havips))


def _open(scopes: Mapping[int, set[str]]) -> dict[int, Alerts]:
    """Return the open alerts of HaVips by primary key, given the scopes that each depends on."""
    now = timezone.now()
    opened = Alert.objects.filter(
        Q(havip__in=scopes) | Q(scope__in=set().union(*scopes.values()), havip__isnull=True),
        cleared_at__isnull=True,
    ).order_by("-kind", "since")
    by_havip: dict[int, list[Alert]] = {}
    for alert in opened:
        concerned = [alert.havip_id] if alert.havip_id else _having(scopes, alert.scope)
        for pk in concerned:
            by_havip.setdefault(pk, []).append(alert)
    return {
        pk: Alerts(
            shown=tuple(each for each in found if is_shown(each, now)),
            pending=any(not is_shown(each, now) for each in found),
        )
        for pk, found in by_havip.items()
    }


def _having(scopes: Mapping[int, set[str]], scope: str) -> list[int]:
    return [pk for pk, known in scopes.items() if scope in known]


def _scopes_of(havips: Collection[HaVip]) -> dict[int, set[str]]:
    """Return the scopes that each HaVip depends on: its VPC's gateway, and its nodes."""
    rows = HaVip.objects.filter(pk__in=[each.pk for each in havips]).values_list(
        "pk",
        "vpc__resource_id",
        "bindings__instance__resource_id",
        "bindings__interface__instance__resource_id",
    )
    scopes: dict[int, set[str]] = {}
    for pk, vpc, instance, attached in rows.order_by():
        known = scopes.setdefault(pk, {scope_of(Role.GATEWAY, vpc)})
        known |= {scope_of(Role.NODE, each) for each in (instance, attached) if each}
    return scopes

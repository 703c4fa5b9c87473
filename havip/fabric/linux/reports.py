"""Taking in an agent's report: one transaction for the agent, what it saw, and the alerts; then the jobs that waited for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from console import pulse
from havip.fabric.linux import alerts, drilling, holders, waking
from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent, AgentRole, NodeVrrp, WantedState
from havip.fabric.linux.protocol import Report
from havip.models import Binding, BindingState, HaVip

_SIGN_OF_LIFE_SECONDS = 2


class Unknown(Exception):
    """The agent was revoked while it reported."""


def take(agent: Agent, report: Report) -> int:
    """Write a report; return the version that is wanted of the agent now. Raises Unknown."""
    with transaction.atomic():
        held = Agent.objects.select_for_update().filter(pk=agent.pk, revoked_at__isnull=True)
        present = held.first()
        if present is None:
            raise Unknown
        wanted = WantedState.objects.filter(scope=present.scope).values_list("version", flat=True)
        version = wanted.first() or 0
        was_silent = present.last_seen is None or present.last_seen < silent_since(timezone.now())
        advanced = _update(present, report, version)
        saw = _take_in(present, report)
        if advanced and present.role == AgentRole.NODE and report.applied_version == version:
            _forget_unbound(present, report)
        drilled = drilling.note(
            present, report.drills, up_to_date=report.applied_version == version
        )
        if was_silent:
            alerts.clear_silence(present)
        if advanced or drilled:
            waking.wake_jobs(present)
        if (advanced or saw or report.drills) and present.team_id is not None:
            pulse.touch(present.team_id)
    return version


def _update(agent: Agent, report: Report, wanted: int) -> bool:
    """Write what the agent says of itself; return whether that is news.

    A version that we never made counts as none: the agent is on its way from another console's state to ours.
    """
    applied = report.applied_version if report.applied_version <= wanted else 0
    attempted = report.attempted_version if report.attempted_version <= wanted else applied
    fresh = {
        "applied_version": applied,
        "attempted_version": attempted,
        "error": report.error,
        "agent_version": report.software.agent,
        "keepalived_version": report.software.keepalived,
    }
    changed = any(getattr(agent, name) != value for name, value in fresh.items())
    Agent.objects.filter(pk=agent.pk).update(last_seen=timezone.now(), **fresh)
    return changed


def _take_in(agent: Agent, report: Report) -> bool:
    """Write what the agent saw of the HaVips that are its business; what it says of others is passed over."""
    changed = False
    if agent.role == AgentRole.GATEWAY:
        told = {each.havip_id: each for each in report.observations}
        for havip in _locked(told, vpc__resource_id=agent.subject):
            bound = holders.bound_labels(havip)
            changed |= holders.note_sighting(havip, told[havip.resource_id], bound)
            changed |= alerts.examine(havip)
    elif agent.role == AgentRole.NODE:
        said = {each.havip_id: each for each in report.vrrp}
        for havip in _locked(said, pk__in=_bound_to(agent.subject)):
            if holders.note_vrrp(havip, agent.scope, said[havip.resource_id]):
                alerts.examine(havip)
                changed = True
        alerts.after_sign_of_life(agent)
    return changed


def _bound_to(instance_id: str) -> QuerySet[Binding, int]:
    """Return the HaVips, by primary key, that an instance or a card of it is bound to; also one that is just leaving."""
    mine = Q(instance__resource_id=instance_id) | Q(interface__instance__resource_id=instance_id)
    return Binding.objects.filter(mine).values_list("havip_id", flat=True).order_by()


def _forget_unbound(agent: Agent, report: Report) -> None:
    """Let go of a node's states for HaVips that it has no more to do with: its last word on them may have been MASTER."""
    told = [each.havip_id for each in report.vrrp]
    staying = _bound_to(agent.subject).exclude(state=BindingState.UNBINDING)
    gone = NodeVrrp.objects.filter(scope=agent.scope).exclude(havip__resource_id__in=told)
    gone.exclude(havip_id__in=staying).delete()


def _locked(identifiers: Collection[str], **place: Any) -> list[HaVip]:
    """Lock the HaVips that a report names, in the order that everybody locks them in."""
    found = HaVip.objects.filter(resource_id__in=identifiers, **place).select_related("team")
    return list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))


def sign_of_life(agent: Agent) -> None:
    """Note that an agent asked for something; seldom more than once in two seconds, unless it was asked whether it lives."""
    now = timezone.now()
    seen = agent.last_seen
    suspected = alerts.is_suspected(agent)
    if not suspected and seen is not None and seen > now - timedelta(seconds=_SIGN_OF_LIFE_SECONDS):
        return
    with transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(last_seen=now)
        if seen is None or seen < silent_since(now):
            alerts.clear_silence(agent)
        if suspected:
            alerts.after_sign_of_life(agent)

"""The fabric itself: computes what is wanted, and sees whether every agent concerned has done it. Waits for nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from console.sentences import phrase
from havip.fabric.base import (
    Applied,
    DrillAbilities,
    FabricBusy,
    FabricRefused,
    InProgress,
    Observation,
    WantedHaVip,
    WantedNetwork,
)
from havip.fabric.linux import store
from havip.fabric.linux.models import Agent, AgentRole, WantedState
from havip.fabric.linux.protocol import Role, role_of, scope_of
from havip.fabric.linux.words import in_english, labels_of
from havip.models import Binding, BindingState, DrillKind, HaVip, Instance

SILENT_AFTER_SECONDS = 30
"""Three signs of life, and longer than a long poll: an agent that was not heard for so long is silent."""

_RETRY_SECONDS = 2.0
_AT_ONCE_SECONDS = 0.1
REPORTED = gettext_noop("%(agent)s reported: %(error)s")
SILENT = gettext_noop("%(agent)s has not answered since %(time)s.")
NOT_ENROLLED = phrase(gettext_noop("no agent is enrolled as %(agent)s"))
NEVER_HEARD = phrase(gettext_noop("%(agent)s has not answered yet"))
NOT_HEARD = phrase(gettext_noop("%(agent)s has not answered since %(time)s"))

UNTOLD = phrase(gettext_noop("%(agent)s is told now"))


def silent_since(now: datetime) -> datetime:
    """Return the moment before which an agent must not have been heard last."""
    return now - timedelta(seconds=SILENT_AFTER_SECONDS)


class LinuxFabric:
    """Real networking on Linux, by agents that ask for what is wanted and report what they did."""

    name = "linux"
    announces = True

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        """Tell everybody concerned with a HaVip; done when the gateway and every node that runs have applied it.

        The documents are computed from the records, which hold the same as `wanted` and all else of the VPC.
        """
        untold = store.refresh_vpc(wanted.region, wanted.vpc_id).get(wanted.resource_id, set())
        scopes = [scope_of(Role.GATEWAY, wanted.vpc_id)]
        scopes += [scope_of(Role.NODE, instance) for instance in _nodes(wanted)]
        answer = self._judge(wanted.region, scopes)
        if isinstance(answer, Applied) and untold:
            # Those that it waited for have reported since: everybody has what was wanted, but that was not all yet.
            names = labels_of(sorted(untold))
            note = "; ".join(UNTOLD % {"agent": in_english(each, names[each])} for each in names)
            return InProgress(retry_after_seconds=_AT_ONCE_SECONDS, note=note)
        return answer

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        """Tell everybody concerned with a VPC; done when its gateway, and in the lab the host, have applied it."""
        store.refresh_vpc(wanted.region, wanted.vpc_id)
        if wanted.exists:
            return self._judge(wanted.region, [scope_of(Role.GATEWAY, wanted.vpc_id)])
        # In the lab the gateway goes away with its network, and the host says so.
        scopes = [] if store.has_host(wanted.region) else [scope_of(Role.GATEWAY, wanted.vpc_id)]
        answer = self._judge(wanted.region, scopes)
        if isinstance(answer, Applied):
            store.forget_vpc(wanted.vpc_id)
        return answer

    def observe(self, havip_id: str) -> Observation:
        """Say who the gateway saw last; None where it never reported. Raises FabricBusy while the gateway is silent."""
        now = timezone.now()
        havip = HaVip.objects.select_related("vpc").filter(resource_id=havip_id).first()
        if havip is None:
            return Observation(observed_at=now)
        scope = scope_of(Role.GATEWAY, havip.vpc.resource_id)
        agent = Agent.objects.filter(scope=scope, revoked_at__isnull=True).first()
        if agent is not None and agent.last_seen and agent.last_seen < silent_since(now):
            who = in_english(scope, havip.vpc.label)
            raise FabricBusy(SILENT, agent=_capital(who), time=_clock(agent.last_seen))
        if havip.observed_at is None:
            return Observation(observed_at=now)
        return Observation(observed_at=havip.observed_at, holder_id=havip.holder_id)

    def drill_abilities(self, region: str, vpc_id: str = "") -> DrillAbilities:
        """Agents stop keepalived and take links down; stopping instances and asking from outside is the lab's.

        Needed are the VPC's gateway, and in the lab the host.
        """
        gateway = [scope_of(Role.GATEWAY, vpc_id)] if vpc_id else []
        host = scope_of(Role.HOST, region)
        signs = store.signs_of_life(region, gateway)
        kinds = {DrillKind.KEEPALIVED_STOPPED.value, DrillKind.LINK_DOWN.value}
        lab = host in signs
        if lab:
            kinds.add(DrillKind.INSTANCE_STOPPED.value)
        oldest = silent_since(timezone.now())
        silent = []
        for scope in [*gateway, host] if lab else gateway:
            last_seen = signs.get(scope)
            if last_seen is None or last_seen < oldest:
                silent.append(scope)
        return DrillAbilities(frozenset(kinds), lab, tuple(labels_of(silent).values()))

    def _judge(self, region: str, scopes: Iterable[str]) -> Applied | InProgress:
        """See whether the agents of these scopes, and the lab's host, have applied what is stored for them."""
        lab = store.has_host(region)
        concerned = [scope_of(Role.HOST, region)] if lab else []
        concerned += scopes
        versions = dict(
            WantedState.objects.filter(scope__in=concerned).values_list("scope", "version")
        )
        living = Agent.objects.filter(scope__in=concerned, revoked_at__isnull=True)
        agents = {agent.scope: agent for agent in living}
        late = [
            scope
            for scope in concerned
            if scope in versions
            and (scope in agents or lab or role_of(scope) != Role.NODE)
            and (scope not in agents or agents[scope].applied_version < versions[scope])
        ]
        labels = labels_of(late)
        notes = []
        for scope in late:
            agent, who = agents.get(scope), in_english(scope, labels[scope])
            if agent is not None and agent.error and agent.attempted_version == versions[scope]:
                raise FabricRefused(REPORTED, agent=_capital(who), error=agent.error)
            notes.append(_note(agent, who))
        if notes:
            return InProgress(retry_after_seconds=_RETRY_SECONDS, note="; ".join(notes))
        # Who holds an address is written by the gateway's reports: an older word must not overwrite a newer one.
        return Applied(Observation(observed_at=timezone.now()))


def _nodes(wanted: WantedHaVip) -> list[str]:
    """Return the instances whose agents must act: bound ones that run, and one that is being unbound, while it is heard.

    A dead node must not keep anybody from unbinding it: that it cannot use the address any more is the gateway's work.
    """
    bound = {node.instance_id for node in wanted.nodes if node.instance_id}
    leaving = Binding.objects.filter(
        havip__resource_id=wanted.resource_id, state=BindingState.UNBINDING
    ).select_related("instance", "interface__instance")
    left = {binding.node.resource_id for binding in leaving if binding.node is not None} - bound
    heard = Agent.objects.filter(
        role=AgentRole.NODE,
        scope__in=[scope_of(Role.NODE, instance) for instance in left],
        revoked_at__isnull=True,
        last_seen__gte=silent_since(timezone.now()),
    )
    concerned = bound | {agent.subject for agent in heard}
    running = Instance.objects.filter(resource_id__in=concerned, status__in=store.RUNNING)
    return sorted(running.values_list("resource_id", flat=True).order_by())


def _note(agent: Agent | None, who: str) -> str:
    """Return who is awaited, as a part of an English sentence."""
    if agent is None:
        return NOT_ENROLLED % {"agent": who}
    if agent.last_seen is None:
        return NEVER_HEARD % {"agent": who}
    return NOT_HEARD % {"agent": who, "time": _clock(agent.last_seen)}


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.get_default_timezone()):%H:%M:%S}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

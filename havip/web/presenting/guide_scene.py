"""What the guide's steps are read from: the records of one HaVip's surroundings, and what the network shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.teams.principal import Principal
from havip.fabric.directory import fabric_for
from havip.fabric.linux.alerts import alerts
from havip.fabric.linux.fabric import LinuxFabric
from havip.fabric.linux.models import Alert, AlertKind, HolderInterval, HolderReason
from havip.models import (
    Binding,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    Instance,
    InstanceStatus,
    NetworkStatus,
    Vpc,
    VSwitch,
)
from havip.selectors.configurations import NodeAgent, node_agents
from havip.selectors.havips import (
    Capabilities,
    bindings_of,
    capabilities,
    eip_of,
    havips,
    is_in_transition,
)
from havip.selectors.quotas import binding_limits
from havip.web.presenting.havips import is_holder
from havip.web.presenting.links import Links

COMING = (InstanceStatus.PENDING, InstanceStatus.STARTING)
_MOST_CHOICES = 100
_MOST_INSTANCES = 200


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the steps are read from."""

    principal: Principal
    region: str
    links: Links
    havip: HaVip | None
    choices: Sequence[HaVip]
    vswitch: VSwitch | None
    vpc: Vpc | None
    instances: Sequence[Instance]
    free_eip: bool
    can: Capabilities | None
    agents: dict[str, NodeAgent]
    alert: Alert | None
    was_taken_over: bool

    @property
    def by_agents(self) -> bool:
        """Whether agents configure the nodes."""
        return isinstance(fabric_for(self.region), LinuxFabric)

    @property
    def observed(self) -> bool:
        """Whether the region's fabric sees who holds an address."""
        return fabric_for(self.region).announces

    @property
    def bindings(self) -> list[Binding]:
        """The bindings by slot."""
        return bindings_of(self.havip) if self.havip else []

    @property
    def bound(self) -> list[Binding]:
        """Those that are settled."""
        return [each for each in self.bindings if each.state == BindingState.BOUND]

    @property
    def holder(self) -> Binding | None:
        """The binding that the network shows as holder."""
        if self.havip is None:
            return None
        havip = self.havip
        return next((each for each in self.bindings if is_holder(each, havip)), None)

    @property
    def eip(self) -> Eip | None:
        """The EIP that is bound, or being bound or unbound."""
        return eip_of(self.havip) if self.havip else None

    @property
    def running(self) -> list[Instance]:
        """The instances of the vSwitch that run."""
        return [each for each in self.instances if each.status == InstanceStatus.RUNNING]

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that a step waits for."""
        if self.havip is not None and is_in_transition(self.havip):
            return True
        if any(each.status in COMING for each in self.instances):
            return True
        pending = (self.vpc and self.vpc.status, self.vswitch and self.vswitch.status)
        return NetworkStatus.PENDING in pending


def scene(principal: Principal, region: str, links: Links, wanted: str) -> Scene:
    """Read what the guide is about: the HaVip that was chosen, else the one that is furthest."""
    team = principal.team
    choices = list(havips(team, region).order_by("pk")[:_MOST_CHOICES])
    havip = next((each for each in choices if each.resource_id == wanted), None)
    if havip is None and choices:
        havip = max(choices, key=lambda each: (len(bindings_of(each)), eip_of(each) is not None))
    vswitch = havip.vswitch if havip else _best_vswitch(principal, region)
    vpc = vswitch.vpc if vswitch else _newest_vpc(principal, region)
    instances = (
        list(
            Instance.objects.for_team(team)
            .filter(vswitch=vswitch)
            .order_by("name", "pk")[:_MOST_INSTANCES]
        )
        if vswitch
        else []
    )
    members = [each.node.resource_id for each in bindings_of(havip) if each.node] if havip else []
    by_agents = isinstance(fabric_for(region), LinuxFabric)
    free = Eip.objects.for_team(team).in_region(region).filter(status=EipStatus.AVAILABLE)
    return Scene(
        principal=principal,
        region=region,
        links=links,
        havip=havip,
        choices=choices,
        vswitch=vswitch,
        vpc=vpc,
        instances=instances,
        free_eip=free.exists(),
        can=capabilities(havip, principal, binding_limits(team)) if havip else None,
        agents=dict(node_agents(members)) if by_agents and members else {},
        alert=_alert(havip),
        was_taken_over=_was_taken_over(havip),
    )


def _best_vswitch(principal: Principal, region: str) -> VSwitch | None:
    """Return the vSwitch with the most instances; any one where there is none."""
    found = VSwitch.objects.for_team(principal.team).in_region(region).select_related("vpc")
    vswitches = list(found.prefetch_related("instances").order_by("pk")[:_MOST_CHOICES])
    return max(vswitches, key=lambda each: len(each.instances.all()), default=None)


def _newest_vpc(principal: Principal, region: str) -> Vpc | None:
    return Vpc.objects.for_team(principal.team).in_region(region).order_by("-pk").first()


def _alert(havip: HaVip | None) -> Alert | None:
    if havip is None:
        return None
    shown = alerts(havip).shown
    return next((each for each in shown if each.kind != AlertKind.AGENT_SILENT), None)


def _was_taken_over(havip: HaVip | None) -> bool:
    """Tell whether the address has gone from one node to the other before everybody's eyes."""
    if havip is None:
        return False
    reasons = (HolderReason.FAIL_OVER, HolderReason.DRILL, HolderReason.RETURNED)
    seen = HolderInterval.objects.filter(havip=havip, reason__in=reasons)
    return seen.exclude(holder_id="").exists()

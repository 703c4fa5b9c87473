"""X1 to X7: what must hold for a fail-over drill to begin, and for one to be stopped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import Drill, DrillKind, Eip, EipStatus, HaVip, HaVipStatus
from havip.rules.catalogue import numbered

HIGHEST_PORT = 65535

X0_DRILL = Rule(
    "X0",
    code="InvalidDrillId.NotFound",
    message=_("There is no drill %(drill)s of this team in this region."),
    field="drill_id",
    status=HTTPStatus.NOT_FOUND,
)
X1_RECORD = Rule(
    "X1",
    code="OperationDenied.DrillNotSupported",
    message=_(
        "Addresses of this region are recorded here, not announced: there is nothing to drill."
    ),
    remedy=_("Use a region whose network is managed by agents."),
)
X1_KIND = Rule(
    "X1",
    code="OperationDenied.DrillNotSupported",
    message=_(
        "Instances of this region are not started and stopped by us, so none can be stopped."
    ),
    remedy=_("Choose another kind of disturbance."),
    field="kind",
)
X1_UNKNOWN_KIND = Rule(
    "X1",
    code="InvalidParameter.Kind",
    message=_("There is no such kind of drill. Kinds: %(kinds)s."),
    field="kind",
)
X2_STATUS = Rule(
    "X2",
    code="IncorrectHaVipStatus",
    message=_("The HaVip is %(status)s; it must be in use."),
    remedy=_("Bind two instances to it, or wait until its job has ended."),
)
X2_JOB = Rule(
    "X2",
    code="IncorrectHaVipStatus",
    message=_("A job is under way on it, on its EIP, on its nodes or on another HaVip of theirs."),
    remedy=_("Wait until the job has ended."),
)
X3_NO_HOLDER = Rule(
    "X3",
    code="OperationDenied.NoLiveStandby",
    message=_("No bound node is seen holding the address, or more than one."),
    remedy=_("Let exactly one bound node hold it first."),
)
X3_NO_STANDBY = Rule(
    "X3",
    code="OperationDenied.NoLiveStandby",
    message=_(
        "There is no live standby: beside %(holder)s, no bound node runs with keepalived in state BACKUP and an agent that answers."
    ),
    remedy=_("Bind a second instance, start it, and wait until its keepalived is BACKUP."),
)
X3_SILENT = Rule(
    "X3",
    code="OperationDenied.NoLiveStandby",
    message=_(
        "The agent of %(agent)s does not answer, so nothing could be disturbed or brought back."
    ),
    remedy=_("Look at the agents of the region."),
)
X4_DRILL = Rule(
    "X4",
    code="OperationDenied.DrillUnderWay",
    message=_("The drill of %(havip)s is under way in the same VPC."),
    remedy=_("Wait until it has ended, or stop it."),
)
X5_VANTAGE = Rule(
    "X5",
    code="MissingParameter.Vantage",
    message=_("Nobody would ask: choose at least one place to probe from."),
    field="from_inside",
)
X5_EIP = Rule(
    "X5",
    code="InvalidParameter.Vantage",
    message=_("Probing from outside needs an EIP, and none is bound."),
    remedy=_("Bind an EIP first, or probe from inside alone."),
    field="from_outside",
)
X5_OUTSIDE = Rule(
    "X5",
    code="InvalidParameter.Vantage",
    message=_("This region has nobody outside who could probe."),
    remedy=_("Probe from inside."),
    field="from_outside",
)
X5_PORT = Rule(
    "X5",
    code="InvalidParameter.Port",
    message=_("A port is a number from 1 to %(highest)s."),
    field="port",
)
X6_ENDED = Rule(
    "X6",
    code="IncorrectDrillStatus",
    message=_("The drill has ended already (%(status)s)."),
    field="drill_id",
)
X7_OUTAGE = Rule(
    "X7",
    code="OperationDenied.OutageNotAccepted",
    message=_(
        "The node holds other HaVips, too, and nobody would answer at these while it is disturbed: %(havips)s."
    ),
    remedy=_("Say of each of them that it may be so, or let it have a live standby first."),
    field="accept_outage_of",
)


@dataclass(frozen=True, slots=True)
class DrillNode:
    """What is known of a bound node: `runs`, its VRRP `state` ("" unknown), and whether its agent was `heard` lately.

    `locked`: a job works on it.
    """

    resource_id: str
    instance_id: str
    label: str
    runs: bool
    heard: bool
    state: str
    locked: bool = False


class Fate(Enum):
    """What becomes of another HaVip of the disturbed node."""

    MOVES = "moves"
    LOST = "lost"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class OtherHaVip:
    """Another HaVip in which the disturbed node takes part, and what becomes of it meanwhile.

    `node_label` is who answers then, "" for nobody or not known; `same_port`: it also goes when only the link goes down.
    """

    havip_id: str
    label: str
    fate: Fate
    node_label: str
    same_port: bool

    def is_met_by(self, kind: str) -> bool:
        """Tell whether a disturbance of this kind takes its node away from it."""
        return self.same_port or kind != DrillKind.LINK_DOWN


@dataclass(frozen=True, slots=True)
class DrillScene:
    """The facts about a HaVip that decide whether it can be drilled.

    `kinds` are what the region's fabric can do (none: it announces nothing); `outside` whether somebody outside can probe;
    `locked` whether a job works on what the drill would take away; `other` names a HaVip of the VPC whose drill is under way;
    `announcers` are all that were seen last; `silent` names the agents that must answer and do not; `others` are the other HaVips
    of the node that holds it.
    """

    kinds: Collection[str] = ()
    outside: bool = False
    locked: bool = False
    other: str = ""
    announcers: Sequence[str] = ()
    nodes: Sequence[DrillNode] = ()
    silent: Sequence[str] = ()
    others: Sequence[OtherHaVip] = ()

    def holder(self, havip: HaVip) -> DrillNode | None:
        """Return the node that holds the address, if exactly one bound resource is seen doing so."""
        if not havip.holder_id or list(self.announcers) not in ([], [havip.holder_id]):
            return None
        return next((node for node in self.nodes if node.resource_id == havip.holder_id), None)

    def standby(self, holder: DrillNode) -> DrillNode | None:
        """Return the first other node that could take over at once."""
        for node in self.nodes:
            other = node.instance_id and node.instance_id != holder.instance_id
            if other and node.runs and node.heard and node.state == "BACKUP":
                return node
        return None


@dataclass(frozen=True, slots=True)
class DrillWish:
    """What somebody asks for; `kind` None: not chosen yet. `accept_outage_of`: identifiers of HaVips that may be left with nobody."""

    kind: str | None = None
    from_inside: bool = True
    from_outside: bool = False
    port: int = 80
    accept_outage_of: Collection[str] = ()


def x1_region(kinds: Collection[str], kind: str | None) -> None:
    """X1: the region's network announces addresses, and can be disturbed in this way."""
    if not kinds:
        raise X1_RECORD.refuse()
    if kind is not None and kind not in DrillKind.values:
        raise X1_UNKNOWN_KIND.refuse(kinds=", ".join(DrillKind.values))
    if kind is not None and kind not in kinds:
        raise X1_KIND.refuse()


def x2_settled(havip: HaVip, eip: Eip | None, *, locked: bool) -> None:
    """X2: the HaVip is in use, and no job is under way on it."""
    if havip.status != HaVipStatus.IN_USE:
        raise X2_STATUS.refuse(status=str(HaVipStatus(havip.status).label))
    if locked or (eip is not None and eip.status != EipStatus.IN_USE):
        raise X2_JOB.refuse()


def x3_live_standby(havip: HaVip, scene: DrillScene) -> tuple[DrillNode, DrillNode]:
    """X3: exactly one bound node holds the address, and another one could take over at once; return both."""
    holder = scene.holder(havip)
    if holder is None or not holder.instance_id:
        raise X3_NO_HOLDER.refuse()
    standby = scene.standby(holder)
    if standby is None:
        raise X3_NO_STANDBY.refuse(holder=holder.label)
    if not holder.heard:
        raise X3_SILENT.refuse(agent=holder.label)
    if scene.silent:
        raise X3_SILENT.refuse(agent=scene.silent[0])
    return holder, standby


def x4_no_other(other: str) -> None:
    """X4: no other drill is under way in the VPC (`other` names its HaVip): the nodes of one are often those of another."""
    if other:
        raise X4_DRILL.refuse(havip=other)


def x5_probes(wish: DrillWish, eip: Eip | None, *, outside: bool) -> None:
    """X5: somebody asks, at a port that exists; from outside only what has an EIP."""
    if not wish.from_inside and not wish.from_outside:
        raise X5_VANTAGE.refuse()
    if wish.from_outside and eip is None:
        raise X5_EIP.refuse()
    if wish.from_outside and not outside:
        raise X5_OUTSIDE.refuse()
    if not 1 <= wish.port <= HIGHEST_PORT:
        raise X5_PORT.refuse(highest=HIGHEST_PORT)


def x6_under_way(drill: Drill) -> None:
    """X6: only a drill that is under way can be stopped."""
    if not drill.is_under_way:
        raise X6_ENDED.refuse(status=drill.get_status_display())


def left_with_nobody(others: Sequence[OtherHaVip], kind: str) -> list[OtherHaVip]:
    """Return those at whose address nobody answers while the node is disturbed in this way."""
    return [each for each in others if each.fate == Fate.LOST and each.is_met_by(kind)]


def x7_outage_accepted(wish: DrillWish, others: Sequence[OtherHaVip]) -> None:
    """X7: whoever asks knows of every other HaVip that would be left with nobody."""
    lost = left_with_nobody(others, wish.kind) if wish.kind is not None else []
    unknown = [each.label for each in lost if each.havip_id not in wish.accept_outage_of]
    if unknown:
        raise X7_OUTAGE.refuse(havips=", ".join(unknown))


def check_drill(
    havip: HaVip, eip: Eip | None, scene: DrillScene, wish: DrillWish
) -> tuple[DrillNode, DrillNode]:
    """Check X1 to X5 and X7 in this order; return the node to disturb and the standby. Raises Refusal."""
    x1_region(scene.kinds, wish.kind)
    x4_no_other(scene.other)
    x2_settled(havip, eip, locked=scene.locked)
    holder, standby = x3_live_standby(havip, scene)
    x2_settled(havip, eip, locked=standby.locked)
    x5_probes(wish, eip, outside=scene.outside)
    x7_outage_accepted(wish, scene.others)
    return holder, standby


numbered(
    "X1",
    "a drill: the region's network announces addresses and can be disturbed in this way",
    X1_RECORD,
    X1_KIND,
    X1_UNKNOWN_KIND,
)
numbered("X2", "a drill: the HaVip is in use, and no job is under way on it", X2_STATUS, X2_JOB)
numbered(
    "X3",
    "a drill: exactly one bound node holds the address, and another one could take over at once",
    X3_NO_HOLDER,
    X3_NO_STANDBY,
    X3_SILENT,
)
numbered("X4", "a drill: no other drill is under way in the VPC", X4_DRILL)
numbered(
    "X5",
    "a drill is probed from at least one place, from outside only with an EIP, at a port from 1 to 65535",
    X5_VANTAGE,
    X5_EIP,
    X5_OUTSIDE,
    X5_PORT,
)
numbered("X6", "only a drill that is under way can be stopped", X6_ENDED)
numbered(
    "X7",
    "a drill: other HaVips of the node that would be left with nobody are named by who starts it",
    X7_OUTAGE,
)

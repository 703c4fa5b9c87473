"""B1 to B9, E1 to E4 and U1 to U3: binding and unbinding instances, interfaces and EIPs (2-domain)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Refusal, Rule
from havip.models import (
    Binding,
    BindingKind,
    Eip,
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    NetworkInterface,
    NetworkType,
)
from havip.rules.catalogue import first_refusal, numbered

STABLE_STATUSES = (HaVipStatus.AVAILABLE, HaVipStatus.IN_USE)

B1_NETWORK_TYPE = Rule(
    "B1",
    code="IncorrectInstanceNetworkType",
    message=_("%(resource)s is in the classic network; only VPC instances can be bound."),
    remedy=_("Choose an instance of network type VPC."),
    field="resource_id",
)
B2_VSWITCH = Rule(
    "B2",
    code="VSwitchMismatch",
    message=_("%(resource)s is in vSwitch %(other)s; this HaVip is in %(vswitch)s."),
    remedy=_("Choose one in the HaVip's own vSwitch."),
    field="resource_id",
)
B3_SLOTS = Rule(
    "B3",
    code="CountLimitExceeded.HaVipOnECSInstance",
    message=_("At most %(limit)s can be bound to a HaVip, and %(used)s are."),
    remedy=_("Unbind one first."),
    field="resource_id",
)
B4_KIND = Rule(
    "B4",
    code="IncorrectHaVipBindType",
    message=_("This HaVip has %(bound)s bound; the two kinds are never bound at once."),
    remedy=_("Unbind what is bound before you change the kind."),
    field="resource_id",
)
B5_TWICE = Rule(
    "B5",
    code="ResourceAlreadyAssociated",
    message=_("%(resource)s is bound to this HaVip already."),
    remedy=_("Choose another one."),
    field="resource_id",
)
B6_PER_INSTANCE = Rule(
    "B6",
    code="CountLimitExceed.HaVipOnInstance",  # sic: this prefix differs from B3's (6-cloud-api, section 3)
    message=_("%(resource)s has %(used)s of at most %(limit)s HaVips."),
    remedy=_("Unbind one there, choose another instance, or ask for a higher quota."),
    field="resource_id",
)
B7_INTERFACE = Rule(
    "B7",
    code="IncorrectNetworkInterfaceStatus",
    message=_("%(resource)s is not attached to an instance (its status is %(status)s)."),
    remedy=_("Attach it to an instance first."),
    field="resource_id",
)
B8_HAVIP_STATUS = Rule(
    "B8",
    code="IncorrectHaVipStatus",
    message=_("The HaVip is %(status)s: a job is under way on it."),
    remedy=_("Wait until the job has ended."),
)
B9_INSTANCE_STATUS = Rule(
    "B9",
    code="IncorrectInstanceStatus",
    message=_("%(resource)s is %(status)s; it must be Running or Stopped."),
    remedy=_("Wait until it has settled."),
    field="resource_id",
)
NO_RESOURCE = Rule(
    "B0",
    code="InvalidInstanceId.NotFound",
    message=_("There is no %(kind)s %(resource)s of this team in this region."),
    field="resource_id",
    status=HTTPStatus.NOT_FOUND,
)


def _no_havip(code: str) -> Rule:
    return Rule(
        "H1",
        code=code,
        message=_("There is no HaVip %(havip)s of this team in this region."),
        field="havip_id",
        status=HTTPStatus.NOT_FOUND,
    )


NO_HAVIP = _no_havip("InvalidHaVipId.NotFound")
# Where an EIP is bound or unbound, the cloud says it of whatever the EIP is bound to (6-cloud-api, section 3).
NO_HAVIP_TO_BIND = _no_havip("InvalidInstanId.NotFound")  # sic
NO_HAVIP_TO_UNBIND = _no_havip("InvalidInstanceId.NotFound")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance or interface that somebody wants to bind, with the count that B6 needs.

    `havips_on_node` are the HaVips bound to its instance already, directly or through interfaces.
    """

    resource: Instance | NetworkInterface
    havips_on_node: int

    @property
    def kind(self) -> BindingKind:
        """Which kind of binding it would be."""
        return (
            BindingKind.INSTANCE if isinstance(self.resource, Instance) else BindingKind.INTERFACE
        )

    @property
    def node(self) -> Instance | None:
        """The instance that would take part."""
        return self.resource if isinstance(self.resource, Instance) else self.resource.instance


@dataclass(frozen=True, slots=True)
class BindingLimits:
    """The two limits of binding: slots per HaVip (a deployment's setting), HaVips per instance (a quota)."""

    slots: int
    havips_per_instance: int


def b1_network_type(candidate: Candidate) -> None:
    """B1: the instance is of network type `vpc`."""
    node = candidate.node
    if node is not None and node.network_type != NetworkType.VPC:
        raise B1_NETWORK_TYPE.refuse(resource=candidate.resource.label)


def b2_same_vswitch(candidate: Candidate, havip: HaVip) -> None:
    """B2: it is in the HaVip's vSwitch; for an interface its own vSwitch counts."""
    resource = candidate.resource
    if resource.vswitch_id != havip.vswitch_id:
        other = resource.vswitch.label if resource.vswitch else "-"
        raise B2_VSWITCH.refuse(resource=resource.label, other=other, vswitch=havip.vswitch.label)


def b3_free_slot(bindings: Sequence[Binding], limits: BindingLimits) -> None:
    """B3: a HaVip has at most so many bound instances or interfaces."""
    if len(bindings) >= limits.slots:
        raise B3_SLOTS.refuse(limit=limits.slots, used=len(bindings))


def b4_one_kind(candidate_kind: str, bindings: Sequence[Binding]) -> None:
    """B4: never both kinds at once."""
    for binding in bindings:
        if binding.kind != candidate_kind:
            raise B4_KIND.refuse(bound=str(BindingKind(binding.kind).label))


def b5_not_bound_yet(candidate: Candidate, bindings: Sequence[Binding]) -> None:
    """B5: not bound to this HaVip already."""
    for binding in bindings:
        bound = binding.instance_id, binding.interface_id
        resource = candidate.resource
        wanted = (resource.pk, None) if isinstance(resource, Instance) else (None, resource.pk)
        if bound == wanted:
            raise B5_TWICE.refuse(resource=resource.label)


def b6_per_instance(candidate: Candidate, limits: BindingLimits) -> None:
    """B6: HaVips per instance; interfaces count towards the instance that they are attached to."""
    if candidate.havips_on_node >= limits.havips_per_instance:
        node = candidate.node or candidate.resource
        raise B6_PER_INSTANCE.refuse(
            resource=node.label,
            used=candidate.havips_on_node,
            limit=limits.havips_per_instance,
        )


def b7_interface_attached(candidate: Candidate) -> None:
    """B7: primary and secondary interfaces both may be bound, when attached to an instance."""
    resource = candidate.resource
    if isinstance(resource, NetworkInterface) and (
        resource.instance_id is None or resource.status != InterfaceStatus.IN_USE
    ):
        raise B7_INTERFACE.refuse(
            resource=resource.label, status=str(InterfaceStatus(resource.status).label)
        )


def b8_havip_settled(havip: HaVip) -> None:
    """B8 (and E4, U2): the HaVip is Available or InUse, so no other job is under way on it."""
    if havip.status not in STABLE_STATUSES:
        raise B8_HAVIP_STATUS.refuse(status=str(HaVipStatus(havip.status).label))


def b9_instance_settled(candidate: Candidate) -> None:
    """B9: the instance is Running or Stopped."""
    node = candidate.node
    if node is not None and node.status not in (InstanceStatus.RUNNING, InstanceStatus.STOPPED):
        raise B9_INSTANCE_STATUS.refuse(
            resource=node.label, status=str(InstanceStatus(node.status).label)
        )


def check_binding(
    candidate: Candidate, havip: HaVip, bindings: Sequence[Binding], limits: BindingLimits
) -> None:
    """Raise the first refusal of binding this candidate; the HaVip's own state comes first."""
    b8_havip_settled(havip)
    b5_not_bound_yet(candidate, bindings)
    b4_one_kind(candidate.kind, bindings)
    b3_free_slot(bindings, limits)
    b1_network_type(candidate)
    b2_same_vswitch(candidate, havip)
    b7_interface_attached(candidate)
    b9_instance_settled(candidate)
    b6_per_instance(candidate, limits)


def slot_refusal(
    havip: HaVip, bindings: Sequence[Binding], limits: BindingLimits, kind: str | None = None
) -> Refusal | None:
    """Return why nothing (of this kind) can be bound to the HaVip now, whatever the candidate; or None."""

    def check() -> None:
        b8_havip_settled(havip)
        if kind is not None:
            b4_one_kind(kind, bindings)
        b3_free_slot(bindings, limits)

    return first_refusal(check)


numbered("B1", "the instance is of network type vpc", B1_NETWORK_TYPE)
numbered("B2", "it is in the same vSwitch as the HaVip", B2_VSWITCH)
numbered("B3", "at most two bound instances, or two bound interfaces (a setting)", B3_SLOTS)
numbered("B4", "never instances and interfaces at once", B4_KIND)
numbered("B5", "not bound to this HaVip already", B5_TWICE)
numbered(
    "B6",
    "HaVips per instance: at most the quota; interfaces count for their instance",
    B6_PER_INSTANCE,
)
numbered("B7", "an interface must be attached to an instance when it is bound", B7_INTERFACE)
numbered("B8", "the HaVip is Available or InUse", B8_HAVIP_STATUS)
numbered("B9", "the instance is Running or Stopped", B9_INSTANCE_STATUS)

E1_REGION = Rule(
    "E1",
    code="InvalidParameter.Mismatch",
    message=_("%(eip)s is in region %(other)s; this HaVip is in %(region)s."),
    remedy=_("Choose an EIP of the HaVip's region."),
    field="eip_id",
)
E2_STATUS = Rule(
    "E2",
    code="IncorrectEipStatus",
    message=_("%(eip)s is %(status)s; only an available EIP can be bound."),
    remedy=_("Unbind it where it is bound, or choose another one."),
    field="eip_id",
)
E3_ONE = Rule(
    "E3",
    code="InvalidAssociation.Duplicated",
    message=_("This HaVip has the EIP %(eip)s already; it can have one."),
    remedy=_("Unbind that one first."),
    field="eip_id",
)
E4_HAVIP_STATUS = Rule(
    "E4",
    code="IncorrectHaVipStatus",
    message=_("The HaVip is %(status)s: a job is under way on it."),
    remedy=_("Wait until the job has ended."),
)
NO_EIP = Rule(
    "E0",
    code="InvalidAllocationId.NotFound",
    message=_("There is no EIP %(eip)s of this team."),
    field="eip_id",
    status=HTTPStatus.NOT_FOUND,
)


def e1_same_region(eip: Eip, havip: HaVip) -> None:
    """E1: the EIP is in the HaVip's region."""
    if eip.region != havip.region:
        raise E1_REGION.refuse(eip=eip.ip_address, other=eip.region, region=havip.region)


def e2_eip_available(eip: Eip) -> None:
    """E2: the EIP's status is Available."""
    if eip.status != EipStatus.AVAILABLE:
        raise E2_STATUS.refuse(eip=eip.ip_address, status=str(EipStatus(eip.status).label))


def e3_one_eip(bound: Eip | None) -> None:
    """E3: one EIP per HaVip."""
    if bound is not None:
        raise E3_ONE.refuse(eip=bound.ip_address)


def e4_havip_settled(havip: HaVip) -> None:
    """E4: the HaVip is Available or InUse."""
    if havip.status not in STABLE_STATUSES:
        raise E4_HAVIP_STATUS.refuse(status=str(HaVipStatus(havip.status).label))


def check_eip_slot(havip: HaVip, bound: Eip | None) -> None:
    """Raise why no EIP at all can be bound to the HaVip now."""
    e4_havip_settled(havip)
    e3_one_eip(bound)


def check_eip_binding(eip: Eip, havip: HaVip, bound: Eip | None) -> None:
    """Raise the first refusal of binding this EIP."""
    check_eip_slot(havip, bound)
    e1_same_region(eip, havip)
    e2_eip_available(eip)


numbered("E1", "the EIP is in the same region as the HaVip", E1_REGION)
numbered("E2", "the EIP's status is Available", E2_STATUS)
numbered("E3", "one EIP per HaVip", E3_ONE)
numbered("E4", "the HaVip is Available or InUse", E4_HAVIP_STATUS)

U1_NOT_BOUND = Rule(
    "U1",
    code="ResourceNotAssociated",
    message=_("%(resource)s is not bound to this HaVip."),
    remedy=_("Reload the page; somebody may have unbound it already."),
    field="resource_id",
)
U1_NOTHING_BOUND = Rule(
    "U1",
    code="ResourceNotAssociated",
    message=_("Nothing is bound to this HaVip."),
    field="resource_id",
)
U2_HAVIP_STATUS = Rule(
    "U2",
    code="IncorrectHaVipStatus",
    message=_("The HaVip is %(status)s: a job is under way on it."),
    remedy=_("Wait until the job has ended."),
)
U3_HOLDER = Rule(
    "U3",
    code="Forbidden.UnassociateMaster",
    message=_("%(resource)s holds the address now; unbinding it interrupts the service."),
    remedy=_("Confirm that explicitly, or let the standby take over first."),
    field="force",
)


def u1_is_bound(bound: Binding | Eip | None, label: str) -> None:
    """U1: it must be bound."""
    if bound is None:
        raise U1_NOT_BOUND.refuse(resource=label)


def u1_something_bound(bindings: Sequence[Binding]) -> None:
    """U1, asked before anything was chosen: an instance or a network interface must be bound."""
    if not bindings:
        raise U1_NOTHING_BOUND.refuse()


def u2_havip_settled(havip: HaVip) -> None:
    """U2: no other job is under way."""
    if havip.status not in STABLE_STATUSES:
        raise U2_HAVIP_STATUS.refuse(status=str(HaVipStatus(havip.status).label))


def u3_not_the_holder(binding: Binding, havip: HaVip, *, force: bool) -> None:
    """U3: the node that holds the address now is unbound only after an explicit confirmation."""
    if not force and havip.holder_id and havip.holder_id == binding.resource.resource_id:
        raise U3_HOLDER.refuse(resource=binding.resource.label)


numbered("U1", "what is unbound must be bound", U1_NOT_BOUND)
numbered("U2", "no other job is under way on the HaVip", U2_HAVIP_STATUS)
numbered("U3", "the holder is unbound only after an explicit confirmation", U3_HOLDER)

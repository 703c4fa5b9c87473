"""D1 to D5: what must hold for a HaVip to be deleted (2-domain, Deleting)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Refusal, Rule
from havip.models import Binding, BindingKind, Eip, HaVip, HaVipStatus
from havip.rules.catalogue import all_refusals, numbered

D1_EIP = Rule(
    "D1",
    code="DependencyViolation.HaVipAssociatedWithEIP",
    message=_("The EIP %(eip)s is bound to it."),
    remedy=_("Unbind the EIP first."),
)
D2_INSTANCE = Rule(
    "D2",
    code="IncorrectHaVipStatus",
    message=_("Instances are bound to it: %(names)s."),
    remedy=_("Unbind them first."),
)
D3_INTERFACE = Rule(
    "D3",
    code="IncorrectHaVipStatus",
    message=_("Network interfaces are bound to it: %(names)s."),
    remedy=_("Unbind them first."),
)
D4_ROUTE = Rule(
    "D4",
    code="DependencyViolation.HaVipReferedByRouteEntry",  # sic: the cloud's own spelling
    message=_("Route entries that point at it: %(count)s."),
    remedy=_("Delete the route entries first."),
)
D5_JOB = Rule(
    "D5",
    code="IncorrectStatus",
    message=_("A job is under way on it (%(status)s)."),
    remedy=_("Wait until the job has ended."),
)


def d1_no_eip(eip: Eip | None) -> None:
    """D1: no EIP is bound."""
    if eip is not None:
        raise D1_EIP.refuse(eip=eip.ip_address)


def _bound(bindings: Sequence[Binding], kind: BindingKind) -> str:
    return ", ".join(binding.resource.label for binding in bindings if binding.kind == kind)


def d2_no_instance(bindings: Sequence[Binding]) -> None:
    """D2: no instance is bound."""
    if names := _bound(bindings, BindingKind.INSTANCE):
        raise D2_INSTANCE.refuse(names=names)


def d3_no_interface(bindings: Sequence[Binding]) -> None:
    """D3: no network interface is bound."""
    if names := _bound(bindings, BindingKind.INTERFACE):
        raise D3_INTERFACE.refuse(names=names)


def d4_no_route(count: int) -> None:
    """D4: no route entry points at it."""
    if count:
        raise D4_ROUTE.refuse(count=count)


def d5_no_job(havip: HaVip) -> None:
    """D5: no job is under way on it."""
    if havip.status not in (HaVipStatus.AVAILABLE, HaVipStatus.IN_USE):
        raise D5_JOB.refuse(status=str(HaVipStatus(havip.status).label))


def deletion_refusals(
    havip: HaVip, *, bindings: Sequence[Binding], eip: Eip | None, routes: int
) -> list[Refusal]:
    """Return everything that stands in the way of deleting the HaVip; empty when nothing does."""
    return all_refusals(
        lambda: d5_no_job(havip),
        lambda: d1_no_eip(eip),
        lambda: d2_no_instance(bindings),
        lambda: d3_no_interface(bindings),
        lambda: d4_no_route(routes),
    )


numbered("D1", "no EIP is bound", D1_EIP)
numbered("D2", "no instance is bound", D2_INSTANCE)
numbered("D3", "no network interface is bound", D3_INTERFACE)
numbered("D4", "no route entry points at it", D4_ROUTE)
numbered("D5", "no job is under way on it", D5_JOB)

"""Binding and unbinding instances, network interfaces and EIPs."""

from __future__ import annotations

import contextlib

from console.operations.framework import Change, Outcome, current_change, operation
from console.operations.refusal import Rule
from console.teams.principal import Principal
from havip.fabric.linux.documents import virtual_router_ids
from havip.keepalived import VirtualRouterIdsExhausted
from havip.models import (
    Binding,
    BindingKind,
    BindingState,
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    NetworkInterface,
)
from havip.operations.finding import the_eip, the_havip
from havip.operations.settlement import assign, fabric_job, remove, rest
from havip.rules import binding as rules
from havip.selectors.havips import bindings_of, eip_of
from havip.selectors.quotas import binding_limits, havips_on_instance
from havip.selectors.resources import find


@operation("havip.bind_instance")
def bind_instance(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    instance_id: str,
    client_token: str = "",
) -> Outcome:
    """Bind an instance; Associating until its job is done, then InUse. Raises Refusal H1, B0 to B9."""
    return _bind(principal, region, havip_id, BindingKind.INSTANCE, instance_id)


@operation("havip.bind_interface")
def bind_interface(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    interface_id: str,
    client_token: str = "",
) -> Outcome:
    """Bind a network interface; Associating until its job is done, then InUse. Raises Refusal H1, B0 to B9."""
    return _bind(principal, region, havip_id, BindingKind.INTERFACE, interface_id)


@operation("havip.unbind_instance")
def unbind_instance(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    instance_id: str,
    force: bool = False,
    client_token: str = "",
) -> Outcome:
    """Unbind an instance; `force` confirms that it may hold the address now. Raises Refusal H1, U1 to U3."""
    return _unbind(principal, region, havip_id, BindingKind.INSTANCE, instance_id, force=force)


@operation("havip.unbind_interface")
def unbind_interface(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    interface_id: str,
    force: bool = False,
    client_token: str = "",
) -> Outcome:
    """Unbind a network interface; `force` confirms that it may hold the address now. Raises Refusal H1, U1 to U3."""
    return _unbind(principal, region, havip_id, BindingKind.INTERFACE, interface_id, force=force)


def _concerned(change: Change, region: str, havip_id: str, missing: Rule = rules.NO_HAVIP) -> HaVip:
    change.concerns("havip", havip_id, havip_id)
    havip = the_havip(change.team, region, havip_id, missing)
    change.concerns("havip", havip.resource_id, havip.label)
    return havip


def _move(havip: HaVip, status: HaVipStatus) -> None:
    havip.status = status
    havip.save(update_fields=["status"])


def _resource(
    principal: Principal, region: str, kind: BindingKind, resource_id: str
) -> Instance | NetworkInterface:
    resource: Instance | NetworkInterface | None = (
        find(Instance, principal.team, resource_id, region=region)
        if kind == BindingKind.INSTANCE
        else find(NetworkInterface, principal.team, resource_id, region=region)
    )
    if resource is None:
        raise rules.NO_RESOURCE.refuse(kind=str(kind.label), resource=resource_id[:60])
    return resource


def _bind(
    principal: Principal, region: str, havip_id: str, kind: BindingKind, resource_id: str
) -> Outcome:
    change = current_change()
    havip = _concerned(change, region, havip_id)
    resource = _resource(principal, region, kind, resource_id)
    node = resource if isinstance(resource, Instance) else resource.instance
    candidate = rules.Candidate(resource, havips_on_instance(node) if node else 0)
    bindings = bindings_of(havip)
    limits = binding_limits(principal.team)
    rules.check_binding(candidate, havip, bindings, limits)

    taken = {binding.slot for binding in bindings}
    slot = next(number for number in range(1, limits.slots + 1) if number not in taken)
    binding = Binding.objects.create(
        havip=havip,
        slot=slot,
        kind=kind,
        instance=resource if isinstance(resource, Instance) else None,
        interface=resource if isinstance(resource, NetworkInterface) else None,
        created_by=principal.label,
    )
    # Node configurations need the number from now on, whichever fabric serves the region; one that runs out of them says so.
    with contextlib.suppress(VirtualRouterIdsExhausted):
        virtual_router_ids(havip.vpc, [havip])
    change.before = {"status": havip.status}
    _move(havip, HaVipStatus.ASSOCIATING)
    change.after = {
        "status": havip.status,
        "resource": resource.resource_id,
        "resource_label": resource.label,
        "slot": slot,
    }
    change.queue(
        fabric_job(
            change.action,
            havip,
            havips=[havip],
            on_success=[assign(binding, state=BindingState.BOUND), rest(havip)],
            on_failure=[remove(binding), rest(havip)],
        )
    )
    return change.outcome(slot=str(slot))


def _unbind(
    principal: Principal,
    region: str,
    havip_id: str,
    kind: BindingKind,
    resource_id: str,
    *,
    force: bool,
) -> Outcome:
    change = current_change()
    havip = _concerned(change, region, havip_id)
    rules.u2_havip_settled(havip)
    resource = _resource(principal, region, kind, resource_id)
    binding = next(
        (
            binding
            for binding in bindings_of(havip)
            if binding.kind == kind and binding.resource == resource
        ),
        None,
    )
    rules.u1_is_bound(binding, resource.label)
    assert binding is not None  # u1 has refused otherwise
    rules.u3_not_the_holder(binding, havip, force=force)

    change.before = {
        "status": havip.status,
        "resource": resource.resource_id,
        "resource_label": resource.label,
        "slot": binding.slot,
    }
    binding.state = BindingState.UNBINDING
    binding.save(update_fields=["state"])
    _move(havip, HaVipStatus.UNASSOCIATING)
    change.after = {"status": havip.status}
    change.queue(
        fabric_job(
            change.action,
            havip,
            havips=[havip],
            on_success=[remove(binding), rest(havip)],
            on_failure=[assign(binding, state=BindingState.BOUND), rest(havip)],
        )
    )
    return change.outcome()


@operation("havip.bind_eip")
def bind_eip(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    eip_id: str,
    client_token: str = "",
) -> Outcome:
    """Bind an EIP to the HaVip. Raises Refusal H1, E0 to E4."""
    change = current_change()
    havip = _concerned(change, region, havip_id, rules.NO_HAVIP_TO_BIND)
    eip = the_eip(principal.team, eip_id)
    rules.check_eip_binding(eip, havip, eip_of(havip))
    change.before = {"status": havip.status}
    eip.havip = havip
    eip.status = EipStatus.ASSOCIATING
    eip.save(update_fields=["havip", "status"])
    _move(havip, HaVipStatus.ASSOCIATING)
    change.after = {"status": havip.status, "eip": eip.resource_id, "eip_address": eip.ip_address}
    change.queue(
        fabric_job(
            change.action,
            havip,
            havips=[havip],
            also_lock=[eip],
            on_success=[assign(eip, status=EipStatus.IN_USE), rest(havip)],
            on_failure=[assign(eip, status=EipStatus.AVAILABLE, havip=None), rest(havip)],
        )
    )
    return change.outcome()


def _where_bound(change: Change, region: str, eip_id: str) -> str:
    """Return the identifier of the HaVip that an EIP is bound to. Raises Refusal E0, U1."""
    change.concerns("eip", eip_id, eip_id)
    eip = the_eip(change.team, eip_id, region=region)
    rules.u1_is_bound(eip if eip.havip else None, eip.ip_address)
    assert eip.havip is not None  # u1 has refused otherwise
    return eip.havip.resource_id


@operation("havip.unbind_eip")
def unbind_eip(
    *,
    principal: Principal,
    region: str,
    havip_id: str = "",
    eip_id: str,
    client_token: str = "",
) -> Outcome:
    """Unbind the EIP from the HaVip, or from whichever it is bound to where none is named. Raises Refusal H1, E0, U1, U2."""
    change = current_change()
    named = havip_id or _where_bound(change, region, eip_id)
    havip = _concerned(change, region, named, rules.NO_HAVIP_TO_UNBIND)
    eip = the_eip(principal.team, eip_id)
    rules.u2_havip_settled(havip)
    rules.u1_is_bound(eip if eip.havip_id == havip.pk else None, eip.ip_address)
    change.before = {"status": havip.status, "eip": eip.resource_id, "eip_address": eip.ip_address}
    eip.status = EipStatus.UNASSOCIATING
    eip.save(update_fields=["status"])
    _move(havip, HaVipStatus.UNASSOCIATING)
    change.after = {"status": havip.status}
    change.queue(
        fabric_job(
            change.action,
            havip,
            havips=[havip],
            also_lock=[eip],
            on_success=[assign(eip, status=EipStatus.AVAILABLE, havip=None), rest(havip)],
            on_failure=[assign(eip, status=EipStatus.IN_USE), rest(havip)],
        )
    )
    return change.outcome()

"""Creating, starting, stopping and deleting instances."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from console.audit.log import AuditEntry
from console.operations.framework import Change, Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import (
    AddressOwner,
    Binding,
    BindingState,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkType,
    Vpc,
)
from havip.operations.addresses import take_address
from havip.operations.finding import the_instance, the_region, the_vswitch
from havip.operations.settlement import Step, assign, fabric_job, remove, rest
from havip.operations.tags import checked, hang
from havip.rules import inventory, naming
from havip.rules.tags import TagArgument
from havip.selectors.addresses import choose_address


@operation("instance.create")
def create_instance(
    *,
    principal: Principal,
    region: str,
    network_type: str = NetworkType.VPC.value,
    vswitch_id: str = "",
    private_ip: str = "",
    name: str = "",
    description: str = "",
    tags: TagArgument | None = None,
    amount: int = 1,
    client_token: str = "",
) -> Outcome:
    """Create instances with their primary network interfaces; Pending until their one job is done, then Running.

    All of the `amount` (1 to 100) or none. The answer is the first one's; the value `instance_ids` names all of them. One of
    network type `classic` has no vSwitch and no interface. Raises Refusal C2, C4 to C8, G1 to G5, I3, I4, M1,
    M2.
    """
    change = current_change()
    change.concerns("instance", "", name)
    where = the_region(region)
    naming.m1_name(name, "instance")
    naming.m2_description(description, "instance")
    inventory.i3_classic_has_no_vswitch(network_type, vswitch_id, private_ip)
    inventory.i4_amount(amount, private_ip)
    wanted_tags = checked(tags)
    made = [
        _make(
            Instance(
                team=principal.team,
                region=region,
                name=name,
                description=description,
                created_by=principal.label,
                network_type=network_type,
                zone=where.zones[0],
            ),
            principal,
            vswitch_id,
            private_ip,
        )
        for _number in range(amount)
    ]
    instance, interface = made[0]
    change.concerns("instance", instance.resource_id, instance.label)
    change.after = _described(instance)
    for further, _card in made[1:]:
        change.also(
            AuditEntry(
                action="instance.create",
                object_kind="instance",
                object_id=further.resource_id,
                object_label=further.label,
                after=_described(further),
            )
        )
    hang(change, wanted_tags, *(each for each, _card in made))
    cards = [card for _instance, card in made if card]
    change.queue(
        fabric_job(
            "instance.create",
            instance,
            networks=_networks(instance),
            also_lock=[*(further for further, _card in made[1:]), *cards],
            on_success=[
                *(assign(card, status=InterfaceStatus.IN_USE) for card in cards),
                *(assign(each, status=InstanceStatus.RUNNING) for each, _card in made),
            ],
            on_failure=[
                *(remove(card) for card in cards),
                *(remove(each) for each, _card in made),
            ],
        )
    )
    return change.outcome(
        private_ip=str(instance.private_ip or ""),
        interface_id=interface.resource_id if interface else "",
        instance_ids=",".join(each.resource_id for each, _card in made),
    )


def _make(
    instance: Instance, principal: Principal, vswitch_id: str, private_ip: str
) -> tuple[Instance, NetworkInterface | None]:
    """Save a new instance, with its primary interface where its network type has one."""
    if instance.network_type == NetworkType.VPC:
        return instance, _with_primary_interface(instance, principal, vswitch_id, private_ip)
    instance.save()
    return instance, None


def _described(instance: Instance) -> dict[str, str]:
    """Return the plain values of an instance for the audit log."""
    return {
        "name": instance.name,
        "network_type": instance.network_type,
        "private_ip": instance.private_ip or "",
        "vswitch": instance.vswitch.resource_id if instance.vswitch else "",
    }


def _with_primary_interface(
    instance: Instance, principal: Principal, vswitch_id: str, private_ip: str
) -> NetworkInterface:
    """Place the instance into its vSwitch and save it with its primary interface."""
    vswitch = the_vswitch(principal.team, instance.region, vswitch_id)
    address = choose_address(vswitch, private_ip)
    instance.vswitch = vswitch
    instance.zone = vswitch.zone
    instance.private_ip = str(address)
    instance.save()
    interface = NetworkInterface.objects.create(
        team=principal.team,
        region=instance.region,
        created_by=principal.label,
        vswitch=vswitch,
        interface_type=InterfaceType.PRIMARY,
        instance=instance,
        private_ip=str(address),
    )
    take_address(vswitch, address, AddressOwner.INTERFACE, interface=interface)
    return interface


def _networks(instance: Instance) -> Sequence[Vpc]:
    return [instance.vswitch.vpc] if instance.vswitch else []


@operation("instance.start")
def start_instance(
    *, principal: Principal, region: str, instance_id: str, client_token: str = ""
) -> Outcome:
    """Start a stopped instance. Raises Refusal I0, I1."""
    return _power(
        region, instance_id, InstanceStatus.STOPPED, InstanceStatus.STARTING, InstanceStatus.RUNNING
    )


@operation("instance.stop")
def stop_instance(
    *, principal: Principal, region: str, instance_id: str, client_token: str = ""
) -> Outcome:
    """Stop a running instance; its bindings stay. Raises Refusal I0, I1."""
    return _power(
        region, instance_id, InstanceStatus.RUNNING, InstanceStatus.STOPPING, InstanceStatus.STOPPED
    )


def _power(
    region: str,
    instance_id: str,
    wanted: InstanceStatus,
    passing: InstanceStatus,
    final: InstanceStatus,
) -> Outcome:
    change = current_change()
    instance = _concerned(change, region, instance_id)
    inventory.i1_instance_is(instance, wanted)
    change.before = {"status": instance.status}
    instance.status = passing
    instance.save(update_fields=["status"])
    change.after = {"status": instance.status}
    change.queue(
        fabric_job(
            change.action,
            instance,
            networks=_networks(instance),
            on_success=[assign(instance, status=final)],
            on_failure=[assign(instance, status=wanted)],
        )
    )
    return change.outcome()


def _concerned(change: Change, region: str, instance_id: str) -> Instance:
    change.concerns("instance", instance_id, instance_id)
    instance = the_instance(change.team, region, instance_id)
    change.concerns("instance", instance.resource_id, instance.label)
    return instance


@operation("instance.delete")
def delete_instance(
    *,
    principal: Principal,
    region: str,
    instance_id: str,
    force: bool = True,
    client_token: str = "",
) -> Outcome:
    """Delete an instance with its primary interface and their bindings (2-domain F1); secondary interfaces stay.

    Without `force` only a stopped one. Raises Refusal I0, I1, I2.
    """
    change = current_change()
    instance = _concerned(change, region, instance_id)
    allowed = (
        [InstanceStatus.RUNNING, InstanceStatus.STOPPED] if force else [InstanceStatus.STOPPED]
    )
    inventory.i1_instance_is(instance, *allowed)
    cards = list(NetworkInterface.objects.filter(instance=instance))
    for card in cards:
        inventory.w2_interface_is(card, InterfaceStatus.IN_USE)
    bindings = list(
        Binding.objects.filter(
            Q(instance=instance)
            | Q(interface__instance=instance, interface__interface_type=InterfaceType.PRIMARY)
        ).select_related("havip", "instance", "interface")
    )
    change.before = {
        "name": instance.name,
        "private_ip": instance.private_ip or "",
        "status": instance.status,
    }
    unbound, on_success, on_failure = unbind_with_resource(change, bindings)
    on_failure.append(assign(instance, status=instance.status))
    instance.status = InstanceStatus.DELETING
    instance.save(update_fields=["status"])
    for card in cards:
        on_success.append(
            remove(card)
            if card.is_primary
            else assign(card, status=InterfaceStatus.AVAILABLE, instance=None)
        )
    change.queue(
        fabric_job(
            "instance.delete",
            instance,
            networks=_networks(instance),
            havips=unbound,
            also_lock=cards,
            on_success=[*on_success, remove(instance)],
            on_failure=on_failure,
        )
    )
    return change.outcome()


def unbind_with_resource(
    change: Change, bindings: Sequence[Binding]
) -> tuple[list[HaVip], list[Step], list[Step]]:
    """Mark the bindings of a resource that is being deleted as unbinding (2-domain F1, F3), each with its audit event.

    Return the HaVips concerned, and the steps for the job's success and failure. Raises Refusal I2.
    """
    havips = {binding.havip_id: binding.havip for binding in bindings}
    inventory.i2_havips_settled(list(havips.values()))
    for binding in bindings:
        change.also(
            AuditEntry(
                action=(
                    "havip.unbind_instance" if binding.instance_id else "havip.unbind_interface"
                ),
                object_kind="havip",
                object_id=binding.havip.resource_id,
                object_label=binding.havip.label,
                before={"resource": binding.resource.resource_id, "slot": binding.slot},
            )
        )
        binding.state = BindingState.UNBINDING
        binding.save(update_fields=["state"])
    for havip in havips.values():
        havip.status = HaVipStatus.UNASSOCIATING
        havip.save(update_fields=["status"])
    on_success = [remove(binding) for binding in bindings]
    on_failure = [assign(binding, state=BindingState.BOUND) for binding in bindings]
    for havip in havips.values():
        on_success.append(rest(havip))
        on_failure.append(rest(havip))
    return list(havips.values()), on_success, on_failure

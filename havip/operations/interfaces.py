"""Creating, attaching, detaching and deleting secondary network interfaces."""

from __future__ import annotations

from console.operations.framework import Change, Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import (
    AddressOwner,
    Binding,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
)
from havip.operations.addresses import take_address
from havip.operations.finding import the_instance, the_interface, the_region, the_vswitch
from havip.operations.instances import unbind_with_resource
from havip.operations.settlement import assign, fabric_job, remove
from havip.rules import inventory, naming
from havip.selectors.addresses import choose_address


@operation("interface.create")
def create_interface(
    *,
    principal: Principal,
    region: str,
    vswitch_id: str,
    private_ip: str = "",
    name: str = "",
    description: str = "",
    client_token: str = "",
) -> Outcome:
    """Create a secondary network interface, not attached yet. Raises Refusal C2, C4 to C8, M1, M2."""
    change = current_change()
    change.concerns("interface", "", name)
    the_region(region)
    naming.m1_name(name, "interface")
    naming.m2_description(description, "interface")
    vswitch = the_vswitch(principal.team, region, vswitch_id)
    address = choose_address(vswitch, private_ip)
    interface = NetworkInterface.objects.create(
        team=principal.team,
        region=region,
        name=name,
        description=description,
        created_by=principal.label,
        vswitch=vswitch,
        interface_type=InterfaceType.SECONDARY,
        private_ip=str(address),
    )
    take_address(vswitch, address, AddressOwner.INTERFACE, interface=interface)
    change.concerns("interface", interface.resource_id, interface.label)
    change.after = {"name": name, "private_ip": str(address), "vswitch": vswitch.resource_id}
    change.queue(
        fabric_job(
            "interface.create",
            interface,
            networks=[vswitch.vpc],
            on_success=[assign(interface, status=InterfaceStatus.AVAILABLE)],
            on_failure=[remove(interface)],
        )
    )
    return change.outcome(
        private_ip=str(address),
        mac_address=interface.mac_address,
        vpc_id=vswitch.vpc.resource_id,
        zone=vswitch.zone,
    )


def _concerned(change: Change, region: str, interface_id: str) -> NetworkInterface:
    change.concerns("interface", interface_id, interface_id)
    interface = the_interface(change.team, region, interface_id)
    change.concerns("interface", interface.resource_id, interface.label)
    inventory.w1_secondary(interface)
    return interface


@operation("interface.attach")
def attach_interface(
    *,
    principal: Principal,
    region: str,
    interface_id: str,
    instance_id: str,
    client_token: str = "",
) -> Outcome:
    """Attach a secondary interface to an instance of its VPC. Raises Refusal W0 to W3, I0, I1."""
    change = current_change()
    interface = _concerned(change, region, interface_id)
    inventory.w2_interface_is(interface, InterfaceStatus.AVAILABLE)
    instance = the_instance(principal.team, region, instance_id)
    inventory.w3_same_vpc(interface, instance)
    inventory.i1_instance_is(instance, InstanceStatus.RUNNING, InstanceStatus.STOPPED)
    change.before = {"status": interface.status}
    interface.instance = instance
    interface.status = InterfaceStatus.ATTACHING
    interface.save(update_fields=["instance", "status"])
    change.after = {"status": interface.status, "instance": instance.resource_id}
    change.queue(
        fabric_job(
            "interface.attach",
            interface,
            networks=[interface.vswitch.vpc],
            also_lock=[instance],
            on_success=[assign(interface, status=InterfaceStatus.IN_USE)],
            on_failure=[assign(interface, status=InterfaceStatus.AVAILABLE, instance=None)],
        )
    )
    return change.outcome()


@operation("interface.detach")
def detach_interface(
    *,
    principal: Principal,
    region: str,
    interface_id: str,
    instance_id: str = "",
    client_token: str = "",
) -> Outcome:
    """Detach a secondary interface from its instance; its bindings stay (2-domain F2). Raises Refusal W0 to W2.

    A caller who names the instance is refused where it is another one.
    """
    change = current_change()
    interface = _concerned(change, region, interface_id)
    inventory.w2_interface_is(interface, InterfaceStatus.IN_USE)
    instance = interface.instance
    assert instance is not None  # an interface in use has one
    if instance_id and instance.resource_id != instance_id:
        raise inventory.W0_NOT_ATTACHED.refuse(resource=interface.label, instance=instance_id[:60])
    change.before = {"status": interface.status, "instance": instance.resource_id}
    interface.status = InterfaceStatus.DETACHING
    interface.save(update_fields=["status"])
    change.after = {"status": interface.status}
    change.queue(
        fabric_job(
            "interface.detach",
            interface,
            networks=[interface.vswitch.vpc],
            also_lock=[instance],
            on_success=[assign(interface, status=InterfaceStatus.AVAILABLE, instance=None)],
            on_failure=[assign(interface, status=InterfaceStatus.IN_USE)],
        )
    )
    return change.outcome()


@operation("interface.delete")
def delete_interface(
    *, principal: Principal, region: str, interface_id: str, client_token: str = ""
) -> Outcome:
    """Delete a secondary interface with its bindings (2-domain F3). Raises Refusal W0 to W2, I2."""
    change = current_change()
    interface = _concerned(change, region, interface_id)
    inventory.w2_interface_is(interface, InterfaceStatus.AVAILABLE, InterfaceStatus.IN_USE)
    bindings = list(
        Binding.objects.filter(interface=interface).select_related("havip", "interface")
    )
    change.before = {"name": interface.name, "private_ip": str(interface.private_ip)}
    unbound, on_success, on_failure = unbind_with_resource(change, bindings)
    on_failure.append(assign(interface, status=interface.status))
    interface.status = InterfaceStatus.DELETING
    interface.save(update_fields=["status"])
    change.queue(
        fabric_job(
            "interface.delete",
            interface,
            networks=[interface.vswitch.vpc],
            havips=unbound,
            also_lock=[interface.instance] if interface.instance else [],
            on_success=[*on_success, remove(interface)],
            on_failure=on_failure,
        )
    )
    return change.outcome()

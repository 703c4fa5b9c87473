"""What operations do when no rule is broken: the states that they pass through, and how failures put things back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.audit.models import AuditEvent
from console.operations.refusal import Refusal
from console.teams.roles import Role
from havip.models import Binding, Eip, HaVip, NetworkInterface, PrivateAddress, QuotaName
from tests.cast import World, carry_out_jobs, contents, digest, principal
from tests.fabrics import ScriptedFabric


class TestBestPractice:
    """The published case: two instances, one HaVip at .88, one EIP."""

    def test_create(self, world: World) -> None:
        address = {"vswitch_id": world.vswitch, "ip_address": "192.168.0.88"}
        havip = world.act("havip.create", **address).object_id
        assert world.status(havip) == "Creating"
        carry_out_jobs()
        assert world.status(havip) == "Available"
        assert world.get(havip).ip_address == "192.168.0.88"

    def test_bind_both_instances(self, world: World) -> None:
        havip = world.havip()
        for slot, instance in enumerate((world.ecs1, world.ecs2), start=1):
            world.act("havip.bind_instance", havip_id=havip, instance_id=instance)
            assert world.status(havip) == "Associating"
            assert Binding.objects.latest("pk").state == "binding"
            carry_out_jobs()
            binding = Binding.objects.latest("pk")
            assert (binding.slot, binding.state, binding.kind) == (slot, "bound", "EcsInstance")
            assert world.status(havip) == "InUse"

    def test_bind_an_eip(self, world: World) -> None:
        havip = world.havip(world.ecs1)
        world.act("havip.bind_eip", havip_id=havip, eip_id=world.eip1)
        assert (world.status(havip), world.status(world.eip1)) == ("Associating", "Associating")
        carry_out_jobs()
        assert (world.status(havip), world.status(world.eip1)) == ("InUse", "InUse")
        assert world.get(havip).eip.resource_id == world.eip1

    def test_an_eip_alone_leaves_it_available(self, world: World) -> None:
        assert world.status(world.havip(eip=world.eip1)) == "Available"

    def test_take_everything_apart_again(self, world: World) -> None:
        havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1, ip_address="192.168.0.88")
        world.done("havip.unbind_eip", havip_id=havip, eip_id=world.eip1)
        assert world.status(world.eip1) == "Available"
        world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1)
        assert world.status(havip) == "Unassociating"
        carry_out_jobs()
        assert world.status(havip) == "InUse"
        world.unbind(havip, world.ecs2)
        assert world.status(havip) == "Available"
        world.act("havip.delete", havip_id=havip)
        assert world.status(havip) == "Deleting"
        carry_out_jobs()
        assert world.status(havip) == "gone"
        assert not PrivateAddress.objects.filter(owner="havip").exists()
        world.havip(ip_address="192.168.0.88")

    def test_a_freed_slot_is_filled_again(self, world: World) -> None:
        havip = world.havip(world.ecs1, world.ecs2)
        world.unbind(havip, world.ecs1)
        world.bind(havip, world.spare)
        bound = Binding.objects.order_by("slot").values_list("slot", "instance__resource_id")
        assert list(bound) == [(1, world.spare), (2, world.ecs2)]


class TestAccepted:
    """What stands just inside a rule."""

    def test_a_card_in_the_vswitch_of_an_instance_elsewhere_may_be_bound(
        self, world: World
    ) -> None:
        """B2: for an interface its own vSwitch counts."""
        block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24"}
        other = world.done("vswitch.create", **block).object_id
        far = world.done("instance.create", vswitch_id=other).object_id
        world.done("interface.attach", interface_id=world.loose, instance_id=far)
        assert world.status(world.havip(world.loose)) == "InUse"

    def test_a_primary_interface_may_be_bound(self, world: World) -> None:
        primary = NetworkInterface.objects.get(
            instance__name="ecs1", interface_type="Primary"
        ).resource_id
        assert world.status(world.havip(primary, world.card1)) == "InUse"

    def test_a_stopped_instance_may_be_bound(self, world: World) -> None:
        world.done("instance.stop", instance_id=world.ecs1)
        assert world.status(world.havip(world.ecs1)) == "InUse"

    def test_a_classic_instance_has_no_address(self, world: World) -> None:
        classic = world.done("instance.create", network_type="classic").object_id
        assert world.get(classic).private_ip is None

    def test_the_holder_is_unbound_when_that_is_confirmed(self, world: World) -> None:
        havip = world.havip(world.ecs1, world.ecs2)
        HaVip.objects.update(holder_id=world.ecs1)
        world.unbind(havip, world.ecs1, force=True)
        assert world.get(havip).holder_id == ""

    def test_the_standby_is_unbound_without_a_word(self, world: World) -> None:
        havip = world.havip(world.ecs1, world.ecs2)
        HaVip.objects.update(holder_id=world.ecs1)
        world.unbind(havip, world.ecs2)
        assert world.get(havip).holder_id == world.ecs1

    def test_a_released_eip_is_allocated_again(self, world: World) -> None:
        address = world.get(world.eip1).ip_address
        world.act("eip.release", eip_id=world.eip1)
        again = world.act("eip.allocate").object_id
        assert world.get(again).ip_address == address

    def test_a_deployment_may_allow_more_slots(self, world: World) -> None:
        world.settings.HAVIP_BINDING_SLOTS = 3
        world.havip(world.ecs1, world.ecs2, world.spare)
        assert Binding.objects.count() == 3

    def test_a_name_of_128_characters(self, world: World) -> None:
        name, description = "n" * 128, "d" * 256
        havip = world.havip(name=name)
        world.act("havip.modify", havip_id=havip, description=description)
        assert (world.get(havip).name, world.get(havip).description) == (name, description)

    def test_an_empty_vpc_is_deleted_from_the_inside_out(self, world: World) -> None:
        vpc = world.done("vpc.create", cidr_block="10.0.0.0/8").object_id
        inside = world.done("vswitch.create", vpc_id=vpc, cidr_block="10.0.0.0/29").object_id
        world.done("vswitch.delete", vswitch_id=inside)
        world.done("vpc.delete", vpc_id=vpc)
        assert (world.status(inside), world.status(vpc)) == ("gone", "gone")


Arranged = tuple[str, dict[str, Any], str]


def creating(world: World) -> Arranged:
    return "havip.create", {"vswitch_id": world.vswitch}, ""


def deleting(world: World) -> Arranged:
    havip = world.havip()
    return "havip.delete", {"havip_id": havip}, havip


def binding_an_instance(world: World) -> Arranged:
    havip = world.havip()
    return "havip.bind_instance", {"havip_id": havip, "instance_id": world.ecs1}, havip


def binding_a_second_interface(world: World) -> Arranged:
    havip = world.havip(world.card1)
    return "havip.bind_interface", {"havip_id": havip, "interface_id": world.card2}, havip


def unbinding_an_instance(world: World) -> Arranged:
    havip = world.havip(world.ecs1)
    return "havip.unbind_instance", {"havip_id": havip, "instance_id": world.ecs1}, havip


def binding_an_eip(world: World) -> Arranged:
    havip = world.havip(world.ecs1)
    return "havip.bind_eip", {"havip_id": havip, "eip_id": world.eip1}, havip


def unbinding_an_eip(world: World) -> Arranged:
    havip = world.havip(eip=world.eip1)
    return "havip.unbind_eip", {"havip_id": havip, "eip_id": world.eip1}, havip


def deleting_a_bound_instance(world: World) -> Arranged:
    world.havip(world.ecs1, world.ecs2)
    world.havip(world.card1)
    return "instance.delete", {"instance_id": world.ecs1}, world.ecs1


def deleting_a_bound_interface(world: World) -> Arranged:
    world.havip(world.card1, world.card2)
    return "interface.delete", {"interface_id": world.card1}, world.card1


def stopping_an_instance(world: World) -> Arranged:
    return "instance.stop", {"instance_id": world.ecs1}, world.ecs1


def creating_an_instance(world: World) -> Arranged:
    return "instance.create", {"vswitch_id": world.vswitch}, ""


def attaching_an_interface(world: World) -> Arranged:
    arguments = {"interface_id": world.loose, "instance_id": world.spare}
    return "interface.attach", arguments, world.loose


def detaching_an_interface(world: World) -> Arranged:
    return "interface.detach", {"interface_id": world.card1}, world.card1


def creating_a_vswitch(world: World) -> Arranged:
    return "vswitch.create", {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24"}, ""


def creating_a_vpc(world: World) -> Arranged:
    return "vpc.create", {"cidr_block": "10.0.0.0/8"}, ""


def creating_a_route(world: World) -> Arranged:
    havip = world.havip()
    block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8"}
    return "route.create", {**block, "havip_id": havip}, ""


EVERYTHING_THAT_A_JOB_CARRIES_OUT: list[Callable[[World], Arranged]] = [
    creating,
    deleting,
    binding_an_instance,
    binding_a_second_interface,
    unbinding_an_instance,
    binding_an_eip,
    unbinding_an_eip,
    deleting_a_bound_instance,
    deleting_a_bound_interface,
    stopping_an_instance,
    creating_an_instance,
    attaching_an_interface,
    detaching_an_interface,
    creating_a_vswitch,
    creating_a_vpc,
    creating_a_route,
]


def _domain() -> dict[str, Any]:
    """Return the rows of the domain's tables alone."""
    return {name: rows for name, rows in contents().items() if name.startswith("havip_")}


@pytest.mark.parametrize("arrange", EVERYTHING_THAT_A_JOB_CARRIES_OUT)
class TestFailure:
    """A job that fails puts everything back where it was, and says why."""

    def test_everything_is_where_it_was(
        self, world: World, fabric: ScriptedFabric, arrange: Callable[[World], Arranged]
    ) -> None:
        name, arguments, _ = arrange(world)
        before = _domain()
        network = (dict(fabric.havips), dict(fabric.networks))
        world.act(name, **arguments)
        assert _domain() != before
        fabric.refuse()
        (job,) = carry_out_jobs()
        assert _domain() == before
        assert (job.state, job.reason) == ("failed", "The network says no to this.")
        assert not job.locks.exists()
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.result, event.job_id) == (name, "failed", job.resource_id)
        # What the network was told in the end is what it was told before.
        assert {key: fabric.havips.get(key) for key in network[0]} == network[0]
        assert set(fabric.havips) == set(network[0])

    def test_a_retry_does_what_the_first_was_to_do(
        self, world: World, fabric: ScriptedFabric, arrange: Callable[[World], Arranged]
    ) -> None:
        name, arguments, _ = arrange(world)
        fabric.refuse()
        failed = world.done(name, **arguments).job_id
        world.act("job.retry", job_id=failed)
        (job,) = carry_out_jobs()
        assert (job.state, job.kind) == ("succeeded", name)
        assert job.retry_of is not None
        assert job.retry_of.resource_id == failed


class TestPermission:
    """Only those who may operate change anything; every attempt is recorded."""

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
    def test_readers_are_refused(self, world: World, role: Role) -> None:
        before = digest()
        reader = principal(world.team, role)
        with pytest.raises(Refusal) as caught:
            world.act("havip.create", by=reader, vswitch_id=world.vswitch)
        assert (caught.value.number, caught.value.status) == ("A1", 403)
        assert digest() == before
        assert AuditEvent.objects.latest("pk").actor_label == reader.label

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
    def test_only_owners_ask_for_quotas(self, world: World, role: Role) -> None:
        with pytest.raises(Refusal) as caught:
            world.act(
                "quota.request",
                by=principal(world.team, role),
                name=QuotaName.HAVIPS_PER_VPC,
                value=9,
                reason="more",
            )
        assert caught.value.number == "A1"

    def test_a_team_cannot_decide_for_itself(self, world: World) -> None:
        request = {"name": QuotaName.HAVIPS_PER_VPC, "value": 9, "reason": "more"}
        world.act("quota.request", by=world.owner, **request)
        with pytest.raises(Refusal) as caught:
            world.act("quota.decide", by=world.owner, request_pk=1, approve=True)
        assert caught.value.number == "A1"

    @pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
    def test_text_that_no_database_stores_is_refused(self, world: World, name: str) -> None:
        with pytest.raises(Refusal) as caught:
            world.act("havip.create", vswitch_id=world.vswitch, name=name)
        assert (caught.value.number, caught.value.field) == ("A6", "name")

    def test_an_eip_pool_never_gives_an_address_twice(self, world: World) -> None:
        addresses = [world.act("eip.allocate").values["ip_address"] for _ in range(5)]
        taken = list(Eip.objects.values_list("ip_address", flat=True))
        assert len(set(taken)) == len(taken)
        assert set(addresses) <= set(taken)

"""F1 to F3: what follows for bindings from what happens to instances and interfaces; L2 to L7: who raises a limit."""

from __future__ import annotations

import pytest

from console.audit.models import AuditEvent
from console.jobs.models import Job
from console.operations.refusal import Refusal
from havip.models import Binding, NetworkInterface, QuotaName, QuotaRequest
from havip.rules.limits import QUOTA_DEFAULTS
from tests.cast import World, carry_out_jobs
from tests.havip.cases_havips import many_havips


def rule(number: str) -> pytest.MarkDecorator:
    return pytest.mark.rule(number, through="operation")


def _primary(name: str) -> str:
    found = NetworkInterface.objects.get(instance__name=name, interface_type="Primary")
    return found.resource_id


@rule("F1")
class TestDeletedInstance:
    def test_its_binding_is_removed_by_the_same_job(self, world: World) -> None:
        havip = world.havip(world.ecs1, world.ecs2)
        world.act("instance.delete", instance_id=world.ecs1)
        assert world.status(havip) == "Unassociating"
        assert [job.kind for job in carry_out_jobs()] == ["instance.delete"]
        bound = Binding.objects.values_list("instance__resource_id", "state")
        assert list(bound) == [(world.ecs2, "bound")]
        assert (world.status(world.ecs1), world.status(havip)) == ("gone", "InUse")

    def test_the_binding_of_its_primary_interface_is_removed(self, world: World) -> None:
        havip = world.havip(_primary("ecs1"))
        world.done("instance.delete", instance_id=world.ecs1)
        assert not Binding.objects.exists()
        assert world.status(havip) == "Available"

    def test_the_binding_of_its_secondary_interface_stays(self, world: World) -> None:
        havip = world.havip(world.card1)
        world.done("instance.delete", instance_id=world.ecs1)
        assert Binding.objects.get().interface.resource_id == world.card1
        assert (world.status(havip), world.status(world.card1)) == ("InUse", "Available")

    def test_several_havips_lose_it_at_once(self, world: World) -> None:
        one, two = world.havip(world.ecs1), world.havip(world.ecs1, world.ecs2)
        world.done("instance.delete", instance_id=world.ecs1)
        assert (world.status(one), world.status(two)) == ("Available", "InUse")

    def test_it_is_audited_as_caused_by_the_deletion(self, world: World) -> None:
        havip = world.havip(world.ecs1)
        job_id = world.done("instance.delete", instance_id=world.ecs1).job_id
        deletion = AuditEvent.objects.get(action="instance.delete")
        follow_on = AuditEvent.objects.get(action="havip.unbind_instance")
        assert follow_on.object_id == havip
        assert follow_on.cause == f"instance.delete#{deletion.sequence}"
        assert (follow_on.job_id, deletion.job_id) == (job_id, job_id)

    def test_an_interface_unbinding_is_named_so(self, world: World) -> None:
        world.havip(_primary("ecs1"))
        world.done("instance.delete", instance_id=world.ecs1)
        assert AuditEvent.objects.filter(action="havip.unbind_interface").count() == 1


@rule("F2")
class TestDetachedInterface:
    def test_its_binding_stays(self, world: World) -> None:
        havip = world.havip(world.card1)
        world.done("interface.detach", interface_id=world.card1)
        binding = Binding.objects.get()
        assert (binding.state, binding.interface.resource_id) == ("bound", world.card1)
        assert (world.status(world.card1), world.status(havip)) == ("Available", "InUse")
        assert binding.node is None

    def test_it_counts_for_the_instance_that_it_is_attached_to_next(self, world: World) -> None:
        world.havip(world.card1)
        world.done("interface.detach", interface_id=world.card1)
        world.done("interface.attach", interface_id=world.card1, instance_id=world.spare)
        assert Binding.objects.get().node.resource_id == world.spare  # type: ignore[union-attr]


@rule("F3")
class TestDeletedInterface:
    def test_its_binding_is_removed(self, world: World) -> None:
        havip = world.havip(world.card1, world.card2)
        world.done("interface.delete", interface_id=world.card1)
        assert Binding.objects.get().interface.resource_id == world.card2
        assert (world.status(world.card1), world.status(havip)) == ("gone", "InUse")
        event = AuditEvent.objects.get(action="havip.unbind_interface")
        assert event.cause.startswith("interface.delete#")


LIMITS = {
    "L2": QuotaName.HAVIPS_PER_INSTANCE,
    "L5": QuotaName.HAVIPS_PER_TEAM,
    "L6": QuotaName.HAVIPS_PER_VPC,
    "L7": QuotaName.ROUTES_PER_VPC,
}


def _one_more(world: World, name: QuotaName) -> None:
    """Use the quota up to five, then go one beyond."""
    for other in QuotaName:
        if other != name:
            world.raise_quota(other, 20)
    if name == QuotaName.HAVIPS_PER_INSTANCE:
        *five, sixth = many_havips(world, 6)
        for havip in five:
            world.bind(havip, world.ecs1)
        world.bind(sixth, world.ecs1)
    elif name == QuotaName.ROUTES_PER_VPC:
        havip = world.havip()
        for number in range(6):
            block = {"vpc_id": world.vpc, "destination_cidr_block": f"10.{number}.0.0/16"}
            world.done("route.create", **block, havip_id=havip)
    else:
        many_havips(world, 6)


@pytest.mark.parametrize(
    ("number", "name"),
    [pytest.param(number, name, marks=rule(number)) for number, name in LIMITS.items()],
)
class TestRaisedLimits:
    def test_the_default_is_five(self, world: World, number: str, name: QuotaName) -> None:
        assert QUOTA_DEFAULTS[name] == 5
        with pytest.raises(Refusal) as caught:
            _one_more(world, name)
        assert caught.value.parameters["limit"] == 5
        assert caught.value.parameters["used"] == 5

    def test_an_approved_request_raises_it_at_once(
        self, world: World, number: str, name: QuotaName
    ) -> None:
        world.raise_quota(name, 6)
        _one_more(world, name)
        assert not Job.objects.exclude(state="succeeded").exists()

    def test_a_declined_request_changes_nothing(
        self, world: World, number: str, name: QuotaName
    ) -> None:
        world.act("quota.request", by=world.owner, name=name, value=9, reason="more")
        request = QuotaRequest.objects.get(team=world.team, name=name).pk
        world.act("quota.decide", by=world.administrator, request_pk=request, approve=False)
        with pytest.raises(Refusal):
            _one_more(world, name)


@rule("L3")
def test_no_team_can_raise_the_number_of_slots(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        world.act("quota.request", by=world.owner, name="binding_slots", value=3, reason="more")
    assert caught.value.number == "Q0"

"""Many at once, in real threads and real transactions: what must stay true stays true, and nobody gets an error of ours."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from console.audit.models import AuditEvent
from console.audit.verify import verify_all
from console.jobs import lease, runner
from console.jobs.models import Job, JobLock
from console.operations.framework import Outcome
from console.operations.models import IdempotencyRecord
from console.operations.refusal import Refusal
from console.teams.roles import Role
from havip.models import Binding, Eip, HaVip, Instance, NetworkInterface, PrivateAddress, QuotaName
from tests.cast import REGION, Cast, World, carry_out_jobs
from tests.races.conftest import PATIENCE_SECONDS

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

Answer = Outcome | Refusal | Any


def at_once(attempts: list[Callable[[], Any]]) -> list[Answer]:
    """Run every attempt in a thread of its own, let go of all at the same moment; return answers and refusals.

    Anything else that is raised is a mistake of ours and ends the test.
    """
    barrier = threading.Barrier(len(attempts), timeout=PATIENCE_SECONDS)
    answers: list[Answer] = []
    mistakes: list[BaseException] = []

    def run(attempt: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            answers.append(attempt())
        except Refusal as refusal:
            answers.append(refusal)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it again
            mistakes.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if mistakes:
        raise mistakes[0]
    assert len(answers) == len(attempts)
    return answers


def accepted(answers: list[Answer]) -> list[Outcome]:
    return [answer for answer in answers if isinstance(answer, Outcome)]


def refused(answers: list[Answer]) -> Counter[str]:
    return Counter(answer.number for answer in answers if isinstance(answer, Refusal))


def test_100_creates_against_a_quota_of_5(world: World) -> None:
    attempts = AuditEvent.objects.filter(action="havip.create")
    answers = at_once([lambda: world.act("havip.create", vswitch_id=world.vswitch)] * 100)
    assert len(accepted(answers)) == 5
    assert refused(answers) == {"C9": 95}
    assert HaVip.objects.count() == 5
    assert Counter(attempts.values_list("result", flat=True)) == {"succeeded": 5, "refused": 95}
    assert list(verify_all()) == [], "and every one of them is in the chain"


def test_50_bindings_at_once_never_more_than_two_never_mixed(world: World) -> None:
    instances, interfaces = _nodes(world, 25)
    havip = world.havip()

    def bind_and_carry_out(resource: str) -> Outcome:
        kind = "instance" if resource.startswith("i-") else "interface"
        outcome = world.act(f"havip.bind_{kind}", havip_id=havip, **{f"{kind}_id": resource})
        # The job is carried out at once, so that the HaVip is open for the next while others still race.
        runner.run(Job.objects.get(resource_id=outcome.job_id).pk)
        return outcome

    attempts = [
        (lambda resource=resource: bind_and_carry_out(resource))
        for pair in zip(instances, interfaces, strict=True)
        for resource in pair
    ]
    answers = at_once(attempts)
    bindings = list(Binding.objects.filter(havip__resource_id=havip))
    assert 1 <= len(bindings) <= 2
    assert len(bindings) == len(accepted(answers))
    assert len({binding.kind for binding in bindings}) == 1
    assert len({binding.slot for binding in bindings}) == len(bindings)
    assert set(refused(answers)) <= {"B3", "B4", "B8"}
    assert world.status(havip) == "InUse"
    # Both slots can be filled after all.
    while len(bindings) < 2:
        more = instances if bindings[0].kind == "EcsInstance" else interfaces
        world.bind(havip, next(each for each in more if each != bindings[0].resource.resource_id))
        bindings = list(Binding.objects.filter(havip__resource_id=havip))
    assert [binding.slot for binding in bindings] == [1, 2]


def _nodes(world: World, count: int) -> tuple[list[str], list[str]]:
    """Make so many instances, each with a secondary interface, past the operations: only the race matters here."""
    vswitch = world.get(world.vswitch)
    common = {"team": world.team, "region": world.region, "vswitch": vswitch}
    for number in range(count):
        address = f"192.168.0.{100 + number}"
        instance = Instance.objects.create(
            **common, name=f"node{number}", private_ip=address, status="Running"
        )
        NetworkInterface.objects.create(
            **common,
            name=f"node{number}",
            interface_type="Primary",
            instance=instance,
            private_ip=address,
            status="InUse",
        )
        NetworkInterface.objects.create(
            **common,
            name=f"card{number}",
            instance=instance,
            private_ip=f"192.168.0.{150 + number}",
            status="InUse",
        )
    nodes = Instance.objects.filter(name__startswith="node").order_by("pk")
    cards = NetworkInterface.objects.filter(instance__in=nodes, interface_type="Secondary")
    return (
        list(nodes.values_list("resource_id", flat=True)),
        list(cards.order_by("pk").values_list("resource_id", flat=True)),
    )


def test_the_same_address_50_times(world: World) -> None:
    world.raise_quota(QuotaName.HAVIPS_PER_TEAM, 100)
    world.raise_quota(QuotaName.HAVIPS_PER_VPC, 100)
    wanted = {"vswitch_id": world.vswitch, "ip_address": "192.168.0.88"}
    card = {"vswitch_id": world.vswitch, "private_ip": "192.168.0.88"}
    answers = at_once(
        [lambda: world.act("havip.create", **wanted)] * 25
        + [lambda: world.act("interface.create", **card)] * 25
    )
    assert len(accepted(answers)) == 1
    assert refused(answers) == {"C7": 49}
    owners = PrivateAddress.objects.filter(vswitch__resource_id=world.vswitch)
    assert [row.text for row in owners].count("192.168.0.88") == 1


def test_50_times_the_lowest_free_address(world: World) -> None:
    answers = at_once([lambda: world.act("interface.create", vswitch_id=world.vswitch)] * 50)
    given = sorted(
        (outcome.values["private_ip"] for outcome in accepted(answers)),
        key=lambda text: int(text.rpartition(".")[2]),
    )
    assert given == [f"192.168.0.{number}" for number in range(1, 51)]


def test_the_same_token_50_times(world: World) -> None:
    create = lambda: world.act(  # noqa: E731
        "havip.create", vswitch_id=world.vswitch, client_token="once"
    )
    answers = at_once([create] * 50)
    assert all(answer == answers[0] for answer in answers)
    assert isinstance(answers[0], Outcome)
    assert (HaVip.objects.count(), IdempotencyRecord.objects.count()) == (1, 1)
    assert AuditEvent.objects.filter(action="havip.create").count() == 1


def test_50_eips_are_50_addresses(world: World) -> None:
    answers = at_once([lambda: world.act("eip.allocate")] * 50)
    assert len({outcome.values["ip_address"] for outcome in accepted(answers)}) == 50


def test_one_eip_bound_by_many(world: World) -> None:
    havips = [world.havip() for _ in range(5)]
    answers = at_once(
        [
            lambda havip=havip: world.act("havip.bind_eip", havip_id=havip, eip_id=world.eip1)
            for havip in havips * 6
        ]
    )
    assert len(accepted(answers)) == 1
    assert set(refused(answers)) <= {"E2", "E4"}
    assert Eip.objects.filter(havip__isnull=False).count() == 1


def test_deleting_and_binding_at_once(world: World) -> None:
    havip = world.havip()
    delete = lambda: world.act("havip.delete", havip_id=havip)  # noqa: E731
    bind = lambda: world.act(  # noqa: E731
        "havip.bind_instance", havip_id=havip, instance_id=world.ecs1
    )
    answers = at_once([delete, bind] * 15)
    assert len(accepted(answers)) == 1
    carry_out_jobs()
    assert world.status(havip) in ("gone", "InUse")
    assert Binding.objects.exists() == (world.status(havip) == "InUse")


def test_two_teams_at_once(world: World, cast: Cast) -> None:
    other = World(cast.beta, role=Role.OWNER)
    answers = at_once(
        [lambda: world.act("havip.create", vswitch_id=world.vswitch)] * 10
        + [lambda: other.act("havip.create", vswitch_id=other.vswitch)] * 10
    )
    assert refused(answers) == {"C9": 10}
    assert Counter(HaVip.objects.values_list("team__slug", flat=True)) == {"alpha": 5, "beta": 5}
    assert list(verify_all()) == []


class TestJobs:
    def test_one_of_20_workers_claims_a_job(self, world: World) -> None:
        job_id = world.act("havip.create", vswitch_id=world.vswitch).job_id
        pk = Job.objects.get(resource_id=job_id).pk
        claims = at_once([lambda: lease.claim(pk, lease.new_owner())] * 20)
        assert sum(claim is not None for claim in claims) == 1
        assert Job.objects.get(pk=pk).attempt == 1

    def test_a_message_delivered_20_times_has_one_effect(self, world: World) -> None:
        havip = world.havip()
        outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
        pk = Job.objects.get(resource_id=outcome.job_id).pk
        states = at_once([lambda: runner.run(pk)] * 20)
        assert Counter(states) == {None: 19, "succeeded": 1}
        assert world.status(havip) == "InUse"
        assert not JobLock.objects.exists()

    def test_cancelling_while_it_is_carried_out(self, world: World) -> None:
        """Whoever is first: the job ends once, and the records are as its end says."""
        for _ in range(10):
            havip = world.havip()
            outcome = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
            job = Job.objects.get(resource_id=outcome.job_id)
            at_once(
                [
                    lambda pk=job.pk: runner.run(pk),
                    lambda identifier=job.resource_id: world.act("job.cancel", job_id=identifier),
                ]
            )
            job.refresh_from_db()
            assert job.state in ("succeeded", "cancelled")
            assert not job.locks.exists()
            bound = Binding.objects.filter(havip__resource_id=havip).exists()
            assert bound == (job.state == "succeeded")
            assert world.status(havip) == ("InUse" if bound else "Available")
            if bound:
                world.unbind(havip, world.ecs1)
            world.done("havip.delete", havip_id=havip)


class TestPages:
    """The same from browsers: every answer is a page, none is an error."""

    def _browsers(self, cast: Cast, count: int) -> list[Client]:
        browsers = [Client(raise_request_exception=False) for _ in range(count)]
        for browser in browsers:
            browser.force_login(cast.operator, backend="django.contrib.auth.backends.ModelBackend")
        return browsers

    def test_40_forms_against_a_quota_of_5(self, world: World, cast: Cast) -> None:
        address = reverse("web:havip-create", args=["alpha", REGION])
        fields = {"vswitch_id": world.vswitch}
        answers = at_once(
            [
                lambda browser=browser: browser.post(address, fields).status_code
                for browser in self._browsers(cast, 40)
            ]
        )
        assert Counter(answers) == {302: 5, 422: 35}
        assert HaVip.objects.count() == 5
        assert list(verify_all()) == []

    def test_40_forms_that_bind(self, world: World, cast: Cast) -> None:
        instances, interfaces = _nodes(world, 20)
        address = reverse("web:havip-bind", args=["alpha", REGION, world.havip()])
        forms = [{"kind": "EcsInstance", "instance_id": each} for each in instances]
        forms += [{"kind": "NetworkInterface", "interface_id": each} for each in interfaces]
        answers = at_once(
            [
                lambda browser=browser, form=form: browser.post(address, form).status_code
                for browser, form in zip(self._browsers(cast, 40), forms, strict=True)
            ]
        )
        assert Counter(answers) == {302: 1, 422: 39}
        assert Binding.objects.count() == 1

    def test_one_form_sent_40_times(self, world: World, cast: Cast) -> None:
        address = reverse("web:havip-create", args=["alpha", REGION])
        fields = {"vswitch_id": world.vswitch, "client_token": "the-same-form"}
        answers = at_once(
            [
                lambda browser=browser: browser.post(address, fields).status_code
                for browser in self._browsers(cast, 40)
            ]
        )
        assert Counter(answers) == {302: 40}
        assert HaVip.objects.count() == 1


class TestConstraintsAlone:
    """The database holds, even where no operation asks: rows written straight through the models."""

    def _binding(self, havip: HaVip, slot: int, **resource: Any) -> None:
        kind = "EcsInstance" if "instance" in resource else "NetworkInterface"
        with transaction.atomic():
            Binding.objects.create(havip=havip, slot=slot, kind=kind, **resource)

    def test_kinds_never_mix(self, world: World) -> None:
        havip, card = world.get(world.havip(world.ecs1)), world.get(world.card2)
        with pytest.raises(IntegrityError, match="binding_one_kind"):
            self._binding(havip, 2, interface=card)

    def test_kinds_never_mix_by_a_change(self, world: World) -> None:
        one = world.get(world.havip(world.ecs1))
        two = world.get(world.havip(world.card2))
        with pytest.raises(IntegrityError, match="binding_one_kind"), transaction.atomic():
            Binding.objects.filter(havip=two).update(havip=one, slot=2)

    def test_kinds_never_mix_at_the_same_moment(self, world: World) -> None:
        """Each transaction writes before it could see the other's row."""
        havip = world.get(world.havip())
        instance, card = world.get(world.ecs1), world.get(world.card2)
        answers = at_once(
            [
                lambda: _kept_apart(lambda: self._binding(havip, 1, instance=instance)),
                lambda: _kept_apart(lambda: self._binding(havip, 2, interface=card)),
            ]
        )
        assert sorted(answers) == ["refused", "written"]
        assert Binding.objects.filter(havip=havip).count() == 1

    @pytest.mark.parametrize("slot", [0, 11])
    def test_slots_have_numbers_from_1_to_10(self, world: World, slot: int) -> None:
        havip, instance = world.get(world.havip()), world.get(world.ecs1)
        with pytest.raises(IntegrityError):
            self._binding(havip, slot, instance=instance)

    def test_a_slot_is_filled_once(self, world: World) -> None:
        havip, instance = world.get(world.havip(world.ecs1)), world.get(world.ecs2)
        with pytest.raises(IntegrityError):
            self._binding(havip, 1, instance=instance)

    def test_a_resource_is_bound_once(self, world: World) -> None:
        havip, instance = world.get(world.havip(world.ecs1)), world.get(world.ecs1)
        with pytest.raises(IntegrityError):
            self._binding(havip, 2, instance=instance)

    def test_a_binding_has_what_its_kind_says(self, world: World) -> None:
        havip, instance = world.get(world.havip()), world.get(world.ecs1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Binding.objects.create(havip=havip, slot=1, kind="NetworkInterface", instance=instance)

    def test_an_address_has_one_owner(self, world: World) -> None:
        taken = PrivateAddress.objects.filter(owner="interface").first()
        assert taken is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            PrivateAddress.objects.create(
                vswitch=taken.vswitch, address=taken.address, owner="reserved"
            )

    def test_two_havips_never_share_an_address(self, world: World) -> None:
        havip = world.get(world.havip())
        havip.pk, havip.resource_id = None, ""
        with pytest.raises(IntegrityError), transaction.atomic():
            havip.save()

    def test_a_havip_has_one_eip(self, world: World) -> None:
        havip = world.get(world.havip(eip=world.eip1))
        with pytest.raises(IntegrityError), transaction.atomic():
            Eip.objects.filter(resource_id=world.eip2).update(havip=havip, status="InUse")

    def test_an_eip_is_bound_as_its_status_says(self, world: World) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Eip.objects.filter(resource_id=world.eip1).update(status="InUse")

    def test_a_public_address_is_given_once(self, world: World) -> None:
        eip = world.get(world.eip1)
        eip.pk, eip.resource_id = None, ""
        with pytest.raises(IntegrityError), transaction.atomic():
            eip.save()


def _kept_apart(write: Callable[[], None]) -> str:
    try:
        write()
    except IntegrityError:
        return "refused"
    return "written"

"""The state machine's ground: the documented network, jobs that succeed, fail or are cancelled, and the invariants."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from console.audit.verify import verify_all
from console.jobs import runner
from console.jobs.models import Job, JobLock
from console.operations.refusal import Refusal
from havip.fabric.directory import fabric_for
from havip.models import (
    Binding,
    Eip,
    HaVip,
    Instance,
    NetworkInterface,
    PrivateAddress,
    RouteEntry,
    VSwitch,
)
from tests.cast import REGION, World
from tests.fabrics import ScriptedFabric
from tests.havip.machine_model import Card, Limits, Model, Node, Public, Tie

WIDE, NARROW = "wide", "narrow"
SIZES = {WIDE: 256, NARROW: 16}
PREFIXES = {WIDE: "192.168.0.", NARROW: "192.168.1."}
LAST_NUMBERS = st.one_of(
    st.none(), st.none(), st.integers(0, 20), st.sampled_from([88, 209, 253, 254, 255])
)
ANY = st.integers(0, 10_000)


class Ground(RuleBasedStateMachine):
    """What every step stands on: the network, the jobs, and what must hold after each step."""

    world: World
    vswitches: dict[str, str]
    limits = Limits(team=6, vpc=5, node=2, routes=3)
    refusals: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        fabric = fabric_for(REGION)
        assert isinstance(fabric, ScriptedFabric)
        self.fabric = fabric
        fabric.behave()
        self.model = Model(self.limits)
        self.eager = False
        self._begin()

    def _begin(self) -> None:
        """Write the documented network down: it stands in every example."""
        world, model = self.world, self.model
        for name, size in SIZES.items():
            model.free[name] = set(range(1, size - 3))
        for number, name in enumerate(("ecs1", "ecs2", "spare")):
            instance = getattr(world, name)
            model.nodes[instance] = Node(WIDE, "Running")
            self._card(self._primary(instance), WIDE, 209 + number, True, instance)
        for number, (name, owner) in enumerate(
            (("card1", "ecs1"), ("card2", "ecs2"), ("loose", ""))
        ):
            instance = getattr(world, owner) if owner else None
            self._card(getattr(world, name), WIDE, 219 + number, False, instance)
        model.eips = {world.eip1: Public(), world.eip2: Public(), world.far_eip: Public("far")}

    def _card(
        self, card: str, vswitch: str, last: int, primary: bool, instance: str | None
    ) -> None:
        self.model.free[vswitch].remove(last)
        status = "InUse" if instance else "Available"
        address = f"{PREFIXES[vswitch]}{last}"
        self.model.cards[card] = Card(vswitch, address, primary, instance, status)

    @staticmethod
    def _primary(instance: str) -> str:
        found = NetworkInterface.objects.get(
            instance__resource_id=instance, interface_type="Primary"
        )
        return found.resource_id

    def teardown(self) -> None:
        """Run everything to its end, look at it once more, and undo the example."""
        try:
            self.carry_out_everything()
            self.records_are_as_the_model_says()
            assert not JobLock.objects.exists()
            assert not HaVip.objects.exclude(status__in=["Available", "InUse"]).exists()
            assert list(verify_all()) == []
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def attempt(self, operation: str, broken: set[str], **arguments: Any) -> Any:
        """Attempt it: accepted exactly if the model breaks nothing, else refused by one of what it breaks."""
        try:
            outcome = self.world.act(operation, **arguments)
        except Refusal as refusal:
            assert refusal.number in broken, f"{operation}: {refusal}; expected {broken or 'none'}"
            self.refusals[refusal.number] += 1
            return None
        assert not broken, f"{operation} was accepted, but breaks {broken}"
        self.refusals["accepted"] += 1
        return outcome

    @staticmethod
    def pick(things: dict[str, Any], number: int) -> str:
        return list(things)[number % len(things)]

    # Jobs, in any order

    @precondition(lambda self: self.model.work)
    @rule(which=ANY, luck=st.integers(0, 5))
    def carry_out_a_job(self, which: int, luck: int) -> None:
        self.finish(self.pick(self.model.work, which), fails=luck == 0)

    @precondition(lambda self: self.model.work)
    @rule()
    def carry_out_every_job(self) -> None:
        self.carry_out_everything()

    def carry_out_everything(self) -> None:
        while self.model.work:
            self.finish(next(iter(self.model.work)), fails=False)

    @precondition(lambda self: self.model.work)
    @rule(which=ANY)
    def cancel_a_job(self, which: int) -> None:
        job = self.pick(self.model.work, which)
        self.world.act("job.cancel", job_id=job)
        self.model.work.pop(job).fail()

    def finish(self, job: str, *, fails: bool) -> None:
        record = Job.objects.get(resource_id=job)
        told = record.instructions["networks"] or record.instructions["havips"]
        fails = fails and bool(told)
        if fails:
            self.fabric.refuse()
        assert runner.run(record.pk) == ("failed" if fails else "succeeded")
        work = self.model.work.pop(job)
        (work.fail if fails else work.succeed)()

    # What holds after every step

    @invariant()
    def an_eager_worker_leaves_nothing_undone(self) -> None:
        if self.eager:
            self.carry_out_everything()

    @invariant()
    def records_are_as_the_model_says(self) -> None:
        model = self.model
        bindings: dict[str, list[Any]] = {}
        for row in Binding.objects.values_list(
            "havip__resource_id",
            "slot",
            "kind",
            F("instance__resource_id"),
            F("interface__resource_id"),
            "state",
        ):
            havip, slot, kind, instance, interface, state = row
            bindings.setdefault(havip, []).append((slot, kind, instance or interface, state))
        rows = HaVip.objects.values_list("resource_id", "status", "ip_address")
        assert {key: (status, address) for key, status, address in rows} == {
            key: (havip.status, havip.address) for key, havip in model.havips.items()
        }
        assert bindings == {
            key: [(t.slot, t.kind, t.resource, t.state) for t in sorted(havip.ties, key=_slot)]
            for key, havip in model.havips.items()
            if havip.ties
        }
        for ties in bindings.values():
            assert len(ties) <= self.limits.slots
            assert len({kind for _, kind, _, _ in ties}) == 1
        assert dict(Instance.objects.values_list("resource_id", "status")) == {
            key: node.status for key, node in model.nodes.items()
        }
        cards = NetworkInterface.objects.values_list(
            "resource_id", "status", "instance__resource_id", "private_ip"
        )
        assert {key: values for key, *values in cards} == {
            key: [card.status, card.instance, card.address] for key, card in model.cards.items()
        }
        eips = Eip.objects.values_list("resource_id", "status", "havip__resource_id")
        assert {key: values for key, *values in eips} == {
            key: [eip.status, eip.havip] for key, eip in model.eips.items()
        }
        routes = RouteEntry.objects.values_list("resource_id", "status", "havip__resource_id")
        assert {key: values for key, *values in routes} == {
            key: [route.status, route.havip] for key, route in model.routes.items()
        }

    @invariant()
    def every_taken_address_has_one_owner_and_knows_its_neighbour(self) -> None:
        model = self.model
        rows = PrivateAddress.objects.select_related("vswitch", "havip", "interface")
        by_vswitch: dict[int, dict[int, bool]] = {}
        owners: dict[str, str] = {}
        for row in rows:
            flags = by_vswitch.setdefault(row.vswitch_id, {})
            flags[row.address] = row.successor_free
            if owner := row.havip or row.interface:
                owners[f"{row.text}"] = owner.resource_id
        assert owners == {
            thing.address: key for key, thing in (*model.havips.items(), *model.cards.items())
        }
        for vswitch in VSwitch.objects.filter(pk__in=by_vswitch):
            flags = by_vswitch[vswitch.pk]
            last = int(vswitch.network.broadcast_address)
            for number, free in flags.items():
                assert free == (number < last and number + 1 not in flags)

    @invariant()
    def each_havip_has_at_most_one_job_and_moves_only_with_it(self) -> None:
        locks = JobLock.objects.values_list("key", "job__resource_id", "job__state")
        assert Counter(key.partition(":")[2] for key, _, _ in locks) == Counter(
            lock for work in self.model.work.values() for lock in work.locks
        )
        assert {state for _, _, state in locks} <= {"queued"}
        held = {key.partition(":")[2] for key, _, _ in locks if key.startswith("havip:")}
        assert held == {key for key, havip in self.model.havips.items() if not havip.settled}
        assert HaVip.objects.count() <= min(self.limits.team, self.limits.vpc)
        assert RouteEntry.objects.count() <= self.limits.routes


def _slot(tie: Tie) -> int:
    return tie.slot

"""All operations in random order, with jobs that succeed, fail and are cancelled, against the model of the documents."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

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
    QuotaName,
    QuotaOverride,
    RouteEntry,
    VSwitch,
)
from tests.cast import REGION, World
from tests.fabrics import ScriptedFabric
from tests.havip.machine_model import Card, Floating, Limits, Model, Node, Public, Route, Tie

WIDE, NARROW = "wide", "narrow"
SIZES = {WIDE: 256, NARROW: 16}
PREFIXES = {WIDE: "192.168.0.", NARROW: "192.168.1."}
LAST_NUMBERS = st.one_of(
    st.none(), st.none(), st.integers(0, 20), st.sampled_from([88, 209, 253, 254, 255])
)
DESTINATIONS = ["10.0.0.0/8", "172.16.0.0/12", "10.1.0.0/16", "0.0.0.0/0", "192.168.0.0/24"]
ANY = st.integers(0, 10_000)


class HaVipMachine(RuleBasedStateMachine):
    """Beside every step in the console the same step in the model."""

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

    @initialize(havips=st.integers(0, 3), eager=st.booleans())
    def begin(self, havips: int, eager: bool) -> None:
        """Begin with some HaVips; an eager worker carries every job out as soon as it is queued."""
        self.eager = eager
        for _ in range(havips):
            self.create_havip(WIDE, None)
        self._carry_out_everything()

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
            self._carry_out_everything()
            self.records_are_as_the_model_says()
            assert not JobLock.objects.exists()
            assert not HaVip.objects.exclude(status__in=["Available", "InUse"]).exists()
            assert list(verify_all()) == []
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def _try(self, operation: str, broken: set[str], **arguments: Any) -> Any:
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
    def _pick(things: dict[str, Any], number: int) -> str:
        return list(things)[number % len(things)]

    # HaVips

    @rule(where=st.sampled_from([WIDE, WIDE, WIDE, NARROW]), last=LAST_NUMBERS)
    def create_havip(self, where: str, last: int | None) -> None:
        broken = self.model.breaks_create(where, last, SIZES[where])
        address = "" if last is None else f"{PREFIXES[where]}{last}"
        arguments = {"vswitch_id": self.vswitches[where], "ip_address": address}
        outcome = self._try("havip.create", broken, **arguments)
        if outcome is None:
            return
        number = self.model.take(where, last)
        havip = Floating(where, f"{PREFIXES[where]}{number}")
        assert outcome.values["ip_address"] == havip.address
        key = outcome.object_id
        self.model.havips[key] = havip
        self.model.queue(outcome.job_id, [key], havip.rest, lambda: self._lose_havip(key))

    def _lose_havip(self, key: str) -> None:
        havip = self.model.havips.pop(key)
        self.model.release(havip.vswitch, havip.address)

    @precondition(lambda self: self.model.havips)
    @rule(which=ANY)
    def delete_havip(self, which: int) -> None:
        key = self._pick(self.model.havips, which)
        outcome = self._try("havip.delete", self.model.breaks_delete(key), havip_id=key)
        if outcome is not None:
            havip = self.model.havips[key]
            havip.status = "Deleting"
            self.model.queue(outcome.job_id, [key], lambda: self._lose_havip(key), havip.rest)

    @precondition(lambda self: self.model.havips and self.model.nodes and self.model.cards)
    @rule(which=ANY, what=ANY, instance=st.booleans())
    def bind_anything(self, which: int, what: int, instance: bool) -> None:
        self._bind(which, what, instance)

    @precondition(lambda self: any(havip.ties for havip in self.model.havips.values()))
    @precondition(lambda self: self.model.nodes and self.model.cards)
    @rule(which=ANY, what=ANY, instance=st.booleans())
    def bind_beside_another(self, which: int, what: int, instance: bool) -> None:
        tied = [number for number, havip in enumerate(self.model.havips.values()) if havip.ties]
        self._bind(tied[which % len(tied)], what, instance)

    def _bind(self, which: int, what: int, instance: bool) -> None:
        key = self._pick(self.model.havips, which)
        resource = self._pick(self.model.nodes if instance else self.model.cards, what)
        broken = self.model.breaks_bind(key, resource)
        kind = "instance" if instance else "interface"
        arguments = {"havip_id": key, f"{kind}_id": resource}
        outcome = self._try(f"havip.bind_{kind}", broken, **arguments)
        if outcome is None:
            return
        havip = self.model.havips[key]
        slot = next(number for number in (1, 2) if number not in {t.slot for t in havip.ties})
        tie = Tie(slot, "EcsInstance" if instance else "NetworkInterface", resource)
        havip.ties.append(tie)
        havip.status = "Associating"

        def succeed() -> None:
            tie.state = "bound"
            havip.rest()

        self.model.queue(outcome.job_id, [key], succeed, lambda: self._untie(havip, tie))

    @staticmethod
    def _untie(havip: Floating, tie: Tie) -> None:
        havip.ties.remove(tie)
        havip.rest()

    @precondition(lambda self: any(havip.ties for havip in self.model.havips.values()))
    @rule(which=ANY, what=ANY, other=ANY)
    def unbind(self, which: int, what: int, other: int) -> None:
        tied = {key: havip for key, havip in self.model.havips.items() if havip.ties}
        key = self._pick(tied, which)
        havip = tied[key]
        resource = havip.ties[what % len(havip.ties)].resource
        if other % 5 == 0:
            resource = self._pick({**self.model.nodes, **self.model.cards}, other)
        kind = "instance" if resource in self.model.nodes else "interface"
        broken = self.model.breaks_unbind(key, resource)
        arguments = {"havip_id": key, f"{kind}_id": resource}
        outcome = self._try(f"havip.unbind_{kind}", broken, **arguments)
        if outcome is None:
            return
        tie = next(tie for tie in havip.ties if tie.resource == resource)
        tie.state, havip.status = "unbinding", "Unassociating"

        def fail() -> None:
            tie.state = "bound"
            havip.rest()

        self.model.queue(outcome.job_id, [key], lambda: self._untie(havip, tie), fail)

    @precondition(lambda self: self.model.havips)
    @rule(which=ANY, what=ANY, binding=st.booleans())
    def bind_or_unbind_eip(self, which: int, what: int, binding: bool) -> None:
        key = self._pick(self.model.havips, which)
        name = self._pick(self.model.eips, what)
        eip, havip, model = self.model.eips[name], self.model.havips[key], self.model
        if not binding and eip.havip is not None:
            key, havip = eip.havip, model.havips[eip.havip]
        broken = model.breaks_bind_eip(key, name) if binding else model.breaks_unbind_eip(key, name)
        operation = "havip.bind_eip" if binding else "havip.unbind_eip"
        outcome = self._try(operation, broken, havip_id=key, eip_id=name)
        if outcome is None:
            return
        eip.havip = key
        eip.status = havip.status = "Associating" if binding else "Unassociating"

        def bound() -> None:
            eip.status = "InUse"
            havip.rest()

        def free() -> None:
            eip.status, eip.havip = "Available", None
            havip.rest()

        ends = (bound, free) if binding else (free, bound)
        model.queue(outcome.job_id, [key, name], *ends)

    @precondition(lambda self: len(self.model.eips) > 2)
    @rule(what=ANY)
    def release_eip(self, what: int) -> None:
        here = {key: eip for key, eip in self.model.eips.items() if eip.region == "here"}
        name = self._pick(here, what)
        broken = set() if self.model.eips[name].status == "Available" else {"F4"}
        if self._try("eip.release", broken, eip_id=name) is not None:
            del self.model.eips[name]

    @precondition(lambda self: len(self.model.eips) < 4)
    @rule()
    def allocate_eip(self) -> None:
        outcome = self._try("eip.allocate", set())
        self.model.eips[outcome.object_id] = Public()

    # Instances and interfaces

    @precondition(lambda self: len(self.model.nodes) < 6)
    @rule(where=st.sampled_from([WIDE, NARROW, None]), last=LAST_NUMBERS)
    def create_instance(self, where: str | None, last: int | None) -> None:
        model = self.model
        if where is None:
            outcome = self._try("instance.create", set(), network_type="classic")
            node, card = Node(None), None
        else:
            broken = model.breaks_address(where, last, SIZES[where])
            address = "" if last is None else f"{PREFIXES[where]}{last}"
            arguments = {"vswitch_id": self.vswitches[where], "private_ip": address}
            outcome = self._try("instance.create", broken, **arguments)
            if outcome is None:
                return
            number = model.take(where, last)
            node, card = Node(where), outcome.values["interface_id"]
            text = f"{PREFIXES[where]}{number}"
            model.cards[card] = Card(where, text, True, outcome.object_id)
        key = outcome.object_id
        model.nodes[key] = node

        def succeed() -> None:
            node.status = "Running"
            if card is not None:
                model.cards[card].status = "InUse"

        model.queue(outcome.job_id, [key, card], succeed, lambda: self._lose_node(key))

    def _lose_node(self, key: str) -> None:
        del self.model.nodes[key]
        for name, card in list(self.model.cards.items()):
            if card.instance == key and card.primary:
                self._lose_card(name)
            elif card.instance == key:
                card.instance, card.status = None, "Available"

    def _lose_card(self, name: str) -> None:
        card = self.model.cards.pop(name)
        self.model.release(card.vswitch, card.address)

    @precondition(lambda self: self.model.nodes)
    @rule(which=ANY, start=st.booleans())
    def start_or_stop(self, which: int, start: bool) -> None:
        key = self._pick(self.model.nodes, which)
        node = self.model.nodes[key]
        before, while_, after = (
            ("Stopped", "Starting", "Running") if start else ("Running", "Stopping", "Stopped")
        )
        broken = (set() if node.status == before else {"I1"}) | self.model.locked(key)
        name = "instance.start" if start else "instance.stop"
        outcome = self._try(name, broken, instance_id=key)
        if outcome is not None:
            node.status = while_
            set_to = lambda status: lambda: setattr(node, "status", status)  # noqa: E731
            self.model.queue(outcome.job_id, [key], set_to(after), set_to(before))

    @precondition(lambda self: self.model.nodes)
    @rule(which=ANY)
    def delete_instance(self, which: int) -> None:
        key, model = self._pick(self.model.nodes, which), self.model
        outcome = self._try("instance.delete", model.breaks_delete_node(key), instance_id=key)
        if outcome is None:
            return
        node = model.nodes[key]
        before, node.status = node.status, "Deleting"
        havips = [havip for havip, _ in model.ties_that_go(key)]
        cards = [name for name, card in model.cards.items() if card.instance == key]
        unbound, bound_again = model.unbind_along(key)

        def succeed() -> None:
            unbound()
            self._lose_node(key)

        def fail() -> None:
            bound_again()
            node.status = before

        model.queue(outcome.job_id, [key, *havips, *cards], succeed, fail)

    @rule(where=st.sampled_from([WIDE, NARROW]), last=LAST_NUMBERS)
    def create_interface(self, where: str, last: int | None) -> None:
        broken = self.model.breaks_address(where, last, SIZES[where])
        address = "" if last is None else f"{PREFIXES[where]}{last}"
        arguments = {"vswitch_id": self.vswitches[where], "private_ip": address}
        outcome = self._try("interface.create", broken, **arguments)
        if outcome is None:
            return
        key = outcome.object_id
        card = Card(where, f"{PREFIXES[where]}{self.model.take(where, last)}")
        self.model.cards[key] = card
        ready = lambda: setattr(card, "status", "Available")  # noqa: E731
        self.model.queue(outcome.job_id, [key], ready, lambda: self._lose_card(key))

    @precondition(lambda self: self.model.nodes and self.model.cards)
    @rule(what=ANY, where=ANY)
    def attach_interface(self, what: int, where: int) -> None:
        key, node = self._pick(self.model.cards, what), self._pick(self.model.nodes, where)
        broken = self.model.breaks_attach(key, node)
        outcome = self._try("interface.attach", broken, interface_id=key, instance_id=node)
        if outcome is not None:
            self._move_card(outcome.job_id, key, "Attaching", node, attached=True)

    @precondition(lambda self: self.model.cards)
    @rule(what=ANY)
    def detach_interface(self, what: int) -> None:
        key = self._pick(self.model.cards, what)
        broken = self.model.breaks_detach(key)
        outcome = self._try("interface.detach", broken, interface_id=key)
        if outcome is not None:
            node = self.model.cards[key].instance
            self._move_card(outcome.job_id, key, "Detaching", node, attached=False)

    def _move_card(
        self, job: str, key: str, status: str, node: str | None, *, attached: bool
    ) -> None:
        card = self.model.cards[key]
        card.status, card.instance = status, node

        def on() -> None:
            card.status = "InUse"

        def off() -> None:
            card.status, card.instance = "Available", None

        self.model.queue(job, [key, node], *((on, off) if attached else (off, on)))

    @precondition(lambda self: self.model.cards)
    @rule(what=ANY)
    def delete_interface(self, what: int) -> None:
        key, model = self._pick(self.model.cards, what), self.model
        outcome = self._try("interface.delete", model.breaks_delete_card(key), interface_id=key)
        if outcome is None:
            return
        card = model.cards[key]
        before, card.status = card.status, "Deleting"
        havips = [havip for havip, _ in model.ties_that_go(key)]
        unbound, bound_again = model.unbind_along(key)

        def succeed() -> None:
            unbound()
            self._lose_card(key)

        def fail() -> None:
            bound_again()
            card.status = before

        model.queue(outcome.job_id, [key, card.instance, *havips], succeed, fail)

    # Routes

    @precondition(lambda self: self.model.havips)
    @rule(which=ANY, destination=st.sampled_from(DESTINATIONS))
    def create_route(self, which: int, destination: str) -> None:
        key = self._pick(self.model.havips, which)
        broken = self.model.breaks_route(destination, key, ["192.168.0.0/24"])
        arguments = {"vpc_id": self.world.vpc, "destination_cidr_block": destination}
        outcome = self._try("route.create", broken, **arguments, havip_id=key)
        if outcome is None:
            return
        name = outcome.object_id
        route = self.model.routes[name] = Route(destination, key)
        ready = lambda: setattr(route, "status", "Available")  # noqa: E731
        lost = lambda: self.model.routes.__delitem__(name)  # noqa: E731
        self.model.queue(outcome.job_id, [name], ready, lost)

    @precondition(lambda self: self.model.routes)
    @rule(which=ANY)
    def delete_route(self, which: int) -> None:
        name = self._pick(self.model.routes, which)
        route = self.model.routes[name]
        broken = set() if route.status == "Available" else {"N5"}
        outcome = self._try("route.delete", broken, route_id=name)
        if outcome is not None:
            route.status = "Deleting"
            back = lambda: setattr(route, "status", "Available")  # noqa: E731
            lost = lambda: self.model.routes.__delitem__(name)  # noqa: E731
            self.model.queue(outcome.job_id, [name], lost, back)

    # Jobs, in any order

    @precondition(lambda self: self.model.work)
    @rule(which=ANY, luck=st.integers(0, 5))
    def carry_out_a_job(self, which: int, luck: int) -> None:
        self._finish(self._pick(self.model.work, which), fails=luck == 0)

    @precondition(lambda self: self.model.work)
    @rule()
    def carry_out_every_job(self) -> None:
        self._carry_out_everything()

    def _carry_out_everything(self) -> None:
        while self.model.work:
            self._finish(next(iter(self.model.work)), fails=False)

    @precondition(lambda self: self.model.work)
    @rule(which=ANY)
    def cancel_a_job(self, which: int) -> None:
        job = self._pick(self.model.work, which)
        self.world.act("job.cancel", job_id=job)
        self.model.work.pop(job).fail()

    def _finish(self, job: str, *, fails: bool) -> None:
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
            self._carry_out_everything()

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


@pytest.fixture
def machine(world: World, fabric: ScriptedFabric) -> Callable[[int, int], Counter[str]]:
    """Run so many examples of so many steps in Alpha's network; return what was refused how often."""
    HaVipMachine.world = world
    block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/28"}
    narrow = world.done("vswitch.create", **block).object_id
    HaVipMachine.vswitches = {WIDE: world.vswitch, NARROW: narrow}
    HaVipMachine.refusals = Counter()
    limits = HaVipMachine.limits
    for name, value in (
        (QuotaName.HAVIPS_PER_TEAM, limits.team),
        (QuotaName.HAVIPS_PER_VPC, limits.vpc),
        (QuotaName.HAVIPS_PER_INSTANCE, limits.node),
        (QuotaName.ROUTES_PER_VPC, limits.routes),
    ):
        QuotaOverride.objects.create(team=world.team, name=name, value=value)

    def run(examples: int, steps: int) -> Counter[str]:
        run_state_machine_as_test(
            HaVipMachine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        return HaVipMachine.refusals

    return run


def test_a_few_short_runs(machine: Callable[[int, int], Counter[str]]) -> None:
    machine(6 if os.environ.get("HAVIP_FAST") else 15, 25)


MUST_BE_MET = {"accepted", "B2", "B4", "B7", "B8", "C6", "C7", "D1", "D2", "D4", "D5", "E1", "E2"}
MUST_BE_MET |= {"I1", "I2", "R1", "U1", "U2", "W1", "W2"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", [1, 2])
def test_many_long_runs(machine: Callable[[int, int], Counter[str]], part: int) -> None:
    refusals = machine(110, 50)
    assert set(refusals) >= MUST_BE_MET, "the runs must reach the rules"

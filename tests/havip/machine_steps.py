"""The state machine's steps: whatever an operator can do, done in the console and in the model alike."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.havip.machine import ANY, LAST_NUMBERS, NARROW, PREFIXES, SIZES, WIDE, Ground
from tests.havip.machine_model import Card, Floating, Node, Public, Route, Tie

DESTINATIONS = ["10.0.0.0/8", "172.16.0.0/12", "10.1.0.0/16", "0.0.0.0/0", "192.168.0.0/24"]


class HaVipSteps(Ground):
    """HaVips, their bindings, EIPs and route entries."""

    @initialize(havips=st.integers(0, 3), bound=st.integers(0, 4), eager=st.booleans())
    def begin(self, havips: int, bound: int, eager: bool) -> None:
        """Begin with some HaVips, some of them in use; an eager worker carries every job out as soon as it is queued."""
        for _ in range(havips):
            self.create_havip(WIDE, None)
        self.carry_out_everything()
        world, keys = self.world, list(self.model.havips)
        wanted = [(0, world.ecs1), (1, world.card2), (0, world.ecs2), (2, world.ecs1)]
        for number, resource in wanted[:bound]:
            if number < len(keys):
                self.bind(keys[number], resource)
                self.carry_out_everything()
        self.eager = eager

    @rule(where=st.sampled_from([WIDE, WIDE, WIDE, NARROW]), last=LAST_NUMBERS)
    def create_havip(self, where: str, last: int | None) -> None:
        broken = self.model.breaks_create(where, last, SIZES[where])
        address = "" if last is None else f"{PREFIXES[where]}{last}"
        arguments = {"vswitch_id": self.vswitches[where], "ip_address": address}
        outcome = self.attempt("havip.create", broken, **arguments)
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
        key = self.pick(self.model.havips, which)
        outcome = self.attempt("havip.delete", self.model.breaks_delete(key), havip_id=key)
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
        resource = self.pick(self.model.nodes if instance else self.model.cards, what)
        self.bind(self.pick(self.model.havips, which), resource)

    def bind(self, key: str, resource: str) -> None:
        """Bind an instance or an interface."""
        instance = resource in self.model.nodes
        broken = self.model.breaks_bind(key, resource)
        kind = "instance" if instance else "interface"
        arguments = {"havip_id": key, f"{kind}_id": resource}
        outcome = self.attempt(f"havip.bind_{kind}", broken, **arguments)
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
        key = self.pick(tied, which)
        havip = tied[key]
        resource = havip.ties[what % len(havip.ties)].resource
        if other % 5 == 0:
            resource = self.pick({**self.model.nodes, **self.model.cards}, other)
        kind = "instance" if resource in self.model.nodes else "interface"
        broken = self.model.breaks_unbind(key, resource)
        arguments = {"havip_id": key, f"{kind}_id": resource}
        outcome = self.attempt(f"havip.unbind_{kind}", broken, **arguments)
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
        key = self.pick(self.model.havips, which)
        name = self.pick(self.model.eips, what)
        eip, havip, model = self.model.eips[name], self.model.havips[key], self.model
        if not binding and eip.havip is not None:
            key, havip = eip.havip, model.havips[eip.havip]
        broken = model.breaks_bind_eip(key, name) if binding else model.breaks_unbind_eip(key, name)
        operation = "havip.bind_eip" if binding else "havip.unbind_eip"
        outcome = self.attempt(operation, broken, havip_id=key, eip_id=name)
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
        name = self.pick(here, what)
        broken = set() if self.model.eips[name].status == "Available" else {"F4"}
        if self.attempt("eip.release", broken, eip_id=name) is not None:
            del self.model.eips[name]

    @precondition(lambda self: len(self.model.eips) < 4)
    @rule()
    def allocate_eip(self) -> None:
        outcome = self.attempt("eip.allocate", set())
        self.model.eips[outcome.object_id] = Public()

    @precondition(lambda self: self.model.havips)
    @rule(which=ANY, destination=st.sampled_from(DESTINATIONS))
    def create_route(self, which: int, destination: str) -> None:
        key = self.pick(self.model.havips, which)
        broken = self.model.breaks_route(destination, key, ["192.168.0.0/24"])
        arguments = {"vpc_id": self.world.vpc, "destination_cidr_block": destination}
        outcome = self.attempt("route.create", broken, **arguments, havip_id=key)
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
        name = self.pick(self.model.routes, which)
        route = self.model.routes[name]
        broken = set() if route.status == "Available" else {"N5"}
        outcome = self.attempt("route.delete", broken, route_id=name)
        if outcome is not None:
            route.status = "Deleting"
            back = lambda: setattr(route, "status", "Available")  # noqa: E731
            lost = lambda: self.model.routes.__delitem__(name)  # noqa: E731
            self.model.queue(outcome.job_id, [name], lost, back)


class ComputeSteps(Ground):
    """Instances and network interfaces."""

    @precondition(lambda self: len(self.model.nodes) < 6)
    @rule(where=st.sampled_from([WIDE, NARROW, None]), last=LAST_NUMBERS)
    def create_instance(self, where: str | None, last: int | None) -> None:
        model = self.model
        if where is None:
            outcome = self.attempt("instance.create", set(), network_type="classic")
            node, card = Node(None), None
        else:
            broken = model.breaks_address(where, last, SIZES[where])
            address = "" if last is None else f"{PREFIXES[where]}{last}"
            arguments = {"vswitch_id": self.vswitches[where], "private_ip": address}
            outcome = self.attempt("instance.create", broken, **arguments)
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
        key = self.pick(self.model.nodes, which)
        node = self.model.nodes[key]
        before, while_, after = (
            ("Stopped", "Starting", "Running") if start else ("Running", "Stopping", "Stopped")
        )
        broken = (set() if node.status == before else {"I1"}) | self.model.locked(key)
        name = "instance.start" if start else "instance.stop"
        outcome = self.attempt(name, broken, instance_id=key)
        if outcome is not None:
            node.status = while_
            set_to = lambda status: lambda: setattr(node, "status", status)  # noqa: E731
            self.model.queue(outcome.job_id, [key], set_to(after), set_to(before))

    @precondition(lambda self: self.model.nodes)
    @rule(which=ANY)
    def delete_instance(self, which: int) -> None:
        key, model = self.pick(self.model.nodes, which), self.model
        outcome = self.attempt("instance.delete", model.breaks_delete_node(key), instance_id=key)
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
        outcome = self.attempt("interface.create", broken, **arguments)
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
        key, node = self.pick(self.model.cards, what), self.pick(self.model.nodes, where)
        broken = self.model.breaks_attach(key, node)
        outcome = self.attempt("interface.attach", broken, interface_id=key, instance_id=node)
        if outcome is not None:
            self._move_card(outcome.job_id, key, "Attaching", node, attached=True)

    @precondition(lambda self: self.model.cards)
    @rule(what=ANY)
    def detach_interface(self, what: int) -> None:
        key = self.pick(self.model.cards, what)
        broken = self.model.breaks_detach(key)
        outcome = self.attempt("interface.detach", broken, interface_id=key)
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
        key, model = self.pick(self.model.cards, what), self.model
        outcome = self.attempt("interface.delete", model.breaks_delete_card(key), interface_id=key)
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

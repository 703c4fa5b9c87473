"""What every fabric must do, whichever it is: told what is wanted, any number of times, in any order, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from havip.fabric.base import (
    Applied,
    Fabric,
    InProgress,
    Observation,
    WantedHaVip,
    WantedInstance,
    WantedInterface,
    WantedNetwork,
    WantedNode,
    WantedRoute,
    WantedVSwitch,
)
from havip.fabric.directory import fabric_for
from havip.fabric.record import RecordFabric
from havip.fabric.wanted import wanted_havip, wanted_network
from havip.models import DrillKind, HaVip, Vpc
from tests.cast import REGION, World
from tests.fabrics import ScriptedFabric

FABRICS: list[Callable[[], Fabric]] = [RecordFabric, ScriptedFabric]

NODE = WantedNode(
    slot=1,
    kind="EcsInstance",
    resource_id="i-one",
    instance_id="i-one",
    interface_id="eni-one",
    private_ip="192.168.0.209",
    mac_address="02:00:00:00:00:01",
)
HAVIP = WantedHaVip(
    resource_id="havip-one",
    team="alpha",
    region=REGION,
    vpc_id="vpc-one",
    vswitch_id="vsw-one",
    vswitch_cidr_block="192.168.0.0/24",
    ip_address="192.168.0.88",
    exists=True,
    nodes=(NODE,),
    eip_address="203.0.113.1",
)
NETWORK = WantedNetwork(
    vpc_id="vpc-one",
    team="alpha",
    region=REGION,
    cidr_block="192.168.0.0/16",
    exists=True,
    vswitches=(WantedVSwitch("vsw-one", "192.168.0.0/24", "192.168.0.253"),),
    instances=(WantedInstance("i-one", "web", running=True),),
    interfaces=(
        WantedInterface(
            "eni-one", "vsw-one", "192.168.0.209", "02:00:00:00:00:01", "i-one", primary=True
        ),
    ),
    routes=(WantedRoute("rte-one", "10.0.0.0/8", "192.168.0.88"),),
)


@pytest.fixture(params=FABRICS, ids=lambda make: make.__name__)
def a_fabric(request: pytest.FixtureRequest) -> Fabric:
    made: Fabric = request.param()
    return made


def applied(answer: Applied | InProgress) -> Applied:
    assert isinstance(answer, Applied), "a small network without faults is settled at once"
    return answer


class TestContract:
    def test_it_says_what_it_is(self, a_fabric: Fabric) -> None:
        assert a_fabric.name
        assert isinstance(a_fabric.announces, bool)

    def test_it_says_which_drills_it_can_do(self, a_fabric: Fabric) -> None:
        abilities = a_fabric.drill_abilities("dc-one")
        assert abilities.kinds <= set(DrillKind.values)
        assert a_fabric.announces or not (abilities.kinds or abilities.outside)
        assert abilities.silent == ()
        in_vpc = a_fabric.drill_abilities("dc-one", "vpc-none")
        assert (in_vpc.kinds, in_vpc.outside) == (abilities.kinds, abilities.outside)

    def test_it_applies_a_network_and_a_havip(self, a_fabric: Fabric) -> None:
        applied(a_fabric.apply_network(NETWORK))
        applied(a_fabric.apply_havip(HAVIP))

    def test_it_may_be_told_twice(self, a_fabric: Fabric) -> None:
        for _ in range(2):
            applied(a_fabric.apply_network(NETWORK))
            first = applied(a_fabric.apply_havip(HAVIP)).observation.holder_id
            assert applied(a_fabric.apply_havip(HAVIP)).observation.holder_id == first

    def test_it_takes_away_what_it_never_had(self, a_fabric: Fabric) -> None:
        applied(a_fabric.apply_havip(replace(HAVIP, exists=False, nodes=(), eip_address="")))
        gone = replace(NETWORK, exists=False, vswitches=(), instances=(), interfaces=(), routes=())
        applied(a_fabric.apply_network(gone))

    def test_it_takes_away_and_brings_back(self, a_fabric: Fabric) -> None:
        for exists in (True, False, True, False, False):
            applied(a_fabric.apply_havip(replace(HAVIP, exists=exists)))

    def test_nobody_holds_what_nobody_may_announce(self, a_fabric: Fabric) -> None:
        applied(a_fabric.apply_network(NETWORK))
        answer = applied(a_fabric.apply_havip(replace(HAVIP, nodes=())))
        assert not answer.observation.holder_id

    def test_it_observes_in_the_present(self, a_fabric: Fabric) -> None:
        before = timezone.now()
        applied(a_fabric.apply_havip(HAVIP))
        observed = a_fabric.observe(HAVIP.resource_id)
        assert isinstance(observed, Observation)
        assert before <= observed.observed_at <= timezone.now() + timedelta(seconds=1)
        assert observed.holder_id in (None, "", NODE.resource_id)

    def test_it_observes_what_it_does_not_know(self, a_fabric: Fabric) -> None:
        assert not a_fabric.observe("havip-unknown").holder_id

    def test_it_answers_many_workers_at_once(self, a_fabric: Fabric) -> None:
        answers: list[object] = []

        def work(number: int) -> None:
            for _ in range(20):
                wanted = replace(HAVIP, resource_id=f"havip-{number}")
                answers.append(a_fabric.apply_havip(wanted))
                answers.append(a_fabric.apply_network(NETWORK))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 8 * 20 * 2
        assert all(isinstance(answer, Applied) for answer in answers)


class TestScripted:
    """The faults that a test asks for come one by one, and end."""

    def test_faults_come_in_their_order(self, world: World, fabric: ScriptedFabric) -> None:
        from havip.fabric.base import FabricBusy, FabricRefused

        fabric.busy()
        fabric.take_long(3, note="an agent")
        fabric.refuse()
        with pytest.raises(FabricBusy):
            fabric.apply_havip(HAVIP)
        assert fabric.apply_havip(HAVIP) == InProgress(3, "an agent")
        with pytest.raises(FabricRefused):
            fabric.apply_havip(HAVIP)
        applied(fabric.apply_havip(HAVIP))
        assert fabric.havips == {HAVIP.resource_id: HAVIP}

    def test_a_holder_is_kept_with_the_havip(self, world: World, fabric: ScriptedFabric) -> None:
        havip = world.havip()
        fabric.hold(havip, world.ecs1)
        world.bind(havip, world.ecs1)
        record = world.get(havip)
        assert (record.holder_id, record.observed_at is not None) == (world.ecs1, True)

    def test_since_when_only_changes_with_the_holder(
        self, world: World, fabric: ScriptedFabric
    ) -> None:
        havip = world.havip()
        fabric.hold(havip, world.ecs1)
        world.bind(havip, world.ecs1)
        since = world.get(havip).holder_since
        world.bind(havip, world.ecs2)
        assert world.get(havip).holder_since == since
        fabric.hold(havip, world.ecs2)
        world.done("havip.bind_eip", havip_id=havip, eip_id=world.eip1)
        assert world.get(havip).holder_since > since


class TestWanted:
    """From the records to what a fabric is told."""

    def _havip(self, world: World, identifier: str) -> WantedHaVip:
        return wanted_havip(HaVip.objects.get(resource_id=identifier))

    def _network(self, world: World) -> WantedNetwork:
        return wanted_network(Vpc.objects.get(resource_id=world.vpc))

    def test_bound_nodes_with_the_card_that_they_announce_from(self, world: World) -> None:
        wanted = self._havip(world, world.havip(world.ecs1, world.ecs2, eip=world.eip1))
        assert [(node.slot, node.private_ip) for node in wanted.nodes] == [
            (1, "192.168.0.209"),
            (2, "192.168.0.210"),
        ]
        assert all(node.mac_address and node.interface_id for node in wanted.nodes)
        assert wanted.eip_address == world.get(world.eip1).ip_address
        assert (wanted.exists, wanted.team) == (True, "alpha")

    def test_what_is_being_bound_counts_already(self, world: World) -> None:
        havip = world.havip()
        world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
        assert [node.resource_id for node in self._havip(world, havip).nodes] == [world.ecs1]

    def test_what_is_being_unbound_counts_no_more(self, world: World) -> None:
        havip = world.havip(world.ecs1, eip=world.eip1)
        world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1)
        assert self._havip(world, havip).nodes == ()

    def test_an_eip_that_is_being_unbound_counts_no_more(self, world: World) -> None:
        havip = world.havip(eip=world.eip1)
        world.act("havip.unbind_eip", havip_id=havip, eip_id=world.eip1)
        assert self._havip(world, havip).eip_address == ""

    def test_a_havip_that_is_being_deleted_shall_not_exist(self, world: World) -> None:
        havip = world.havip()
        world.act("havip.delete", havip_id=havip)
        assert not self._havip(world, havip).exists

    def test_a_detached_interface_belongs_to_no_instance(self, world: World) -> None:
        world.act("interface.detach", interface_id=world.card1)
        cards = {card.resource_id: card for card in self._network(world).interfaces}
        assert cards[world.card1].instance_id == ""
        assert cards[world.card2].instance_id == world.ecs2

    def test_a_deleted_instance_takes_its_primary_interface_along(self, world: World) -> None:
        world.act("instance.delete", instance_id=world.ecs1)
        wanted = self._network(world)
        assert world.ecs1 not in [instance.resource_id for instance in wanted.instances]
        addresses = {card.private_ip: card.instance_id for card in wanted.interfaces}
        assert "192.168.0.209" not in addresses
        assert addresses["192.168.0.219"] == "", "the secondary card stays, attached to nothing"

    def test_a_stopped_instance_does_not_run(self, world: World) -> None:
        world.act("instance.stop", instance_id=world.ecs1)
        running = {each.resource_id: each.running for each in self._network(world).instances}
        assert running == {world.ecs1: False, world.ecs2: True, world.spare: True}

    def test_routes_lead_to_the_havips_address(self, world: World) -> None:
        havip = world.havip(ip_address="192.168.0.88")
        block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8"}
        world.done("route.create", **block, havip_id=havip)
        (route,) = self._network(world).routes
        assert (route.destination_cidr_block, route.next_hop) == ("10.0.0.0/8", "192.168.0.88")

    def test_the_gateway_is_the_third_last_address(self, world: World) -> None:
        (vswitch,) = self._network(world).vswitches
        assert vswitch.gateway == "192.168.0.253"


class TestDirectory:
    def test_a_region_may_have_its_own_fabric(self, settings: Any) -> None:
        settings.HAVIP_FABRICS = {
            "*": "havip.fabric.record.RecordFabric",
            "dc-one": "tests.fabrics.ScriptedFabric",
        }
        assert isinstance(fabric_for("dc-one"), ScriptedFabric)
        assert isinstance(fabric_for("cn-hangzhou"), RecordFabric)

    def test_a_region_without_one_is_a_mistake_of_the_settings(self, settings: Any) -> None:
        settings.HAVIP_FABRICS = {"dc-one": "havip.fabric.record.RecordFabric"}
        with pytest.raises(ImproperlyConfigured):
            fabric_for("cn-hangzhou")

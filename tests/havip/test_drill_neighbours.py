"""What a drill does to the other HaVips of the node that it disturbs: said beforehand, agreed to, and kept from getting worse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from console.audit.models import AuditEvent
from console.operations.refusal import Refusal
from console.teams.roles import Role
from havip.models import Drill, HaVip, NetworkInterface
from havip.selectors.drill_options import drill_options
from tests.cast import World
from tests.havip.cases_drills import RECORD, wish
from tests.havip.fabric.linux.scripted import ScriptedAgent
from tests.havip.rest.asking import script_of
from tests.havip.web.drilling import text, url, watched

pytestmark = pytest.mark.slow


@dataclass
class Shared:
    """A HaVip that can be drilled, and the agents of its nodes, which take part in others."""

    world: World
    havip: str
    ecs1: ScriptedAgent
    ecs2: ScriptedAgent

    def other(self, *nodes: str, holder: str = "", name: str = "") -> str:
        """Make another HaVip, bound to these."""
        fabrics = self.world.settings.HAVIP_FABRICS
        self.world.settings.HAVIP_FABRICS = {"*": RECORD}
        made = self.world.havip(*nodes, name=name)
        self.world.settings.HAVIP_FABRICS = fabrics
        HaVip.objects.filter(resource_id=made).update(holder_id=holder)
        return made

    def fates(self) -> dict[str, tuple[str, str, bool]]:
        havip = HaVip.objects.get(resource_id=self.havip)
        others = drill_options(havip, self.world.principal).others
        return {o.havip_id: (o.fate.value, o.node_label, o.same_port) for o in others}


@pytest.fixture
def shared(world: World) -> Shared:
    havip = world.havip(world.ecs1, world.ecs2, name="web")
    _gateway, ecs1, ecs2 = watched(world, havip, world.ecs1, world.ecs2)
    return Shared(world, havip, ecs1, ecs2)


def test_what_becomes_of_each(shared: Shared) -> None:
    world = shared.world
    moves = shared.other(world.ecs1, world.ecs2, holder=world.ecs1)
    shared.ecs2.is_in(moves, "BACKUP")
    lost = shared.other(world.ecs1, world.ecs2, holder=world.ecs1)
    stays = shared.other(world.ecs1, world.ecs2, holder=world.ecs2)
    unknown = shared.other(world.ecs1, world.ecs2)
    assert shared.fates() == {
        moves: ("moves", "ecs2", True),
        lost: ("lost", "", True),
        stays: ("stays", "ecs2", True),
        unknown: ("stays", "", True),
    }
    shared.ecs1.is_in(unknown, "MASTER")
    assert shared.fates()[unknown] == ("lost", "", True)


def test_a_card_of_its_own_stays_up_when_a_link_goes_down(shared: Shared) -> None:
    world = shared.world
    world.settings.HAVIP_FABRICS = {"*": RECORD}
    card = world.done("interface.create", vswitch_id=world.vswitch).object_id
    world.done("interface.attach", interface_id=card, instance_id=world.ecs1)
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.linux.fabric.LinuxFabric"}
    primary = NetworkInterface.objects.get(
        instance__resource_id=world.ecs1, interface_type="Primary"
    ).resource_id
    by_card = shared.other(card, holder=card)
    by_primary = shared.other(primary, holder=primary)
    assert shared.fates() == {by_card: ("lost", "", False), by_primary: ("lost", "", True)}
    arguments = {**wish(), "accept_outage_of": [by_primary], "havip_id": shared.havip}
    with pytest.raises(Refusal) as caught:
        world.act("havip.drill", **{**arguments, "kind": "keepalived_stopped"})
    assert caught.value.number == "X7"
    world.act("havip.drill", **arguments)


def test_the_dialog_warns_and_asks(operator_client: Client, shared: Shared) -> None:
    world = shared.world
    moves = shared.other(world.ecs1, world.ecs2, holder=world.ecs1, name="mail")
    shared.ecs2.is_in(moves, "BACKUP")
    lost = shared.other(world.ecs1, holder=world.ecs1, name="ftp")
    start = url("drill-start", shared.havip)
    dialog = text(operator_client.get(start))
    assert "moves to ecs2." in dialog.split("mail (")[1]
    assert "Nobody answers at ftp (" in dialog
    assert dialog.count('name="accept_outage_of"') == 1
    sent = {"kind": "link_down", "from_inside": "on", "port": "80"}
    refused = text(operator_client.post(start, sent), 422)
    assert 'id="id_accept_outage_of-error"' in refused
    assert f'value="{lost}">' in refused
    sent["accept_outage_of"] = lost
    assert f'value="{lost}" checked>' in text(
        operator_client.post(start, sent | {"port": "0"}), 422
    )
    assert operator_client.post(start, sent).status_code == 302
    event = AuditEvent.objects.filter(action="havip.drill", result="succeeded").latest("pk")
    assert "ftp" in event.after["without_anybody"]


def test_a_script_is_told_and_says_so(shared: Shared) -> None:
    world = shared.world
    lost = shared.other(world.ecs1, holder=world.ecs1, name="ftp")
    script = script_of(world.team, Role.OPERATOR)
    (other,) = script.ask("GET", f"havips/{shared.havip}/drill-options").json()["others"]
    kinds = ["keepalived_stopped", "link_down", "instance_stopped"]
    assert (other["havip_id"], other["fate"], other["kinds"]) == (lost, "lost", kinds)
    wanted: dict[str, Any] = wish()
    address = f"havips/{shared.havip}/drills"
    assert script.ask("POST", address, wanted).json()["rule"] == "X7"
    assert script.ask("POST", address, wanted | {"accept_outage_of": lost}).status_code == 400
    answer = script.ask("POST", address, wanted | {"accept_outage_of": [lost]})
    assert answer.status_code == 202, json.dumps(answer.json())
    assert Drill.objects.get().job.operation_arguments["accept_outage_of"] == [lost]


def test_nobody_takes_away_who_answers_meanwhile(shared: Shared) -> None:
    world = shared.world
    other = shared.other(world.ecs1, world.ecs2, holder=world.ecs1)
    shared.ecs2.is_in(other, "BACKUP")
    apart = shared.other(world.ecs2, holder=world.ecs2)
    world.act("havip.drill", havip_id=shared.havip, **wish())
    for action, arguments in (
        ("instance.stop", {"instance_id": world.ecs2}),
        ("havip.unbind_instance", {"havip_id": other, "instance_id": world.ecs2}),
        ("havip.unbind_instance", {"havip_id": other, "instance_id": world.ecs2, "force": True}),
        ("havip.drill", {"havip_id": other, **wish()}),
    ):
        with pytest.raises(Refusal) as caught:
            world.act(action, **arguments)
        assert caught.value.number in ("B8", "X4"), action
    world.act("havip.bind_eip", havip_id=apart, eip_id=world.eip1)

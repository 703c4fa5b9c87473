"""The cases of X1 to X7: when no fail-over drill can begin, and when none can be stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from havip.fabric.linux.models import Agent
from havip.models import HaVip
from havip.rules import drills
from tests.cast import World
from tests.havip.cases import case
from tests.havip.web.drilling import drill_of, watched

Arguments = dict[str, Any]
RECORD = "havip.fabric.record.RecordFabric"


def ready(world: World, **arguments: Any) -> Arguments:
    """Return the arguments of a drill that could begin, on a HaVip that ecs1 holds while ecs2 stands by."""
    return seen(world, world.ecs1, **arguments)


def seen(world: World, *holders: str, **arguments: Any) -> Arguments:
    """Return the arguments of a drill of a HaVip that these are seen to hold."""
    havip = world.havip(world.ecs1, world.ecs2, eip=arguments.pop("eip", ""))
    gateway, *_nodes = watched(world, havip, world.ecs1, world.ecs2)
    if holders != (world.ecs1,):
        gateway.see(havip, *holders)
    return {"havip_id": havip, **wish(), **arguments}


def wish() -> Arguments:
    return {"kind": "link_down", "from_inside": True, "from_outside": False, "port": 80}


def forget_agent(scope: str) -> None:
    Agent.objects.filter(scope=scope).update(last_seen=timezone.now() - timedelta(minutes=1))


@case("X1", drills.X1_RECORD, "havip.drill")
def nothing_is_announced(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1, world.ecs2), **wish()}


@case("X1", drills.X1_KIND, "havip.drill")
def no_host_stops_instances(world: World) -> Arguments:
    return ready(world, kind="instance_stopped")


@case("X1", drills.X1_UNKNOWN_KIND, "havip.drill")
def unknown_kind(world: World) -> Arguments:
    return ready(world, kind="unplugged")


@case("X2", drills.X2_STATUS, "havip.drill")
def drill_without_bindings(world: World) -> Arguments:
    havip = world.havip()
    watched(world, havip, world.ecs1, world.ecs2)
    return {"havip_id": havip, **wish()}


@case("X2", drills.X2_STATUS, "havip.drill")
def drill_while_its_eip_is_bound(world: World) -> Arguments:
    arguments = ready(world)
    world.act("havip.bind_eip", havip_id=arguments["havip_id"], eip_id=world.eip1)
    return arguments


@case("X2", drills.X2_JOB, "havip.drill")
def drill_while_the_node_is_stopped(world: World) -> Arguments:
    arguments = ready(world)
    world.act("instance.stop", instance_id=world.ecs1)
    return arguments


@case("X3", drills.X3_NO_HOLDER, "havip.drill")
def nobody_holds_it(world: World) -> Arguments:
    return seen(world)


@case("X3", drills.X3_NO_HOLDER, "havip.drill")
def two_hold_it(world: World) -> Arguments:
    return seen(world, world.ecs1, world.ecs2)


@case("X3", drills.X3_NO_STANDBY, "havip.drill")
def nobody_stands_by(world: World) -> Arguments:
    havip = world.havip(world.ecs1)
    watched(world, havip, world.ecs1, world.ecs2)
    return {"havip_id": havip, **wish()}


@case("X3", drills.X3_NO_STANDBY, "havip.drill")
def standby_not_heard(world: World) -> Arguments:
    arguments = ready(world)
    forget_agent(f"node:{world.ecs2}")
    return arguments


@case("X3", drills.X3_NO_STANDBY, "havip.drill")
def standby_stopped(world: World) -> Arguments:
    arguments = ready(world)
    world.act("instance.stop", instance_id=world.ecs2)
    return arguments


@case("X3", drills.X3_SILENT, "havip.drill")
def holder_not_heard(world: World) -> Arguments:
    arguments = ready(world)
    forget_agent(f"node:{world.ecs1}")
    return arguments


@case("X3", drills.X3_SILENT, "havip.drill")
def gateway_not_heard(world: World) -> Arguments:
    arguments = ready(world)
    forget_agent(f"gateway:{world.vpc}")
    return arguments


@case("X4", drills.X4_DRILL, "havip.drill")
def drill_under_way(world: World) -> Arguments:
    arguments = ready(world)
    world.act("havip.drill", **arguments)
    return arguments


@case("X4", drills.X4_DRILL, "havip.drill")
def drill_of_another_havip_of_the_vpc(world: World) -> Arguments:
    other = world.havip(world.ecs1, world.ecs2)
    arguments = ready(world)
    drill_of(other, status="probing")
    return arguments


@case("X5", drills.X5_VANTAGE, "havip.drill")
def asked_from_nowhere(world: World) -> Arguments:
    return ready(world, from_inside=False)


@case("X5", drills.X5_EIP, "havip.drill")
def outside_without_an_eip(world: World) -> Arguments:
    return ready(world, from_outside=True)


@case("X5", drills.X5_OUTSIDE, "havip.drill")
def outside_without_a_host(world: World) -> Arguments:
    return ready(world, eip=world.eip1, from_outside=True)


@case("X5", drills.X5_PORT, "havip.drill")
def port_0(world: World) -> Arguments:
    return ready(world, port=0)


@case("X5", drills.X5_PORT, "havip.drill")
def port_too_high(world: World) -> Arguments:
    return ready(world, port=65536)


def also_held(world: World, *nodes: str, state: str = "", **arguments: Any) -> Arguments:
    """Return the arguments of a drill, on a node that holds another HaVip, too, whose second node is in `state`."""
    world.settings.HAVIP_FABRICS = {"*": RECORD}
    other = world.havip(*nodes)
    HaVip.objects.filter(resource_id=other).update(holder_id=nodes[0])
    drilled = world.havip(world.ecs1, world.ecs2)
    *_agents, standby = watched(world, drilled, world.ecs1, world.ecs2)
    if state:
        standby.is_in(other, state)
    return {"havip_id": drilled, **wish(), **arguments}


@case("X7", drills.X7_OUTAGE, "havip.drill")
def another_havip_has_no_second_node(world: World) -> Arguments:
    return also_held(world, world.ecs1)


@case("X7", drills.X7_OUTAGE, "havip.drill")
def the_second_node_of_another_havip_is_in_fault(world: World) -> Arguments:
    return also_held(world, world.ecs1, world.ecs2, state="FAULT")


@case("X7", drills.X7_OUTAGE, "havip.drill")
def an_outage_of_somebody_else_was_accepted(world: World) -> Arguments:
    return also_held(world, world.ecs1, accept_outage_of=["havip-" + "0" * 20])


@case("X6", drills.X6_ENDED, "havip.stop_drill", page="none")
def drill_has_ended(world: World) -> Arguments:
    return {"drill_id": drill_of(world.havip(), status="finished").resource_id}

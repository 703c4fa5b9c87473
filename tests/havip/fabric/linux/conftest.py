"""The documented network, served by the Linux fabric, with agents that obey the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone

from console.jobs.models import Job
from tests.cast import Cast, World, carry_out_jobs
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent

if TYPE_CHECKING:
    from tests.havip.fabric.linux.drilling import Stage

Committed = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def _served_by_linux(settings: Any) -> None:
    settings.HAVIP_FABRICS = {"*": FABRIC}


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    """Alpha's network; where a test has to build it anew, that needs no agents."""
    settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    network = World(cast.alpha)
    network.settings = settings
    settings.HAVIP_FABRICS = {"*": FABRIC}
    return network


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Committed:
    """What waits for a commit is done when the block ends."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@dataclass
class Agents:
    """The agents of Alpha's network, all enrolled."""

    world: World
    gateway: ScriptedAgent
    ecs1: ScriptedAgent
    ecs2: ScriptedAgent

    def obey(self) -> None:
        for agent in (self.gateway, self.ecs1, self.ecs2):
            agent.obey()


@pytest.fixture
def agents(world: World) -> Agents:
    return Agents(
        world,
        ScriptedAgent(f"gateway:{world.vpc}"),
        ScriptedAgent(f"node:{world.ecs1}"),
        ScriptedAgent(f"node:{world.ecs2}"),
    )


@pytest.fixture
def havip(agents: Agents) -> str:
    """A HaVip bound to both instances, with everybody's agreement."""
    return bound_havip(agents, agents.world.ecs1, agents.world.ecs2)


@pytest.fixture
def unbound(agents: Agents) -> str:
    """A HaVip that is bound to nothing."""
    return bound_havip(agents)


def bound_havip(agents: Agents, *resources: str) -> str:
    def settle() -> None:
        carry_out_jobs()
        for _ in range(2):  # a second node is told when the first one has done its part
            agents.obey()
            Job.objects.filter(state="running").update(due_at=timezone.now())
            carry_out_jobs()

    world = agents.world
    identifier = world.act("havip.create", vswitch_id=world.vswitch, ip_address="192.168.0.88")
    settle()
    for resource in resources:
        verb = "instance" if resource.startswith("i-") else "interface"
        world.act(f"havip.bind_{verb}", havip_id=identifier.object_id, **{f"{verb}_id": resource})
        settle()
        assert world.status(identifier.object_id) == "InUse"
    return identifier.object_id


@pytest.fixture
def stage(agents: Agents, havip: str) -> Iterator[Stage]:
    """That HaVip, held by ecs1 while ecs2 stands by, and a clock that stands still."""
    from tests.havip.fabric.linux.drilling import Stage

    agents.gateway.see(havip, agents.world.ecs1)
    agents.ecs1.is_in(havip, "MASTER")
    agents.ecs2.is_in(havip, "BACKUP")
    soon = timezone.now().replace(microsecond=0) + timedelta(seconds=1)
    with time_machine.travel(soon, tick=False) as clock:
        yield Stage(agents, havip, clock)

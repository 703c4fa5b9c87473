"""HaVips that can be drilled, and drills in whatever stage a page is to show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from console.jobs.models import Job
from havip.models import Drill, DrillAnswer, HaVip, Instance
from tests.cast import REGION, World
from tests.havip.fabric.linux.scripted import FABRIC, ScriptedAgent

Run = tuple[int, int, str]


def watched(
    world: World, havip: str, holder: str, standby: str, *, vpc: str = ""
) -> tuple[ScriptedAgent, ScriptedAgent, ScriptedAgent]:
    """Have agents serve the HaVip's VPC and see the first instance hold the address, the second one stand by.

    Return the agents of the gateway and of both nodes. From here on the region is the Linux fabric's.
    """
    world.settings.HAVIP_FABRICS = {"*": FABRIC}
    gateway = ScriptedAgent(f"gateway:{vpc or world.vpc}")
    nodes = ScriptedAgent(f"node:{holder}"), ScriptedAgent(f"node:{standby}")
    gateway.see(havip, holder)
    for node, state in zip(nodes, ("MASTER", "BACKUP"), strict=True):
        node.is_in(havip, state)
    return gateway, *nodes


def job_of_drill(havip: str) -> Job:
    """Write the job of a drill that waits for the network."""
    record = HaVip.objects.get(resource_id=havip)
    return Job.objects.create(
        team=record.team,
        kind="havip.drill",
        handler="drill",
        state="running",
        target_kind=HaVip.KIND,
        target_id=havip,
        target_label=record.label,
        due_at=timezone.now() + timedelta(hours=1),
    )


def drill_of(
    havip: str,
    *,
    inside: Iterable[Run] = (),
    outside: Iterable[Run] = (),
    ago: float = 0,
    **changes: Any,
) -> Drill:
    """Write a drill of ecs1 with ecs2 standing by; runs are (first and last probe in milliseconds, who answered).

    `disturbed_ms` and `restored_ms` are moments since probing began, `ago` seconds; other values are the record's own.
    """
    record = HaVip.objects.get(resource_id=havip)
    began = timezone.now() - timedelta(seconds=ago)
    for name in ("disturbed", "restored"):
        after = changes.pop(f"{name}_ms", None)
        if after is not None:
            changes[f"{name}_at"] = began + timedelta(milliseconds=after)
    values: dict[str, Any] = {
        "team": record.team,
        "region": record.region,
        "created_by": "operator",
        "kind": "link_down",
        "status": "queued",
        "instance": Instance.objects.filter(name="ecs1").first(),
        "node_id": "i-1",
        "node_label": "ecs1",
        "standby_label": "ecs2",
        "from_inside": True,
        "from_outside": False,
        "deadline": began + timedelta(seconds=30),
        "probing_since": began,
    }
    made = Drill.objects.create(havip=record, **values | changes)
    for vantage, runs in (("inside", inside), ("outside", outside)):
        for number, (first, last, who) in enumerate(runs):
            DrillAnswer.objects.create(
                drill=made,
                vantage=vantage,
                sequence=number,
                started_ms=first,
                ended_ms=last,
                answered_by=who,
                probes=(last - first) // 20 + 1,
            )
    return made


def second_network(world: World) -> dict[str, str]:
    """Build another VPC with two instances and a HaVip bound to both; return their identifiers by name."""
    vpc = world.done("vpc.create", cidr_block="10.0.0.0/8").object_id
    vswitch = world.done("vswitch.create", vpc_id=vpc, cidr_block="10.1.0.0/24").object_id
    nodes = [world.done("instance.create", vswitch_id=vswitch).object_id for _ in range(2)]
    havip = world.havip(*nodes, vswitch_id=vswitch)
    return {"vpc": vpc, "havip": havip, "holder": nodes[0], "standby": nodes[1]}


BEFORE: Run = (0, 2110, "ecs1")
SILENCE: Run = (2130, 5430, "")
AFTER: Run = (5450, 9800, "ecs2")


def url(name: str, *arguments: str) -> str:
    """Return the address of a page of Alpha in its region."""
    return reverse(f"web:{name}", args=["alpha", REGION, *arguments])


def text(response: Any, status: int = 200) -> str:
    """Return what was sent, which must have this status."""
    assert response.status_code == status
    return str(response.content.decode())


def words(shown: str) -> str:
    """Return what is read, without the markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", shown).replace("&#x27;", "'").split())


def page_of(drill: Drill) -> str:
    """Return the address of a drill's page."""
    return url("drill", drill.havip.resource_id, drill.resource_id)


def prepared(world: World) -> str:
    """Make a HaVip with an EIP, held by ecs1, with ecs2 standing by."""
    made = world.havip(world.ecs1, world.ecs2, eip=world.eip1, name="web")
    watched(world, made, world.ecs1, world.ecs2)
    return made

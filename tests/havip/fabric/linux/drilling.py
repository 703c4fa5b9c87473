"""Fail-over drills with agents that obey the test, and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import time_machine
from django.utils import timezone

from console.jobs.models import Job, JobLock
from havip.models import Drill, DrillStatus
from tests.cast import carry_out_jobs
from tests.havip.fabric.linux.conftest import Agents
from tests.havip.fabric.linux.scripted import ScriptedAgent

BEFORE = (0, 2080, "ecs1")


@dataclass
class Stage:
    """A HaVip with a holder and a live standby, a clock that stands still, and short words for a drill."""

    agents: Agents
    havip: str
    clock: time_machine.Coordinates
    began_ms: int = 0

    def start(self, kind: str = "keepalived_stopped", **arguments: Any) -> Drill:
        arguments.setdefault("from_outside", False)
        outcome = self.agents.world.act("havip.drill", havip_id=self.havip, kind=kind, **arguments)
        self.look()
        self.began_ms = self.now_ms
        return Drill.objects.get(resource_id=outcome.values["drill_id"])

    def look(self) -> None:
        """Let the workers look at the job; who looked last has let go of it before."""
        self.clock.shift(0.001)
        Job.objects.filter(state="running").update(due_at=timezone.now())
        carry_out_jobs()

    @property
    def now_ms(self) -> int:
        return round(timezone.now().timestamp() * 1000)

    def after(self, seconds: float) -> None:
        """Let time go by, with signs of life of everybody."""
        self.clock.shift(seconds)
        for agent in (self.agents.gateway, self.agents.ecs1, self.agents.ecs2):
            agent.report()

    def probes(self, drill: Drill, *runs: tuple[int, int, str], disturbed: bool = False) -> None:
        """Let the gateway report runs: from, to (milliseconds), answered by."""
        gateway = self.agents.gateway
        gateway.obey()
        answer = gateway.report(
            drills=[
                {
                    "id": drill.resource_id,
                    "disturbed_ms": self.now_ms if disturbed else 0,
                    "began_ms": self.began_ms,
                    "runs": [
                        {
                            "sequence": number,
                            "started_ms": start,
                            "ended_ms": end,
                            "answered_by": who,
                            "probes": (end - start) // 20 + 1,
                        }
                        for number, (start, end, who) in enumerate(runs)
                    ],
                }
            ]
        )
        assert answer.status_code == 200, answer.content

    def node(self, drill: Drill, *, disturbed: bool, agent: ScriptedAgent | None = None) -> None:
        """Let the disturbed node apply what is wanted of it, and report."""
        agent = agent or self.agents.ecs1
        agent.obey()
        entry = {"id": drill.resource_id, "disturbed_ms": self.now_ms if disturbed else 0}
        state = "STOP" if disturbed else "BACKUP"
        vrrp = [{"havip_id": self.havip, "state": state, "at": timezone.now().isoformat()}]
        assert agent.report(drills=[entry], vrrp=vrrp).status_code == 200

    def job(self) -> Job:
        return Job.objects.filter(handler="drill").latest("pk")


def disturbed(stage: Stage, kind: str = "keepalived_stopped", **arguments: Any) -> Drill:
    """Take a drill of this kind to where the node is told to be disturbed."""
    drill = stage.start(kind, **arguments)
    stage.after(2.1)
    stage.probes(drill, BEFORE)
    stage.look()
    drill.refresh_from_db()
    assert drill.status == DrillStatus.DISTURBED
    return drill


def restored(stage: Stage, drill: Drill) -> Drill:
    """Let the node be brought back, and time go by until the job ends."""
    drill.refresh_from_db()
    assert drill.status == DrillStatus.RESTORING
    stage.node(drill, disturbed=False)
    stage.after(2.1)
    stage.look()
    drill.refresh_from_db()
    assert not drill.is_under_way
    assert not JobLock.objects.exists()
    return drill

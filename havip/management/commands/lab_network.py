"""`manage.py lab_network`: the published network for the demo team in the lab, all but its HaVip; may be run again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from console.audit.models import AuditEvent, AuditResult
from console.jobs.models import ACTIVE_STATES, Job, JobState
from console.operations.framework import Outcome
from console.operations.refusal import Refusal
from console.teams.models import Team
from console.teams.principal import Principal, system_principal
from havip.fabric.linux.models import Agent, WantedState
from havip.fabric.linux.protocol import Role, scope_of
from havip.management.commands.bootstrap import DEMO_SLUG
from havip.models import Eip, Instance, InstanceStatus, Vpc, VSwitch
from havip.operations import allocate_eip, create_instance, create_vpc, create_vswitch

REGION = "dc-lab"
NAME = "lab"
INSTANCES = {"ECS1": "192.168.0.209", "ECS2": "192.168.0.210"}
LABEL = "lab"
# A word that agents have spoken just before this command began counts as well.
_JUST_NOW = timedelta(seconds=2)
_POLL_SECONDS = 0.1


class Command(BaseCommand):
    """Makes what is missing, once: what somebody deletes later stays deleted."""

    help = (
        "Create the demo team's network in the lab (dc-lab), and wait until the lab is as recorded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--seconds", type=float, default=180.0, help="how long to wait for the lab"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the network, and wait for the agents."""
        began = timezone.now()
        deadline = time.monotonic() + options["seconds"]
        team = Team.objects.filter(slug=DEMO_SLUG).first()
        if team is not None and not _was_made(team):
            try:
                self._make(system_principal(team, label=LABEL), deadline)
            except Refusal as refusal:
                raise CommandError(f"The network of {NAME}: {refusal.message}") from refusal
        _wait(
            lambda: not _late_scopes(began - _JUST_NOW),
            deadline,
            lambda: f"These agents are awaited: {', '.join(_late_scopes(began - _JUST_NOW))}.",
        )
        self.stdout.write("the lab is as recorded")

    def _make(self, principal: Principal, deadline: float) -> None:
        where: dict[str, Any] = {"principal": principal, "region": REGION}
        mine = {"team": principal.team, "region": REGION}
        # What an earlier run had begun when it was ended comes to its end first.
        begun_before = Job.objects.filter(**mine).active()
        _wait(
            lambda: not begun_before.exists(),
            deadline,
            lambda: f"These jobs do not end: {', '.join(map(str, begun_before))}.",
        )
        if not Vpc.objects.filter(**mine, name=NAME).exists():
            _done([create_vpc(**where, cidr_block="192.168.0.0/16", name=NAME)], deadline)
        vpc = Vpc.objects.get(**mine, name=NAME)
        if not VSwitch.objects.filter(vpc=vpc).exists():
            outcome = create_vswitch(
                **where, vpc_id=vpc.resource_id, cidr_block="192.168.0.0/24", name=NAME
            )
            _done([outcome], deadline)
        vswitch = VSwitch.objects.filter(vpc=vpc).order_by("pk")[0]
        there = set(Instance.objects.filter(vswitch=vswitch).values_list("name", flat=True))
        begun = [
            create_instance(**where, vswitch_id=vswitch.resource_id, private_ip=address, name=name)
            for name, address in INSTANCES.items()
            if name not in there
        ]
        _done(begun, deadline)
        # The last step, and the sign that all of it was made once.
        if not Eip.objects.filter(**mine).exists():
            allocate_eip(**where, name=NAME)


def _was_made(team: Team) -> bool:
    """Return whether an earlier run got to its last step; the audit log forgets nothing."""
    made = AuditEvent.objects.for_team(team).filter(
        action="eip.allocate", actor_label=LABEL, result=AuditResult.SUCCEEDED
    )
    return made.exists()


def _done(outcomes: list[Outcome], deadline: float) -> None:
    """Wait until the jobs have succeeded. Raises CommandError."""
    for outcome in outcomes:
        jobs = Job.objects.filter(resource_id=outcome.job_id)
        _wait(
            lambda jobs=jobs: jobs.get().state not in ACTIVE_STATES,  # type: ignore[misc]
            deadline,
            lambda jobs=jobs: f"The job {jobs.get()} is not done in time.",  # type: ignore[misc]
        )
        job = jobs.get()
        if job.state != JobState.SUCCEEDED:
            raise CommandError(f"{job.kind} of {job.target_label}: {job.explanation}")


def _late_scopes(since: datetime) -> list[str]:
    """Return the scopes of the lab whose agents have not said since then that they have applied what is wanted."""
    agents = {
        agent.scope: agent.applied_version
        for agent in Agent.objects.filter(
            region=REGION, revoked_at__isnull=True, last_seen__gte=since
        )
    }
    versions = WantedState.objects.filter(scope__in=_expected(), version__gt=0).order_by("scope")
    return [
        scope
        for scope, version in versions.values_list("scope", "version")
        if agents.get(scope, -1) < version
    ]


def _expected() -> list[str]:
    """Return the scopes that must have a living agent: the host, every router, every instance that runs."""
    running = Instance.objects.filter(
        region=REGION, status=InstanceStatus.RUNNING, vswitch__isnull=False
    )
    return [
        scope_of(Role.HOST, REGION),
        *(
            scope_of(Role.GATEWAY, identifier)
            for identifier in Vpc.objects.filter(region=REGION).values_list(
                "resource_id", flat=True
            )
        ),
        *(
            scope_of(Role.NODE, identifier)
            for identifier in running.values_list("resource_id", flat=True)
        ),
    ]


def _wait(condition: Callable[[], bool], deadline: float, what: Callable[[], str]) -> None:
    while not condition():
        if time.monotonic() > deadline:
            raise CommandError(what())
        time.sleep(_POLL_SECONDS)

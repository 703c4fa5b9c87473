"""Who carries out the jobs of the domain: tells the fabric the wanted state, then settles the records.

The Celery task itself is `console.jobs.tasks.run_job`; this module is what it finds for jobs of the `fabric` kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from console import pulse
from console.jobs.handlers import (
    Done,
    PermanentFailure,
    Stopped,
    TemporaryFailure,
    Waiting,
    register,
)
from console.jobs.models import Job
from havip.fabric.base import (
    Applied,
    FabricBusy,
    FabricRefused,
    InProgress,
    Observation,
    WantedHaVip,
    WantedNetwork,
)
from havip.fabric.directory import fabric_for
from havip.fabric.wanted import wanted_havip, wanted_network
from havip.models import HaVip, Vpc
from havip.operations import drill_stages
from havip.operations.drills import HANDLER as DRILL_HANDLER
from havip.operations.settlement import HANDLER, give_back, settle


class FabricJobHandler:
    """Carries out every job that changes the network."""

    def carry_out(self, job: Job) -> Done | Waiting:
        """Tell the fabric every wanted state that the job names; done when all are applied."""
        try:
            awaited = [told for told in _tell(job) if isinstance(told, InProgress)]
        except FabricBusy as busy:
            raise TemporaryFailure(busy.message, **busy.parameters) from busy
        except FabricRefused as refused:
            raise PermanentFailure(refused.message, **refused.parameters) from refused
        if awaited:
            return Waiting(
                seconds=min(each.retry_after_seconds for each in awaited),
                note="; ".join(each.note for each in awaited if each.note),
            )
        return Done()

    def settle(self, job: Job) -> None:
        """Write the records of a success."""
        settle(job)

    def give_back(self, job: Job) -> None:
        """Put the records back to their last stable state."""
        give_back(job)

    def undo(self, job: Job) -> None:
        """Tell the fabric the states that the records are back to; what a failed creation took away is told as gone."""
        for _ in _tell(job):
            pass
        fabric = fabric_for(job.region)
        gone = job.instructions.get("if_gone") or {}
        for pk, wanted in gone.get("havips", {}).items():
            if not HaVip.objects.filter(pk=pk).exists():
                fabric.apply_havip(WantedHaVip(**{**wanted, "nodes": ()}))
        for pk, wanted in gone.get("networks", {}).items():
            if not Vpc.objects.filter(pk=pk).exists():
                fabric.apply_network(
                    WantedNetwork(
                        vpc_id=wanted["vpc_id"],
                        team=wanted["team"],
                        region=wanted["region"],
                        cidr_block=wanted["cidr_block"],
                        exists=False,
                    )
                )


def _tell(job: Job) -> Iterator[Applied | InProgress]:
    """Tell the fabric about the job's networks, then its HaVips, one by one; keep what it observed."""
    fabric = fabric_for(job.region)
    for vpc in Vpc.objects.filter(pk__in=job.instructions["networks"]).select_related("team"):
        yield fabric.apply_network(wanted_network(vpc))
    havips = HaVip.objects.filter(pk__in=job.instructions["havips"])
    for havip in havips.select_related("team", "vpc", "vswitch"):
        result = fabric.apply_havip(wanted_havip(havip))
        if isinstance(result, Applied):
            keep_observation(havip, result.observation)
        yield result


def keep_observation(havip: HaVip, observation: Observation) -> None:
    """Write who holds the address, where the fabric can tell; since when only changes with the holder."""
    if observation.holder_id is None:
        return
    HaVip.objects.filter(pk=havip.pk).update(observed_at=observation.observed_at)
    changed = (
        HaVip.objects.filter(pk=havip.pk)
        .exclude(holder_id=observation.holder_id)
        .update(holder_id=observation.holder_id, holder_since=timezone.now())
    )
    if changed:
        pulse.touch(havip.team_id)


class DrillJobHandler:
    """Takes fail-over drills through their stages; a cancelled one through those that bring the node back."""

    def carry_out(self, job: Job) -> Done | Waiting | Stopped:
        """Go as far as what the agents have reported allows."""
        return drill_stages.advance(job.instructions["drill"])

    def settle(self, job: Job) -> None:
        """Write the result."""
        drill_stages.finish(job)

    def give_back(self, job: Job) -> None:
        """Write that it failed, and why."""
        drill_stages.fail(job)

    def undo(self, job: Job) -> None:
        """Have the agents bring the node back, if they have not."""
        drill_stages.follow_records(job)


def register_handlers() -> None:
    """Make the handlers known to the job runner; called when the application is ready."""
    register(HANDLER, FabricJobHandler())
    register(DRILL_HANDLER, DrillJobHandler(), winds_down=True)

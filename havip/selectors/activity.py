"""Reading what happens to a HaVip: its jobs, and its audit events."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from console.audit.models import AuditEvent
from console.jobs.models import Job, JobLock, JobState, lock_key
from console.teams.models import Team
from havip.models import HaVip

ENDED_WITHOUT_SUCCESS = (JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Activity:
    """The job that works on a HaVip now, or else the newest one when that did not succeed; None: all is well."""

    active: Job | None = None
    unsuccessful: Job | None = None


def jobs_of(team: Team, havip_id: str) -> QuerySet[Job]:
    """Return the jobs of one HaVip, also of one that is gone."""
    return Job.objects.for_team(team).filter(target_kind=HaVip.KIND, target_id=havip_id)


def newest_job(team: Team, havip_id: str) -> Job | None:
    """Return the newest job of one HaVip: what became of it when it is gone."""
    return jobs_of(team, havip_id).order_by("-pk").first()


def active_job(havip: HaVip) -> Job | None:
    """Return the job that has locked the HaVip, whatever that job's own target is."""
    lock = (
        JobLock.objects.filter(key=lock_key(HaVip.KIND, havip.resource_id), job__team=havip.team_id)
        .select_related("job")
        .first()
    )
    return lock.job if lock else None


def activity_of(havip: HaVip) -> Activity:
    """Return what works on the HaVip now, or what last failed on it; at most two queries."""
    active = active_job(havip)
    if active is not None:
        return Activity(active=active)
    newest = newest_job(havip.team, havip.resource_id)
    if newest is not None and newest.state in ENDED_WITHOUT_SUCCESS:
        return Activity(unsuccessful=newest)
    return Activity()


def events_of(team: Team, havip_id: str) -> QuerySet[AuditEvent]:
    """Return the audit events of one HaVip; only for those who may read the audit log."""
    return AuditEvent.objects.for_team(team).filter(object_kind=HaVip.KIND, object_id=havip_id)

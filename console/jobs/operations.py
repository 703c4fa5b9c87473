"""What people do with jobs: cancel and retry."""

from __future__ import annotations

import inspect
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from console.jobs.models import ACTIVE_STATES, Job, JobState
from console.jobs.runner import ask_to_stop
from console.operations.framework import OPERATIONS, Outcome, current_change, operation
from console.operations.refusal import Rule
from console.teams.models import Team
from console.teams.principal import Principal

JOB_NOT_FOUND = Rule(
    "J1",
    code="InvalidJobId.NotFound",
    message=_("There is no job %(job_id)s in this team."),
    field="job_id",
    status=HTTPStatus.NOT_FOUND,
)
JOB_ENDED = Rule(
    "J2",
    code="IncorrectJobStatus",
    message=_("The job has ended already (%(state)s)."),
    remedy=_("A failed job can be retried."),
    field="job_id",
)
JOB_NOT_RETRYABLE = Rule(
    "J3",
    code="IncorrectJobStatus",
    message=_("Only a job that failed or was cancelled can be retried; this one is %(state)s."),
    field="job_id",
)


def _job(team: Team, job_id: str, *, lock: bool) -> Job:
    jobs = Job.objects.for_team(team)
    if lock:
        jobs = jobs.select_for_update()
    job = jobs.filter(resource_id=job_id).first()
    if job is None:
        raise JOB_NOT_FOUND.refuse(job_id=job_id)
    return job


@operation("job.cancel")
def cancel_job(*, principal: Principal, job_id: str, client_token: str = "") -> Outcome:
    """Cancel a job that no worker has touched at once, or ask any other to stop. Raises Refusal J1, J2."""
    change = current_change()
    change.concerns("job", job_id, job_id)
    job = _job(principal.team, job_id, lock=True)
    change.concerns("job", job_id, f"{job.kind} {job.target_label}")
    if job.state not in ACTIVE_STATES:
        raise JOB_ENDED.refuse(state=job.get_state_display())
    change.before = {"state": job.state, "cancel_requested": job.cancel_requested}
    ask_to_stop(job, who=principal.label)
    change.after = {"state": job.state, "cancel_requested": job.cancel_requested}
    return change.outcome(state=job.state)


@operation("job.retry")
def retry_job(*, principal: Principal, job_id: str, client_token: str = "") -> Outcome:
    """Ask again for what a failed or cancelled job was to do: a new job, after all rules are checked anew.

    It is recorded as that operation, with the first job's identifier. Raises Refusal J1, J3, and what the operation raises.
    """
    change = current_change()
    change.concerns("job", job_id, job_id)
    job = _job(principal.team, job_id, lock=False)
    change.concerns("job", job_id, f"{job.kind} {job.target_label}")
    perform = OPERATIONS.get(job.operation)
    if job.state not in (JobState.FAILED, JobState.CANCELLED) or perform is None:
        raise JOB_NOT_RETRYABLE.refuse(state=job.get_state_display())
    change.action, change.arguments, change.retry_of = job.operation, job.operation_arguments, job
    outcome: Outcome = inspect.unwrap(perform)(
        principal=principal, client_token="", **job.operation_arguments
    )
    change.after = {**change.after, "retry_of": job.resource_id}
    return outcome

"""Jobs: what is under way, what became of it, and why."""

from __future__ import annotations

from http import HTTPStatus

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from console.jobs.filters import JobFilter
from console.jobs.models import Job as JobRecord
from console.jobs.operations import JOB_NOT_FOUND, cancel_job, retry_job
from console.teams.models import Team
from havip.rest import showing_console as showing
from havip.rest import waiting
from havip.rest.acting import Acting
from havip.rest.documented import documented
from havip.rest.endpoint import Endpoint
from havip.rest.paging import Listing, as_page
from havip.rest.serializers import console as shapes

_TAG = _("Jobs")
_LOG_LINES = 500
LISTING: Listing[JobRecord] = Listing(filters=JobFilter)


def _jobs(team: Team) -> QuerySet[JobRecord]:
    found = JobRecord.objects.for_team(team).select_related("retry_of")
    return found.defer("instructions", "operation_arguments")


def _job(team: Team, job_id: str) -> JobRecord:
    found = None if "\0" in job_id else _jobs(team).filter(resource_id=job_id).first()
    if found is None:
        raise JOB_NOT_FOUND.refuse(job_id=job_id[:60])
    return found


class Jobs(Endpoint):
    """The team's jobs."""

    @documented("listJobs", _TAG, {200: shapes.JobPage}, listing=LISTING)
    def get(self, request: Request) -> Response:
        """List the jobs of all regions."""
        page = LISTING.page(request, _jobs(self.team))
        return self.shown(as_page(request, page, [self._shown(job) for job in page.rows]))

    def _shown(self, job: JobRecord) -> dict[str, object]:
        return showing.job(job, self.principal)


class Job(Endpoint):
    """One job."""

    @documented("getJob", _TAG, {200: shapes.Job}, waits=True)
    def get(self, request: Request, job_id: str) -> Response:
        """Show a job; with wait, as soon as it has ended."""
        seconds = waiting.seconds_of(request)
        job = waiting.until_ended(_job(self.team, job_id), seconds)
        return self.shown(showing.job(job, self.principal))


class JobLog(Endpoint):
    """A job's log."""

    @documented("getJobLog", _TAG, {200: shapes.JobLog})
    def get(self, request: Request, job_id: str) -> Response:
        """Show the newest 500 lines of a job's log."""
        newest = list(_job(self.team, job_id).log_lines.order_by("-pk")[: _LOG_LINES + 1])
        lines = newest[:_LOG_LINES][::-1]
        content = {
            "complete": len(newest) <= _LOG_LINES,
            "items": [showing.log_line(line) for line in lines],
        }
        return self.shown(content)


class JobCancel(Acting):
    """Cancelling a job."""

    @documented("cancelJob", _TAG, {200: shapes.Job}, writes=True, conditional=True)
    def post(self, request: Request, job_id: str) -> HttpResponseBase:
        """Cancel a queued job, or ask a running one to stop at its next step."""
        self.perform(cancel_job, look=lambda: self._look(job_id), job_id=job_id)
        return self.shown(self._look(job_id))

    def _look(self, job_id: str) -> dict[str, object] | None:
        found = None if "\0" in job_id else _jobs(self.team).filter(resource_id=job_id).first()
        return showing.job(found, self.principal) if found else None


class JobRetry(Acting):
    """Retrying a job."""

    @documented("retryJob", _TAG, {200: shapes.Job, 202: shapes.Job}, writes=True, waits=True)
    def post(self, request: Request, job_id: str) -> HttpResponseBase:
        """Do again what a failed or cancelled job was to do, as a new job, after all rules are checked anew.

        The answer is the new job.
        """
        seconds = waiting.seconds_of(request)
        outcome = self.perform(retry_job, job_id=job_id)
        job = waiting.until_ended(_job(self.team, outcome.job_id or job_id), seconds)
        ended = not job.is_active and seconds > 0
        return self.shown(
            showing.job(job, self.principal),
            HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
            {"Location": reverse("rest:job", args=[job.resource_id])},
        )

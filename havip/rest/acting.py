"""Changing something: one operation, its job, and what is answered when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from console.jobs.models import Job, JobState
from console.operations.framework import Outcome, only_if
from console.operations.refusal import Refusal
from havip.rest import idempotency, waiting
from havip.rest.endpoint import Endpoint
from havip.rest.problems import Problem, from_refusal
from havip.rest.resources import Kind
from havip.rest.showing import Shown, job_reference, job_url

# What a bound resource is called by the rules, which know instances and interfaces alike.
RESOURCE = "resource_id"


class Acting(Endpoint):
    """An address at which something can be changed."""

    def perform(
        self,
        act: Callable[..., Outcome],
        *,
        look: Callable[[], Any] | None = None,
        names: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Outcome:
        """Call an operation with the Idempotency-Key, under If-Match where `look` says what that is about. Raises Problem."""
        matches = self.still_matches(look) if look is not None else lambda: True
        token = idempotency.token_of(self.request)
        spec = self.spec
        fields = spec.body().fields if spec is not None and spec.body is not None else {}
        known = {**{name: name for name in fields}, **(names or {})}
        try:
            with only_if(matches):
                return act(principal=self.principal, client_token=token, **arguments)
        except Refusal as refusal:
            raise from_refusal(refusal, known) from refusal

    def change(
        self,
        act: Callable[..., Outcome],
        kind: Kind[Any],
        region: str,
        identifier: str = "",
        /,
        *,
        creates: bool = False,
        names: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> HttpResponseBase:
        """Change a resource of a region (the one with this identifier, if there is one already) and answer with it."""
        seconds = waiting.seconds_of(self.request)
        look = (lambda: kind.look(self.principal, region, identifier)) if identifier else None
        outcome = self.perform(act, look=look, names=names, region=region, **arguments)
        job = self.followed(outcome, seconds)
        content = kind.look(self.principal, region, outcome.object_id)
        if content is None and self.request.method == "DELETE":
            return Response(status=HTTPStatus.NO_CONTENT)
        if content is None:
            raise _gone(kind.noun, outcome)
        own = reverse(f"rest:{kind.noun}", args=[region, outcome.object_id])
        done = HTTPStatus.CREATED if creates else HTTPStatus.OK
        return self.answered(content, job, own=own, done=done, waited=seconds > 0)

    def followed(self, outcome: Outcome, seconds: int) -> Job | None:
        """Return the job of an outcome, followed as long as the caller waits. Raises Problem when it did not succeed."""
        if not outcome.job_id:
            return None
        job = Job.objects.for_team(self.team).get(resource_id=outcome.job_id)
        job = waiting.until_ended(job, seconds)
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            raise unsuccessful(job)
        return job

    def answered(
        self, content: Shown, job: Job | None, *, own: str, done: HTTPStatus, waited: bool
    ) -> Response:
        """Answer with an object after its change: 202 with the job's address while that works on it."""
        answer = self.shown(content)
        if self.spec is not None and self.spec.waits:
            answer.data = {**content, "job": job_reference(job) if job else None}
        if job is not None and (job.is_active or not waited):
            answer.status_code = HTTPStatus.ACCEPTED
            answer["Location"] = job_url(job)
            answer["Retry-After"] = "1"
        else:
            answer.status_code = done
            if done == HTTPStatus.CREATED:
                answer["Location"] = own
        return answer


def unsuccessful(job: Job) -> Problem:
    """Return the problem of a change whose job failed or was cancelled: everything is as it was before."""
    cancelled = job.state == JobState.CANCELLED
    return Problem(
        HTTPStatus.CONFLICT,
        "JobCancelled" if cancelled else "JobFailed",
        job.reason or str(JobState(job.state).label),
        remedy=_("Everything is as it was before. The job's log says more; it can be retried."),
        members={"job": job_reference(job)},
    )


def _gone(noun: str, outcome: Outcome) -> Problem:
    """Return the problem of a repeated request whose object was deleted since."""
    return Problem(
        HTTPStatus.GONE,
        "Gone",
        _("The request was carried out before; %(object)s does not exist any more.")
        % {"object": f"{noun} {outcome.object_id}"},
        members={"object_id": outcome.object_id},
    )

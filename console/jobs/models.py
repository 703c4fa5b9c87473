"""The durable job: its row, the locks it holds, and its log lines."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.sentences import render_sentence
from console.teams.models import Team


class JobState(models.TextChoices):
    """`queued → running → succeeded | failed | cancelled` (2-domain: States)."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATES = (JobState.QUEUED, JobState.RUNNING)


def new_job_id() -> str:
    """Return a fresh public identifier."""
    return f"job-{secrets.token_hex(9)}"


class JobQuerySet(models.QuerySet["Job"]):
    """Reads of jobs; every one that a face makes starts from a team."""

    def for_team(self, team: Team) -> JobQuerySet:
        """Return the jobs of one team."""
        return self.filter(team=team)

    def active(self) -> JobQuerySet:
        """Return those that are queued or running."""
        return self.filter(state__in=ACTIVE_STATES)


class Job(models.Model):
    """One asynchronous piece of work, with a state and a log.

    The Celery message only says "look": everything that is needed to carry the work out, to settle the records
    afterwards, or to put them back, is in this row.
    """

    resource_id = models.CharField(_("ID"), max_length=40, unique=True, default=new_job_id)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(_("what"), max_length=60)
    region = models.CharField(max_length=40, blank=True)
    target_kind = models.CharField(max_length=40)
    target_id = models.CharField(max_length=80)
    target_label = models.CharField(_("object"), max_length=200)
    handler = models.CharField(max_length=40)
    instructions = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    operation = models.CharField(max_length=60)
    operation_arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    retry_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retries"
    )

    state = models.CharField(_("state"), max_length=16, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    maximum_attempts = models.PositiveSmallIntegerField(default=5)
    cancel_requested = models.BooleanField(default=False)
    explanation = models.TextField(blank=True)
    explanation_parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)

    requested_by = models.CharField(_("by"), max_length=160)
    requested_by_id = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        """Newest first; the sweeper finds what is due by the partial index."""

        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-id"], name="job_by_team"),
            models.Index(fields=["team", "state", "-id"], name="job_by_state"),
            models.Index(fields=["team", "target_kind", "target_id", "-id"], name="job_by_target"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.kind} {self.state}"

    @property
    def is_active(self) -> bool:
        """Whether it is queued or running."""
        return self.state in ACTIVE_STATES

    @property
    def reason(self) -> str:
        """Why it failed or was cancelled, in the reader's language."""
        return render_sentence(self.explanation, self.explanation_parameters)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from its creation to its end, or to now."""
        end: datetime = self.finished_at or timezone.now()
        return max(0.0, (end - self.created_at).total_seconds())


class JobLock(models.Model):
    """One thing that an active job works on: the database's guarantee that no second job does.

    The rows are written with the job and deleted when it ends.
    """

    key = models.CharField(max_length=120, unique=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="locks")

    def __str__(self) -> str:
        return self.key


def lock_key(kind: str, identifier: str) -> str:
    """Return the key under which a job locks an object."""
    return f"{kind}:{identifier}"


class JobLogLine(models.Model):
    """One line of a job's log: an English message with parameters, translated for its reader."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_lines")
    logged_at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=8, default="info")
    message = models.TextField()
    parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        """In the order of writing."""

        ordering = ("pk",)

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """The line in the reader's language."""
        parameters: dict[str, Any] = self.parameters
        return render_sentence(self.message, parameters)

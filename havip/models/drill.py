"""Fail-over drills: a holder is disturbed on purpose, and what the probes were answered meanwhile is kept."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.jobs.models import Job
from console.sentences import render_sentence
from havip.models.base import Resource, ResourceQuerySet
from havip.models.compute import Instance
from havip.models.havip import HaVip


class DrillKind(models.TextChoices):
    """How the node that holds the address is disturbed."""

    KEEPALIVED_STOPPED = "keepalived_stopped", _("keepalived stopped")
    LINK_DOWN = "link_down", _("Link down")
    INSTANCE_STOPPED = "instance_stopped", _("Instance stopped")


class DrillStatus(models.TextChoices):
    """`queued → probing → disturbed → restoring → finished | failed`."""

    QUEUED = "queued", _("Queued")
    PROBING = "probing", _("Probing")
    DISTURBED = "disturbed", _("Disturbed")
    RESTORING = "restoring", _("Restoring")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")


RUNNING_DRILL = (
    DrillStatus.QUEUED,
    DrillStatus.PROBING,
    DrillStatus.DISTURBED,
    DrillStatus.RESTORING,
)


class Vantage(models.TextChoices):
    """From where the address is asked."""

    INSIDE = "inside", _("Inside the VPC")
    OUTSIDE = "outside", _("Outside")


class Drill(Resource):
    """One drill of a HaVip: what was disturbed, from when until when, and how long nobody answered.

    Labels are copied, so that the result stays readable when the node is gone. By `deadline` the agents have restored
    everything by themselves, with or without a console.
    """

    IDENTIFIER_PREFIX = "drill"
    KIND = "drill"

    havip = models.ForeignKey(HaVip, on_delete=models.CASCADE, related_name="drills")
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="drills"
    )
    kind = models.CharField(_("how"), max_length=24, choices=DrillKind)
    status = models.CharField(
        _("status"), max_length=12, choices=DrillStatus, default=DrillStatus.QUEUED
    )
    instance = models.ForeignKey(
        Instance, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    node_id = models.CharField(max_length=40)
    node_label = models.CharField(_("disturbed node"), max_length=200)
    standby_label = models.CharField(_("standby"), max_length=200)
    from_inside = models.BooleanField(_("from inside the VPC"), default=True)
    from_outside = models.BooleanField(_("from outside"), default=True)
    port = models.PositiveIntegerField(_("port"), default=80)
    eip_address = models.CharField(max_length=15, blank=True)
    """What is asked from outside; "" where nothing is. The HaVip may have another EIP when the result is read."""
    deadline = models.DateTimeField(_("restored by itself at"))
    probing_since = models.DateTimeField(_("probing since"), null=True, blank=True)
    disturbed_at = models.DateTimeField(_("disturbed"), null=True, blank=True)
    restored_at = models.DateTimeField(_("restored"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    explanation = models.TextField(blank=True)
    explanation_parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    taken_over_by = models.CharField(_("taken over by"), max_length=200, blank=True)
    gap_inside_ms = models.PositiveIntegerField(null=True, blank=True)
    gap_outside_ms = models.PositiveIntegerField(null=True, blank=True)
    probers = models.JSONField(default=dict)
    """For each vantage when its prober began and where its runs are: see `havip.fabric.linux.drilling`."""

    objects = ResourceQuerySet["Drill"].as_manager()

    class Meta(Resource.Meta):
        """Listed by HaVip; one at a time is under way at each."""

        constraints = [
            models.UniqueConstraint(
                fields=["havip"],
                condition=models.Q(status__in=["queued", "probing", "disturbed", "restoring"]),
                name="drill_one_under_way",
            ),
        ]
        indexes = [models.Index(fields=["havip", "-id"], name="drill_by_havip")]

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.status in RUNNING_DRILL

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked for its end, on its own page or on its job's."""
        return self.job is not None and self.job.cancel_requested

    @property
    def reason(self) -> str:
        """Why it failed or was ended early, in the reader's language; empty when it went as intended."""
        return render_sentence(self.explanation, self.explanation_parameters)


class DrillAnswer(models.Model):
    """A run of consecutive probes with the same answer; `answered_by` is empty where nobody answered.

    Milliseconds count from the drill's `probing_since` to the sending of the run's first and last probe.
    """

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="answers")
    vantage = models.CharField(max_length=8, choices=Vantage)
    sequence = models.PositiveIntegerField()
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    answered_by = models.CharField(max_length=200, blank=True)
    probes = models.PositiveIntegerField()

    class Meta:
        """In the order of asking."""

        ordering = ("vantage", "sequence")
        constraints = [
            models.UniqueConstraint(
                fields=["drill", "vantage", "sequence"], name="drill_answer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vantage} {self.sequence}: {self.answered_by or '-'}"

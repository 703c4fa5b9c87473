"""The audit log's two tables. Written by `console.audit.log` alone; guarded in the database (`console.audit.guards`)."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.sentences import render_sentence
from console.teams.models import Team


class AuditResult(models.TextChoices):
    """How an attempt ended."""

    SUCCEEDED = "succeeded", _("Succeeded")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class AuditChain(models.Model):
    """The head of one hash chain: one per team, and one without a team for the site (sign-in)."""

    team = models.OneToOneField(
        Team, on_delete=models.PROTECT, null=True, related_name="audit_chain"
    )
    name = models.CharField(max_length=60, unique=True)
    last_sequence = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.name


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Reads of the log; every one starts from a team or from the site."""

    def for_team(self, team: Team) -> AuditEventQuerySet:
        """Return the events of one team."""
        return self.filter(chain__team=team)


class AuditEvent(models.Model):
    """One attempt: who tried what on which object, from where, and how it ended."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="events")
    sequence = models.BigIntegerField()
    occurred_at = models.DateTimeField(_("time"))
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=80, blank=True)
    actor_label = models.CharField(_("actor"), max_length=160)
    channel = models.CharField(_("channel"), max_length=16)
    action = models.CharField(_("action"), max_length=60)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    result = models.CharField(_("result"), max_length=16, choices=AuditResult)
    rule = models.CharField(max_length=16, blank=True)
    code = models.CharField(max_length=80, blank=True)
    message = models.TextField(blank=True)
    message_parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    job_id = models.CharField(max_length=40, blank=True)
    cause = models.CharField(max_length=160, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    source_address = models.CharField(_("source address"), max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        """Ordered by the chain's own numbering; every filter that is offered has its index."""

        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="audit_sequence_once"),
        ]
        indexes = [
            models.Index(
                fields=["chain", "object_kind", "object_id", "-sequence"], name="audit_by_object"
            ),
            models.Index(fields=["chain", "action", "-sequence"], name="audit_by_action"),
            models.Index(fields=["chain", "result", "-sequence"], name="audit_by_result"),
            models.Index(fields=["chain", "actor_id", "-sequence"], name="audit_by_actor"),
            models.Index(fields=["chain", "occurred_at"], name="audit_by_time"),
            models.Index(fields=["request_id"], name="audit_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id}#{self.sequence} {self.action} {self.result}"

    @property
    def sentence(self) -> str:
        """Why it was refused or failed, in the reader's language; empty when it succeeded."""
        return render_sentence(self.message, self.message_parameters)

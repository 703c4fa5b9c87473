"""Agents and their tokens, what they are told, and what they saw: holders and alerts."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from console.sentences import render_sentence
from console.teams.models import Team
from havip.fabric.linux.naming import role_of, subject_of
from havip.models import HaVip, Instance, NetworkInterface, Vpc
from havip.models.identifiers import new_identifier


class AgentRole(models.TextChoices):
    """What an agent is for."""

    HOST = "host", _("Host of the lab")
    GATEWAY = "gateway", _("Gateway")
    NODE = "node", _("Node")


def _new_agent_id() -> str:
    return new_identifier("agent")


class ScopedModel(models.Model):
    """Something about one scope: `host:<region>`, `gateway:<VPC>`, `node:<instance>`. A host belongs to no team."""

    scope = models.CharField(_("scope"), max_length=80)
    role = models.CharField(_("role"), max_length=8, choices=AgentRole)
    region = models.CharField(_("region"), max_length=40)
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )

    class Meta:
        """Not a table."""

        abstract = True

    def __str__(self) -> str:
        return self.scope

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Take the role from the scope, then save."""
        self.role = role_of(self.scope)
        super().save(*args, **kwargs)

    @property
    def subject(self) -> str:
        """The region, VPC or instance."""
        return subject_of(self.scope)


class Agent(ScopedModel):
    """A program on a gateway or a node that does what is wanted there. Of its key only a digest is kept."""

    resource_id = models.CharField(
        _("ID"), max_length=40, unique=True, default=_new_agent_id, editable=False
    )
    key_digest = models.CharField(max_length=64, unique=True)
    hostname = models.CharField(_("host name"), max_length=253, blank=True)
    agent_version = models.CharField(_("version"), max_length=64, blank=True)
    keepalived_version = models.CharField(_("keepalived"), max_length=64, blank=True)
    enrolled_at = models.DateTimeField(_("enrolled"), default=timezone.now)
    last_seen = models.DateTimeField(_("last seen"), null=True, blank=True)
    applied_version = models.BigIntegerField(_("applied"), default=0)
    attempted_version = models.BigIntegerField(default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(max_length=160, blank=True)

    class Meta:
        """One living agent per scope."""

        ordering = ("scope", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["scope"],
                condition=models.Q(revoked_at__isnull=True),
                name="agent_one_per_scope",
            ),
        ]
        indexes = [models.Index(fields=["team", "-id"], name="agent_by_team")]


class EnrolmentToken(ScopedModel):
    """The right to enrol one agent for one scope, once, until it expires. Only a digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=160, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class WantedState(ScopedModel):
    """What one scope's agent shall make so. The version rises whenever the document changes, never otherwise (`store`)."""

    scope = models.CharField(max_length=80, unique=True)
    vpc_id = models.CharField(max_length=40, blank=True, db_index=True)
    version = models.BigIntegerField(default=0)
    document = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    updated_at = models.DateTimeField(default=timezone.now)


class VirtualRouter(models.Model):
    """A HaVip's virtual_router_id, which is unique in its VPC and stays for the HaVip's whole life."""

    havip = models.OneToOneField(HaVip, on_delete=models.CASCADE, related_name="virtual_router")
    vpc = models.ForeignKey(Vpc, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()

    class Meta:
        """1 to 255, once in a VPC."""

        constraints = [
            models.UniqueConstraint(fields=["vpc", "number"], name="virtual_router_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, number__lte=255), name="virtual_router_range"
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class TimerChoice(models.Model):
    """The timer profile of all nodes of a VPC; without a row: `documented`. Nodes of one HaVip must agree."""

    vpc = models.OneToOneField(Vpc, on_delete=models.CASCADE, related_name="timer_choice")
    profile = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.profile


class DeviceNumber(models.Model):
    """Which device of its instance a secondary interface is (eth1, eth2 …); it keeps its name while it is attached."""

    interface = models.OneToOneField(NetworkInterface, on_delete=models.CASCADE, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()

    class Meta:
        """A device is one card."""

        constraints = [
            models.UniqueConstraint(fields=["instance", "number"], name="device_number_once"),
        ]

    def __str__(self) -> str:
        return f"eth{self.number}"


class Sighting(models.Model):
    """What a gateway said last about a HaVip: who announces it at the moment, bound or not."""

    havip = models.OneToOneField(HaVip, on_delete=models.CASCADE, related_name="sighting")
    holders = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    drill_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return ", ".join(self.holders)


class NodeVrrp(models.Model):
    """What a node's keepalived said last about a HaVip."""

    havip = models.ForeignKey(HaVip, on_delete=models.CASCADE, related_name="vrrp_states")
    scope = models.CharField(max_length=80)
    interface_id = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8)
    since = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        """One state per node and card."""

        constraints = [
            models.UniqueConstraint(
                fields=["havip", "scope", "interface_id"], name="vrrp_state_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.state}"


class HolderReason(models.TextChoices):
    """Why the holder is another one than before."""

    FIRST_START = "first_start", _("First start")
    FAIL_OVER = "fail_over", _("Fail-over")
    DRILL = "drill", _("Drill")
    RETURNED = "returned", _("Came back")
    UNBOUND = "unbound", _("Holder was unbound")
    LOST = "lost", _("Nobody announces it")


class HolderInterval(models.Model):
    """One stretch of a HaVip's timeline. `holder_id` is a bound resource; empty: nobody held the address."""

    havip = models.ForeignKey(HaVip, on_delete=models.CASCADE, related_name="holder_intervals")
    holder_id = models.CharField(max_length=40, blank=True)
    holder_label = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=16, choices=HolderReason)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; one is open at the most."""

        ordering = ("-since", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["havip"], condition=models.Q(until__isnull=True), name="holder_one_open"
            ),
        ]
        indexes = [models.Index(fields=["havip", "-since"], name="holder_by_havip")]

    def __str__(self) -> str:
        return f"{self.havip_id}: {self.holder_label or '-'}"

    @property
    def seconds(self) -> float:
        """How long it lasted, or has lasted by now."""
        return ((self.until or timezone.now()) - self.since).total_seconds()


class AlertKind(models.TextChoices):
    """What is wrong in the network."""

    SPLIT_BRAIN = "split_brain", _("Split brain")
    NO_HOLDER = "no_holder", _("Nobody holds it")
    UNBOUND_HOLDER = "unbound_holder", _("Held by what is not bound")
    AGENT_SILENT = "agent_silent", _("Agent is silent")
    AGENT_FAILED = "agent_failed", _("Agent reports an error")


ALERT_SENTENCES = {
    AlertKind.SPLIT_BRAIN: gettext_noop("%(holders)s announce the address at the same time."),
    AlertKind.NO_HOLDER: gettext_noop("Nobody announces the address, although a bound node runs."),
    AlertKind.UNBOUND_HOLDER: gettext_noop("%(holders)s announces the address and is not bound."),
    AlertKind.AGENT_SILENT: gettext_noop("The agent of %(agent)s does not answer any more."),
    AlertKind.AGENT_FAILED: gettext_noop("The agent of %(agent)s reports: %(error)s"),
}


class Alert(models.Model):
    """Something wrong, from its beginning until it cleared itself; about a HaVip or about an agent's scope."""

    kind = models.CharField(max_length=16, choices=AlertKind)
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    havip = models.ForeignKey(
        HaVip, on_delete=models.CASCADE, null=True, blank=True, related_name="alerts"
    )
    scope = models.CharField(max_length=80, blank=True)
    parameters = models.JSONField(default=dict)
    since = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; one of a kind is open at a HaVip or a scope."""

        ordering = ("-since", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "havip"],
                condition=models.Q(cleared_at__isnull=True, havip__isnull=False),
                name="alert_one_open_of_havip",
            ),
            models.UniqueConstraint(
                fields=["kind", "scope"],
                condition=models.Q(cleared_at__isnull=True, havip__isnull=True),
                name="alert_one_open_of_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.havip_id or self.scope}"

    @property
    def sentence(self) -> str:
        """What is wrong, in the reader's language."""
        return render_sentence(ALERT_SENTENCES[AlertKind(self.kind)], self.parameters)

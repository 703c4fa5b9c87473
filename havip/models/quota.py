"""Raised quotas, requests to raise one, and beta applications."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.teams.models import Team


class QuotaName(models.TextChoices):
    """The limits that a quota request can raise (2-domain: Limits)."""

    HAVIPS_PER_TEAM = "havips_per_team", _("HaVips per team")
    HAVIPS_PER_VPC = "havips_per_vpc", _("HaVips per VPC")
    HAVIPS_PER_INSTANCE = "havips_per_instance", _("HaVips per instance")
    ROUTES_PER_VPC = "havip_routes_per_vpc", _("Route entries to HaVips per VPC")


class QuotaOverride(models.Model):
    """A team's own value of a quota, above the default."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="quota_overrides")
    name = models.CharField(max_length=32, choices=QuotaName)
    value = models.PositiveIntegerField()

    class Meta:
        """One value per quota."""

        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="quota_override_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.name}={self.value}"


class RequestState(models.TextChoices):
    """How far an application or a request has come."""

    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")


class DecidedRequest(models.Model):
    """Something that a member files with a reason and a site administrator decides."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(
        _("state"), max_length=10, choices=RequestState, default=RequestState.PENDING
    )
    filed_by = models.CharField(_("filed by"), max_length=160)
    filed_at = models.DateTimeField(_("filed"), auto_now_add=True)
    decided_by = models.CharField(_("decided by"), max_length=160, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        """Newest first."""

        abstract = True
        ordering = ("-pk",)


class BetaApplication(DecidedRequest):
    """A team's application for the public beta (公测申请, 2-domain C1)."""

    class Meta(DecidedRequest.Meta):
        """At most one is open or approved."""

        constraints = [
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(state__in=["pending", "approved"]),
                name="beta_application_once",
            ),
        ]

    def __str__(self) -> str:
        return f"beta {self.team_id}: {self.state}"


class QuotaRequest(DecidedRequest):
    """A request to raise one quota to a new value."""

    name = models.CharField(_("quota"), max_length=32, choices=QuotaName)
    value = models.PositiveIntegerField(_("new value"))

    class Meta(DecidedRequest.Meta):
        """At most one is open per quota."""

        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(state="pending"),
                name="quota_request_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value} {self.team_id}: {self.state}"

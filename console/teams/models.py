"""Users, teams and memberships."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.teams.roles import Role

KEY_LABEL_LENGTH = 80


class User(AbstractUser):
    """A person who signs in. `is_staff` marks a site administrator."""

    language = models.CharField(_("language"), max_length=16, blank=True)
    theme = models.CharField(_("theme"), max_length=8, blank=True)

    class Meta(AbstractUser.Meta):
        """Plain table; no options beyond Django's."""

    @property
    def label(self) -> str:
        """The name that pages and audit entries show for this person."""
        return self.get_full_name() or self.username

    @property
    def identifier(self) -> str:
        """The identifier under which this person's acts are recorded."""
        return f"user:{self.pk}"

    @property
    def is_site_administrator(self) -> bool:
        """Whether this person decides beta applications and quota requests."""
        return self.is_active and self.is_staff


class Team(models.Model):
    """The tenant: it owns resources, quotas and members (the documents' "account")."""

    slug = models.SlugField(
        _("short name"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9-]*$")],
    )
    name = models.CharField(_("name"), max_length=80)
    confirm_deletion_by_typing = models.BooleanField(_("type the address to delete"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Teams are shown by name."""

        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one team."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        """A person has one role in a team."""

        ordering = ("team__name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.team_id}: {self.role}"


class KeyKind(models.TextChoices):
    """Which interface a key opens; it opens no other."""

    REST = "rest", _("REST API")
    RPC = "rpc", _("RPC API")


class ApiKey(models.Model):
    """A key of a team: an id that names it and a secret that is shown once.

    A REST key's secret is only compared, so its digest is kept. An RPC key's secret signs requests and must be known to verify
    them, so it is kept encrypted (`console.secrets`). A key without either opens nothing: its secret was never given out.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="api_keys")
    kind = models.CharField(_("kind"), max_length=8, choices=KeyKind)
    key_id = models.CharField(_("ID"), max_length=40, unique=True)
    label = models.CharField(_("name"), max_length=KEY_LABEL_LENGTH)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    secret_digest = models.CharField(max_length=64, blank=True)
    secret_ciphertext = models.TextField(blank=True)
    source_networks = models.JSONField(_("source networks"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.CharField(_("created by"), max_length=160, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=160, blank=True)

    class Meta:
        """Listed by team, newest first."""

        ordering = ("-pk",)
        indexes = [models.Index(fields=["team", "-id"], name="api_key_by_team")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="api_key_role_known"
            ),
            models.CheckConstraint(
                name="api_key_secret_by_kind",
                condition=(
                    models.Q(kind="rest", secret_ciphertext="")
                    | models.Q(kind="rpc", secret_digest="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} ({self.kind})"

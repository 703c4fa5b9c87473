"""Users, teams and memberships."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.teams.roles import Role


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

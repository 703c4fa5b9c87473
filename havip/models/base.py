"""What all resources of a team have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.teams.models import Team
from havip.models.identifiers import new_identifier

ResourceType = TypeVar("ResourceType", bound="Resource")


class ResourceQuerySet(models.QuerySet[ResourceType]):
    """Reads of resources: every one that a face makes starts from a team."""

    def for_team(self, team: Team) -> Self:
        """Return the resources of one team."""
        return self.filter(team=team)

    def in_region(self, region: str) -> Self:
        """Return the resources of one region."""
        return self.filter(region=region)


class Resource(models.Model):
    """A thing that a team owns in a region."""

    IDENTIFIER_PREFIX: ClassVar[str] = ""
    KIND: ClassVar[str] = ""

    resource_id = models.CharField(_("ID"), max_length=40, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(_("region"), max_length=40)
    name = models.CharField(_("name"), max_length=128, blank=True)
    description = models.CharField(_("description"), max_length=256, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.CharField(_("created by"), max_length=160, blank=True)

    class Meta:
        """Newest first."""

        abstract = True
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new resource its identifier, then save."""
        if not self.resource_id:
            self.resource_id = new_identifier(self.IDENTIFIER_PREFIX)
        super().save(*args, **kwargs)

    @property
    def label(self) -> str:
        """The name, or the identifier of what has none."""
        return self.name or self.resource_id

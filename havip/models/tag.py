"""Tags: words that a team hangs on its resources to find and sort them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.teams.models import Team
from havip.models.base import Resource
from havip.models.compute import Instance
from havip.models.havip import Eip, HaVip
from havip.models.network import Vpc, VSwitch

MAXIMUM_TAG_TEXT = 128
TAGGED: Mapping[str, type[Resource]] = {
    model.KIND: model for model in (HaVip, Eip, Vpc, VSwitch, Instance)
}
"""What can bear tags, by kind. The column of `Tag` that points at a resource is called as its kind."""


def _one_bearer() -> models.Q:
    """Say that exactly one of the columns points at a resource."""
    either = models.Q()
    for kind in TAGGED:
        either |= models.Q(**{f"{other}__isnull": other != kind for other in TAGGED})
    return either


def _indexes() -> Iterator[models.Index]:
    """Yield an index for each kind: the resources of a team that bear a tag are read from it alone."""
    for kind in TAGGED:
        yield models.Index(
            fields=["team", "key", "value", kind],
            condition=models.Q(**{f"{kind}__isnull": False}),
            name=f"tag_by_{kind}",
        )


class Tag(models.Model):
    """A key with a value, at one resource; gone with it. The team is the resource's own, for finding by tag."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(_("key"), max_length=MAXIMUM_TAG_TEXT)
    value = models.CharField(_("value"), max_length=MAXIMUM_TAG_TEXT, blank=True)
    # No index of their own: the constraints below begin with these columns.
    havip = models.ForeignKey(
        HaVip, on_delete=models.CASCADE, null=True, blank=True, related_name="tags", db_index=False
    )
    eip = models.ForeignKey(
        Eip, on_delete=models.CASCADE, null=True, blank=True, related_name="tags", db_index=False
    )
    vpc = models.ForeignKey(
        Vpc, on_delete=models.CASCADE, null=True, blank=True, related_name="tags", db_index=False
    )
    vswitch = models.ForeignKey(
        VSwitch,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tags",
        db_index=False,
    )
    instance = models.ForeignKey(
        Instance,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tags",
        db_index=False,
    )

    class Meta:
        """A key stands once at a resource (upper and lower case differ), and every tag has one resource."""

        ordering = ("key",)
        constraints = [
            *(
                models.UniqueConstraint(fields=[kind, "key"], name=f"tag_key_once_{kind}")
                for kind in TAGGED
            ),
            models.CheckConstraint(condition=_one_bearer(), name="tag_one_bearer"),
            models.CheckConstraint(condition=~models.Q(key=""), name="tag_has_key"),
        ]
        indexes = list(_indexes())

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The tag as it is written: `key=value`, or the key alone where the value is empty."""
        return f"{self.key}={self.value}" if self.value else self.key

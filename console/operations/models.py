"""The memory of idempotency tokens."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from console.teams.models import Team


class IdempotencyRecord(models.Model):
    """What one token of one team did, and the answer that it gave.

    The cloud calls the token ClientToken (6-cloud-api, section 4): at most 64 ASCII characters, case-sensitive.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    action = models.CharField(max_length=60)
    arguments_hash = models.CharField(max_length=64)
    outcome = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        """A token is used once in a team."""

        constraints = [
            models.UniqueConstraint(fields=["team", "token"], name="idempotency_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id}:{self.action}"

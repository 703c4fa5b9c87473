"""The form for an agent's one-time token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm
from havip.fabric.linux.models import AgentRole
from havip.fabric.linux.protocol import Role, role_of


class TokenForm(OperationForm):
    """What the new agent shall serve: one VPC as its gateway, or one instance as its node."""

    scope = forms.ChoiceField(
        label=_("For"),
        help_text=_("A gateway's agent runs on the router of the VPC, a node's on the instance."),
    )

    def __init__(self, *args: Any, scopes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (label, [choice for choice in scopes if role_of(choice[0]) == role])
            for role, label in (
                (Role.GATEWAY, AgentRole.GATEWAY.label),
                (Role.NODE, AgentRole.NODE.label),
            )
        ]

"""What every form that drives an operation has: an idempotency token, and refusals at the field that they concern."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.operations.framework import Outcome
from console.operations.refusal import Refusal


def new_token() -> str:
    """Return a fresh idempotency token."""
    return str(uuid.uuid4())


class OperationForm(forms.Form):
    """A form whose double submission has one effect: its hidden token goes to the operation.

    Field names are the operation's argument names, so that a refusal finds its field.
    """

    client_token = forms.CharField(required=False, widget=forms.HiddenInput, initial=new_token)
    refusal: Refusal | None = None

    @property
    def token(self) -> str:
        """The token that came with the form; an empty one means none."""
        return str(self.cleaned_data.get("client_token", ""))

    def attempt(self, act: Callable[..., Outcome], **arguments: Any) -> Outcome | None:
        """Call an operation with the token; on a refusal put it at its field and return None."""
        try:
            return act(client_token=self.token, **arguments)
        except Refusal as refusal:
            self.refuse(refusal)
            return None

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal: message and remedy at its field, or at the top when it concerns none of them."""
        self.refusal = refusal
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, ValidationError(refusal_text(refusal), code=refusal.code))

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form: 200 fresh, 422 with errors, 403 when the role does not allow it."""
        if not self.is_bound or not self.errors:
            return 200
        if self.refusal is not None and self.refusal.status == 403:
            return 403
        return 422


def refusal_text(refusal: Refusal) -> str:
    """Return a refusal as one text: what is wrong, what to do, and the rule's number with its code."""
    return " ".join(
        part
        for part in (refusal.message, refusal.remedy, f"({refusal.number} · {refusal.code})")
        if part
    )

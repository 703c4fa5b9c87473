"""The forms of the quota pages: asking for more, and applying for the beta."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm


def _reason(help_text: object) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        help_text=help_text,  # type: ignore[arg-type]  # a lazy text
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say why: the site administrator decides by it.")},
    )


class QuotaRequestForm(OperationForm):
    """The new value, and why."""

    value = forms.IntegerField(
        label=_("New value"), error_messages={"required": _("Say how many are needed.")}
    )
    reason = _reason(_("At most 500 characters. The site administrator decides by it."))

    field_order = ["value", "reason"]


class BetaApplicationForm(OperationForm):
    """Why the team wants to take part."""

    reason = _reason(
        _(
            "What the addresses are for, in at most 500 characters. The site administrator decides by it."
        )
    )


class DecisionForm(OperationForm):
    """Approve or decline."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("decline", _("Decline"))])

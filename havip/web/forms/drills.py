"""The form that starts a fail-over drill; field names are the operation's argument names."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm
from havip.rules.drills import HIGHEST_PORT


class _Identifiers(forms.MultipleChoiceField):
    """Whatever identifiers were ticked."""

    def valid_value(self, value: object) -> bool:
        """Take any: which of them matter is for the operation to judge."""
        return True


class StartDrillForm(OperationForm):
    """How the holder is disturbed, from where the address is asked and at which port, and who may be left with nobody meanwhile.

    What was sent in spite of what is offered is for the operation to judge.
    """

    kind = forms.CharField(
        label=_("How"),
        error_messages={"required": _("Choose how the node that holds the address is disturbed.")},
    )
    from_inside = forms.BooleanField(
        label=_("From inside the VPC"),
        required=False,
        help_text=_("The gateway of the VPC asks the HaVip."),
    )
    from_outside = forms.BooleanField(
        label=_("From outside"), required=False, help_text=_("A client outside asks the EIP.")
    )
    port = forms.IntegerField(
        label=_("TCP port"),
        initial=80,
        help_text=_("Where the service listens: a probe is answered by the node that serves it."),
        error_messages={
            "required": _("Say which port is asked; 80 is usual."),
            "invalid": _("A port is a whole number."),
        },
        widget=forms.NumberInput(
            attrs={"min": 1, "max": HIGHEST_PORT, "inputmode": "numeric", "class": "mono"}
        ),
    )
    accept_outage_of = _Identifiers(
        label=_("It may be so."), required=False, widget=forms.CheckboxSelectMultiple
    )

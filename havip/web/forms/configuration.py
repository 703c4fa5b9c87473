"""The forms of the node configuration: choosing the timers, and a file to check."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm
from havip.keepalived.checker import SIZE_LIMIT

_KIB = 1024


class TimersForm(OperationForm):
    """Which profile the nodes of the VPC get; what was sent is for the operation to judge."""

    profile = forms.CharField(
        label=_("Timers"),
        error_messages={"required": _("Choose one of the profiles that are shown.")},
    )


class CheckForm(forms.Form):
    """A file somebody has, and whose it is. It is looked at and kept nowhere."""

    against = forms.ChoiceField(
        label=_("Compare with"),
        required=False,
        help_text=_(
            "With a node, the file is compared with what is bound; without, it is checked on its own."
        ),
    )
    text = forms.CharField(
        label="keepalived.conf",
        strip=False,
        error_messages={"required": _("Paste the text of a keepalived.conf.")},
        widget=forms.Textarea(
            attrs={
                "rows": 12,
                "class": "mono",
                "spellcheck": "false",
                "autocomplete": "off",
                "autocapitalize": "off",
            }
        ),
    )

    def __init__(self, *args: Any, against: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["against"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*against, ("", str(_("Nothing: general checks only")))]

    def clean_text(self) -> str:
        """Refuse what is larger than the checker reads, and make line ends plain."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n").replace("\r", "\n")
        size = len(text.encode(errors="replace"))
        if size > SIZE_LIMIT:
            raise ValidationError(
                _("The file has %(size)s KiB; at most %(limit)s KiB are checked."),
                code="too-large",
                params={"size": -(-size // _KIB), "limit": SIZE_LIMIT // _KIB},
            )
        return text

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return 422 if self.is_bound and self.errors else 200

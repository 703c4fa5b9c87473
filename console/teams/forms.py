"""The sign-in form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# As long as the user table has it.
LONGEST_NAME = 150


class SignInForm(AuthenticationForm):
    """User name and password; one message for whatever is wrong, so that nothing is given away."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("The user name or the password is not right."),
        "inactive": _("The user name or the password is not right."),
    }

    def clean_username(self) -> str:
        """Refuse what no user name can be, before it reaches the database."""
        name: Any = self.cleaned_data["username"]
        if "\0" in name or len(name) > LONGEST_NAME:
            raise ValidationError(self.error_messages["invalid_login"])
        return str(name)

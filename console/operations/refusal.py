"""The one way in which an operation says no."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _filled(text: Promise | str, parameters: dict[str, Any]) -> str:
    return str(text) % parameters if parameters else str(text)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold: its number in 2-domain, the cloud's code, what is wrong and what to do about it.

    `message` and `remedy` are translatable texts with named `%(…)s` parameters. `field` is the name of the input that it
    concerns, in the words of the operations' own arguments. `status` is the HTTP status for machines.
    """

    number: str
    code: str
    message: Promise | str
    remedy: Promise | str = ""
    field: str = ""
    status: int = HTTPStatus.BAD_REQUEST

    def refuse(self, *, field: str | None = None, **parameters: Any) -> Refusal:
        """Return the refusal to raise; `field` overrides the rule's own where one rule guards two inputs."""
        return Refusal(self, field=self.field if field is None else field, parameters=parameters)


class Refusal(Exception):
    """An attempt that breaks a rule. Nothing was changed; the text says why and what to do."""

    def __init__(self, rule: Rule, *, field: str = "", parameters: dict[str, Any]) -> None:
        self.rule = rule
        self.field = field
        self.parameters = parameters
        super().__init__(rule.number, rule.code)

    @property
    def number(self) -> str:
        """The rule's number, such as C5."""
        return self.rule.number

    @property
    def code(self) -> str:
        """The code that machines read, the cloud's own where one is known."""
        return self.rule.code

    @property
    def status(self) -> int:
        """The HTTP status for machines."""
        return self.rule.status

    @property
    def message(self) -> str:
        """What is wrong, in the reader's language."""
        return _filled(self.rule.message, self.parameters)

    @property
    def remedy(self) -> str:
        """What to do about it, in the reader's language; may be empty."""
        return _filled(self.rule.remedy, self.parameters) if self.rule.remedy else ""

    @property
    def raw_message(self) -> str:
        """The untranslated message, for storing beside its parameters."""
        from django.utils import translation

        with translation.override(None):
            return str(self.rule.message)

    def __str__(self) -> str:
        return f"{self.number} {self.code}: {self.message}"


PERMISSION = Rule(
    "A1",
    code="Forbidden",
    message=_("Your role in this team does not allow this."),
    remedy=_("Ask an owner of the team to do it, or for another role."),
    status=HTTPStatus.FORBIDDEN,
)
TOKEN_MALFORMED = Rule(
    "A2",
    code="InvalidClientToken.Malformed",
    message=_("The idempotency token must have 1 to 64 ASCII characters."),
    remedy=_("Send a shorter token, for example a UUID."),
    field="client_token",
)
TOKEN_REUSED = Rule(
    "A3",
    code="IdempotentParameterMismatch",
    message=_("This idempotency token was used before, with other arguments."),
    remedy=_("Use a new token for a new request."),
    field="client_token",
)
BUSY = Rule(
    "A4",
    code="OperationConflict",
    message=_("Another change of this team was under way and did not end in time."),
    remedy=_("Try again; nothing was changed."),
    status=HTTPStatus.CONFLICT,
)
CONSTRAINT = Rule(
    "A5",
    code="OperationConflict",
    message=_("Somebody else changed the same thing at the same moment."),
    remedy=_("Look at it again and repeat; nothing was changed."),
    status=HTTPStatus.CONFLICT,
)
ARGUMENT_MALFORMED = Rule(
    "A6",
    code="InvalidParameter",
    message=_("The value contains a character that cannot be stored."),
    remedy=_("Remove it and try again."),
)
PRECONDITION = Rule(
    "A7",
    code="PreconditionFailed",
    message=_("It is not as you saw it last: it has changed since."),
    remedy=_("Look at it again, then decide again; nothing was changed."),
    status=HTTPStatus.PRECONDITION_FAILED,
)

"""Every error as `application/problem+json` (RFC 9457): what is wrong, by which rule, at which input, and what to do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions

from console.operations.refusal import Refusal
from console.teams.keys import KeyRefused

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
# Whoever has more wrong than that is told how many.
MOST_FAULTS = 100
CHALLENGE = 'Bearer realm="havip"'


_PHRASES: Mapping[int, str | Promise] = {
    400: gettext_lazy("Bad Request"),
    401: gettext_lazy("Unauthorized"),
    403: gettext_lazy("Forbidden"),
    404: gettext_lazy("Not Found"),
    405: gettext_lazy("Method Not Allowed"),
    406: gettext_lazy("Not Acceptable"),
    409: gettext_lazy("Conflict"),
    410: gettext_lazy("Gone"),
    411: gettext_lazy("Length Required"),
    412: gettext_lazy("Precondition Failed"),
    413: gettext_lazy("Content Too Large"),
    415: gettext_lazy("Unsupported Media Type"),
    429: gettext_lazy("Too Many Requests"),
    500: gettext_lazy("Internal Server Error"),
    503: gettext_lazy("Service Unavailable"),
}


def phrase(status: int) -> str:
    """Return what a status means, in the reader's language."""
    return str(_PHRASES.get(status) or HTTPStatus(status).phrase)


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong input: a JSON pointer into the body, or the name of a parameter or header."""

    code: str
    detail: str
    pointer: str = ""
    parameter: str = ""
    header: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as a problem's `errors` has it."""
        place = {"pointer": self.pointer, "parameter": self.parameter, "header": self.header}
        return {
            **{name: text for name, text in place.items() if text},
            "code": self.code,
            "detail": self.detail,
        }


@dataclass(eq=False)
class Problem(Exception):
    """An error that this face finds by itself: about HTTP, about the form of a request, or about the end of a job."""

    status: int
    code: str
    detail: str
    remedy: str = ""
    field: str = ""
    rule: str = ""
    errors: Sequence[Fault] = ()
    members: Mapping[str, Any] = member(default_factory=dict)
    headers: Mapping[str, str] = member(default_factory=dict)

    @property
    def type(self) -> str:
        """The URI that names the sort of problem."""
        return f"urn:havip:rule:{self.rule}" if self.rule else f"urn:havip:problem:{self.code}"

    @property
    def title(self) -> str:
        """What all problems of the type have in common."""
        if self.rule:
            return _("Refused by rule %(rule)s") % {"rule": self.rule}
        return phrase(self.status)

    def as_dict(self, request_id: str) -> dict[str, Any]:
        """Return the members of the answer."""
        optional = {"rule": self.rule, "field": self.field, "remedy": self.remedy}
        return {
            "type": self.type,
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            "instance": f"urn:uuid:{request_id.lower()}",
            "code": self.code,
            **{name: text for name, text in optional.items() if text},
            **({"errors": [fault.as_dict() for fault in self.errors]} if self.errors else {}),
            **self.members,
            "request_id": request_id,
        }

    def response(self, request: HttpRequest) -> HttpResponse:
        """Return it as an answer."""
        request_id = str(getattr(request, "request_id", ""))
        text = json.dumps(self.as_dict(request_id), cls=DjangoJSONEncoder, ensure_ascii=False)
        # Half of a surrogate pair, which a name in a body may hold, is written in JSON as in Python: \udc00.
        content = text.encode(errors="backslashreplace")
        answer = HttpResponse(content, status=self.status, content_type=MEDIA_TYPE)
        for name, text in self.headers.items():
            answer[name] = text
        answer["Cache-Control"] = "no-store"
        return answer


def malformed(faults: Sequence[Fault]) -> Problem:
    """Return the problem of a request whose inputs do not have the form that the schema asks for."""
    first = faults[0]
    place = first.pointer.removeprefix("#/") or first.parameter or first.header
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "InvalidParameter" if len(faults) > 1 else first.code,
        first.detail if len(faults) == 1 else _("%d inputs are wrong.") % len(faults),
        field=place.replace("/", ".") if len(faults) == 1 else "",
        errors=faults[:MOST_FAULTS],
    )


def wrong_parameter(name: str, detail: str, *, code: str = "InvalidParameter") -> Problem:
    """Return the problem of one query parameter."""
    return malformed([Fault(code, detail, parameter=name)])


def from_refusal(refusal: Refusal, names: Mapping[str, str] | None = None) -> Problem:
    """Return the problem for a refusal; `names` translates the operations' argument names into those of the request's body."""
    place = (names or {}).get(refusal.field, refusal.field)
    in_body = names is not None and place in names.values()
    return Problem(
        refusal.status,
        refusal.code,
        refusal.message,
        remedy=refusal.remedy,
        field=place,
        rule=refusal.number,
        errors=[Fault(refusal.code, refusal.message, pointer=f"#/{place}")] if in_body else (),
    )


def problem_of(error: Exception) -> Problem:
    """Return the problem that an exception stands for; one that nobody expected is an error of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refusal):
        return from_refusal(error)
    if isinstance(error, KeyRefused):
        return _key_refused(error)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, PermissionDenied):
        return Problem(HTTPStatus.FORBIDDEN, "Forbidden", _("This is not allowed."))
    if isinstance(error, RequestDataTooBig):
        return Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BodyTooLarge", _("The body is too large.")
        )
    if isinstance(error, DisallowedHost):
        unknown = _("This console does not answer to that name.")
        return malformed([Fault("InvalidParameter", unknown, header="Host")])
    if isinstance(error, UnreadablePostError | SuspiciousOperation):
        return Problem(HTTPStatus.BAD_REQUEST, "MalformedRequest", _("The request cannot be read."))
    logger.error("a request to the REST API failed", exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "InternalError",
        _("Something went wrong here; it is recorded under the request's identifier."),
    )


def not_found() -> Problem:
    """Return the problem of an address where nothing is."""
    return Problem(HTTPStatus.NOT_FOUND, "NotFound", _("There is nothing at this address."))


def _key_refused(error: KeyRefused) -> Problem:
    """A key that is not known, or not any more, is a missing authentication; one from a wrong network is forbidden."""
    if error.status == HTTPStatus.FORBIDDEN:
        return Problem(error.status, error.code, error.message)
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        error.code,
        error.message,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )


def _of_framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        return malformed(list(_faults(error.detail)))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Problem(
            HTTPStatus.UNAUTHORIZED,
            "MissingAuthorization",
            _("An API key is needed: Authorization: Bearer <id>.<secret>"),
            headers={"WWW-Authenticate": CHALLENGE},
        )
    return Problem(error.status_code, _CODES.get(type(error), "BadRequest"), str(error.detail))


_CODES: Mapping[type[exceptions.APIException], str] = {
    exceptions.ParseError: "MalformedBody",
    exceptions.NotFound: "NotFound",
    exceptions.PermissionDenied: "Forbidden",
    exceptions.MethodNotAllowed: "MethodNotAllowed",
    exceptions.NotAcceptable: "NotAcceptable",
    exceptions.UnsupportedMediaType: "UnsupportedMediaType",
}


def _faults(detail: Any, pointer: str = "#") -> Iterator[Fault]:
    """Flatten what the serializers found wrong, however deep."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            whole = name == "non_field_errors"
            yield from _faults(inner, pointer if whole else f"{pointer}/{_escaped(str(name))}")
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            if not nested or inner:
                yield from _faults(inner, f"{pointer}/{position}" if nested else pointer)
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield Fault(_FAULT_CODES.get(code, "InvalidParameter"), str(detail), pointer=pointer)


_FAULT_CODES = {"required": "MissingParameter", "unknown": "UnknownParameter"}


def _escaped(name: str) -> str:
    """Return a member's name as a JSON pointer has it (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")

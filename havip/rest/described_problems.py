"""Problems in the OpenAPI description: their shape, and an example of each usual status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated

from console.operations.refusal import PERMISSION, PRECONDITION
from havip.models import AddressOwner
from havip.rest.problems import Problem, from_refusal, problem_of
from havip.rest.throttling import Allowance, exceeded
from havip.rules.addresses import C7_OCCUPIED
from havip.rules.binding import NO_HAVIP

Schema = dict[str, Any]
_REQUEST = "5F6B8C0A-0000-4000-8000-000000000000"
_ADDRESS = {"ip_address": "ip_address"}


def examples() -> dict[int, Schema]:
    """Return problems as they are really answered, by status, in the reader's language."""
    taken = C7_OCCUPIED.refuse(address="192.168.0.88", owner=str(AddressOwner.HAVIP.label))
    problems: dict[int, Problem] = {
        HTTPStatus.BAD_REQUEST: from_refusal(taken, _ADDRESS),
        HTTPStatus.UNAUTHORIZED: problem_of(NotAuthenticated()),
        HTTPStatus.FORBIDDEN: from_refusal(PERMISSION.refuse()),
        HTTPStatus.NOT_FOUND: from_refusal(NO_HAVIP.refuse(havip="havip-" + "0" * 20)),
        HTTPStatus.PRECONDITION_FAILED: from_refusal(PRECONDITION.refuse()),
        HTTPStatus.TOO_MANY_REQUESTS: exceeded(Allowance(1200, -1, 30)),
    }
    return {int(status): problem.as_dict(_REQUEST) for status, problem in problems.items()}


def problem_schema() -> Schema:
    """Return the shape of a problem."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": _("What is wrong (RFC 9457)."),
        "required": [
            "type",
            "title",
            "status",
            "detail",
            "instance",
            "code",
            "request_id",
        ],
        "properties": {
            "type": {**text, "format": "uri"},
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {
                **text,
                "description": _("What is wrong, in the language that was asked for."),
            },
            "instance": {**text, "format": "uri"},
            "rule": {**text, "description": _("The number of the rule that refused.")},
            "code": {**text, "description": _("What programs read.")},
            "field": {**text, "description": _("The input that it is about.")},
            "remedy": {**text, "description": _("What to do about it.")},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
            "job": {"$ref": "#/components/schemas/JobReference"},
            "object_id": text,
            "request_id": text,
        },
        "additionalProperties": False,
    }


def fault_schema() -> Schema:
    """Return the shape of one wrong input."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": _("One wrong input."),
        "required": ["code", "detail"],
        "properties": {
            "pointer": {**text, "description": _("A JSON pointer into the body (RFC 6901).")},
            "parameter": {**text, "description": _("The name of a query parameter.")},
            "header": {**text, "description": _("The name of a header.")},
            "code": text,
            "detail": text,
        },
        "additionalProperties": False,
    }

"""Problems in the OpenAPI description: their shape, and an example of each usual status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

Schema = dict[str, Any]


def _example(status: int, code: str, detail: str, **members: Any) -> Schema:
    rule = members.get("rule")
    identifier = "5F6B8C0A-0000-4000-8000-000000000000"
    return {
        "type": f"urn:havip:rule:{rule}" if rule else f"urn:havip:problem:{code}",
        "title": f"Refused by rule {rule}" if rule else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{identifier.lower()}",
        "code": code,
        **members,
        "request_id": identifier,
    }


EXAMPLES = {
    400: _example(
        400,
        "InvalidIPAddress.AlreadyUsed",
        "192.168.0.88 is taken already (HaVip).",
        rule="C7",
        field="ip_address",
        errors=[
            {
                "pointer": "#/ip_address",
                "code": "InvalidIPAddress.AlreadyUsed",
                "detail": "192.168.0.88 is taken already (HaVip).",
            }
        ],
    ),
    401: _example(401, "MissingAuthorization", "An API key is needed."),
    403: _example(403, "Forbidden", "Your role in this team does not allow this.", rule="A1"),
    404: _example(404, "InvalidHaVipId.NotFound", "There is no HaVip havip-0 in this region."),
    412: _example(412, "PreconditionFailed", "It has changed since.", rule="A7"),
    429: _example(429, "Throttling", "This key has made its 1200 requests of this minute."),
}


def problem_schema() -> Schema:
    """Return the shape of a problem."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "What is wrong (RFC 9457).",
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
            "detail": {**text, "description": "What is wrong, in the language that was asked for."},
            "instance": {**text, "format": "uri"},
            "rule": {**text, "description": "The number of the rule that refused."},
            "code": {**text, "description": "What programs read."},
            "field": {**text, "description": "The input that it is about."},
            "remedy": {**text, "description": "What to do about it."},
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
        "description": "One wrong input.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": {**text, "description": "A JSON pointer into the body (RFC 6901)."},
            "parameter": {**text, "description": "The name of a query parameter."},
            "header": {**text, "description": "The name of a header."},
            "code": text,
            "detail": text,
        },
        "additionalProperties": False,
    }

"""The OpenAPI description: what drf-spectacular reads from the handlers, completed with what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import django_filters
from django.forms import ChoiceField
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from console.paging import DEFAULT_SIZE
from havip.filters.tags import TagFilter
from havip.models import QuotaName
from havip.regions import regions
from havip.rest import links, problems
from havip.rest.described_problems import examples, fault_schema, problem_schema
from havip.rest.documented import SPECS, Spec
from havip.rest.paging import CURSOR, MAXIMUM_SIZE, ORDERING, SIZE, Listing
from havip.rest.serializers.console import JOB_PATTERN
from havip.rest.serializers.fields import LONGEST_TEXT, identifier_pattern
from havip.rest.waiting import LONGEST_SECONDS

Schema = dict[str, Any]
_STATUSES = (400, 401, 403, 404, 406, 409, 410, 411, 412, 413, 415, 429)
_METHODS = ("get", "post", "put", "patch", "delete")
_PREFIXES = {
    "havip_id": "havip",
    "vpc_id": "vpc",
    "vswitch_id": "vsw",
    "route_id": "rte",
    "instance_id": "i",
    "interface_id": "eni",
    "eip_id": "eip",
    "drill_id": "drill",
    "agent_id": "agent",
}
_EMPTY = {"type": "string", "maxLength": 0}
_CURSOR_PATTERN = "^-?[a-z]+:[0-9A-Za-z_-]+$"
_KEY_PATTERN = '^(?:[!#-~](?:[ -~]{0,62}[!-~])?|"[ -~]{1,64}")$'
_TEXT_PATTERN = r"^[^\u0000]*$"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The key as a bearer token."""

    target_class = "havip.rest.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        """Return the scheme."""
        del auto_schema
        text = _("An API key of a team: `Authorization: Bearer <id>.<secret>`")
        return {"type": "http", "scheme": "bearer", "description": text}


def finish(result: Schema, **_context: Any) -> Schema:
    """Complete the description: parameters, problems, headers, links and examples of every operation."""
    for methods in result["paths"].values():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                _complete(operation, method, SPECS[operation["operationId"]])
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in schemas.items():
        schemas[name] = _tidied(schema)
        if schema.get("description"):
            docstring = " ".join(schema["description"].split())
            schemas[name]["description"] = _(docstring)
        _close(schemas[name])
    schemas["Problem"], schemas["Fault"] = problem_schema(), fault_schema()
    components["headers"] = _headers()
    shown = examples()
    components["responses"] = {
        **{f"Problem{status}": _problem(status, shown.get(status)) for status in _STATUSES},
        "NotModified": {
            "description": _("Unchanged: it is what If-None-Match names."),
            "headers": _common_headers(),
        },
    }
    components["parameters"] = {
        "region": {
            "in": "path",
            "name": "region",
            "required": True,
            "schema": {"type": "string", "enum": list(regions())},
        }
    }
    return result


def _complete(operation: Schema, method: str, spec: Spec) -> None:
    parameters = [_path_parameter(each) for each in operation.get("parameters", [])]
    has_path = bool(parameters)
    parameters += [*_query(spec), *_request_headers(method, spec)]
    operation["parameters"] = parameters
    operation["tags"] = [str(spec.tag)]
    operation["summary"] = _(spec.summary)
    operation.pop("description", None)
    if spec.description:
        operation["description"] = _(spec.description)
    if spec.body is not None and "requestBody" in operation:
        needed = any(field.required for field in spec.body().fields.values())
        operation["requestBody"]["required"] = needed
        if spec.example is not None:
            content = operation["requestBody"]["content"]["application/json"]
            content["examples"] = {"usual": {"value": dict(spec.example)}}
    responses = {
        status: _success(response, int(status), spec)
        for status, response in operation["responses"].items()
    }
    if method == "get" and not spec.media:
        responses["304"] = {"$ref": "#/components/responses/NotModified"}
    for number in sorted(_refusals(spec, has_path=has_path)):
        responses[str(number)] = {"$ref": f"#/components/responses/Problem{number}"}
    operation["responses"] = dict(sorted(responses.items()))


# --- Parameters -----------------------------------------------------------------------------------------------


def _path_parameter(parameter: Schema) -> Schema:
    name = parameter["name"]
    schema: Schema = dict(parameter["schema"])
    if name == "region":
        return {"$ref": "#/components/parameters/region"}
    if name == "job_id":
        schema = {"type": "string", "pattern": JOB_PATTERN}
    elif name == "quota":
        schema = {"type": "string", "enum": [str(each) for each in QuotaName.values]}
    elif name == "sequence":
        schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    elif name in _PREFIXES:
        schema = {"type": "string", "pattern": identifier_pattern(_PREFIXES[name])}
    return {**parameter, "schema": schema}


def _query(spec: Spec) -> Iterator[Schema]:
    for parameter in spec.parameters:
        yield _parameter(
            "query",
            parameter.name,
            dict(parameter.schema),
            str(parameter.description),
            required=parameter.required,
        )
    if spec.waits:
        schema = {"type": "integer", "minimum": 0, "maximum": LONGEST_SECONDS, "default": 0}
        text = _("Seconds for which the answer may be held until the job has ended.")
        yield _parameter("query", "wait", schema, text)
    listing = spec.listing or spec.filters_of
    if listing is not None:
        yield from _filters(listing)
    if spec.listing is not None:
        yield from _paging(spec.listing)


def _filters(listing: Listing[Any]) -> Iterator[Schema]:
    for name, known in (listing.filters.base_filters if listing.filters else {}).items():
        if isinstance(known, TagFilter):
            items = {"type": "string", "minLength": 1, "pattern": r"^[^=\u0000\s][^\u0000]{0,250}$"}
            schema: Schema = {"type": "array", "items": items, "minItems": 1, "maxItems": 20}
            text = _("A tag as key or key=value; several must all be there.")
            yield {**_parameter("query", name, schema, text), "style": "form", "explode": True}
        else:
            yield _parameter("query", name, _filter_schema(known), str(known.label or ""))


def _filter_schema(known: django_filters.Filter) -> Schema:
    if isinstance(known, django_filters.ChoiceFilter):
        return {"type": "string", "enum": _choices(known)}
    if isinstance(known, django_filters.DateTimeFilter):
        return {"type": "string", "format": "date-time"}
    longest = known.extra.get("max_length") or 1000
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": _TEXT_PATTERN}


def _choices(known: django_filters.ChoiceFilter) -> list[str]:
    """Return the values of a choice, those in groups among them."""
    field = known.field
    assert isinstance(field, ChoiceField)
    choices: Any = field.choices
    found: list[str] = []
    for value, label in choices:
        if isinstance(label, list | tuple):
            found += [str(inner) for inner, _name in label]
        elif value:
            found.append(str(value))
    return found


def _paging(listing: Listing[Any]) -> Iterator[Schema]:
    ordering = {"type": "string", "enum": listing.choices, "default": listing.default}
    yield _parameter("query", ORDERING, ordering, _("Descending with a minus before the name."))
    size = {"type": "integer", "minimum": 1, "maximum": MAXIMUM_SIZE, "default": DEFAULT_SIZE}
    yield _parameter("query", SIZE, size, _("Items on a page."))
    text = _("next_cursor or previous_cursor of another page of the same list, in the same order.")
    schema = {"type": "string", "maxLength": 1200, "pattern": _CURSOR_PATTERN}
    yield _parameter("query", CURSOR, schema, text)


def _request_headers(method: str, spec: Spec) -> Iterator[Schema]:
    tags = {"type": "string", "pattern": r'^(?:\*|(?:W/)?"[!#-~]*"(?: *, *(?:W/)?"[!#-~]*")*)$'}
    if method == "get" and not spec.media:
        text = _("The entity tag of what the caller has; unchanged, it is answered with 304.")
        yield _parameter("header", "If-None-Match", tags, text)
    if spec.conditional:
        text = _(
            "The entity tag of what the caller saw; where it has changed since, nothing is done."
        )
        yield _parameter("header", "If-Match", tags, text)
    if spec.writes:
        text = _(
            "Repeated with the same request within 24 hours, it gives the first answer and no second effect."
        )
        schema = {"type": "string", "minLength": 1, "maxLength": 66, "pattern": _KEY_PATTERN}
        yield _parameter("header", "Idempotency-Key", schema, text)


def _parameter(
    place: str, name: str, schema: Mapping[str, Any], text: str, *, required: bool = False
) -> Schema:
    described = {"description": text} if text else {}
    found = {"in": place, "name": name, **described, "schema": dict(schema)}
    return {**found, "required": True} if required else found


# --- Answers --------------------------------------------------------------------------------------------------


def _common_headers() -> Schema:
    names = ("X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers() -> Schema:
    whole = {"type": "integer", "minimum": 0}
    return {
        "X-Request-Id": {
            "description": _("The identifier of this request, as in the audit log."),
            "schema": {"type": "string", "format": "uuid"},
        },
        "RateLimit-Limit": {"description": _("Requests per minute."), "schema": whole},
        "RateLimit-Remaining": {"description": _("Requests left."), "schema": whole},
        "RateLimit-Reset": {"description": _("Seconds until there are more."), "schema": whole},
        "ETag": {"description": _("The entity tag."), "schema": {"type": "string"}},
        "Location": {
            "description": _("The new object, or the job that works on it."),
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "Retry-After": {"description": _("Seconds to wait."), "schema": whole},
        "WWW-Authenticate": {"description": _("The challenge."), "schema": {"type": "string"}},
    }


_DESCRIPTIONS: Mapping[int, str | Promise] = {
    200: gettext_lazy("Done, or shown."),
    201: gettext_lazy("Created."),
    202: gettext_lazy("Accepted: a job works on it."),
    204: gettext_lazy("It is gone."),
}


def _success(response: Schema, status: int, spec: Spec) -> Schema:
    names = list(_common_headers())
    if status != HTTPStatus.NO_CONTENT and not spec.media:
        names.append("ETag")
    if status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        names.append("Location")
    found = {**response, "description": str(_DESCRIPTIONS[status])}
    if spec.media:
        text = {"schema": {"type": "string"}}
        found["content"] = dict.fromkeys(spec.media.get(status, ()), text)
    found["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    following = links.of(spec.operation_id, status)
    if following:
        found["links"] = following
    return found


def _refusals(spec: Spec, *, has_path: bool) -> set[int]:
    """Return the statuses with which an operation may be refused."""
    found = {400, 401, 403, 406, 429, *spec.refusals}
    if spec.media:
        found.discard(406)
    if has_path or spec.writes:
        found.add(404)  # the address, or something that the body names
    if any(parameter.name == "kind" for parameter in spec.parameters):
        found.add(404)
    if spec.writes:
        found |= {409, 411, 413, 415}
    if spec.body is not None:
        found |= {411, 413, 415}
    if spec.conditional:
        found.add(412)
    return found


def _problem(status: int, example: Schema | None) -> Schema:
    headers = _common_headers()
    extra = {401: "WWW-Authenticate", 429: "Retry-After"}.get(status)
    if extra:
        headers[extra] = {"$ref": f"#/components/headers/{extra}"}
    content: Schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example is not None:
        content["examples"] = {"usual": {"value": example}}
    return {
        "description": problems.phrase(status),
        "headers": headers,
        "content": {problems.MEDIA_TYPE: content},
    }


def _tidied(value: Any) -> Any:
    """Take out what the generator adds by itself: a way around every pattern for empty texts, our limit for any text, its marks."""
    if isinstance(value, list):
        return [_tidied(each) for each in value]
    if not isinstance(value, dict):
        return value
    either = value.get("oneOf", ())
    if _EMPTY in either and len(either) == 2:
        rest = {name: inner for name, inner in value.items() if name != "oneOf"}
        value = {**rest, **next(each for each in either if each != _EMPTY)}
    return {
        name: _tidied(inner)
        for name, inner in value.items()
        if name != "x-spec-enum-id" and (name, inner) != ("maxLength", LONGEST_TEXT)
    }


def _close(schema: Schema) -> None:
    """Say that an object has no members but those that are described."""
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)

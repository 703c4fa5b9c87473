"""Answers on the wire: JSON or XML, with the error body that every SDK understands (6-cloud-api, 5.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpResponse

from havip.rpc.errors import RpcError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# What XML 1.0 cannot hold, not even escaped.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(StrEnum):
    """How an answer is written; the values are the content types that the SDKs compare."""

    JSON = "application/json;charset=utf-8"
    XML = "text/xml;charset=utf-8"


def success(
    values: Mapping[str, Any], *, action: str, request_id: str, wanted: Format
) -> HttpResponse:
    """Return the answer of an accepted request: the action's values with the RequestId, in XML under `<ActionResponse>`."""
    if "Code" in values:
        # One SDK takes any top-level Code for a failure.
        raise ValueError(f"{action} answers with a top-level Code")
    return _response({"RequestId": request_id, **values}, f"{action}Response", 200, wanted)


def failure(error: RpcError, *, request_id: str, host: str, wanted: Format) -> HttpResponse:
    """Return the answer of a request that was refused or failed, in XML under `<Error>`."""
    body = {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": error.recommend,
    }
    response = _response(body, "Error", int(error.status), wanted)
    for name, value in error.headers.items():
        response[name] = value
    return response


def _response(body: Mapping[str, Any], root: str, status: int, wanted: Format) -> HttpResponse:
    content = _json(body) if wanted is Format.JSON else _xml(root, body)
    response = HttpResponse(content, content_type=wanted.value, status=status)
    response["x-acs-request-id"] = body["RequestId"]
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _xml(root: str, body: Mapping[str, Any]) -> str:
    return _HEAD + "".join(_elements(root, body))


def _elements(name: str, value: Any) -> Iterator[str]:
    """Write a value as elements of this name: a list repeats it, an object holds its members, None is left out."""
    if value is None:
        return
    if isinstance(value, list | tuple):
        for item in value:
            yield from _elements(name, item)
        return
    yield f"<{name}>"
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _elements(str(key), member)
    else:
        yield _xml_text(value)
    yield f"</{name}>"


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)))

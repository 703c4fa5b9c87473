"""Reading a request of the RPC API: query and form merged, headers as they were sent, everything within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from havip.rpc import errors
from havip.rpc.answers import Format
from havip.rpc.errors import RpcError

METHODS = ("GET", "POST", "HEAD")
MAXIMUM_BODY = 256 * 1024
MAXIMUM_QUERY = 64 * 1024
MAXIMUM_PARAMETERS = 500
_FORM = "application/x-www-form-urlencoded"
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# A request at the path / that bears one of these is meant for this interface and not for the console's first page.
_MARKS = frozenset({"Action", "AccessKeyId", "Signature"})


@dataclass(frozen=True)
class RpcRequest:
    """One request. `query` and `form` are decoded; `body` is as it came."""

    method: str
    host: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    body: bytes
    environment: Mapping[str, str]

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Query and form together; no name is in both."""
        return {**self.query, **self.form}

    @property
    def is_v3(self) -> bool:
        """Whether it is signed in its headers; older clients send x-acs-action too, but no such Authorization."""
        return (self.header("authorization") or "").startswith("ACS3-")

    @property
    def in_headers(self) -> bool:
        """Whether action and version are in the headers: signed there, or not signed at all."""
        return self.is_v3 or (
            self.header("x-acs-action") is not None and not _MARKS & self.parameters.keys()
        )

    @property
    def action(self) -> str:
        """The action's name, or an empty text."""
        return self._common("x-acs-action", "Action")

    @property
    def version(self) -> str:
        """The version of the interface, or an empty text."""
        return self._common("x-acs-version", "Version")

    def _common(self, header: str, parameter: str) -> str:
        found = self.header(header) if self.in_headers else self.parameters.get(parameter)
        return (found or "").strip()

    def header(self, name: str) -> str | None:
        """Return a header's value by its lower-case name, or None."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        return self.environment.get(key)

    @property
    def wanted(self) -> Format:
        """The answer's format: Format if it is sent; without it JSON for header signatures and XML for others.

        One client sends the word None where nobody chose, and expects JSON (6-cloud-api, 5.3). Raises RpcError for
        any other word.
        """
        given = self.parameters.get("Format", "")
        if not given:
            return Format.JSON if self.in_headers else Format.XML
        if given.upper() in ("JSON", "NONE"):
            return Format.JSON
        if given.upper() == "XML":
            return Format.XML
        raise errors.malformed_parameter("Format", "JSON or XML")


def asks_for_an_action(request: HttpRequest) -> bool:
    """Tell whether a request is meant for the RPC API; everything else at its path is the console's."""
    if request.path_info != "/":
        return False
    if request.headers.get("Authorization", "").startswith("ACS3-"):
        return True
    if "x-acs-action" in request.headers or _marked(_raw_query(request)):
        return True
    # No page of the console has a form at this address: one that is too long to be looked at is no page's either.
    return _has_form(request) and (_is_long(request) or _marked(request.body))


def _raw_query(request: HttpRequest) -> bytes:
    return str(request.META.get("QUERY_STRING", "")).encode("latin-1", "replace")


def _has_form(request: HttpRequest) -> bool:
    return request.content_type == _FORM


def _is_long(request: HttpRequest) -> bool:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return not length.isdecimal() or int(length) > MAXIMUM_BODY


def _marked(raw: bytes) -> bool:
    return any(_text(name, "replace") in _MARKS for name, _ in _pairs(raw))


def _pairs(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            yield name, value


def _text(raw: bytes, mistakes: str = "strict") -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", mistakes)


def read_request(request: HttpRequest) -> RpcRequest:
    """Return the request's parts. Raises RpcError for what is too long, doubled, or not text."""
    if request.method not in METHODS:
        raise errors.unsupported_method(request.method or "")
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        # A redirect would lose the body of a POST and confuse every SDK.
        raise RpcError(
            "InvalidProtocol.NeedSsl",
            "Your request is denied as lack of ssl protect.",
            recommend="Use https.",
        )
    try:
        host = request.get_host()
    except DisallowedHost:
        raise errors.invalid_parameter("Host", "a name of this console") from None
    raw = _raw_query(request)
    if _is_long(request) or len(raw) > MAXIMUM_QUERY:
        raise RpcError(
            "RequestTooLarge",
            "The request is longer than this console reads.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    body = request.body
    if body and not _has_form(request):
        raise errors.malformed_parameter("Content-Type", _FORM)
    query, form = _decoded(raw), _decoded(body)
    doubled = query.keys() & form.keys()
    if doubled:
        raise _doubled(min(doubled))
    if len(query) + len(form) > MAXIMUM_PARAMETERS:
        raise RpcError("InvalidParameter", f"More than {MAXIMUM_PARAMETERS} parameters were sent.")
    return RpcRequest(request.method, host, query, form, body, request.META)


def _decoded(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query or a form; `+` and `%20` both are a space (6-cloud-api, 5.2)."""
    found: dict[str, str] = {}
    if _BROKEN_ESCAPE.search(raw):
        raise errors.malformed_parameter("query", "percent-encoded")
    for name, value in _pairs(raw):
        try:
            key, text = _text(name), _text(value)
        except UnicodeDecodeError:
            raise errors.malformed_parameter(_text(name, "replace")[:80], "UTF-8") from None
        if key in found:
            raise _doubled(key)
        found[key] = text
    return found


def _doubled(name: str) -> RpcError:
    """A name that is sent twice could be signed as one value and read as the other."""
    return errors.malformed_parameter(name[:80], "sent once")

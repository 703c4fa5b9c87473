"""What every request gets first: an identifier, and the address that it really came from."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

REQUEST_ID_HEADER = "X-Request-Id"


class RequestContextMiddleware:
    """Sets `request.request_id` and `request.source_address`; answers bear the identifier, log lines too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Name the request, pass it on, name the answer."""
        request.request_id = str(uuid.uuid4()).upper()  # type: ignore[attr-defined]
        request.source_address = source_address(request)  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response[REQUEST_ID_HEADER] = request.request_id  # type: ignore[attr-defined]
        return response


def source_address(request: HttpRequest) -> str:
    """Return the client's address: the peer's, or what trusted proxies (HAVIP_TRUSTED_PROXIES) say before it.

    X-Forwarded-For is read from its end, and only as far as each hop is trusted: what a stranger writes there counts nothing.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not _is_trusted(peer):
        return peer
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    for hop in reversed(hops):
        if not _is_address(hop):
            return peer
        if not _is_trusted(hop):
            return hop
        peer = hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(text: str) -> bool:
    if not _is_address(text):
        return False
    address = ipaddress.ip_address(text)
    return any(
        address in ipaddress.ip_network(proxy, strict=False)
        for proxy in settings.HAVIP_TRUSTED_PROXIES
    )

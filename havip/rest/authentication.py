"""Whose request it is: a team's API key as a bearer token; a session only for reading the schema."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

from console.teams.keys import authenticate_bearer, key_principal, note_use
from console.teams.models import ApiKey
from console.teams.principal import Channel, Principal
from havip.rest.problems import CHALLENGE
from havip.rest.throttling import count_wrong_key

_SCHEME = "bearer"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key, and the principal that it stands for."""

    key: ApiKey
    principal: Principal
    is_authenticated: bool = True


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <id>.<secret>`. Without it a request bears no key; with a wrong one it is refused."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        """Return the caller. Raises KeyRefused, or Problem after too many wrong keys from one address."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != _SCHEME:
            return None
        source = _context(request, "source_address")
        with count_wrong_key(source):
            key = authenticate_bearer(token.strip()[:_LONGEST], source_address=source)
        note_use(key, source)
        principal = key_principal(
            key,
            channel=Channel.REST,
            source_address=source,
            request_id=_context(request, "request_id"),
        )
        return Caller(key, principal), key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        del request
        return CHALLENGE


def _context(request: Request, name: str) -> str:
    """Return what the middleware noted at the request."""
    plain: HttpRequest = request._request  # noqa: SLF001 - REST framework's own way to it
    return str(getattr(plain, name, ""))


class ReadingSession(SessionAuthentication):
    """A person who is signed in at the console: for the schema and its page, which belong to no team."""

    def enforce_csrf(self, request: Request) -> None:
        """Let a session read and nothing else, so that there is nothing to forge. Raises MethodNotAllowed."""
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(str(request.method))

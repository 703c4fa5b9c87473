"""The description of the interface: for programs, and as a page. With a key, or signed in at the console."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from console.teams.access import to_sign_in
from havip.regions import regions
from havip.rest import throttling
from havip.rest.authentication import Caller, KeyAuthentication, ReadingSession
from havip.rest.endpoint import Endpoint
from havip.rest.schema import KeyScheme

assert KeyScheme.name, "the extension registers itself when its module is imported"


@functools.lru_cache(maxsize=8)
def _schema(_regions: tuple[str, ...], language: str) -> dict[str, Any]:
    """Return the description; made once for each set of regions and each language."""
    with translation.override(language):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def schema() -> dict[str, Any]:
    """Return the description of the interface in the reader's language; what programs read in it is the same in all."""
    return _schema(tuple(regions()), translation.get_language() or settings.LANGUAGE_CODE)


class Schema(Endpoint):
    """The OpenAPI description."""

    authentication_classes = [
        KeyAuthentication,
        ReadingSession,
    ]
    schema = None

    def check_permissions(self, request: Request) -> None:
        """Let in who has a key, and who is signed in."""
        if isinstance(request.user, Caller):
            self._allowance = throttling.spend(request.user.key.key_id)
            if self._allowance.remaining < 0:
                raise throttling.exceeded(self._allowance)
        elif not getattr(request.user, "is_authenticated", False):  # None: nobody is
            raise NotAuthenticated

    def get(self, request: Request) -> Response:
        """Send the description as JSON."""
        return self.shown(schema())


def _groups() -> list[dict[str, Any]]:
    """Return every operation in one line, by what it is about."""
    groups: dict[str, list[dict[str, str]]] = {}
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            line = {"method": method.upper(), "path": path, "summary": operation["summary"]}
            groups.setdefault(operation["tags"][0], []).append(line)
    return [{"name": name, "operations": lines} for name, lines in groups.items()]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the description as a page to somebody who is signed in; requests from it bear a key that is typed in there."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    context = {
        "schema_url": reverse("rest:schema"),
        "groups": _groups(),
    }
    response = render(request, "rest/page.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    return response

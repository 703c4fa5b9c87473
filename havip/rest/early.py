"""Requests that are refused before any handler sees them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from havip.rest.problems import problem_of

_BELOW = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the answer to a request that cannot be taken up, as for a wrong Host: a problem for scripts, a page for browsers."""
    if request.path.startswith(_BELOW):
        return problem_of(exception).response(request)
    return defaults.bad_request(request, exception)

"""How the pages answer: what an accepted form leads to, and fragments that say "unchanged" where they can."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers

# The change is told first: once the overlay is closed, the form that tells it is no longer in the page.
_ACCEPTED = json.dumps({"havip:changed": None, "overlay:close": None})


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether htmx asks, and so wants a part of a page."""
    return request.headers.get("HX-Request") == "true"


def accepted(request: HttpRequest, url: str, message: str) -> HttpResponse:
    """Answer a form whose operation was accepted: close the overlay, or go to `url`; say `message` either way."""
    messages.success(request, message)
    if not is_htmx(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=204)
    response["HX-Trigger"] = _ACCEPTED
    return response


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Lead the whole page to another one, also where only a part of it was asked for."""
    if not is_htmx(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page that htmx may get without its frame: caches must keep the two apart."""
    response = render(request, template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def fragment(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a part of a page, or answer 304 when it is what the browser has already."""
    response = render(request, template, dict(context))
    tag = hashlib.sha256(response.content).hexdigest()[:32]
    response["ETag"] = f'"{tag}"'
    patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request, etag=f'"{tag}"', response=response) or response

"""The switch at the path /: a request that carries an action goes to the RPC API, everything else on to the console."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from havip.rpc.endpoint import answer
from havip.rpc.requests import asks_for_an_action


class RpcMiddleware:
    """Stands before sessions, CSRF and redirects, none of which a signed request has to do with."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer an action, or pass the request on."""
        return answer(request) if asks_for_an_action(request) else self.get_response(request)

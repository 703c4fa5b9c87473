"""What agents speak to: four JSON calls below /agent/v1/, with a key of their own that opens nothing else (docs/agents.md)."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from console.counting import count
from havip.fabric.base import FabricError
from havip.fabric.linux import enrolment, reports, store, waking
from havip.fabric.linux.models import Agent, AgentRole
from havip.fabric.linux.protocol import (
    MAXIMUM_REPORT_BYTES,
    Enrolled,
    ProtocolError,
    Reply,
    Token,
    as_json,
    loads,
    read_enrolment,
    read_report,
    read_token_request,
)

logger = logging.getLogger(__name__)
LONGEST_POLL_SECONDS = 25
FAILURES_PER_MINUTE = 30
REQUESTS_PER_MINUTE = 1200
_MINUTE = 60
AgentView = Callable[[HttpRequest, Agent], HttpResponse]
PlainView = Callable[[HttpRequest], HttpResponse]


class Answer(Exception):
    """A request that ends early, with this status and this word on why."""

    def __init__(self, status: HTTPStatus, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers

    def response(self) -> HttpResponse:
        """Return it as JSON."""
        headers = {name.replace("_", "-"): value for name, value in self.headers.items()}
        return JsonResponse({"error": self.error}, status=self.status, headers=headers)


def _call(method: str) -> Callable[[PlainView], PlainView]:
    """Make a view a call of the API: one method, and every error an answer in JSON."""

    def decorate(view: PlainView) -> PlainView:
        @functools.wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            try:
                if request.method != method:
                    raise Answer(
                        HTTPStatus.METHOD_NOT_ALLOWED, f"Only {method} is known here.", Allow=method
                    )
                response = view(request)
            except Answer as answer:
                response = answer.response()
            except ProtocolError as error:
                response = Answer(HTTPStatus.BAD_REQUEST, str(error)).response()
            except OperationalError:
                logger.warning("database busy, the agent tries again", exc_info=True)
                busy = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Busy.", Retry_After="1")
                response = busy.response()
            response["Cache-Control"] = "no-store"
            return response

        exempt: PlainView = csrf_exempt(guarded)
        return exempt

    return decorate


def _agent_call(method: str) -> Callable[[AgentView], PlainView]:
    """Make `view(request, agent)` a call that needs a key."""

    def decorate(view: AgentView) -> PlainView:
        @functools.wraps(view)
        def authenticated(request: HttpRequest) -> HttpResponse:
            return view(request, _the_agent(request))

        return _call(method)(authenticated)

    return decorate


def _the_agent(request: HttpRequest) -> Agent:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    agent = None
    if scheme.lower() == "bearer" and 20 <= len(key) <= 200:
        agent = enrolment.agent_with(key)
    if agent is None:
        _count_failure(request)
        raise Answer(
            HTTPStatus.UNAUTHORIZED, "The key is not known, or revoked.", WWW_Authenticate="Bearer"
        )
    if count(f"agent-requests:{agent.pk}", seconds=_MINUTE) > REQUESTS_PER_MINUTE:
        raise Answer(HTTPStatus.TOO_MANY_REQUESTS, "Slower, please.", Retry_After="10")
    return agent


def _count_failure(request: HttpRequest) -> None:
    """Count a wrong key or token of an address; too many in a minute are answered with 429. Good keys are never held up."""
    source = getattr(request, "source_address", "") or "local"
    if count(f"agent-failures:{source}", seconds=_MINUTE) > FAILURES_PER_MINUTE:
        raise Answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong keys.", Retry_After="60")


def _body(request: HttpRequest) -> object:
    """Return the JSON value that came with the request, if it is not too long."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAXIMUM_REPORT_BYTES:
        raise Answer(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAXIMUM_REPORT_BYTES} bytes, please."
        )
    try:
        raw = request.read(MAXIMUM_REPORT_BYTES + 1)
    except UnreadablePostError as error:
        raise Answer(HTTPStatus.BAD_REQUEST, "The body ended early.") from error
    return loads(raw, limit=MAXIMUM_REPORT_BYTES)


def _whole(request: HttpRequest, name: str, highest: int) -> int:
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= highest):
        raise Answer(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number up to {highest}.")
    return int(text)


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    return JsonResponse(as_json(value), status=status)


@_call("POST")
def enrol(request: HttpRequest) -> HttpResponse:
    """Take in the key of a new agent that has a one-time token."""
    wanted = read_enrolment(_body(request))
    try:
        agent = enrolment.enrol(
            wanted,
            source_address=getattr(request, "source_address", ""),
            request_id=getattr(request, "request_id", ""),
        )
    except enrolment.NotAccepted as refused:
        _count_failure(request)
        raise Answer(
            HTTPStatus.UNAUTHORIZED,
            "The token is not known, used, expired, or for another scope.",
            WWW_Authenticate="Bearer",
        ) from refused
    return _json(Enrolled(agent_id=agent.resource_id), HTTPStatus.CREATED)


@_agent_call("GET")
def wanted(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Answer with the wanted document if its version is not `after`; else wait up to `wait` seconds for one, then 204."""
    after = _whole(request, "after", 2**53)
    wait = _whole(request, "wait", LONGEST_POLL_SECONDS)
    mark = waking.mark_of(agent.scope)  # before the look into the database: nothing falls between
    reports.sign_of_life(agent)
    answer = _newer(agent, after)
    if answer is not None or not wait:
        return answer or HttpResponse(status=HTTPStatus.NO_CONTENT)
    if not waking.wait_for(agent.scope, mark, wait):
        raise Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too many agents wait.", Retry_After="2")
    return _newer(_the_agent(request), after) or HttpResponse(status=HTTPStatus.NO_CONTENT)


def _newer(agent: Agent, after: int) -> HttpResponse | None:
    try:
        state = store.wanted_by(agent.scope, agent.region)
    except FabricError as error:
        logger.warning("no document for %s: %s", agent.scope, error)
        return None
    if state is None or state.version == after:
        return None
    return JsonResponse(store.document_of(state))


@_agent_call("POST")
def report(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Take in what an agent has done and seen."""
    told = read_report(_body(request))
    try:
        version = reports.take(agent, told)
    except reports.Unknown as revoked:
        raise Answer(HTTPStatus.UNAUTHORIZED, "The key is revoked.") from revoked
    return _json(Reply(wanted_version=version))


@_agent_call("POST")
def tokens(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Give a host a one-time token for an agent that it starts."""
    asked = read_token_request(_body(request))
    if agent.role != AgentRole.HOST:
        raise Answer(HTTPStatus.FORBIDDEN, "Only a host may ask for tokens.")
    token = enrolment.child_token(agent, asked.scope)
    if token is None:
        raise Answer(HTTPStatus.NOT_FOUND, "There is nothing of this scope in the host's region.")
    return _json(Token(scope=asked.scope, token=token), HTTPStatus.CREATED)


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for."""
    return Answer(HTTPStatus.NOT_FOUND, "There is no such call.").response()

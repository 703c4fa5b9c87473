"""Answering one request of the RPC API, whatever becomes of it: always a body that the SDKs understand."""

from __future__ import annotations

import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from console.operations.refusal import Refusal
from havip.rpc import answers, dispatch, errors
from havip.rpc.answers import Format
from havip.rpc.authentication import authenticate
from havip.rpc.errors import RpcError
from havip.rpc.requests import RpcRequest, read_request

logger = logging.getLogger(__name__)


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a request of an action. Never raises: an error of ours is logged and answered as InternalError."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    with translation.override("en"):  # programs compare these texts
        response, code = _answer(request, request_id)
    logger.info("rpc answered %s %s", response.status_code, code)
    if request.method == "HEAD":
        response.content = b""
    return response


def _answer(request: HttpRequest, request_id: str) -> tuple[HttpResponse, str]:
    wanted, host = Format.JSON, ""
    try:
        read = read_request(request)
        host, wanted = read.host, read.wanted
        source: str = request.source_address  # type: ignore[attr-defined]
        values = _values(read, source, request_id)
        return answers.success(
            values, action=read.action, request_id=request_id, wanted=wanted
        ), read.action
    except RpcError as caught:
        error = caught
    except Refusal as refusal:
        error = errors.from_refusal(refusal)
    except OperationalError:
        logger.warning("database busy", exc_info=True)
        error = errors.service_unavailable()
    except Exception:
        logger.exception("an action failed")
        error = errors.internal_error()
    return answers.failure(error, request_id=request_id, host=host, wanted=wanted), error.code


def _values(request: RpcRequest, source_address: str, request_id: str) -> dispatch.Answer:
    principal = authenticate(request, source_address=source_address, request_id=request_id)
    found = dispatch.find_action(request.version, request.action)
    if request.method == "HEAD" and not found.head:
        raise errors.unsupported_method("HEAD")
    return dispatch.perform(found, principal, request.parameters, host=request.host)

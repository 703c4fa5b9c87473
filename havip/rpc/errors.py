"""Errors as the cloud's RPC API words them: a code that programs compare, a message, an HTTP status (6-cloud-api, 3 and 5.5).

What a rule refuses is a Refusal and bears its own code. These are the errors of the interface itself: about the request,
its signature, its parameters and its rate. They are read by programs and are not translated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from console.operations.refusal import Refusal


@dataclass(slots=True)
class RpcError(Exception):
    """One error answer. `recommend` says what to do about it; `headers` are sent beside it."""

    code: str
    message: str
    status: int = HTTPStatus.BAD_REQUEST
    recommend: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def from_refusal(refusal: Refusal) -> RpcError:
    """Return the error for what a rule refused: its code, status, message and, as Recommend, its remedy."""
    return RpcError(refusal.code, refusal.message, int(refusal.status), refusal.remedy)


# --- Parameters -----------------------------------------------------------------------------------------------


def missing_parameter(name: str) -> RpcError:
    """A required parameter is absent or empty."""
    return RpcError(
        "MissingParameter",
        f'The input parameter "{name}" that is mandatory for processing this request is not supplied.',
        recommend=f"Send {name}.",
    )


def malformed_parameter(name: str, expected: str) -> RpcError:
    """A parameter's text is not of the parameter's type; `expected` says what would be."""
    return RpcError(
        "InvalidParameter.Format",
        f'The specified parameter "{name}" is not in proper format.',
        recommend=f"{name} must be {expected}.",
    )


def invalid_parameter(name: str, expected: str) -> RpcError:
    """A parameter's value is well-formed but not allowed; `expected` says what would be."""
    return RpcError(
        "InvalidParameter",
        f'The specified parameter "{name}" is not valid.',
        recommend=f"{name} must be {expected}.",
    )


def unsupported_parameter(name: str, reason: str = "") -> RpcError:
    """A parameter that the cloud knows asks for something that is not available here."""
    return RpcError(
        "InvalidParameter",
        f'The specified parameter "{name}" is not supported. {reason}'.strip(),
        recommend=f"Leave {name} out.",
    )


# --- The request itself ---------------------------------------------------------------------------------------


def unknown_action(version: str, action: str) -> RpcError:
    """No such action in this version of the interface."""
    return RpcError(
        "InvalidApi.NotFound",
        f'Specified api "{action[:80]}" of version "{version[:20]}" is not found, '
        "please check your url and method.",
        HTTPStatus.NOT_FOUND,
    )


def missing_common(name: str) -> RpcError:
    """One of the parameters that every request must have is absent; the code names it, such as MissingTimestamp."""
    return RpcError(f"Missing{name}", f"{name} is mandatory for this action.")


def unsupported_method(method: str) -> RpcError:
    """An HTTP method that the action does not take."""
    return RpcError(
        "UnsupportedHTTPMethod",
        f"This http method ({method[:10]}) is not supported.",
        recommend="Use GET or POST.",
    )


def dry_run_passed() -> RpcError:
    """What a DryRun answers where the real request would have been accepted (6-cloud-api, 4)."""
    return RpcError(
        "DryRunOperation",
        "Request validation has been passed with DryRun flag set.",
        recommend="Send the request without DryRun to carry it out.",
    )


def internal_error() -> RpcError:
    """An error of ours; what it was is in the log, under the answer's RequestId."""
    return RpcError(
        "InternalError",
        "The request processing has failed due to some unknown error.",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Give the RequestId to whoever runs this console.",
    )


def service_unavailable() -> RpcError:
    """The database is too busy for now; nothing was changed."""
    return RpcError(
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Try again; nothing was changed.",
    )

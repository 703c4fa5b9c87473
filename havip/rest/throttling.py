"""How much one key may ask in a minute, and how often one address may be wrong about keys; counted for all processes together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from console.counting import count_in_minute
from console.teams.keys import KeyRefused
from havip.rest.problems import Problem

WRONG_KEYS_PER_MINUTE = 30


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's requests in this window."""

    limit: int
    remaining: int
    reset: int

    def write(self, response: HttpResponseBase) -> None:
        """Say it in the answer: requests per window, requests left, and seconds until the next window."""
        response["RateLimit-Limit"] = str(self.limit)
        response["RateLimit-Remaining"] = str(self.remaining)
        response["RateLimit-Reset"] = str(self.reset)


def spend(key_id: str) -> Allowance:
    """Count one request of a key and return what is left; `remaining` is negative when there was nothing."""
    limit: int = settings.HAVIP_REST_REQUESTS_PER_MINUTE
    used, reset = count_in_minute(f"rest-requests:{key_id}")
    return Allowance(limit, limit - used, reset)


def exceeded(allowance: Allowance) -> Problem:
    """Return the problem of a request too many."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Throttling",
        _("This key has made its %(limit)d requests of this minute.") % {"limit": allowance.limit},
        remedy=_("Wait as long as Retry-After says."),
        headers={"Retry-After": str(allowance.reset)},
    )


@contextmanager
def count_wrong_key(source_address: str) -> Iterator[None]:
    """Count a wrong key against its address; too many in a minute are answered with 429. Good keys are never held up."""
    try:
        yield
    except KeyRefused as refused:
        wrong, reset = count_in_minute(f"rest-wrong-keys:{source_address}")
        if wrong > WRONG_KEYS_PER_MINUTE:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Throttling",
                _("Too many wrong keys came from this address."),
                headers={"Retry-After": str(reset)},
            ) from refused
        raise

"""What every handler says about itself: the schema is made of it, and the request is held to it.

Docstrings of handlers and of the shapes of bodies are what a reader of the description sees: bin/messages collects them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.utils.functional import Promise
from drf_spectacular.utils import extend_schema
from rest_framework.serializers import BaseSerializer, Serializer

from console.teams.roles import Permission
from havip.rest.paging import Listing

Handler = TypeVar("Handler", bound=Callable[..., Any])
Shape = type[BaseSerializer[Any]] | BaseSerializer[Any]


@dataclass(frozen=True)
class Parameter:
    """A query parameter of one handler."""

    name: str
    schema: Mapping[str, Any]
    description: str | Promise = ""
    required: bool = False


@dataclass(frozen=True)
class Spec:
    """One operation of the interface.

    `answers` are the shapes of success by status; None: no body. `media` says which other media types a status has. `summary` and
    `description` are English msgids, from the handler's docstring. `listing`: it is a list; `filters_of`: it takes the filters of
    this list, and gives no pages. `waits`: its work is done by a job. `conditional`: it takes If-Match. `writes`: it takes
    Idempotency-Key. `refusals`: further statuses of refusals.
    """

    operation_id: str
    tag: str | Promise
    answers: Mapping[int, Shape | None]
    needs: Permission = Permission.READ
    body: type[Serializer[Any]] | None = None
    listing: Listing[Any] | None = None
    filters_of: Listing[Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    writes: bool = False
    waits: bool = False
    conditional: bool = False
    media: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    example: Mapping[str, Any] | None = None
    summary: str = ""
    description: str = ""

    @property
    def known_parameters(self) -> frozenset[str]:
        """The query parameters that mean something here; any other is refused."""
        names = {parameter.name for parameter in self.parameters}
        names |= self.listing.parameters if self.listing else set()
        names |= set(self.filters_of.filter_names) if self.filters_of else set()
        return frozenset(names | ({"wait"} if self.waits else set()))

    @property
    def repeatable_parameters(self) -> frozenset[str]:
        """Those of them that may stand several times."""
        return self.listing.repeatable if self.listing else frozenset()


SPECS: dict[str, Spec] = {}


def documented(
    operation_id: str, tag: str | Promise, answers: Mapping[int, Shape | None], **options: Any
) -> Callable[[Handler], Handler]:
    """Describe a handler. Its docstring's first line is the summary, the rest of it the description."""
    spec = Spec(operation_id, tag, answers, **options)
    if operation_id in SPECS:
        raise ValueError(f"{operation_id} is described twice")
    SPECS[operation_id] = spec

    def decorate(handler: Handler) -> Handler:
        summary, description = words_of(handler.__doc__ or "")
        complete = replace(spec, summary=summary, description=description)
        SPECS[operation_id] = complete
        described: Handler = extend_schema(
            operation_id=operation_id,
            request=spec.body,
            responses=dict(answers),
        )(handler)
        described.spec = complete  # type: ignore[attr-defined]
        return described

    return decorate


def words_of(docstring: str) -> tuple[str, str]:
    """Return the summary and the description that a handler's docstring holds: its first line, and the rest on one line."""
    summary, _, description = docstring.strip().partition("\n")
    return summary.rstrip("."), " ".join(description.split())

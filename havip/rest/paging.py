"""Lists: the pages' own filters, strictly; the pages' orderings; and keyset paging, in which the millionth row costs what the first did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import django_filters
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from console.paging import DEFAULT_SIZE, InvalidCursor, Page, paginate
from havip.filters.tags import TagFilter
from havip.rest.problems import Fault, malformed, wrong_parameter

Row = TypeVar("Row", bound=Model)
MAXIMUM_SIZE = 100
CURSOR, SIZE, ORDERING = "cursor", "page_size", "ordering"
_BETWEEN = ":"


def _all(filtered: django_filters.FilterSet) -> QuerySet[Any]:
    found: QuerySet[Any] = filtered.qs
    return found


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """What a list can be filtered and ordered by: the same FilterSet as on the page."""

    filters: type[django_filters.FilterSet] | None = None
    orderings: Callable[[], Mapping[str, str]] = field(default=lambda: {"created": "pk"})
    default: str = "-created"
    matching: Callable[[Any], QuerySet[Any]] = _all

    @property
    def filter_names(self) -> tuple[str, ...]:
        """The query parameters that narrow the list down."""
        return tuple(self.filters.base_filters) if self.filters else ()

    @property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that the list knows."""
        return frozenset((*self.filter_names, CURSOR, SIZE, ORDERING))

    @property
    def repeatable(self) -> frozenset[str]:
        """The query parameters that may stand several times."""
        filters = self.filters.base_filters if self.filters else {}
        return frozenset(name for name, each in filters.items() if isinstance(each, TagFilter))

    @property
    def choices(self) -> list[str]:
        """What `ordering` may say."""
        return [sign + name for name in self.orderings() for sign in ("", "-")]

    def narrow(self, request: Request, queryset: QuerySet[Row]) -> QuerySet[Row]:
        """Return what matches the filters. Raises Problem for a value that makes no sense."""
        if self.filters is None:
            return queryset
        data = QueryDict(mutable=True)
        for name in self.filter_names:
            if name in request.query_params:
                data.setlist(name, request.query_params.getlist(name))
        chosen = self.filters(data, queryset=queryset)
        if not chosen.is_valid():
            raise malformed(
                [
                    Fault("InvalidParameter", " ".join(map(str, errors)), parameter=name)
                    for name, errors in chosen.errors.items()
                ]
            )
        for name, value in chosen.form.cleaned_data.items():
            _check_moment(name, value)
        return self.matching(chosen)

    def page(self, request: Request, queryset: QuerySet[Row]) -> Page[Row]:
        """Return the page that the request asks for. Raises Problem for a broken cursor, size or ordering."""
        ordering = request.query_params.get(ORDERING, self.default)
        if ordering not in self.choices:
            detail = _("It must be one of: %s.") % ", ".join(self.choices)
            raise wrong_parameter(ORDERING, detail)
        before, _sign, cursor = request.query_params.get(CURSOR, "").rpartition(_BETWEEN)
        if CURSOR in request.query_params and (before != ordering or not cursor):
            raise _broken_cursor()
        try:
            return paginate(
                self.narrow(request, queryset),
                orderings=self.orderings(),
                ordering=ordering,
                default=self.default,
                cursor=cursor,
                size=_size(request),
                strict=True,
            )
        except InvalidCursor:
            raise _broken_cursor() from None


def as_page(request: Request, page: Page[Any], shown: Sequence[Any]) -> dict[str, Any]:
    """Return the answer of a list: its items, and where the next and the previous page are."""
    return {
        "items": list(shown),
        "next": _address(request, page, page.next_cursor),
        "next_cursor": _token(page, page.next_cursor),
        "previous": _address(request, page, page.previous_cursor),
        "previous_cursor": _token(page, page.previous_cursor),
    }


def _token(page: Page[Any], cursor: str) -> str | None:
    return f"{page.ordering}{_BETWEEN}{cursor}" if cursor else None


def _address(request: Request, page: Page[Any], cursor: str) -> str | None:
    token = _token(page, cursor)
    if token is None:
        return None
    asked = [(name, text) for name, text in request.query_params.lists() if name != CURSOR]
    return f"{request.path}?{urlencode([*asked, (CURSOR, [token])], doseq=True)}"


def _broken_cursor() -> Exception:
    return wrong_parameter(
        CURSOR, _("This cursor is not one that a page of this list, in this order, gave out.")
    )


def _size(request: Request) -> int:
    text = request.query_params.get(SIZE, str(DEFAULT_SIZE))
    whole = text.isascii() and text.isdigit() and len(text) <= 3
    if not whole or not 1 <= int(text) <= MAXIMUM_SIZE:
        detail = _("It must be a whole number from 1 to %d.") % MAXIMUM_SIZE
        raise wrong_parameter(SIZE, detail)
    return int(text)


def _check_moment(name: str, value: Any) -> None:
    """Refuse a moment that is none in UTC: databases compare there."""
    if not isinstance(value, datetime):
        return
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise wrong_parameter(name, _("This moment is out of range.")) from None

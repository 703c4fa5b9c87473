"""Keyset paging: the millionth row costs what the first did. Used by the pages and by the API alike."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
SIZES = (20, 50, 100)
DEFAULT_SIZE = 20


class InvalidCursor(ValueError):
    """A cursor that no page here gave out."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows. Cursors are empty where there is nothing before or after."""

    rows: list[Row]
    next_cursor: str
    previous_cursor: str
    ordering: str
    size: int

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(
    queryset: QuerySet[Row],
    *,
    orderings: Mapping[str, str],
    ordering: str = "",
    default: str,
    cursor: str = "",
    size: int = DEFAULT_SIZE,
    strict: bool = False,
) -> Page[Row]:
    """Return the page of `queryset` at `cursor`, ordered by one of `orderings` (public name → column, never null).

    `ordering` is a public name, with "-" for descending; an unknown one falls back to `default`. A broken cursor means the first page;
    with `strict` it raises InvalidCursor.
    """
    name = ordering.removeprefix("-")
    if name not in orderings:
        ordering, name = default, default.removeprefix("-")
    column = orderings[name]
    descending = ordering.startswith("-")
    backwards, key = _decode(cursor)
    if strict and cursor and not _fits(queryset, column, key):
        raise InvalidCursor
    towards_less = descending != backwards
    if key is not None:
        queryset = _beyond(queryset, column, key, towards_less)
    sign = "-" if towards_less else ""
    order = [f"{sign}{column}"] if column in ("pk", "id") else [f"{sign}{column}", f"{sign}pk"]
    rows = list(queryset.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more if not backwards else True)
    has_previous = bool(rows) and (key is not None if not backwards else more)
    return Page(
        rows=rows,
        next_cursor=_encode(rows[-1], column, backwards=False) if has_next else "",
        previous_cursor=_encode(rows[0], column, backwards=True) if has_previous else "",
        ordering=ordering,
        size=size,
    )


def page_size(text: str) -> int:
    """Return the rows per page that were asked for, or the default for anything not offered."""
    return int(text) if text.isascii() and text.isdigit() and int(text) in SIZES else DEFAULT_SIZE


def _beyond(
    queryset: QuerySet[Row], column: str, key: tuple[Any, int], towards_less: bool
) -> QuerySet[Row]:
    value, pk = key
    lookup = "lt" if towards_less else "gt"
    if column in ("pk", "id"):
        return queryset.filter(**{f"pk__{lookup}": pk})
    try:
        _check_value(queryset, column, value)
        # The first condition bounds the range that an index is read from; the second one breaks ties.
        return queryset.filter(
            Q(**{f"{column}__{lookup}e": value}),
            Q(**{f"{column}__{lookup}": value}) | Q(**{column: value, f"pk__{lookup}": pk}),
        )
    except (
        TypeError,
        ValueError,
        OverflowError,
        ValidationError,
    ):  # a cursor that was tampered with
        return queryset


def _fits(queryset: QuerySet[Row], column: str, key: tuple[Any, int] | None) -> bool:
    """Tell whether a cursor names a place in this order."""
    if key is None or key[0] is None:
        return False
    if column in queryset.query.annotations:  # those that are ordered by are numbers
        return type(key[0]) is int and abs(key[0]) < 2**63
    try:
        if column not in ("pk", "id"):
            _check_value(queryset, column, key[0])
    except (TypeError, ValueError, OverflowError, ValidationError):
        return False
    return True


def _check_value(queryset: QuerySet[Row], column: str, value: Any) -> None:
    """Raise ValidationError for a value that the database would not compare the column with."""
    if column in queryset.query.annotations:
        return
    field = queryset.model._meta.get_field(column)
    if isinstance(field, Field):
        field.run_validators(field.to_python(value))


def _encode(row: Model, column: str, *, backwards: bool) -> str:
    value = getattr(row, column)
    text = json.dumps([int(backwards), value, row.pk], cls=DjangoJSONEncoder)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[bool, tuple[Any, int] | None]:
    """Return the direction and the key of a cursor; (forwards, None) for none or a broken one."""
    if not cursor or len(cursor) > 1000:
        return False, None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        backwards, value, pk = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (binascii.Error, ValueError, UnicodeError, TypeError):
        return False, None
    if not isinstance(pk, int) or abs(pk) >= 2**63 or isinstance(value, list | dict):
        return False, None
    if isinstance(value, str) and ("\0" in value or not _is_storable(value)):
        return False, None
    return bool(backwards), (value, pk)


def _is_storable(text: str) -> bool:
    """Tell whether the text is free of lone surrogates, which JSON can carry and no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

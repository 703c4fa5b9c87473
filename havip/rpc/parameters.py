"""The parameters of an action: how each is read from the request's flat texts, and what its errors are.

    @action("2016-04-28", "CreateHaVip", text("RegionId", required=True), tags("Tag"), ignored("ResourceGroupId"))

A parameter that no action declares is accepted and ignored, for clients send more than they need to (6-cloud-api, 1).
An empty text counts as absent wherever something is required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from havip.rpc.errors import (
    invalid_parameter,
    malformed_parameter,
    missing_parameter,
    unsupported_parameter,
)

Texts = Mapping[str, str]
V = TypeVar("V")
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_LARGEST = 2**31 - 1
_INDEX = r"([1-9][0-9]{0,8})"
# Clients send these with every request; nothing here has resource owners or several accounts in one team.
COMMON_IGNORED = ("OwnerAccount", "OwnerId", "ResourceOwnerAccount", "ResourceOwnerId")


class Support(StrEnum):
    """What becomes of a parameter; the table in docs/rpc.md says so."""

    SUPPORTED = "supported"
    IGNORED = "accepted and ignored"
    REFUSED = "refused"


class Tag(NamedTuple):
    """One tag of a request; `value` is None where none was sent (in a filter: any value)."""

    key: str
    value: str | None


class Filter(NamedTuple):
    """One filter: a key, and the values of which any will do."""

    key: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter, or one group such as `Tag.N.Key` and `Tag.N.Value`, whose endings `shape` names.

    `read` takes all texts of the request and returns the value, or None if nothing was sent. `default` is what a call has then.
    """

    name: str
    shape: str
    read: Callable[[Texts], Any]
    default: Any = None
    required: bool = False
    support: Support = Support.SUPPORTED
    note: str = ""


def _plain(name: str) -> str:
    return name.removesuffix(".N")


def _checked(name: str, value: str) -> str:
    """Return the text, unless no database could store or compare it."""
    if "\0" in value:
        raise malformed_parameter(name, "text without NUL characters")
    return value


def _or_missing(name: str, value: V, *, required: bool) -> V:
    if required and not value:
        raise missing_parameter(name)
    return value


def text(
    name: str,
    *,
    required: bool = False,
    default: str = "",
    maximum: int = 4096,
    choices: Sequence[str] = (),
) -> Parameter:
    """Declare a text of at most `maximum` characters.

    With `choices` it must be one of these, in any case of letters, and is returned as it is written there.
    """

    def read(texts: Texts) -> str | None:
        value = _or_missing(name, texts.get(name), required=required)
        if value is None:
            return None
        if len(value) > maximum:
            raise invalid_parameter(name, f"at most {maximum} characters long")
        if not choices or not value:
            return _checked(name, value)
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        raise invalid_parameter(name, f"one of {', '.join(choices)}")

    note = f"one of {', '.join(choices)}" if choices else ""
    return Parameter(name, "", read, default, required, note=note)


def integer(
    name: str,
    *,
    required: bool = False,
    default: int | None = None,
    minimum: int = 0,
    maximum: int = _LARGEST,
) -> Parameter:
    """Declare a whole number between `minimum` and `maximum`, both included."""

    def read(texts: Texts) -> int | None:
        value = _or_missing(name, texts.get(name), required=required)
        if not value:
            return None
        if not _INTEGER.fullmatch(value):
            raise malformed_parameter(name, "a whole number")
        if not minimum <= int(value) <= maximum:
            raise invalid_parameter(name, f"a whole number from {minimum} to {maximum}")
        return int(value)

    note = f"{minimum} to {maximum}" if maximum < _LARGEST else f"a whole number from {minimum}"
    return Parameter(name, "", read, default, required, note=note)


def boolean(name: str, *, required: bool = False, default: bool = False) -> Parameter:
    """Declare a yes or no: true or false in any case of letters (6-cloud-api, 5.3)."""

    def read(texts: Texts) -> bool | None:
        value = _or_missing(name, texts.get(name), required=required)
        if not value:
            return None
        if value.lower() not in ("true", "false"):
            raise malformed_parameter(name, "true or false")
        return bool(value.lower() == "true")

    return Parameter(name, "", read, default, required, note="true or false")


def _limited(name: str, values: list[str], maximum: int) -> list[str]:
    if len(values) > maximum:
        raise invalid_parameter(name, f"at most {maximum} values")
    return [_checked(name, value) for value in values]


def words(name: str, *, required: bool = False, maximum: int = 50) -> Parameter:
    """Declare a list that is written with commas, of at most `maximum` items; empty items do not count."""

    def read(texts: Texts) -> list[str] | None:
        given = texts.get(name)
        items = [item.strip() for item in (given or "").split(",") if item.strip()]
        found = None if given is None else _limited(name, items, maximum)
        return _or_missing(name, found, required=required)

    return Parameter(name, "", read, [], required, note=f"comma list, at most {maximum}")


def json_list(name: str, *, required: bool = False, maximum: int = 100) -> Parameter:
    """Declare a JSON array of texts in one parameter, such as InstanceIds of DescribeInstances."""

    def read(texts: Texts) -> list[str] | None:
        given = _or_missing(name, texts.get(name), required=required)
        if not given:
            return None
        expected = 'a JSON array of texts, such as ["a","b"]'
        try:
            items = json.loads(given)
        except (ValueError, RecursionError):
            raise malformed_parameter(name, expected) from None
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise malformed_parameter(name, expected)
        if not all(item.isprintable() for item in items):
            raise malformed_parameter(name, expected)
        return _or_missing(name, _limited(name, items, maximum), required=required)

    return Parameter(name, "", read, [], required, note=f"JSON array, at most {maximum}")


def numbered(name: str, *, required: bool = False, maximum: int = 50) -> Parameter:
    """Declare a list of numbered parameters, `numbered("InstanceId")` for InstanceId.1, InstanceId.2 …, by number.

    The numbers run from 1 to `maximum`; gaps do not matter, and empty values do not count.
    """
    name = _plain(name)
    pattern = re.compile(re.escape(name) + rf"\.{_INDEX}", re.ASCII)

    def read(texts: Texts) -> list[str] | None:
        found = _by_number(name, pattern, texts, maximum)
        values = [value for groups in found.values() for value in groups.values() if value]
        return _or_missing(f"{name}.1", values or None, required=required)

    return Parameter(name, ".N", read, [], required, note=f"N from 1 to {maximum}")


def _by_number(
    name: str, pattern: re.Pattern[str], texts: Texts, maximum: int
) -> dict[int, dict[str, str]]:
    """Return the texts whose names match, by their number and then by what the pattern's second group caught."""
    found: dict[int, dict[str, str]] = {}
    for key, value in texts.items():
        match = pattern.fullmatch(key)
        if match is None:
            continue
        number = int(match[1])
        if number > maximum:
            raise invalid_parameter(key, f"numbered from 1 to {maximum}")
        rest = match[2] if pattern.groups > 1 else ""
        found.setdefault(number, {})[rest] = _checked(key, value)
    return dict(sorted(found.items()))


def tags(name: str, *, required: bool = False, maximum: int = 20) -> Parameter:
    """Declare tags: Tag.N.Key and Tag.N.Value become a list of Tag, by number. What a tag may be, the rules say."""
    name = _plain(name)
    pattern = re.compile(re.escape(name) + rf"\.{_INDEX}\.(Key|Value)", re.ASCII)

    def read(texts: Texts) -> list[Tag] | None:
        found = []
        for number, parts in _by_number(name, pattern, texts, maximum).items():
            if not parts.get("Key"):
                raise missing_parameter(f"{name}.{number}.Key")
            found.append(Tag(parts["Key"], parts.get("Value")))
        return _or_missing(f"{name}.1.Key", found or None, required=required)

    shape = ".N.Key, .N.Value"
    return Parameter(name, shape, read, [], required, note=f"N from 1 to {maximum}")


def filters(name: str, *, required: bool = False, maximum: int = 5, values: int = 5) -> Parameter:
    """Declare filters: Filter.N.Key with Filter.N.Value.M (or one Filter.N.Value) become a list of Filter, by number."""
    name = _plain(name)
    pattern = re.compile(
        re.escape(name) + rf"\.{_INDEX}\.(Key|Value|Value\.[1-9][0-9]{{0,8}})", re.ASCII
    )

    def read(texts: Texts) -> list[Filter] | None:
        found = []
        for number, parts in _by_number(name, pattern, texts, maximum).items():
            key = parts.pop("Key", "")
            wanted = _filter_values(f"{name}.{number}", parts, values)
            if not key:
                raise missing_parameter(f"{name}.{number}.Key")
            if not wanted:
                raise missing_parameter(f"{name}.{number}.Value.1")
            found.append(Filter(key, wanted))
        return _or_missing(f"{name}.1.Key", found or None, required=required)

    shape = ".N.Key, .N.Value.M"
    return Parameter(name, shape, read, [], required, note=f"N to {maximum}, M to {values}")


def _filter_values(name: str, parts: dict[str, str], maximum: int) -> list[str]:
    """Return a filter's values by their number; one without a number comes first. Empty ones do not count."""
    numbers = {int(rest.partition(".")[2] or 0): value for rest, value in parts.items()}
    if any(number > maximum for number in numbers):
        raise invalid_parameter(f"{name}.Value", f"numbered from 1 to {maximum}")
    return [value for _, value in sorted(numbers.items()) if value]


def ignored(*names: str, note: str = "") -> list[Parameter]:
    """Declare parameters that the cloud has and that mean nothing here: accepted, and named as ignored in the table."""
    return [
        Parameter(name, "", lambda _texts: None, support=Support.IGNORED, note=note)
        for name in names
    ]


def refused(*names: str, unless: Sequence[str] = (), note: str = "") -> list[Parameter]:
    """Declare parameters that ask for what is not available here: refused when sent, as ignoring them would mislead.

    Empty texts and the values in `unless` (in any case of letters) ask for nothing and are accepted. A name refuses its
    numbered forms (`name.1…`) too.
    """
    harmless = {"", *(value.lower() for value in unless)}

    def reader(name: str) -> Callable[[Texts], None]:
        name = _plain(name)

        def read(texts: Texts) -> None:
            for key, value in texts.items():
                named = key == name or key.startswith(f"{name}.")
                if named and value.lower() not in harmless:
                    raise unsupported_parameter(key, note)

        return read

    return [Parameter(name, "", reader(name), support=Support.REFUSED, note=note) for name in names]

"""Strict reading of JSON into dataclasses: what is not exactly expected is refused, with the path to it.

Plain Python without Django: both ends use it. A dataclass names a check for each of its fields (`required`, `optional`);
`read` refuses unknown and missing keys. Checks take a value and its path and return the value that is kept.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")
Check = Callable[[object, str], Any]
_DEEPEST = 12
_SHOWN = 60


class ProtocolError(ValueError):
    """Something that was received is not what the protocol allows; `path` says where, `problem` says what."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'document'}: {problem}")
        self.path = path
        self.problem = problem


def required(check: Check) -> Any:
    """Declare a field that must be there and passes this check."""
    return field(metadata={"check": check})


def optional(check: Check, default: Any) -> Any:
    """Declare a field that may be left out."""
    return field(default=default, metadata={"check": check})


def read(cls: type[T], value: object, path: str = "") -> T:
    """Return an instance of the dataclass made from a JSON object. Raises ProtocolError."""
    if not isinstance(value, dict):
        raise ProtocolError(path, "is not an object")
    known: dict[str, Field[Any]] = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]
    for key in value:
        if key not in known:
            raise ProtocolError(path, f"has the unknown key {_shown(key)}")
    kept = {}
    for name, each in known.items():
        if name in value:
            kept[name] = each.metadata["check"](value[name], f"{path}.{name}" if path else name)
        elif each.default is MISSING:
            raise ProtocolError(path, f"lacks the key {name}")
    try:
        return cls(**kept)
    except ProtocolError as error:
        inner = f"{path}.{error.path}" if path and error.path else path or error.path
        raise ProtocolError(inner, error.problem) from error


def as_json(value: Any) -> Any:
    """Return a dataclass, with everything in it, as plain JSON values. What is None is left out: nothing is null."""
    if is_dataclass(value):
        return {
            each.name: as_json(kept)
            for each in fields(value)
            if (kept := getattr(value, each.name)) is not None
        }
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def loads(body: bytes | str, *, limit: int) -> object:
    """Return the JSON value of a text of at most `limit` bytes: no doubled keys, no fractions, not too deep."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if len(raw) > limit:
        raise ProtocolError("", f"is longer than {limit} bytes")
    if _depth(raw) > _DEEPEST:
        raise ProtocolError("", "is nested too deeply")
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except ProtocolError:
        raise
    except ValueError as error:
        raise ProtocolError("", "is not JSON") from error


def _depth(raw: bytes) -> int:
    """Return how deeply brackets are nested, those inside strings left out."""
    deepest = depth = 0
    for bracket in re.findall(rb'[\[{\]}]|"(?:[^"\\]|\\.)*"?', raw, re.DOTALL):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProtocolError("", "has a key twice")
    return found


def _no_number(text: str) -> Any:
    raise ProtocolError("", f"has the number {_shown(text)}, which is not whole")


def _shown(value: object) -> str:
    return ascii(value)[:_SHOWN]


def matching(pattern: str, what: str, *, empty: bool = False) -> Check:
    """Return a check for a text that matches the whole pattern; or, where allowed, is empty."""
    compiled = re.compile(pattern)

    def check(value: object, path: str) -> str:
        if not isinstance(value, str) or not (compiled.fullmatch(value) or (empty and value == "")):
            raise ProtocolError(path, f"{_shown(value)} is not {what}")
        return value

    return check


def sentence(longest: int) -> Check:
    """Return a check for a text for people: one line, printable."""

    def check(value: object, path: str) -> str:
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise ProtocolError(path, f"is not one printable line of at most {longest} characters")
        return value

    return check


def integer(lowest: int, highest: int) -> Check:
    """Return a check for a whole number in a range."""

    def check(value: object, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ProtocolError(path, f"{_shown(value)} is not a whole number")
        if not lowest <= value <= highest:
            raise ProtocolError(path, f"is not between {lowest} and {highest}")
        return value

    return check


def boolean(value: object, path: str) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise ProtocolError(path, f"{_shown(value)} is neither true nor false")
    return value


def one_of(*allowed: str) -> Check:
    """Return a check for one of a few words."""

    def check(value: object, path: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ProtocolError(path, f"{_shown(value)} is none of {', '.join(allowed)}")
        return value

    return check


def ipv4(value: object, path: str) -> str:
    """Check for the address of one host, in its usual form: no leading zeros; not loopback, multicast or broadcast."""
    try:
        address = ipaddress.IPv4Address(value if isinstance(value, str) else "")
    except ValueError:
        raise ProtocolError(path, f"{_shown(value)} is not an IPv4 address") from None
    if (
        address.is_loopback
        or address.is_multicast
        or address.is_unspecified
        or address in _UNUSABLE
    ):
        raise ProtocolError(path, f"{address} cannot be the address of a host")
    return str(address)


_UNUSABLE = ipaddress.IPv4Network("240.0.0.0/4")
_NEVER_ROUTED = tuple(
    ipaddress.IPv4Network(block) for block in ("127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")
)


def ipv4_or_empty(value: object, path: str) -> str:
    """Check for an address, or an empty text for none."""
    return "" if value == "" else ipv4(value, path)


def cidr(value: object, path: str) -> str:
    """Check for a CIDR block with its host bits zero, written with its prefix length; never loopback or multicast."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9.]{7,15}/[0-9]{1,2}", value):
        raise ProtocolError(path, f"{_shown(value)} is not an IPv4 CIDR block")
    try:
        block = ipaddress.IPv4Network(value)
    except ValueError:
        raise ProtocolError(path, f"{_shown(value)} is not an IPv4 CIDR block") from None
    if any(block.overlaps(never) and block.prefixlen > 0 for never in _NEVER_ROUTED):
        raise ProtocolError(path, f"{block} cannot be routed")
    return str(block)


def mac(value: object, path: str) -> str:
    """Check for the MAC address of one card, in lower case with colons."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", value):
        raise ProtocolError(path, f"{_shown(value)} is not a MAC address")
    if int(value[:2], 16) & 1 or value == "00:00:00:00:00:00":
        raise ProtocolError(path, f"{value} is not the MAC address of one card")
    return value


def moment(value: object, path: str) -> datetime:
    """Check for a time with its zone, in ISO 8601."""
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ProtocolError(path, f"{_shown(value)} is not a time") from None
    if found.tzinfo is None:
        raise ProtocolError(path, "has no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ProtocolError(path, f"{_shown(value)} is not a time") from None


def nested(cls: type[Any]) -> Check:
    """Return a check for an object that is another dataclass."""

    def check(value: object, path: str) -> Any:
        return read(cls, value, path)

    return check


def many(check: Check, longest: int) -> Check:
    """Return a check for a list of at most so many, each of which passes a check; kept as a tuple."""

    def check_all(value: object, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ProtocolError(path, "is not a list")
        if len(value) > longest:
            raise ProtocolError(path, f"has more than {longest} entries")
        return tuple(check(each, f"{path}[{index}]") for index, each in enumerate(value))

    return check_all


def mapping(key: Check, check: Check, longest: int) -> Check:
    """Return a check for an object with free keys, at most so many."""

    def check_all(value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ProtocolError(path, "is not an object")
        if len(value) > longest:
            raise ProtocolError(path, f"has more than {longest} entries")
        return {key(name, path): check(each, f"{path}.{name}") for name, each in value.items()}

    return check_all


def once(values: Iterable[object], path: str, what: str) -> None:
    """Refuse a list in which something stands twice."""
    seen = set()
    for value in values:
        if value in seen:
            raise ProtocolError(path, f"has {what} {_shown(value)} twice")
        seen.add(value)

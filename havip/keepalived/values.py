"""The values that may stand in a configuration, each checked before it is used.

keepalived's file has no way of escaping that all its versions share, so nothing is escaped here: a value is one of a few
kinds, each with a small alphabet without white space, quotes, braces, comment signs, `@`, `$` or `~` (keepalived.conf(5)),
and everything else is refused. That is why no value can end its line, open a block or begin a comment.
"""

from __future__ import annotations

import ipaddress
import re

from havip.keepalived.texts import Text
from havip.keepalived.texts import gettext_lazy as _

NAME_LENGTH = 64
INTERFACE_LENGTH = 15  # IFNAMSIZ less the closing NUL
PATH_LENGTH = 255

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9_.+-]+)+", re.ASCII)
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)


class InvalidValue(ValueError):
    """A value cannot stand in a configuration; `field` is the name of the attribute, `message` translatable."""

    def __init__(self, field: str, value: object, message: Text | str) -> None:
        self.field = field
        self.value = value
        self.message = message
        super().__init__(field, value)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def checked_name(field: str, value: object) -> str:
    """Return a name of a node or a HaVip."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidValue(
            field,
            value,
            _(
                "Write 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first."
            ),
        )
    return value


def safe_name(text: str, *, fallback: str) -> str:
    """Make a name for a file out of any text; `fallback` (an identifier) where nothing of it is left."""
    kept = _NOT_NAME.sub("-", text).strip("-._")[:NAME_LENGTH]
    return checked_name("name", kept or fallback)


def checked_interface(field: str, value: object) -> str:
    """Return the name of a network interface; keepalived refuses the loopback interface."""
    if not isinstance(value, str) or not _INTERFACE.fullmatch(value) or value == "lo":
        raise InvalidValue(
            field,
            value,
            _(
                "Write the interface's name on the node, such as eth0: at most 15 characters, not lo."
            ),
        )
    return value


def checked_address(field: str, value: object) -> str:
    """Return a unicast IPv4 address in its usual form. HaVips are IPv4 addresses in a private block."""
    problem = _("Write an IPv4 address of the vSwitch, such as 192.168.0.88.")
    if not isinstance(value, str | ipaddress.IPv4Address):
        raise InvalidValue(field, value, problem)
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise InvalidValue(field, value, problem) from None
    # 240.0.0.0/4 holds the broadcast address, too; 0.0.0.0/8 is "this network".
    useless = address.is_multicast or address.is_loopback or address.is_reserved
    if useless or address in ipaddress.IPv4Network("0.0.0.0/8"):
        raise InvalidValue(field, value, problem)
    return str(address)


def checked_number(field: str, value: object, lowest: int, highest: int) -> int:
    """Return a whole number in a range."""
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InvalidValue(field, value, _("The number is out of range."))
    return value


def checked_path(field: str, value: object) -> str:
    """Return an absolute path without `..`."""
    if (
        not isinstance(value, str)
        or len(value) > PATH_LENGTH
        or not _PATH.fullmatch(value)
        or any(part in {".", ".."} for part in value.split("/"))
    ):
        raise InvalidValue(
            field,
            value,
            _(
                "Write an absolute path of letters, digits, dots, hyphens, plus signs and underscores."
            ),
        )
    return value


def checked_user(field: str, value: object) -> str:
    """Return the name of an operating system's user."""
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise InvalidValue(field, value, _("Write the name of a user of the node, such as root."))
    return value


def checked_secret(field: str, value: object) -> bytes:
    """Return a secret of at least 16 bytes."""
    if not isinstance(value, bytes) or len(value) < 16:
        raise InvalidValue(field, "", _("A secret of at least 16 bytes is needed."))
    return value

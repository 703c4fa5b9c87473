"""Read settings from environment variables, strictly: every fault is found, and all are told at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "insecure",
    "example",
    "secret-key",
)
MINIMUM_SECRET_LENGTH = 50
MINIMUM_SECRET_VARIETY = 10


class Environment:
    """Typed access to environment variables that collects faults until :meth:`check` is called.

    A reader returns a harmless stand-in for a value that is missing or wrong, so that one pass over the
    settings finds every fault.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Read from ``variables``, usually ``os.environ``."""
        self._variables = variables
        self._faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default the variable is required."""
        value = self._variables.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.fault(f"{name} is not set.")
            return ""
        return default

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no, written as 1/0, true/false, yes/no or on/off."""
        value = self.text(name, "").lower()
        if not value:
            return default
        if value not in TRUE_WORDS | FALSE_WORDS:
            self.fault(
                f"{name} is {value!r}, but must be one of on, off, true, false, yes, no, 1, 0."
            )
        return value in TRUE_WORDS

    def integer(self, name: str, default: int, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
        """Return a whole number between ``minimum`` and ``maximum``, both included."""
        value = self.text(name, "")
        if not value:
            return default
        if not (value.isascii() and value.isdigit()) or not minimum <= int(value) <= maximum:
            self.fault(
                f"{name} is {value!r}, but must be a whole number from {minimum} to {maximum}."
            )
            return default
        return int(value)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of the ``allowed`` words, in any case of letters."""
        value = self.text(name, default)
        for word in allowed:
            if value.lower() == word.lower():
                return word
        self.fault(f"{name} is {value!r}, but must be one of {', '.join(allowed)}.")
        return default

    def items(self, name: str, default: tuple[str, ...] | None = None) -> list[str]:
        """Return a list that is written with commas; without a default at least one item is required."""
        value = self.text(name, None if default is None else ",".join(default))
        return [item.strip() for item in value.split(",") if item.strip()]

    def mapping(self, name: str, default: Mapping[str, str]) -> dict[str, str]:
        """Return pairs that are written ``key=value,key=value``; they are added to the default."""
        pairs = dict(default)
        for item in self.items(name, ()):
            key, sign, value = item.partition("=")
            if not (sign and key.strip() and value.strip()):
                self.fault(f"{name} has {item!r}, but its items must look like KEY=VALUE.")
                continue
            pairs[key.strip()] = value.strip()
        return pairs

    def secret(self, name: str) -> str:
        """Return a required secret; one that is short, monotonous or a placeholder is a fault.

        The fault never repeats the value.
        """
        value = self.text(name)
        if not value:
            return ""
        if any(word in value.lower() for word in PLACEHOLDERS):
            self.fault(f"{name} is a placeholder; set a random value of your own.")
        elif len(value) < MINIMUM_SECRET_LENGTH or len(set(value)) < MINIMUM_SECRET_VARIETY:
            self.fault(
                f"{name} is too weak; it needs at least {MINIMUM_SECRET_LENGTH} random characters, "
                f"for example from: openssl rand -base64 48",
            )
        return value

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        """Return a required URL with one of the ``schemes``; the fault never repeats a password in it."""
        value = self.text(name)
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            self.fault(f"{name} is not a URL.")
            return ""
        if parts.scheme not in schemes:
            self.fault(
                f"{name} must be a URL that begins with {' or '.join(f'{s}://' for s in schemes)}."
            )
            return ""
        if parts.password is not None and any(
            word in parts.password.lower() for word in PLACEHOLDERS[:4]
        ):
            self.fault(f"The password in {name} is a placeholder; set one of your own.")
        return value

    def networks(self, name: str, default: tuple[str, ...] | None = None) -> list[str]:
        """Return addresses and CIDR blocks; the word ``none`` stands for an empty list."""
        items = self.items(name, default)
        if [item.lower() for item in items] == ["none"]:
            return []
        for item in items:
            try:
                ipaddress.ip_network(item)
            except ValueError:
                self.fault(f"{name} has {item!r}, which is neither an IP address nor a CIDR block.")
        return items

    def fault(self, sentence: str) -> None:
        """Add a fault that the settings found themselves, as one sentence."""
        self._faults.append(sentence)

    def check(self) -> None:
        """Raise ImproperlyConfigured with one line per fault, if there is any."""
        if self._faults:
            lines = "\n".join(f"  - {fault}" for fault in self._faults)
            raise ImproperlyConfigured(f"The console cannot start with this environment:\n{lines}")

"""What a file says, taken out of its syntax tree: the facts that checks and comparisons are about."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from havip.keepalived.syntax import Document, Statement, parse

DEFAULT_PRIORITY = 100
DEFAULT_INTERVAL = 100
_NOT_FOLLOWED = frozenset({"include-not-read", "parameter-not-followed", "repetition-not-followed"})
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def whole_number(text: str) -> int | None:
    """Return a whole number, or None where it is none."""
    return int(text) if _WHOLE.fullmatch(text) else None


def decimal_number(text: str) -> Decimal | None:
    """Return a decimal number, or None where it is none."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address without its mask, or None where it is none."""
    try:
        return ipaddress.ip_interface(text.split("%", 1)[0]).ip
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a block of addresses. `address` is None where it cannot be read."""

    line: int
    text: str
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    options: tuple[str, ...] = ()


@dataclass(eq=False)
class Section:
    """A block with keywords. Lines that count on some nodes only are known to be there, and not believed."""

    statement: Statement

    @property
    def line(self) -> int:
        """Where the block begins."""
        return self.statement.line

    @property
    def name(self) -> str:
        """The block's name, such as that of a vrrp_instance."""
        return self.statement.value

    @cached_property
    def _lines(self) -> dict[str, list[Statement]]:
        lines: dict[str, list[Statement]] = {}
        for each in self.statement.children or ():
            lines.setdefault(each.keyword, []).append(each)
        return lines

    def every(self, keyword: str) -> list[Statement]:
        """Return the keyword's lines that count on every node."""
        return [each for each in self._lines.get(keyword, ()) if not each.condition]

    def last(self, keyword: str) -> Statement | None:
        """Return the keyword's last line, which is the one that keepalived goes by."""
        lines = self.every(keyword)
        return lines[-1] if lines else None

    def mentions(self, *keywords: str) -> bool:
        """Whether one of the keywords is there at all, be it on some nodes only."""
        return any(keyword in self._lines for keyword in keywords)

    def line_of(self, *keywords: str) -> int:
        """Return the line of the first keyword that is there, or that of the block."""
        for keyword in keywords:
            if found := self.last(keyword):
                return found.line
        return self.line

    def text_of(self, keyword: str) -> str:
        """Return a keyword's value; empty where it is missing, or substituted when keepalived reads it."""
        found = self.last(keyword)
        return "" if found is None or found.substituted else found.value

    def entries(self, *keywords: str) -> list[Entry]:
        """Return the lines of one or several blocks of addresses."""
        return [
            Entry(each.line, each.keyword, ip_address(each.keyword), tuple(each.values))
            for keyword in keywords
            for block in self.every(keyword)
            for each in block.children or ()
            if not each.condition and not each.substituted
        ]

    def unclear(self, keyword: str) -> bool:
        """Whether a keyword, or a line of its block, depends on the node or is substituted."""
        lines = [
            line for each in self._lines.get(keyword, ()) for line in (each, *(each.children or ()))
        ]
        return any(line.condition or line.substituted for line in lines)


@dataclass(eq=False)
class Instance(Section):
    """A vrrp_instance."""

    global_defs: Section | None = None

    @property
    def virtual_router_id(self) -> int | None:
        """The identifier; None where it is missing or no number."""
        return whole_number(self.text_of("virtual_router_id"))

    @property
    def priority(self) -> int | None:
        """The priority, 100 by default; None where it cannot be told."""
        if not self.mentions("priority"):
            return DEFAULT_PRIORITY
        return whole_number(self.text_of("priority"))

    @property
    def version(self) -> int | None:
        """The version of VRRP: the instance's, else the global one, else 2; None where it cannot be told."""
        if self.mentions("version"):
            return whole_number(self.text_of("version"))
        if self.global_defs is not None and self.global_defs.mentions("vrrp_version"):
            return whole_number(self.global_defs.text_of("vrrp_version"))
        return 2

    @property
    def interval(self) -> Decimal | None:
        """The advertisement interval in hundredths of a second, one second by default; None where it cannot be told."""
        if not self.mentions("advert_int"):
            return Decimal(DEFAULT_INTERVAL)
        seconds = decimal_number(self.text_of("advert_int"))
        return None if seconds is None else seconds * 100

    @cached_property
    def source(self) -> str:
        """The address that advertisements come from; mcast_src_ip is the older name of the same keyword."""
        return self.text_of("unicast_src_ip") or self.text_of("mcast_src_ip")

    @cached_property
    def peers(self) -> list[Entry]:
        """The unicast peers."""
        return self.entries("unicast_peer")

    @cached_property
    def addresses(self) -> list[Entry]:
        """The virtual addresses, announced or only moved along."""
        return self.entries("virtual_ipaddress", "virtual_ipaddress_excluded")

    @cached_property
    def havips(self) -> set[str]:
        """The virtual addresses that can be read."""
        return {str(entry.address) for entry in self.addresses if entry.address is not None}

    @property
    def authentication(self) -> tuple[str, str]:
        """Type and password, as keepalived takes them: eight characters and no more."""
        block = self.last("authentication")
        if block is None:
            return "", ""
        inside = Section(block)
        return inside.text_of("auth_type"), inside.text_of("auth_pass")[:8]


@dataclass(slots=True)
class Configuration:
    """A whole file."""

    document: Document
    global_defs: Section | None = None
    instances: list[Instance] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """Whether something was not followed that may hold whole blocks."""
        return any(flaw.code in _NOT_FOLLOWED for flaw in self.document.flaws)

    def blocks(self, keyword: str) -> Iterator[Statement]:
        """Return the top-level blocks of a kind."""
        return (each for each in self.document.statements if each.keyword == keyword)


def read(text: str, *, config_id: str = "") -> Configuration:
    """Read a file's facts. With a config-id, lines that count on some nodes only are resolved as on that node."""
    document = parse(text, config_id=config_id)
    configuration = Configuration(document)
    for each in configuration.blocks("global_defs"):
        if configuration.global_defs is None:
            configuration.global_defs = Section(each)
        elif each.children:
            # Several blocks add up.
            first = configuration.global_defs.statement
            first.children = [*(first.children or ()), *each.children]
    configuration.instances = [
        Instance(each, configuration.global_defs)
        for each in configuration.blocks("vrrp_instance")
        if each.children is not None
    ]
    return configuration

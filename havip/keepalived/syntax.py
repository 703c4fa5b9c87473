"""Reading keepalived's syntax, as far as a check needs it (keepalived.conf(5), DESCRIPTION and ADVANCED CONFIGURATION).

A file is lines of words; `{` and `}` make blocks wherever they stand outside quotes; `!` and `#` begin a comment anywhere
outside quotes. A line may begin with `@name` or `@^name`: it counts only on nodes whose config-id is (not) that name.

What is not followed, and is reported so: `include` lines, `$PARAMETER` definitions and uses, `~SEQ` and `~LST`.
The reader never fails: whatever is wrong becomes a flaw with its line, and reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPTH = 16
"""Deeper nesting than any keyword of keepalived has."""

_BLANK = " \t\r\f\v"
_FIRST_WORD = re.compile(r"\A[^ \t\r\f\v]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_INCLUDES = frozenset({"include", "includea", "includeb", "includem", "includer", "includew"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line. A brace that is not quoted is a word of its own, with `brace` true."""

    text: str
    quoted: bool = False
    brace: bool = False
    cut_by_comment: bool = False
    """Whether a comment begins right behind it, without a space."""


@dataclass(slots=True)
class Statement:
    """A keyword with its values and, for a block, what stands in its braces."""

    line: int
    words: list[Word]
    condition: str = ""
    children: list[Statement] | None = None
    closed: bool = True

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0].text

    @property
    def values(self) -> list[str]:
        """The words behind the first."""
        return [word.text for word in self.words[1:]]

    @property
    def value(self) -> str:
        """The word behind the first; empty where there is none."""
        return self.words[1].text if len(self.words) > 1 else ""

    @property
    def substituted(self) -> bool:
        """Whether keepalived puts in a value of its own when it reads the line."""
        return any("$" in word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is wrong with the syntax, or that is not followed: a code of problems.py, and what it is about."""

    line: int
    code: str
    text: str = ""


@dataclass(slots=True)
class Document:
    """What was read of a file."""

    statements: list[Statement] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


class _LineReader:
    """Cuts one line into words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.words: list[Word] = []
        self.unterminated = False
        self._parts: list[str] = []
        self._started = False
        self._quoted = False

    def read(self) -> list[Word]:
        text = self.text
        while self.position < len(text):
            sign = text[self.position]
            if sign in _BLANK:
                self._finish()
            elif sign in "#!":
                self._finish(cut=self._started)
                return self.words
            elif text.startswith("${", self.position):
                self._take_parameter()
                continue
            elif sign in "{}":
                self._finish()
                self.words.append(Word(sign, brace=True))
            elif sign in "\"'":
                self._take_quoted(sign)
                continue
            else:
                self._parts.append(sign)
                self._started = True
            self.position += 1
        self._finish()
        return self.words

    def _finish(self, *, cut: bool = False) -> None:
        if self._started:
            text = "".join(self._parts)
            self.words.append(Word(text, quoted=self._quoted, cut_by_comment=cut))
        self._parts = []
        self._started = self._quoted = False

    def _take_parameter(self) -> None:
        end = self.text.find("}", self.position)
        end = len(self.text) if end < 0 else end + 1
        self._parts.append(self.text[self.position : end])
        self._started = True
        self.position = end

    def _take_quoted(self, sign: str) -> None:
        self._started = self._quoted = True
        position = self.position + 1
        while position < len(self.text):
            current = self.text[position]
            if current == sign:
                self.position = position + 1
                return
            if current == "\\" and position + 1 < len(self.text):
                position += 1
                current = _ESCAPES.get(self.text[position], self.text[position])
            self._parts.append(current)
            position += 1
        self.unterminated = True
        self.position = position


class _Reader:
    """Builds the tree out of lines; a stack of open blocks instead of recursion, so that no input can exhaust it."""

    def __init__(self, config_id: str) -> None:
        self.document = Document()
        self._config_id = config_id
        self._open: list[Statement] = []
        self._too_deep = 0
        self._awaiting: Statement | None = None
        """The statement just read, which a brace would make a block."""

    def read(self, text: str) -> Document:
        lines = enumerate(text.split("\n"), start=1)
        for number, line in lines:
            stripped = line.strip(_BLANK)
            if self._not_followed(number, stripped, lines):
                continue
            reader = _LineReader(stripped)
            words = reader.read()
            if reader.unterminated:
                self._flaw(number, "quote-unterminated", stripped)
            self._line(number, words)
        for statement in self._open:
            statement.closed = False
            self._flaw(statement.line, "brace-unclosed", statement.keyword)
        return self.document

    def _not_followed(self, number: int, line: str, lines: Iterator[tuple[int, str]]) -> bool:
        first = _FIRST_WORD.findall(line)[0]
        if first in _INCLUDES:
            self._flaw(number, "include-not-read", line)
        elif first.startswith("~"):
            self._flaw(number, "repetition-not-followed", first)
        elif first.startswith("$") and "=" in first:
            self._flaw(number, "parameter-not-followed", first)
            while line.endswith("\\"):
                line = next(lines, (0, ""))[1].strip(_BLANK)
        else:
            return False
        return True

    def _line(self, number: int, words: list[Word]) -> None:
        condition = ""
        if words and words[0].text.startswith("@") and not words[0].quoted:
            condition = words[0].text
            words = words[1:]
            if self._config_id:
                if not _holds(condition, self._config_id):
                    return
                condition = ""
            else:
                self._flaw(number, "condition-not-followed", condition)
        pending: list[Word] = []
        for word in words:
            if not word.brace:
                pending.append(word)
                continue
            self._statement(number, pending, condition)
            pending = []
            if word.text == "{":
                self._enter(number)
            else:
                self._leave(number)
        self._statement(number, pending, condition)

    def _statement(self, number: int, words: list[Word], condition: str) -> None:
        if not words:
            return
        statement = Statement(number, words, condition)
        self._awaiting = statement
        if self._too_deep:
            return
        siblings = self._open[-1].children if self._open else self.document.statements
        assert siblings is not None
        siblings.append(statement)

    def _enter(self, number: int) -> None:
        statement, self._awaiting = self._awaiting, None
        if self._too_deep or len(self._open) >= DEPTH:
            if not self._too_deep:
                self._flaw(number, "nesting-too-deep")
            self._too_deep += 1
            return
        if statement is None:
            self._flaw(number, "brace-unexpected")
            # Kept as a block without a name, so that its closing brace finds it; it belongs to nothing.
            statement = Statement(number, [Word("{", brace=True)])
        statement.children = []
        self._open.append(statement)

    def _leave(self, number: int) -> None:
        self._awaiting = None
        if self._too_deep:
            self._too_deep -= 1
        elif self._open:
            self._open.pop()
        else:
            self._flaw(number, "brace-extra")

    def _flaw(self, line: int, code: str, text: str = "") -> None:
        self.document.flaws.append(Flaw(line, code, text))


def _holds(condition: str, config_id: str) -> bool:
    if condition.startswith("@^"):
        return condition[2:] != config_id
    return condition[1:] == config_id


def parse(text: str, *, config_id: str = "") -> Document:
    """Read a file. Tabs, CRLF and a byte order mark are no obstacle.

    With a config-id (keepalived -i), lines for other nodes are left out; without one, they are kept with their condition.
    """
    return _Reader(config_id).read(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))

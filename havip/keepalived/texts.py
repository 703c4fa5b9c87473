"""The one place where the texts of this package meet translation.

An agent uses this package on machines that have neither Django nor catalogues: there, texts stay English. The console tells
at its start how it translates (`translate_with`), and from then on a text is in the language that is active when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _as_it_is(message: str) -> str:
    return message


_translate: Callable[[str], str] = _as_it_is


def translate_with(translate: Callable[[str], str]) -> None:
    """Have all texts said by this function from now on: an English message in, the reader's language out."""
    global _translate  # noqa: PLW0603 - set once, when the console starts
    _translate = translate


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is translated whenever it is read: `str(text)`."""

    original: str

    def __str__(self) -> str:
        return _translate(self.original)


def gettext_lazy(message: str) -> Text:
    """Mark a text for the catalogue; it is translated when it is read."""
    return Text(message)


def gettext_noop(message: str) -> str:
    """Mark a text for the catalogue, and leave its translation to whoever shows it."""
    return message

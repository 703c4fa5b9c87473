"""Sentences that are stored now and read later, in whatever language the reader has chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import get_language, gettext

_PHRASES: dict[str, re.Pattern[str]] = {}


def phrase(message: str) -> str:
    """Enter a part of a sentence, marked with `gettext_noop`, that is stored in English among a sentence's parameters."""
    pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(message))
    _PHRASES[message] = re.compile(pattern)
    return message


def render_phrases(text: str) -> str:
    """Return stored phrases ("one; another") in the reader's language; what is no phrase stays as it is."""
    if (get_language() or "en").startswith("en"):
        return text
    parts = text.split("; ")
    told = [_told(part) for part in parts]
    return text if told == parts else gettext("; ").join(told)


def _told(part: str) -> str:
    """Translate one phrase: of several that fit, the one with the most words of its own."""
    found = {
        message: match
        for message, pattern in _PHRASES.items()
        if (match := pattern.fullmatch(part) or pattern.fullmatch(part[:1].lower() + part[1:]))
    }
    if not found:
        return part
    message = max(found, key=len)
    filled = found[message].groupdict()
    return gettext(message) % {name: _told(value) for name, value in filled.items()}


def sentence_within(message: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Return a stored sentence as a parameter of another one: plain JSON, read in the reader's language."""
    return {"message": message, "parameters": dict(parameters)}


def render_sentence(message: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return the stored English `message` in the reader's language with its parameters filled in.

    Messages are marked with `gettext_noop` where they are written. A parameter may be a stored sentence itself
    (`sentence_within`). A message whose parameters do not fit is returned as it is: an old row must never break a page.
    """
    if not message:
        return ""
    translated = gettext(message)
    try:
        return translated % {name: _filled(value) for name, value in (parameters or {}).items()}
    except (KeyError, TypeError, ValueError):
        return translated


def _filled(value: object) -> object:
    match value:
        case str():
            return render_phrases(value)
        case {"message": str(message), "parameters": {**parameters}}:
            return render_sentence(message, {str(name): each for name, each in parameters.items()})
    return value

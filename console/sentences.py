"""Sentences that are stored now and read later, in whatever language the reader has chosen."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext


def render_sentence(message: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return the stored English `message` in the reader's language with its parameters filled in.

    Messages are marked with `gettext_noop` where they are written. A message whose parameters
    do not fit is returned as it is: an old row must never break a page.
    """
    if not message:
        return ""
    translated = gettext(message)
    try:
        return translated % dict(parameters or {})
    except (KeyError, TypeError, ValueError):
        return translated

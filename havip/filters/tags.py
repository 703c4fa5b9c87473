"""Filtering a list by tags: `tag` is a key, or a key and a value with `=` between them; given several times, all must fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from havip.models.base import Resource
from havip.models.tag import MAXIMUM_TAG_TEXT
from havip.rules.tags import MAXIMUM_TAGS
from havip.selectors.tags import TagWish, bearing_any

_LONGEST = 2 * MAXIMUM_TAG_TEXT + 1
_MOST_READINGS = 10


class TagsInput(forms.TextInput):
    """Reads a parameter that may stand several times; pages draw it by `templates/tags/_filter.html`."""

    def value_from_datadict(self, data: Mapping[str, Any], _files: Any, name: str) -> list[str]:
        """Return every value that is not empty."""
        getlist = getattr(data, "getlist", None)
        given = getlist(name) if getlist else data.get(name, [])
        values = [given] if isinstance(given, str) else list(given)
        return [str(value) for value in values if str(value).strip()]


class TagsField(forms.Field):
    """Tags as they are written in a filter, at most as many as a resource can have."""

    widget = TagsInput

    def clean(self, value: Sequence[str] | None) -> list[str]:
        """Return the texts. Raises ValidationError for too many, or one that no tag can be."""
        texts = [text.strip() for text in value or []]
        if len(texts) > MAXIMUM_TAGS:
            raise ValidationError(
                _("At most %(limit)s tags can be asked for at once."),
                code="many",
                params={"limit": MAXIMUM_TAGS},
            )
        for text in texts:
            ProhibitNullCharactersValidator()(text)
            if len(text) > _LONGEST or text.startswith("="):
                raise ValidationError(
                    _("“%(text)s” is not a tag: write key or key=value."),
                    code="malformed",
                    params={"text": text[:40]},
                )
        return texts


class TagFilter(django_filters.Filter):
    """Keeps the resources that bear all of the tags."""

    field_class = TagsField
    parent: django_filters.FilterSet

    def __init__(self) -> None:
        super().__init__(label=_("Tag"))

    def filter(self, qs: QuerySet[Resource], value: Sequence[str] | None) -> QuerySet[Resource]:
        """Keep the rows that bear every tag that is written down."""
        # A filter does not know its team, but every row that it is given has the same one.
        everything = self.parent.queryset
        assert everything is not None
        team = Subquery(everything.order_by().values("team")[:1])
        for text in value or []:
            qs = bearing_any(qs, list(readings(text)), team=team)
        return qs


def readings(text: str) -> Iterator[TagWish]:
    """Yield what a text can mean: a key with any value, or, at each `=`, a key with a value. Keys may contain `=`."""
    yield text, None
    at = text.find("=")
    for _number in range(_MOST_READINGS):
        if at < 0:
            return
        if at:
            yield text[:at], text[at + 1 :]
        at = text.find("=", at + 1)

"""The forms about tags: rows of key and value for one resource, and lines of them where something is created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm, refusal_text
from console.operations.refusal import Refusal
from havip.models.tag import MAXIMUM_TAG_TEXT
from havip.rules import tags as rules
from havip.rules.catalogue import first_refusal
from havip.rules.tags import TagArgument, as_argument

_BLANK_ROWS = 2
_OF_A_ROW = ("G1", "G2", "G5")


@dataclass(slots=True)
class TagRow:
    """One line of the form; `wrong` names the input that the error is about: key or value."""

    key: str = ""
    value: str = ""
    error: str = ""
    wrong: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written in it: it is then no tag."""
        return not self.key and not self.value


class TagsForm(OperationForm):
    """All tags of one resource, as rows; what is left blank goes.

    Rows come as the repeated fields `key` and `value`. The buttons that add or remove a row send the form, too.
    """

    maximum_length = MAXIMUM_TAG_TEXT

    def __init__(
        self, data: QueryDict | None = None, *, rows: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(data)
        if data is not None:
            rows = list(zip_longest(data.getlist("key"), data.getlist("value"), fillvalue=""))
        self.rows = [TagRow(key, value) for key, value in rows]
        if data is None:
            self._offer_blank_rows()

    @classmethod
    def redrawn(cls, data: QueryDict) -> TagsForm:
        """Return the form as it was filled in, with a row more or less, as the pressed button says."""
        sent = cls(data)
        rows = [(row.key, row.value) for row in sent.rows]
        removed = data.get("remove", "")
        if removed.isascii() and removed.isdigit() and int(removed[:4]) < len(rows):
            del rows[int(removed[:4])]
        form = cls(rows=[(key, value) for key, value in rows if key or value])
        form.initial["client_token"] = data.get("client_token", "")
        return form

    def _offer_blank_rows(self) -> None:
        room = rules.MAXIMUM_TAGS - len(self.rows)
        self.rows += [TagRow() for _number in range(min(_BLANK_ROWS, max(room, 0)))]

    @property
    def has_room(self) -> bool:
        """Whether another row could be a tag."""
        return len(self.rows) < rules.MAXIMUM_TAGS

    @property
    def tags(self) -> TagArgument:
        """What goes to the operation."""
        return as_argument([(row.key, row.value) for row in self.rows if not row.is_blank])

    def refuse(self, refusal: Refusal) -> None:
        """Show what is wrong with a tag at its row, and at every other row that is wrong, too."""
        if refusal.number not in _OF_A_ROW or not self._mark_rows():
            super().refuse(refusal)
        self.refusal = refusal

    def _mark_rows(self) -> bool:
        seen: list[str] = []
        for row in self.rows:
            if row.is_blank:
                continue
            seen.append(row.key)
            checks = (
                ("key", lambda row=row: rules.g1_key(row.key)),
                ("value", lambda row=row: rules.g2_value(row.key, row.value)),
                ("key", lambda: rules.g5_once(seen)),
            )
            for wrong, check in checks:
                found = first_refusal(check)
                if found is not None:
                    row.error, row.wrong = refusal_text(found), wrong
                    break
            if row.error and seen.count(row.key) > 1:
                seen.pop()
        return any(row.error for row in self.rows)

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        if self.refusal is None:
            return super().status
        return 403 if self.refusal.status == 403 else 422


class TagLinesField(forms.CharField):
    """Tags as lines `key=value`; a line without `=` is a key with an empty value, an empty line nothing."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Tags"),
            required=False,
            help_text=_("One per line: key=value. Tags can be edited later."),
            widget=forms.Textarea(
                attrs={"rows": 2, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
            ),
        )

    def clean(self, value: Any) -> TagArgument:
        """Return what goes to the operation, whose rules judge it."""
        return as_argument(pairs_of_lines(str(super().clean(value) or "")))


def pairs_of_lines(text: str) -> list[tuple[str, str]]:
    """Return keys and values of tags that are written a line each."""
    pairs = []
    for line in text.splitlines():
        if line.strip():
            key, _equals, value = line.partition("=")
            pairs.append((key.strip(), value.strip()))
    return pairs


def check_lines(values: Mapping[str, Any]) -> None:
    """Say what is wrong with the tags of a form that was refused for something else. Raises Refusal G1, G2, G3, G5."""
    rules.g3_count(len(rules.check_tags(values.get("tags") or {})))

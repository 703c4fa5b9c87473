"""Inputs that are of exactly the type that the schema says, with nothing unknown beside them.

What a value must look like is in the schema, too, but only for readers: the rules decide it, so that a refusal bears its number here
as on a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from rest_framework import serializers

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4_PATTERN = rf"^(?:{_OCTET}\.){{3}}{_OCTET}$"
CIDR_PATTERN = rf"^(?:{_OCTET}\.){{3}}{_OCTET}/(?:[0-9]|[12][0-9]|3[0-2])$"
# Rules M1 and M2, and what can be stored.
TEXT_PATTERN = r"^(?![hH][tT][tT][pP][sS]?://)[^\u0000]*$"
# Longer than any rule allows, so that the rule says so.
LONGEST_TEXT = 2000
LONGEST_LIST = 500
_TAG_PATTERN = r"^(?!aliyun|acs:)(?!.*https?://)[^\u0000-\u001f\u007f-\u009f]*$"
_TAG_TEXT: Mapping[str, Any] = {"type": "string", "maxLength": 128, "pattern": _TAG_PATTERN}
# Rules G1 to G3.
TAGS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "maxProperties": 20,
    "propertyNames": {**_TAG_TEXT, "minLength": 1},
    "additionalProperties": _TAG_TEXT,
}


class Body(serializers.Serializer[Any]):
    """A request's body."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown members beside whatever else is wrong."""
        unknown = {}
        if isinstance(data, Mapping):
            error = serializers.ErrorDetail(str(_("There is no such input here.")), code="unknown")
            unknown = {str(name)[:60]: [error] for name in data if name not in self.fields}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            detail = refused.detail if isinstance(refused.detail, dict) else {"": refused.detail}
            raise serializers.ValidationError({**detail, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


class Text(serializers.CharField):
    """A text, kept as it is; `schema` says what it should look like."""

    def __init__(self, *, schema: Mapping[str, Any] | None = None, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        options.setdefault("allow_blank", True)
        options.setdefault("max_length", LONGEST_TEXT)
        super().__init__(**options)
        if schema is not None:
            # No text may hold a null character: the field itself refuses it.
            free = {} if {"enum", "format"} & schema.keys() else {"pattern": r"^[^\u0000]*$"}
            set_override(self, "field", {"type": "string", **free, **schema})

    def to_internal_value(self, data: Any) -> str:
        """Take a text and nothing else."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Choice(Text):
    """One of some texts, where no rule says so."""

    def __init__(self, *, choices: Sequence[str], **options: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(schema={"enum": list(choices)}, allow_blank=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Take one of the texts."""
        text = super().to_internal_value(data)
        if text not in self.choices:
            raise serializers.ValidationError(
                str(_("It must be one of: %s.")) % ", ".join(self.choices)
            )
        return text


class Whole(serializers.IntegerField):
    """A whole number."""

    def __init__(self, *, schema: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(min_value=-(2**53), max_value=2**53, **options)
        set_override(self, "field", {"type": "integer", **(schema or {})})

    def to_internal_value(self, data: Any) -> int:
        """Take a whole number; 5.0 is one (JSON Schema), "5" and true are none."""
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if type(data) is not int:
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Several(serializers.ListField):
    """A list of texts; `schema` says how many there should be, and a rule says so to who sends others."""

    def __init__(
        self, *, items: Mapping[str, Any], schema: Mapping[str, Any], **options: Any
    ) -> None:
        super().__init__(child=Text(schema=items), max_length=LONGEST_LIST, **options)
        shape = {"type": "array", "items": {"type": "string", **items}, **schema}
        set_override(self, "field", shape)


class Truth(serializers.BooleanField):
    """Yes or no."""

    def to_internal_value(self, data: Any) -> bool:
        """Take true or false and nothing else."""
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:40])
        return data


class Tags(serializers.DictField):
    """Tags: values by keys. What each may be is said by rules G1 to G3."""

    child = Text(allow_blank=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", TAGS_SCHEMA)


def tags_field(**options: Any) -> Tags:
    """Return the input of tags."""
    return Tags(help_text=_("At most 20; values by keys."), **options)


def name_field(**options: Any) -> Text:
    """Return the input of a name (rule M1)."""
    schema = {"maxLength": 128, "pattern": TEXT_PATTERN}
    return Text(required=False, schema=schema, help_text=_("At most 128 characters."), **options)


def description_field(**options: Any) -> Text:
    """Return the input of a description (rule M2)."""
    schema = {"maxLength": 256, "pattern": TEXT_PATTERN}
    return Text(required=False, schema=schema, help_text=_("At most 256 characters."), **options)


def identifier_pattern(prefix: str) -> str:
    """Return the pattern of the identifiers of one kind."""
    return f"^{prefix}-[0-9a-z]{{20}}$"


def identifier_field(prefix: str, **options: Any) -> Text:
    """Return the input of a resource's identifier. One that may be left out must not be empty instead."""
    options.setdefault("allow_blank", options.get("required", True))
    return Text(schema={"pattern": identifier_pattern(prefix)}, **options)


def address_field(**options: Any) -> Text:
    """Return the input of an IPv4 address (rule C5); without it the lowest free one is taken (C8)."""
    help_text = _("Without it, the lowest free address is taken.")
    schema = {"format": "ipv4", "pattern": IPV4_PATTERN}
    return Text(required=False, allow_blank=False, schema=schema, help_text=help_text, **options)


def block_field(**options: Any) -> Text:
    """Return the input of a CIDR block (rule N1)."""
    return Text(schema={"pattern": CIDR_PATTERN}, **options)

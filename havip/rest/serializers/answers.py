"""What the shapes of answers are made of."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from console.jobs.models import JobState
from havip.rest.serializers.fields import IPV4_PATTERN, Tags, Text, identifier_pattern


class Answer(serializers.Serializer[Any]):
    """A JSON object that is answered: its shape alone. The content is built by `havip.rest.showing`."""

    def to_representation(self, instance: Any) -> Any:
        """Return it as it is: what shows it made plain values of it."""
        return instance


def identifier(prefix: str, **options: Any) -> Text:
    """Return the shape of an identifier."""
    return Text(schema={"pattern": identifier_pattern(prefix)}, **options)


def nullable_identifier(prefix: str, **options: Any) -> Text:
    """Return the shape of an identifier that may be missing."""
    schema = {"type": ["string", "null"], "pattern": identifier_pattern(prefix)}
    return Text(schema=schema, **options)


def address(**options: Any) -> Text:
    """Return the shape of an IPv4 address."""
    return Text(schema={"format": "ipv4", "pattern": IPV4_PATTERN}, **options)


def nullable_address(**options: Any) -> Text:
    """Return the shape of an IPv4 address that may be missing."""
    schema = {"type": ["string", "null"], "format": "ipv4", "pattern": IPV4_PATTERN}
    return Text(schema=schema, **options)


def nullable_text(**options: Any) -> Text:
    """Return the shape of a text that may be missing."""
    return Text(schema={"type": ["string", "null"]}, **options)


def moment(**options: Any) -> Text:
    """Return the shape of a moment in UTC, RFC 3339."""
    return Text(schema={"format": "date-time"}, **options)


def nullable_moment(**options: Any) -> Text:
    """Return the shape of a moment that may not have come yet."""
    return Text(schema={"type": ["string", "null"], "format": "date-time"}, **options)


def uri_reference(**options: Any) -> Text:
    """Return the shape of an address below this interface."""
    return Text(schema={"format": "uri-reference"}, **options)


class Refused(Answer):
    """Why something cannot be done now."""

    rule = serializers.CharField(help_text=_("The rule's number, such as D1."))
    code = serializers.CharField(help_text=_("The code that programs read."))
    message = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)


class Capability(Answer):
    """Whether one action may be done now, and if not, why not."""

    allowed = serializers.BooleanField()
    refusals = Refused(many=True)


def capabilities(name: str, *actions: str) -> serializers.Serializer[Any]:
    """Return the shape of an object's capabilities."""
    fields: dict[str, Any] = {action: Capability() for action in actions}
    fields["__doc__"] = gettext_noop("Each action, and whether it may be done now.")
    shape: type[serializers.Serializer[Any]] = type(f"{name}Capabilities", (Answer,), fields)
    return shape(help_text=_("What may be done with it now, and why not."))


class Common(Answer):
    """What all resources have."""

    region = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    created_at = moment()
    created_by = serializers.CharField(allow_blank=True)


class Tagged(Common):
    """What those resources have that can bear tags."""

    tags = Tags()


class JobReference(Answer):
    """The job that carries a change out."""

    id = Text(schema={"pattern": "^job-[0-9a-f]{18}$"})
    kind = serializers.CharField(help_text=_("The operation, such as havip.create."))
    state = serializers.ChoiceField(choices=JobState.choices)
    url = uri_reference()


def page_of(item: type[Answer], description: str) -> type[Answer]:
    """Return the shape of a list of these; its description is a marked English text."""
    fields: dict[str, Any] = {
        "items": item(many=True),
        "next": Text(
            schema={"type": ["string", "null"], "format": "uri-reference"},
            help_text=_("The address of the next page."),
        ),
        "next_cursor": nullable_text(help_text=_("What to give as cursor for the next page.")),
        "previous": Text(
            schema={"type": ["string", "null"], "format": "uri-reference"},
            help_text=_("The address of the page before this one."),
        ),
        "previous_cursor": nullable_text(),
        "__doc__": description,
    }
    return type(f"{item.__name__}Page", (Answer,), fields)


def changed(item: type[Answer]) -> type[Answer]:
    """Return the shape of an object after a change: itself, with the job that carries the change out."""
    fields: dict[str, Any] = {
        "job": JobReference(allow_null=True),
        "__doc__": gettext_noop("The object as it is now, with the job that works on it."),
    }
    return type(f"{item.__name__}WithJob", (item,), fields)

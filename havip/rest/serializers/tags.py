"""Tags of one resource, and of several at once."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from havip.models import TAGGED
from havip.rest.serializers.answers import Answer
from havip.rest.serializers.fields import Body, Several, Text, Truth, tags_field

_KIND = {"enum": list(TAGGED)}
_RESOURCE = {"maxLength": 40, "pattern": "^[a-z]+-[0-9a-z]{20}$"}
# Rules G3 and G4.
_RESOURCES = {"minItems": 1, "maxItems": 50}
_KEY = {"maxLength": 128, "pattern": r"^[^\u0000]*$"}


class SetTags(Body):
    """The tags that a resource is to have, and no other."""

    tags = tags_field()


class TagResources(Body):
    """Tags to set on several resources; other tags stay."""

    kind = Text(schema=_KIND)
    resource_ids = Several(items=_RESOURCE, schema=_RESOURCES)
    tags = tags_field()


class UntagResources(Body):
    """Keys of tags to remove from several resources."""

    kind = Text(schema=_KIND)
    resource_ids = Several(items=_RESOURCE, schema=_RESOURCES)
    keys = Several(items=_KEY, schema={"maxItems": 20}, required=False)
    all_keys = Truth(default=False, help_text=_("Removes every tag where no keys are named."))


class Tagged(Answer):
    """The resources whose tags were changed."""

    kind = serializers.ChoiceField(choices=list(TAGGED))
    resource_ids = serializers.ListField(child=Text(schema=_RESOURCE))


class TagKeys(Answer):
    """Keys that are in use."""

    items = serializers.ListField(child=serializers.CharField())

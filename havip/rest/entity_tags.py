"""Entity tags: a digest of what an answer shows, for asking again (If-None-Match) and for changing what one saw (If-Match)."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from havip.rest.problems import Fault, malformed

# A comma may be inside a tag, not only between two (RFC 9110, 8.8.3).
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LIST = re.compile(rf"{_TAG.pattern}(?:[ \t]*,[ \t]*{_TAG.pattern})*")
ANY = "*"


def entity_tag(shown: Any) -> str:
    """Return the tag of a representation: the same text for the same content, and for no other."""
    text = json.dumps(shown, sort_keys=True, cls=DjangoJSONEncoder)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def tags_of(header: str, name: str) -> list[str]:
    """Return the tags of an If-Match or If-None-Match header; ["*"] for any. Raises Problem for what is none."""
    text = header.strip()
    if text == ANY:
        return [ANY]
    if not _LIST.fullmatch(text):
        detail = _("%(name)s must be entity tags in double quotes, or *.") % {"name": name}
        raise malformed([Fault("InvalidParameter", detail, header=name)])
    return _TAG.findall(text)


def is_known(header: str, tag: str) -> bool:
    """Tell whether an If-None-Match header names the tag; weak and strong ones are the same here (RFC 9110, 13.1.2)."""
    tags = tags_of(header, "If-None-Match")
    return tags == [ANY] or tag in [each.removeprefix("W/") for each in tags]

"""Reading a body: JSON in UTF-8, one object, no larger than allowed, and nothing that JSON does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from havip.rest.problems import Fault, malformed


class StrictJSONParser(BaseParser):
    """`application/json`: a name that comes twice, NaN, and a value that is no object are refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object. Raises ParseError, Problem, RequestDataTooBig."""
        del media_type, parser_context
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig
        try:
            value = json.loads(
                raw.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from None
        if not isinstance(value, dict):
            raise malformed([Fault("InvalidParameter", _("The body must be an object."), "#")])
        return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_("a name comes twice"))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)

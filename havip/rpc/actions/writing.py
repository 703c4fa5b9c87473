"""What actions that write have in common: what to hand to an operation."""

from __future__ import annotations

from typing import Any

from havip.models.base import Resource
from havip.regions import DEFAULT_REGION
from havip.rpc.dispatch import Call
from havip.rpc.parameters import tags
from havip.rules.tags import TagArgument, as_argument
from havip.selectors import described

# How many tags a resource may have, the rules say (G3).
NEW_TAGS = tags("Tag", maximum=200)


def caller(call: Call) -> dict[str, Any]:
    """Return the arguments that every operation takes: who acts, and the token that makes it happen once."""
    return {"principal": call.principal, "client_token": call.client_token}


def tags_argument(call: Call) -> TagArgument:
    """Return Tag.N of a request as an operation takes it; a value that is not sent is empty."""
    return as_argument([(tag.key, tag.value or "") for tag in call["Tag"]])


def region_for(call: Call, model: type[Resource], identifier: str) -> str:
    """Return the region in which an operation looks, where RegionId may be left out.

    It is the resource's own then. For one that is not there it is any region: the operation refuses.
    """
    named: str = call.get("RegionId") or ""
    return named or described.region_of(model, call.principal.team, identifier) or DEFAULT_REGION

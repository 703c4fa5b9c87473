"""What actions that write have in common: what to hand to an operation."""

from __future__ import annotations

from typing import Any

from havip.rpc.dispatch import Call
from havip.rpc.parameters import tags
from havip.rules.tags import TagArgument, as_argument

# How many tags a resource may have, the rules say (G3).
NEW_TAGS = tags("Tag", maximum=200)


def caller(call: Call) -> dict[str, Any]:
    """Return the arguments that every operation takes: who acts, and the token that makes it happen once."""
    return {"principal": call.principal, "client_token": call.client_token}


def tags_argument(call: Call) -> TagArgument:
    """Return Tag.N of a request as an operation takes it; a value that is not sent is empty."""
    return as_argument([(tag.key, tag.value or "") for tag in call["Tag"]])


def anywhere(call: Call) -> str:
    """Return the region in which an operation looks; empty, and so any, where RegionId is left out.

    It is handed on as it was sent: the same request has the same arguments again when what it names is gone.
    """
    return str(call.get("RegionId") or "")

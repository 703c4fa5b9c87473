"""How a refusal is written down that every SDK must be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# An EIP with this name loses a race.
CONTESTED = "contested"
# So many requests more may be made in a minute by a key that was counted up beforehand.
ALLOWED_STILL = 2


@dataclass(frozen=True, slots=True)
class Refused:
    """An action with parameters that must be refused with this code and HTTP status.

    A value such as "@vpc" stands for what `arranging` called so.
    """

    code: str
    status: int
    action: str
    parameters: dict[str, Any] = field(default_factory=dict)
    product: str = "vpc"


def vpc(code: str, status: int, action: str, /, **parameters: Any) -> Refused:
    return Refused(code, status, action, parameters)


def ecs(code: str, status: int, action: str, /, **parameters: Any) -> Refused:
    return Refused(code, status, action, parameters, "ecs")

"""How a refusal is written down that every SDK must be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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

"""What a case is: a number, the rule that must refuse, and the arrangement in which it must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from console.operations.refusal import Rule
from tests.cast import World

Arrangement = Callable[[World], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt that must be refused, whoever tries it and by whatever way.

    `arrange` makes the situation and returns the operation's arguments. `who` acts: operator, owner or administrator.
    `page` is how a page says no: "form" shows the refusal, "no page" is a 404 since the address itself names what is not
    there, "own words" means that the form asks for a missing field before any rule does, and "none" that no page can ask
    for it.
    """

    numbers: tuple[str, ...]
    name: str
    rule: Rule
    operation: str
    arrange: Arrangement
    who: str
    page: str

    @property
    def identity(self) -> str:
        """The case's name in a test report, beginning with its numbers."""
        return f"{'+'.join(self.numbers)}-{self.name}"


CASES: list[Case] = []


def case(
    numbers: str, rule: Rule, operation: str, *, who: str = "operator", page: str = "form"
) -> Callable[[Arrangement], Arrangement]:
    """Enter an arrangement as a case of one or several numbers (with spaces between them)."""

    def enter(arrange: Arrangement) -> Arrangement:
        CASES.append(
            Case(tuple(numbers.split()), arrange.__name__, rule, operation, arrange, who, page)
        )
        return arrange

    return enter


def parameters(through: str, cases: list[Case]) -> list[Any]:
    """Return the cases as parameters of a test, each marked with its rules' numbers."""
    return [
        pytest.param(
            entry,
            id=entry.identity,
            marks=[pytest.mark.rule(number, through=through) for number in entry.numbers],
        )
        for entry in cases
    ]

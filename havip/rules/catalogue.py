"""The list of all rules: what the generated table in the documentation and its test read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.operations.refusal import Refusal, Rule


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number of 2-domain, what it says in one sentence, and the rules that stand for it."""

    number: str
    statement: str
    rules: tuple[Rule, ...]


CATALOGUE: dict[str, Numbered] = {}


def numbered(number: str, statement: str, *rules: Rule) -> None:
    """Enter one number; an effect that refuses nothing has no rule."""
    if number in CATALOGUE:
        raise ValueError(f"{number} is entered twice")
    CATALOGUE[number] = Numbered(number, statement, rules)


def first_refusal(check: Callable[[], object]) -> Refusal | None:
    """Return the refusal that a check raises, or None: for asking instead of trying."""
    try:
        check()
    except Refusal as refusal:
        return refusal
    return None


def all_refusals(*checks: Callable[[], None]) -> list[Refusal]:
    """Return every refusal that the checks raise, in their order."""
    return [refusal for check in checks if (refusal := first_refusal(check)) is not None]

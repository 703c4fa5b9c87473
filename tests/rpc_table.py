"""The tables of all RPC actions, of their parameters and of the documented error codes, at the end of docs/rpc.md.

``python -m tests.rpc_table`` writes them from what the actions declare and from `tests.documented_codes`. With
``--check`` nothing is written: the command fails when they are stale.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tests.documented_codes import DOCUMENTED, INTERFACE, Given, Never

if TYPE_CHECKING:
    from havip.rpc.dispatch import Action
    from havip.rpc.parameters import Parameter

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "rpc.md"
MARK = "<!-- Written by python -m tests.rpc_table; what stands above stays. -->\n"
PRODUCTS = {"2016-04-28": "VPC", "2014-05-26": "ECS"}
CODES = """
## Documented error codes

Each code that the cloud documents for these actions: those that are given here, with the numbers of the
[rules](rules.md) that give it (A: of every operation; H1, and a letter with 0: what is named is not there, or cannot
be; no number: the interface itself), and those that are never given here, and why. Misspelt codes are the cloud's own.
The HTTP status is 400 where no other one is said.

| action | given here | never given here |
| --- | --- | --- |"""


def render() -> str:
    """Return the part of the document that is written from the actions."""
    from havip.rpc.dispatch import ACTIONS

    lines = []
    for version in sorted({version for version, _ in ACTIONS}, reverse=True):
        lines += [f"\n### {PRODUCTS[version]}, version {version}\n"]
        lines += [
            "| action | | parameters | what they take, or why not |",
            "| --- | --- | --- | --- |",
        ]
        for _, action in sorted(
            (name, each) for name, each in ACTIONS.items() if name[0] == version
        ):
            lines += _rows(action)
    return "\n".join([*lines, CODES, *_codes()]) + "\n"


def _codes() -> Iterator[str]:
    """One row for each action: what it is refused with, and what it never is."""
    for action, (given, never) in DOCUMENTED.items():
        columns = ", ".join(map(_given, given)), "; ".join(map(_never, never))
        yield f"| **{action}** | {' | '.join(columns)} |"


def _given(code: Given) -> str:
    numbers = [number for number in code.numbers if number != INTERFACE]
    said = [*numbers, *([str(code.status)] if code.status != HTTPStatus.BAD_REQUEST else [])]
    return f"`{code.code}`" + (f" ({', '.join(said)})" if said else "")


def _never(codes: Never) -> str:
    return f"{', '.join(f'`{code}`' for code in codes.codes)}: {codes.reason}"


def _rows(action: Action) -> Iterator[str]:
    """One row for the parameters that are supported, ignored or refused with the same note, in the order of the declaration."""
    from havip.rpc.parameters import Support

    extras = [f"{word}" for word, has in (("DryRun", action.dry_run), ("HEAD", action.head)) if has]
    name = f"**{action.name}**" + (f" ({', '.join(extras)})" if extras else "")
    if not action.parameters:
        yield f"| {name} | | | |"
    for support in Support:
        chosen = [each for each in action.parameters if each.support is support]
        for note, group in groupby(chosen, key=lambda each: each.note):
            names = ", ".join(map(_written, group))
            yield f"| {name} | {support} | {names} | {_escaped(note)} |"
            name = ""


def _written(parameter: Parameter) -> str:
    names = ", ".join(f"`{parameter.name}{shape}`" for shape in parameter.shape.split(", "))
    return names + (" (required)" if parameter.required else "")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def document() -> str:
    """Return the whole document as it should be."""
    written, mark, _ = DOCUMENT.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"docs/rpc.md lacks the line {MARK}")
    return written + mark + render()


def main(words: list[str]) -> int:
    """Carry out the command line."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.test")
    django.setup()
    text = document()
    if words == ["--check"]:
        if DOCUMENT.read_text(encoding="utf-8") != text:
            print("docs/rpc.md is stale: run python -m tests.rpc_table", file=sys.stderr)
            return 1
        return 0
    DOCUMENT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

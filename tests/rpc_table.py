"""The table of all RPC actions and their parameters: ``python -m tests.rpc_table`` writes it to the end of docs/rpc.md.

It is made from what the actions declare. With ``--check`` nothing is written: the command fails when the table is stale.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havip.rpc.dispatch import Action
    from havip.rpc.parameters import Parameter

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "rpc.md"
MARK = "<!-- Written by python -m tests.rpc_table; what stands above stays. -->\n"
PRODUCTS = {"2016-04-28": "VPC", "2014-05-26": "ECS"}


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
    return "\n".join(lines) + "\n"


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

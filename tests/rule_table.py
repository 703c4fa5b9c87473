"""The table of all numbered rules with the tests that show them: ``python -m tests.rule_table`` writes docs/rules.md.

Statements and codes come from the catalogue of the rules, the tests from the markers that pytest collects. With
``--check`` nothing is written: the command fails when the file is stale, or a number is not shown both through its
operation and through its page.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "rules.md"
# Every number is shown by the first two; by the other two wherever they have words for its cases.
WAYS = ("operation", "page")
INTERFACES = ("REST", "RPC")
# The letters, in the order of the documents.
AREAS = {
    "C": "Creating a HaVip",
    "D": "Deleting a HaVip",
    "B": "Binding instances and network interfaces",
    "E": "Binding an EIP",
    "U": "Unbinding",
    "F": "What follows from elsewhere",
    "L": "Limits",
    "M": "Names and descriptions",
    "N": "VPCs and vSwitches",
    "I": "Instances",
    "W": "Network interfaces",
    "R": "Route entries",
    "P": "EIPs",
    "X": "Fail-over drills",
    "G": "Tags",
    "Q": "Quota requests and beta applications",
}
HEAD = """\
# The rules, and the tests that show them

Every precondition and limit has a number. A refusal bears it, on a page, in the API and in the audit log. A rule stands
once, in `havip/rules`; the database holds what it can besides. This table is written by `python -m tests.rule_table`
from the rules themselves and from the tests' markers; a test fails when it is stale.

The tests of a number are its cases in `tests/havip/cases_*.py`: each is tried
through the operation (`test_rules_operations.py`), sent through the page's form (`test_rules_pages.py`), as a script does
through the REST API (`test_rules_rest.py`), and signed through the RPC API (`rpc_actions/test_rules_rpc.py`); of the last two the table
gives how many. Tests with a name of their own are in `test_rules_effects.py` and `test_rules_effects_pages.py`.
"""

Shown = dict[str, dict[str, list[str]]]


class Collector:
    """What pytest calls when it has collected the tests."""

    def __init__(self) -> None:
        self.shown: Shown = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note for each rule's number which tests show it, by which way."""
        for item in items:
            for mark in item.iter_markers("rule"):
                (number,) = mark.args
                ways = self.shown.setdefault(number, {way: [] for way in (*WAYS, *INTERFACES)})
                ways[mark.kwargs["through"]].append(_name(item))


def _name(item: pytest.Item) -> str:
    """Return a case's own name, or a test's with its class."""
    case = item.callspec.params.get("case") if hasattr(item, "callspec") else None
    if case is not None:
        return str(case.name)
    owner = getattr(getattr(item, "cls", None), "__name__", "")
    plain = item.name.partition("[")[0]
    return f"{owner}.{plain}" if owner else plain


def collect() -> Shown:
    """Return the tests of each number, as pytest collects them."""
    collector = Collector()
    words = io.StringIO()
    with contextlib.redirect_stdout(words):
        options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        code = pytest.main([*options, str(ROOT / "tests" / "havip")], plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(words.getvalue())
    return collector.shown


def _order(number: str) -> tuple[int, int]:
    return list(AREAS).index(number[0]), int(number[1:])


def render(shown: Shown) -> str:
    """Return the whole document."""
    from django.utils import translation

    from havip.rules.catalogue import CATALOGUE

    lines = [HEAD]
    area = ""
    with translation.override("en"):
        for number in sorted(CATALOGUE, key=_order):
            entry = CATALOGUE[number]
            if number[0] != area:
                area = number[0]
                lines += [f"\n## {AREAS[area]}\n", "| number | what must hold | code |"]
                lines += ["| --- | --- | --- |"]
            codes = ", ".join(dict.fromkeys(f"`{rule.code}`" for rule in entry.rules))
            lines.append(f"| {number} | {entry.statement} | {codes or '(refuses nothing)'} |")
    lines.append("\n## Tests\n")
    lines += ["| number | through the operation | through the page | REST | RPC |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for number in sorted(CATALOGUE, key=_order):
        ways = shown.get(number, {})
        columns = [", ".join(sorted(set(ways.get(way, [])))) for way in WAYS]
        columns += [str(len(ways.get(way, [])) or "—") for way in INTERFACES]
        lines.append(f"| {number} | {' | '.join(columns)} |")
    return "\n".join(lines) + "\n"


def faults(shown: Shown) -> list[str]:
    """Return what is missing: numbers that are not shown by both ways, and tests of numbers that no rule has."""
    from havip.rules.catalogue import CATALOGUE

    found = [
        f"{number} has no test through its {way}"
        for number in CATALOGUE
        for way in WAYS
        if not shown.get(number, {}).get(way)
    ]
    # Numbers that end in 0, H1 among them, say that something is not there: no rule of the documents.
    known = {*CATALOGUE, "H1"}
    found += [
        f"no rule has the number {number}"
        for number in shown
        if number not in known and not number.endswith("0")
    ]
    return found


def main(words: list[str]) -> int:
    """Carry out the command line."""
    shown = collect()
    text = render(shown)
    missing = faults(shown)
    for fault in missing:
        print(fault, file=sys.stderr)
    if words == ["--check"]:
        stale = not TABLE.exists() or TABLE.read_text(encoding="utf-8") != text
        if stale:
            print("docs/rules.md is stale: run python -m tests.rule_table", file=sys.stderr)
        return 1 if stale or missing else 0
    TABLE.write_text(text, encoding="utf-8")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

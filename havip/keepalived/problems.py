"""What can be wrong with a file: each problem's code, how bad it is, what it says and how it is mended.

An error is what keeps the HaVip from working (or from failing over) in a cloud's network, or what keepalived itself does not
accept. A warning works, but not as its author believes, or not for long. The problems are in problem_texts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from havip.keepalived.texts import Text

FINDINGS_LIMIT = 200
EXCERPT = 60


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that goes wrong in practice. Both texts are translatable, with named `%(…)s` parameters."""

    code: str
    severity: Severity
    message: Text | str
    mend: Text | str


PROBLEMS: dict[str, Problem] = {}


def problem(code: str, severity: Severity, message: Text | str, mend: Text | str) -> None:
    """Enter a problem under its code."""
    if code in PROBLEMS:
        raise ValueError(code)
    PROBLEMS[code] = Problem(code, severity, message, mend)


def excerpt(text: str) -> str:
    """Return a piece of the file that can be shown: printable, on one line, not long."""
    cut = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in cut)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a line. The texts are in the language that is active when they are read."""

    line: int
    problem: Problem
    parameters: Mapping[str, Text | str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The problem's code, for machines and tests."""
        return self.problem.code

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.problem.severity

    @property
    def message(self) -> str:
        """What is wrong."""
        return str(self.problem.message) % self.parameters

    @property
    def mend(self) -> str:
        """What to do about it."""
        return str(self.problem.mend) % self.parameters


class Findings:
    """Collects findings, each once, up to a limit that no honest file reaches."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str, tuple[tuple[str, str], ...]], Finding] = {}

    @property
    def full(self) -> bool:
        """Whether nothing more is taken."""
        return len(self._found) >= FINDINGS_LIMIT

    def add(self, line: int, code: str, **parameters: object) -> None:
        """Add a finding; parameters are cut to what can be shown."""
        if self.full:
            return
        shown = {
            name: value if isinstance(value, Text) else excerpt(str(value))
            for name, value in parameters.items()
        }
        key = (line, code, tuple(sorted((name, str(value)) for name, value in shown.items())))
        self._found.setdefault(key, Finding(line, PROBLEMS[code], shown))

    def sorted(self) -> list[Finding]:
        """Return the findings in the order of their lines, errors first on the same line."""
        return sorted(self._found.values(), key=lambda each: (each.line, each.severity, each.code))

"""Checking a keepalived.conf, whoever wrote it. Nothing that is given to it makes it fail, or take long."""

from __future__ import annotations

import codecs

# Enters the problems into the catalogue.
from havip.keepalived import (  # noqa: F401
    problem_texts,
    problem_texts_compared,
    problem_texts_instance,
)
from havip.keepalived.checks_expectation import check_expectation
from havip.keepalived.checks_instance import check_instances
from havip.keepalived.checks_structure import check_structure
from havip.keepalived.expectation import Expectation
from havip.keepalived.facts import Configuration, read
from havip.keepalived.pairs import compare
from havip.keepalived.problems import PROBLEMS, Finding, Findings

SIZE_LIMIT = 64 * 1024
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def check(text: str | bytes, *, expectation: Expectation | None = None) -> list[Finding]:
    """Return what is wrong with a file, in the order of its lines; nothing when it is as it should be."""
    findings = Findings()
    _examine(text, expectation, findings)
    return _told(findings)


def check_pair(
    first: str | bytes,
    second: str | bytes,
    *,
    first_expectation: Expectation | None = None,
    second_expectation: Expectation | None = None,
) -> tuple[list[Finding], list[Finding]]:
    """Check the files of two nodes, each by itself and both together; return the findings of each."""
    first_findings, second_findings = Findings(), Findings()
    one = _examine(first, first_expectation, first_findings)
    other = _examine(second, second_expectation, second_findings)
    if one is not None and other is not None:
        compare(one, other, first_findings, second_findings)
    return _told(first_findings), _told(second_findings)


def _told(findings: Findings) -> list[Finding]:
    told = findings.sorted()
    if findings.full:
        told.append(Finding(told[-1].line, PROBLEMS["too-many"]))
    return told


def _examine(
    text: str | bytes, expectation: Expectation | None, findings: Findings
) -> Configuration | None:
    readable = _decoded(text, findings)
    if readable is None:
        return None
    config_id = expectation.config_id if expectation else ""
    configuration = read(readable, config_id=config_id)
    check_structure(configuration, findings)
    check_instances(configuration, findings)
    if expectation is not None:
        check_expectation(configuration, expectation, findings)
    return configuration


def _decoded(text: str | bytes, findings: Findings) -> str | None:
    """Return the text if it is one, and not too much of it."""
    raw = text if isinstance(text, bytes) else text.encode(errors="replace")
    if len(raw) > SIZE_LIMIT:
        findings.add(1, "too-large")
        return None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw:
        findings.add(1, "binary")
        return None
    try:
        readable = raw.decode()
    except UnicodeDecodeError as error:
        findings.add(raw.count(b"\n", 0, error.start) + 1, "not-utf8")
        readable = raw.decode(errors="replace")
    if readable.startswith(_MARK):
        findings.add(1, "byte-order-mark")
    return readable

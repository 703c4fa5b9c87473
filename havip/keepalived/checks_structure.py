"""Checks of a file's frame: braces, keywords, blocks that do not belong here."""

from __future__ import annotations

from havip.keepalived.facts import Configuration, Section
from havip.keepalived.keywords import (
    KNOWN,
    LVS_BLOCKS,
    NEEDS_VALUE,
    NOTIFY_SCRIPTS,
    RETIRED,
    TOP,
    TOP_BLOCKS,
    VALUE_BLOCKS,
    closest,
    homes,
)
from havip.keepalived.problems import Findings
from havip.keepalived.syntax import Statement
from havip.keepalived.texts import gettext_lazy as _

_REPEATABLE = NOTIFY_SCRIPTS | VALUE_BLOCKS
_LVS_KEYWORDS = frozenset({"lvs_sync_daemon", "lvs_sync_daemon_interface"})
_SCRIPTS = {
    "global_defs": frozenset(
        {
            "lvs_notify_fifo_script",
            "notify_fifo_script",
            "shutdown_script",
            "startup_script",
            "vrrp_notify_fifo_script",
        }
    ),
    "vrrp_instance": NOTIFY_SCRIPTS,
    "vrrp_sync_group": NOTIFY_SCRIPTS,
    "vrrp_script": frozenset({"script"}),
}


def check_structure(configuration: Configuration, findings: Findings) -> None:
    """Check everything that can be told without knowing what a HaVip is."""
    for flaw in configuration.document.flaws:
        findings.add(flaw.line, flaw.code, text=flaw.text)
    for statement in configuration.document.statements:
        _check_top(statement, findings)
    _check_names(configuration, findings)
    _check_script_security(configuration, findings)


def _check_top(statement: Statement, findings: Findings) -> None:
    keyword = statement.keyword
    if keyword == "{" or statement.substituted:
        return
    if keyword in LVS_BLOCKS:
        findings.add(statement.line, "lvs-unsupported", keyword=keyword)
        return
    if ("top", keyword) in RETIRED:
        findings.add(statement.line, "keyword-retired", keyword=keyword)
    if keyword not in TOP:
        _unknown(statement, "top", findings)
    elif keyword in TOP_BLOCKS and statement.children is None:
        findings.add(statement.line, "brace-missing", text=keyword)
    elif keyword in KNOWN:
        _check_block(statement, keyword, findings)


def _check_block(block: Statement, name: str, findings: Findings) -> None:
    seen: set[str] = set()
    for statement in block.children or ():
        if statement.keyword == "{" or statement.keyword.startswith("$"):
            continue
        _check_statement(statement, name, findings)
        if statement.condition or statement.keyword in _REPEATABLE:
            continue
        if statement.keyword in seen and statement.keyword in KNOWN[name]:
            findings.add(statement.line, "keyword-repeated", keyword=statement.keyword)
        seen.add(statement.keyword)


def _check_statement(statement: Statement, block: str, findings: Findings) -> None:
    keyword = statement.keyword
    if keyword in _LVS_KEYWORDS or (keyword in LVS_BLOCKS and statement.children is not None):
        findings.add(statement.line, "lvs-unsupported", keyword=keyword)
    elif (block, keyword) in RETIRED:
        findings.add(statement.line, "keyword-retired", keyword=keyword)
    elif keyword not in KNOWN[block]:
        _unknown(statement, block, findings)
        return
    if any(word.cut_by_comment for word in statement.words):
        findings.add(statement.line, "value-cut-by-comment")
    if keyword in NEEDS_VALUE.get(block, ()) and not statement.value:
        findings.add(statement.line, "value-missing", keyword=keyword)
    if keyword in VALUE_BLOCKS and statement.children is None:
        findings.add(statement.line, "brace-missing", text=keyword)
    elif keyword not in VALUE_BLOCKS and statement.children is not None:
        findings.add(statement.line, "block-unexpected", text=keyword)
    elif keyword in KNOWN:
        _check_block(statement, keyword, findings)
    if keyword in _SCRIPTS.get(block, ()):
        _check_script(statement, findings)


def _unknown(statement: Statement, block: str, findings: Findings) -> None:
    """Say what is wrong with a keyword that the block does not have."""
    keyword = statement.keyword
    shown = _("the file itself") if block == "top" else block
    if findings.full:
        return
    if block != "top" and keyword in TOP and statement.children is not None:
        findings.add(statement.line, "block-misplaced", keyword=keyword, block=shown)
    elif home := homes(keyword):
        findings.add(statement.line, "keyword-misplaced", keyword=keyword, block=shown, home=home)
    elif alike := closest(keyword, block):
        findings.add(
            statement.line, "keyword-misspelt", keyword=keyword, block=shown, closest=alike
        )
    else:
        findings.add(statement.line, "keyword-unknown", keyword=keyword, block=shown)


def _check_script(statement: Statement, findings: Findings) -> None:
    command = statement.value.split(maxsplit=1)
    if command and not statement.substituted and not command[0].startswith("/"):
        findings.add(statement.line, "script-path-relative", text=command[0])


def _check_script_security(configuration: Configuration, findings: Findings) -> None:
    scripts = [
        statement
        for block in configuration.document.statements
        for statement in block.children or ()
        if statement.keyword in _SCRIPTS.get(block.keyword, ()) and statement.value
    ]
    if not scripts:
        return
    line = min(statement.line for statement in scripts)
    defined = configuration.global_defs
    if defined is None or not defined.mentions("enable_script_security"):
        findings.add(line, "script-security-missing")
    if defined is None or not defined.mentions("script_user"):
        unnamed = [each for each in scripts if len(each.values) < 2]
        if unnamed:
            findings.add(min(each.line for each in unnamed), "script-user-missing")


def _check_names(configuration: Configuration, findings: Findings) -> None:
    if not configuration.incomplete and not any(configuration.blocks("vrrp_instance")):
        findings.add(1, "no-instance")
    names: set[str] = set()
    for instance in configuration.instances:
        if not instance.name:
            findings.add(instance.line, "instance-unnamed")
        elif instance.name in names and not instance.statement.condition:
            findings.add(instance.line, "instance-repeated", name=instance.name)
        names.add(instance.name)
    if not configuration.incomplete:
        _check_references(configuration, names, findings)


def _check_references(configuration: Configuration, names: set[str], findings: Findings) -> None:
    scripts = {each.value for each in configuration.blocks("vrrp_script")}
    groups = [Section(each) for each in configuration.blocks("vrrp_sync_group")]
    for group in groups:
        for member in group.entries("group"):
            if member.text not in names:
                findings.add(member.line, "group-member-unknown", name=member.text)
    for section in (*configuration.instances, *groups):
        for tracked in section.entries("track_script"):
            if tracked.text not in scripts:
                findings.add(tracked.line, "track-script-unknown", name=tracked.text)

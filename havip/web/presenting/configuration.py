"""The node configuration as its pages show it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.operations.refusal import PERMISSION, Refusal
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for
from havip.fabric.linux.fabric import LinuxFabric
from havip.keepalived import FAMILIES, PROFILES, Family, Finding, Severity, installation_for
from havip.keepalived.installation import NOTIFY_SCRIPT
from havip.models import HaVip
from havip.selectors.configurations import (
    NOTIFY_SCRIPT_PATH,
    Configurations,
    NodeAgent,
    NodeFile,
    node_agents,
)
from havip.web.presenting.links import Links

NOTIFY_SCRIPT_NAME = NOTIFY_SCRIPT_PATH.rpartition("/")[2]
MASK = "********"
_PASSWORD = re.compile(r"^(\s*auth_pass\s+)\S+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProfileWords:
    """What is said of a timer profile. `measured`: docs/keepalived.md, keepalived 2.2.7 in network namespaces."""

    label: Promise | str
    what: Promise | str
    measured: str
    advice: Promise | str


PROFILE_WORDS: Mapping[str, ProfileWords] = {
    "documented": ProfileWords(
        gettext_lazy("Documented"),
        gettext_lazy("The published timers: VRRP version 2, one heartbeat a second."),
        "2.8",
        gettext_lazy("Works with keepalived 1.2.15 and newer."),
    ),
    "fast": ProfileWords(
        gettext_lazy("Fast"),
        gettext_lazy("VRRP version 3, a heartbeat every 30 ms."),
        "0.1",
        gettext_lazy(
            "Wants keepalived 1.3.7 or newer, the same version on all nodes, and real-time priority for it:"
            " agents give it that, and the install steps do."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of a segmented control."""

    label: str
    url: str
    current: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a checked file, with what is wrong in it."""

    number: int
    text: str
    tone: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker says of a text."""

    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    errors: int
    warnings: int


def masked(text: str) -> str:
    """Return a file without its passwords."""
    return _PASSWORD.sub(rf"\g<1>{MASK}", text)


def told(text: str, principal: Principal) -> str:
    """Return a file as this person may see it: passwords are for those who may operate."""
    return text if principal.may(Permission.OPERATE) else masked(text)


def operating_refusal(principal: Principal) -> Refusal | None:
    """Return why this person may change nothing, or None."""
    return None if principal.may(Permission.OPERATE) else PERMISSION.refuse()


def profile_cards(current: str) -> list[dict[str, Any]]:
    """Return the timer profiles with their words, the chosen one marked."""
    return [
        {
            "name": name,
            "words": PROFILE_WORDS[name],
            "version": profile.version,
            "advert_int": profile.advert_int,
            "current": name == current,
        }
        for name, profile in PROFILES.items()
    ]


def verdict(text: str, findings: Sequence[Finding]) -> Verdict:
    """Return a checked text line by line; findings beyond its end stand at its last line."""
    plain = text.split("\n")
    if plain and not plain[-1]:
        plain.pop()
    plain = plain or [""]
    at: dict[int, list[Finding]] = {}
    for finding in findings:
        at.setdefault(min(max(finding.line, 1), len(plain)), []).append(finding)
    lines = tuple(
        Line(number, line, _tone(at.get(number, ())), tuple(at.get(number, ())))
        for number, line in enumerate(plain, start=1)
    )
    errors = sum(each.severity is Severity.ERROR for each in findings)
    return Verdict(lines, tuple(findings), errors, len(findings) - errors)


def _tone(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    return "bad" if any(each.severity is Severity.ERROR for each in findings) else "warn"


def family_of(text: str) -> Family:
    """Return the family of distributions that was asked for, or the first."""
    return Family(text) if text in set(Family) else Family.DEBIAN


def configuration_context(
    havip: HaVip,
    principal: Principal,
    links: Links,
    *,
    chosen: str = "",
    family_name: str = "",
) -> dict[str, Any]:
    """Return what `configuration/_panel.html` takes; `chosen` is the node to show, else the first."""
    found = Configurations(havip.vpc)
    members = found.nodes_of(havip.resource_id)
    family = family_of(family_name)
    instance_id = chosen if chosen in members else (members[0] if members else "")
    file = found.file_of(instance_id) if instance_id else None
    by_agent = isinstance(fabric_for(havip.region), LinuxFabric)
    refusal = operating_refusal(principal)
    context: dict[str, Any] = {
        "havip": havip,
        "panel_url": _url(links, havip, "havip-configuration", instance_id, family),
        "profiles": profile_cards(found.profile.name),
        "timers_url": links.of("havip-timers", havip.resource_id),
        "timers_refusal": refusal,
        "check_url": links.of("havip-check", havip.resource_id, against=instance_id),
        "bind_url": links.of("havip-bind", havip.resource_id),
        "guide_url": links.of("guide", havip=havip.resource_id),
        "exhausted": found.exhausted,
        "members": members,
        "file": file,
        "by_agent": by_agent,
    }
    if instance_id:
        context["nodes"] = [
            Tab(
                found.name_of(each),
                links.havip(havip, tab="configuration", node=each, family=family.value),
                each == instance_id,
            )
            for each in members
        ]
        context["node_name"] = found.name_of(instance_id)
        if by_agent:
            agent = node_agents([instance_id])[instance_id]
            context |= {"agent": agent, "agent_text": agent_words(agent)}
    if file is not None:
        context |= _file_context(file, havip, principal, links, family)
    return context


def _file_context(
    file: NodeFile, havip: HaVip, principal: Principal, links: Links, family: Family
) -> dict[str, Any]:
    installation = installation_for(file.configuration, family)
    return {
        "text": told(file.text, principal),
        "masked": not principal.may(Permission.OPERATE) and masked(file.text) != file.text,
        "download_url": links.of("havip-configuration-file", havip.resource_id, file.instance_id),
        "download_refusal": operating_refusal(principal),
        "others": len(file.havip_ids) - 1,
        "families": [
            Tab(
                _(name),
                links.havip(havip, tab="configuration", node=file.instance_id, family=each.value),
                each == family,
            )
            for each, name in FAMILIES.items()
        ],
        "steps": [_step(each, file) for each in installation.steps],
        "firewall": {
            "title": installation.firewall.title,
            "explanation": installation.firewall.explanation,
            "commands": "\n".join(installation.firewall.commands),
        },
        "notify_script": NOTIFY_SCRIPT,
        "notify_name": NOTIFY_SCRIPT_NAME,
        "notify_path": NOTIFY_SCRIPT_PATH,
        "notify_url": links.of("notify-script"),
    }


def _step(step: Any, file: NodeFile) -> dict[str, Any]:
    """Return an install step; the commands name the file as it is downloaded."""
    commands = "\n".join(step.commands)
    if step.code == "put":
        commands = commands.replace(" keepalived.conf ", f" {file.file_name} ")
    return {
        "code": step.code,
        "title": step.title,
        "explanation": step.explanation,
        "commands": commands,
    }


def _url(links: Links, havip: HaVip, name: str, node: str, family: Family) -> str:
    return links.of(name, havip.resource_id, node=node, family=family.value)


def agent_words(agent: NodeAgent) -> str:
    """Return how far a node's agent is, as a sentence."""
    return {
        "none": _(
            "No agent is enrolled on this node: install the file by hand, or enrol an agent."
        ),
        "silent": _("The agent of this node does not answer."),
        "failed": _("The agent could not apply it: %(error)s") % {"error": agent.error},
        "behind": _("The agent is applying it."),
        "applied": _("The agent of this node has applied it."),
    }[agent.state]

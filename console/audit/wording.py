"""Plain words for everything that is recorded: what was done, by which way, to what kind of thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from console.audit.models import AuditEvent, AuditResult
from console.audit.vocabulary import GROUPS, WORDS, Text
from console.sentences import render_phrases
from console.teams.roles import Role

__all__ = ["GROUPS", "WORDS", "action_name", "channel_name", "describe", "fault_name"]

OBJECT_KINDS: Mapping[str, Text] = {
    "havip": _("HaVip"),
    "vpc": _("VPC"),
    "vswitch": _("vSwitch"),
    "route": _("Route entry"),
    "instance": _("Instance"),
    "interface": _("Network interface"),
    "eip": _("EIP"),
    "agent": _("Agent"),
    "api_key": _("API key"),
    "job": _("Job"),
    "quota": _("Quota"),
    "beta": _("Beta application"),
    "team": _("Team"),
    "user": _("Person"),
    "audit": _("Audit log"),
}
CHANNELS: Mapping[str, Text] = {
    "page": _("page"),
    "rest": _("REST API"),
    "rpc": _("RPC API"),
    "agent": _("agent"),
    "system": _("system"),
    "command": _("command line"),
}
# Recorded values that have a name for readers.
_VALUES: Mapping[str, Text] = {
    "documented": _("documented"),
    "fast": _("fast"),
    "approved": _("approved"),
    "declined": _("declined"),
    "havips_per_team": _("HaVips per team"),
    "havips_per_vpc": _("HaVips per VPC"),
    "havips_per_instance": _("HaVips per instance"),
    "havip_routes_per_vpc": _("Route entries to HaVips per VPC"),
    **{role.value: role.label for role in Role},
}
_DECISIONS = {
    "quota.decide": "state",
    "beta.decide": "state",
    "team.add_member": "role",
    "vpc.choose_timers": "profile",
}
_RESOURCE_KEYS = ("resource_label", "eip_address", "resource", "instance")
_RESOURCE_ARGUMENTS = ("instance_id", "interface_id", "eip_id")

# What `console.audit.verify` says of a fault.
_FAULTS = (
    gettext_noop("inserted: number out of order"),
    gettext_noop("removed: the event is missing"),
    gettext_noop("does not continue the event before it"),
    gettext_noop("edited or inserted: the hash does not match"),
    gettext_noop("removed: the event is missing at the end"),
    gettext_noop("the chain's head bears another hash than its event"),
    gettext_noop("inserted: the chain's head knows fewer events"),
)


def action_name(action: str) -> str:
    """Return the name of an action or of a job's kind; an unknown one is its own name."""
    words = WORDS.get(action)
    return str(words.name) if words else action


def channel_name(channel: str) -> str:
    """Return by which way a caller came in."""
    return str(CHANNELS.get(channel, channel))


def object_kind_name(kind: str) -> str:
    """Return what sort of thing an object is."""
    return str(OBJECT_KINDS.get(kind, kind))


def fault_name(reason: str) -> str:
    """Return what is wrong at a place of a chain."""
    return gettext(reason) if reason in _FAULTS else reason


def value_name(value: str) -> str:
    """Return the name of a recorded value that has one, else the value."""
    return str(_VALUES.get(value, value))


def describe(event: AuditEvent) -> str:
    """Return what an event says, as a sentence about its object."""
    label = object_label(event)
    words = WORDS.get(event.action)
    if words is None:
        return f"{event.action} {label}".strip()
    resource = _resource(event)
    succeeded = event.result == AuditResult.SUCCEEDED
    if resource and words.done_with:
        sentence = words.done_with if succeeded else words.tried_with
    else:
        sentence = words.done if succeeded else words.tried
    told = str(sentence) % {"object": label or "—", "resource": resource}
    return told.strip()


def actor_label(event: AuditEvent) -> str:
    """Return who acted: a person's own name as it is, what the console calls an agent in the reader's language."""
    return render_phrases(event.actor_label) if event.actor_kind == "agent" else event.actor_label


def object_label(event: AuditEvent) -> str:
    """Return the name under which the object was known then; of a refused attempt, what was asked for."""
    if event.object_kind == "job":
        kind, _space, label = event.object_label.partition(" ")
        return f"{action_name(kind)}: {label}" if kind in WORDS else event.object_label
    if event.object_label or event.object_id:
        label = event.object_label or event.object_id
        return value_name(label) if event.object_kind == "quota" else render_phrases(label)
    arguments = _arguments(event)
    kind = event.action.partition(".")[0]
    asked = arguments.get(f"{kind}_id") or arguments.get("name") or arguments.get("ip_address")
    return str(asked or "")


def _resource(event: AuditEvent) -> str:
    """Return the other thing that took part: what was bound or unbound, the instance of an interface, the decision."""
    if event.action in _DECISIONS:
        return value_name(str(event.after.get(_DECISIONS[event.action], "")))
    for values in (event.after, event.before):
        for key in _RESOURCE_KEYS:
            if isinstance(values, dict) and values.get(key):
                return str(values[key])
    arguments = _arguments(event)
    for key in _RESOURCE_ARGUMENTS:
        if arguments.get(key) and key != f"{event.object_kind}_id":
            return str(arguments[key])
    return ""


def _arguments(event: AuditEvent) -> dict[str, Any]:
    """Return what was asked for, which is recorded with refused and failed attempts."""
    after: Any = event.after
    arguments = after.get("arguments") if isinstance(after, dict) else None
    return arguments if isinstance(arguments, dict) else {}

"""Plain words for everything that is recorded: what was done, by which way, to what kind of thing.

Each action has its name ("Create HaVip"), a sentence for its success and one for an attempt that was refused or failed. A second
pair of sentences names the resource beside the object, where the record knows it. Job kinds are actions, so jobs are named here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from console.audit.models import AuditEvent, AuditResult
from console.teams.roles import Role

Text = Promise | str


@dataclass(frozen=True, slots=True)
class Words:
    """How one action is told. `queues_job`: whether its work is done by a job."""

    name: Text
    done: Text
    tried: Text
    done_with: Text = ""
    tried_with: Text = ""
    queues_job: bool = True


_HAVIPS: Mapping[str, Words] = {
    "havip.create": Words(
        _("Create HaVip"),
        _("Created HaVip %(object)s"),
        _("Tried to create HaVip %(object)s"),
    ),
    "havip.modify": Words(
        _("Edit HaVip"),
        _("Edited HaVip %(object)s"),
        _("Tried to edit HaVip %(object)s"),
        queues_job=False,
    ),
    "havip.delete": Words(
        _("Delete HaVip"),
        _("Deleted HaVip %(object)s"),
        _("Tried to delete HaVip %(object)s"),
    ),
    "havip.bind_instance": Words(
        _("Bind instance to HaVip"),
        _("Bound an instance to HaVip %(object)s"),
        _("Tried to bind an instance to HaVip %(object)s"),
        _("Bound instance %(resource)s to HaVip %(object)s"),
        _("Tried to bind instance %(resource)s to HaVip %(object)s"),
    ),
    "havip.bind_interface": Words(
        _("Bind network interface to HaVip"),
        _("Bound a network interface to HaVip %(object)s"),
        _("Tried to bind a network interface to HaVip %(object)s"),
        _("Bound network interface %(resource)s to HaVip %(object)s"),
        _("Tried to bind network interface %(resource)s to HaVip %(object)s"),
    ),
    "havip.unbind_instance": Words(
        _("Unbind instance from HaVip"),
        _("Unbound an instance from HaVip %(object)s"),
        _("Tried to unbind an instance from HaVip %(object)s"),
        _("Unbound instance %(resource)s from HaVip %(object)s"),
        _("Tried to unbind instance %(resource)s from HaVip %(object)s"),
    ),
    "havip.unbind_interface": Words(
        _("Unbind network interface from HaVip"),
        _("Unbound a network interface from HaVip %(object)s"),
        _("Tried to unbind a network interface from HaVip %(object)s"),
        _("Unbound network interface %(resource)s from HaVip %(object)s"),
        _("Tried to unbind network interface %(resource)s from HaVip %(object)s"),
    ),
    "havip.bind_eip": Words(
        _("Bind EIP to HaVip"),
        _("Bound an EIP to HaVip %(object)s"),
        _("Tried to bind an EIP to HaVip %(object)s"),
        _("Bound EIP %(resource)s to HaVip %(object)s"),
        _("Tried to bind EIP %(resource)s to HaVip %(object)s"),
    ),
    "havip.unbind_eip": Words(
        _("Unbind EIP from HaVip"),
        _("Unbound an EIP from HaVip %(object)s"),
        _("Tried to unbind an EIP from HaVip %(object)s"),
        _("Unbound EIP %(resource)s from HaVip %(object)s"),
        _("Tried to unbind EIP %(resource)s from HaVip %(object)s"),
    ),
}
_NETWORKS: Mapping[str, Words] = {
    "vpc.create": Words(
        _("Create VPC"), _("Created VPC %(object)s"), _("Tried to create VPC %(object)s")
    ),
    "vpc.delete": Words(
        _("Delete VPC"), _("Deleted VPC %(object)s"), _("Tried to delete VPC %(object)s")
    ),
    "vswitch.create": Words(
        _("Create vSwitch"),
        _("Created vSwitch %(object)s"),
        _("Tried to create vSwitch %(object)s"),
    ),
    "vswitch.delete": Words(
        _("Delete vSwitch"),
        _("Deleted vSwitch %(object)s"),
        _("Tried to delete vSwitch %(object)s"),
    ),
    "route.create": Words(
        _("Create route entry"),
        _("Created route entry %(object)s"),
        _("Tried to create route entry %(object)s"),
    ),
    "route.delete": Words(
        _("Delete route entry"),
        _("Deleted route entry %(object)s"),
        _("Tried to delete route entry %(object)s"),
    ),
}
_COMPUTE: Mapping[str, Words] = {
    "instance.create": Words(
        _("Create instance"),
        _("Created instance %(object)s"),
        _("Tried to create instance %(object)s"),
    ),
    "instance.start": Words(
        _("Start instance"),
        _("Started instance %(object)s"),
        _("Tried to start instance %(object)s"),
    ),
    "instance.stop": Words(
        _("Stop instance"),
        _("Stopped instance %(object)s"),
        _("Tried to stop instance %(object)s"),
    ),
    "instance.delete": Words(
        _("Delete instance"),
        _("Deleted instance %(object)s"),
        _("Tried to delete instance %(object)s"),
    ),
    "interface.create": Words(
        _("Create network interface"),
        _("Created network interface %(object)s"),
        _("Tried to create network interface %(object)s"),
    ),
    "interface.attach": Words(
        _("Attach network interface"),
        _("Attached network interface %(object)s to an instance"),
        _("Tried to attach network interface %(object)s to an instance"),
        _("Attached network interface %(object)s to instance %(resource)s"),
        _("Tried to attach network interface %(object)s to instance %(resource)s"),
    ),
    "interface.detach": Words(
        _("Detach network interface"),
        _("Detached network interface %(object)s from its instance"),
        _("Tried to detach network interface %(object)s from its instance"),
        _("Detached network interface %(object)s from instance %(resource)s"),
        _("Tried to detach network interface %(object)s from instance %(resource)s"),
    ),
    "interface.delete": Words(
        _("Delete network interface"),
        _("Deleted network interface %(object)s"),
        _("Tried to delete network interface %(object)s"),
    ),
    "eip.allocate": Words(
        _("Allocate EIP"), _("Allocated EIP %(object)s"), _("Tried to allocate EIP %(object)s")
    ),
    "eip.modify": Words(
        _("Edit EIP"),
        _("Edited EIP %(object)s"),
        _("Tried to edit EIP %(object)s"),
        queues_job=False,
    ),
    "eip.release": Words(
        _("Release EIP"), _("Released EIP %(object)s"), _("Tried to release EIP %(object)s")
    ),
}
_CONSOLE: Mapping[str, Words] = {
    "job.cancel": Words(
        _("Cancel job"),
        _("Cancelled the job “%(object)s”"),
        _("Tried to cancel the job “%(object)s”"),
        queues_job=False,
    ),
    "job.retry": Words(
        _("Retry job"),
        _("Retried the job “%(object)s”"),
        _("Tried to retry the job “%(object)s”"),
        queues_job=False,
    ),
    "quota.request": Words(
        _("Request quota"),
        _("Requested a higher quota: %(object)s"),
        _("Tried to request a higher quota: %(object)s"),
        queues_job=False,
    ),
    "quota.decide": Words(
        _("Decide quota request"),
        _("Decided the quota request: %(object)s"),
        _("Tried to decide a quota request: %(object)s"),
        _("Decided the quota request: %(object)s, %(resource)s"),
        _("Tried to decide a quota request: %(object)s, %(resource)s"),
        queues_job=False,
    ),
    "beta.apply": Words(
        _("Apply for the public beta"),
        _("Applied for the public beta: %(object)s"),
        _("Tried to apply for the public beta: %(object)s"),
        queues_job=False,
    ),
    "beta.decide": Words(
        _("Decide beta application"),
        _("Decided the beta application: %(object)s"),
        _("Tried to decide a beta application: %(object)s"),
        _("Decided the beta application: %(object)s, %(resource)s"),
        _("Tried to decide a beta application: %(object)s, %(resource)s"),
        queues_job=False,
    ),
    "team.create": Words(
        _("Create team"),
        _("Created team %(object)s"),
        _("Tried to create team %(object)s"),
        queues_job=False,
    ),
    "team.add_member": Words(
        _("Set a member's role"),
        _("Set the role of member %(object)s"),
        _("Tried to set the role of member %(object)s"),
        _("Set the role of member %(object)s to %(resource)s"),
        _("Tried to set the role of member %(object)s to %(resource)s"),
        queues_job=False,
    ),
    "audit.export": Words(
        _("Export audit log"),
        _("Exported entries of the audit log"),
        _("Tried to export entries of the audit log"),
        queues_job=False,
    ),
    "audit.verify": Words(
        _("Check audit chain"),
        _("Checked the audit chain and found it intact"),
        _("Checked the audit chain and found it broken"),
        queues_job=False,
    ),
}
_SIGN_IN: Mapping[str, Words] = {
    "session.sign_in": Words(
        _("Sign in"),
        _("Signed in as %(object)s"),
        _("Tried to sign in as %(object)s"),
        queues_job=False,
    ),
    "session.sign_out": Words(
        _("Sign out"),
        _("Signed out: %(object)s"),
        _("Tried to sign out: %(object)s"),
        queues_job=False,
    ),
    "session.lock_out": Words(
        _("Lock sign-in"),
        _("Sign-in as %(object)s was locked"),
        _("Sign-in as %(object)s was locked after too many attempts"),
        queues_job=False,
    ),
}
GROUPS: tuple[tuple[Text, Mapping[str, Words]], ...] = (
    (_("HaVip"), _HAVIPS),
    (_("Network"), _NETWORKS),
    (_("Compute"), _COMPUTE),
    (_("Console"), _CONSOLE),
    (_("Sign-in"), _SIGN_IN),
)
WORDS: Mapping[str, Words] = {
    action: words for _group, some in GROUPS for action, words in some.items()
}

OBJECT_KINDS: Mapping[str, Text] = {
    "havip": _("HaVip"),
    "vpc": _("VPC"),
    "vswitch": _("vSwitch"),
    "route": _("Route entry"),
    "instance": _("Instance"),
    "interface": _("Network interface"),
    "eip": _("EIP"),
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
    "approved": _("approved"),
    "declined": _("declined"),
    "havips_per_team": _("HaVips per team"),
    "havips_per_vpc": _("HaVips per VPC"),
    "havips_per_instance": _("HaVips per instance"),
    "havip_routes_per_vpc": _("Route entries to HaVips per VPC"),
    **{role.value: role.label for role in Role},
}
_DECISIONS = {"quota.decide": "state", "beta.decide": "state", "team.add_member": "role"}
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


def object_label(event: AuditEvent) -> str:
    """Return the name under which the object was known then; of a refused attempt, what was asked for."""
    if event.object_kind == "job":
        kind, _space, label = event.object_label.partition(" ")
        return f"{action_name(kind)}: {label}" if kind in WORDS else event.object_label
    if event.object_label or event.object_id:
        return value_name(event.object_label or event.object_id)
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

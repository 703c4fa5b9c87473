"""The before / after difference of an audit event, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

FIELD_NAMES: Mapping[str, Promise | str] = {
    "name": _("Name"),
    "description": _("Description"),
    "ip_address": _("IP address"),
    "private_ip": _("Private IP"),
    "vpc": _("VPC"),
    "vpc_id": _("VPC"),
    "vswitch": _("vSwitch"),
    "vswitch_id": _("vSwitch"),
    "zone": _("Zone"),
    "region": _("Region"),
    "status": _("Status"),
    "state": _("State"),
    "cidr_block": _("CIDR block"),
    "destination": _("Destination"),
    "destination_cidr_block": _("Destination"),
    "next_hop": _("Next hop"),
    "next_hop_kind": _("Next hop type"),
    "next_hop_id": _("Next hop"),
    "resource": _("Resource"),
    "resource_label": _("Name of the resource"),
    "slot": _("Slot"),
    "eip": _("EIP"),
    "eip_id": _("EIP"),
    "eip_address": _("EIP address"),
    "instance": _("Instance"),
    "instance_id": _("Instance"),
    "interface_id": _("Network interface"),
    "havip_id": _("HaVip"),
    "job_id": _("Job"),
    "bandwidth_mbps": _("Bandwidth (Mbit/s)"),
    "network_type": _("Network type"),
    "force": _("Forced"),
    "role": _("Role"),
    "slug": _("Short name"),
    "value": _("Value"),
    "reason": _("Reason"),
    "approve": _("Approve"),
    "cancel_requested": _("Asked to stop"),
    "without_anybody": _("Left with nobody"),
    "retry_of": _("Retry of"),
    "scope": _("Scope"),
    "expires_at": _("Expires"),
    "enrolled_at": _("Enrolled"),
    "host_name": _("Host name"),
    "token_by": _("Token issued by"),
    "format": _("Format"),
    "filters": _("Filters"),
    "up_to": _("Up to number"),
    "sequence": _("Number"),
    "fault": _("Fault"),
    "tags": _("Tags"),
    "keys": _("Keys"),
    "all_keys": _("All keys"),
    "kind": _("Type"),
    "resource_id": _("Resource"),
    "resource_ids": _("Resources"),
    "resources": _("Resources"),
}
# Below these the names are the users' own words.
_OWN_WORDS = frozenset({"tags"})
# No record nests deeper; what does is shown as it is.
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field: what it was and what it became; None where it was not there."""

    name: str
    before: str | None
    after: str | None

    @property
    def look(self) -> str:
        """How the row differs: added, removed, changed or same."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "same" if self.before == self.after else "changed"


def change_rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangeRow]:
    """Return one row for each field of either side: in the order of recording, unchanged ones last."""
    old, new = _flat(before), _flat(after)
    rows = [ChangeRow(_label(key), old.get(key), new.get(key)) for key in {**old, **new}]
    return sorted(rows, key=lambda row: row.look == "same")


def argument_rows(arguments: Mapping[str, Any]) -> list[ChangeRow]:
    """Return what a refused attempt asked for; empty values are left out."""
    return [ChangeRow(_label(key), None, value) for key, value in _flat(arguments).items() if value]


def field_name(name: str) -> str:
    """Return the name of a recorded field in the reader's language, or the field's own."""
    return str(FIELD_NAMES.get(name, name))


def _label(key: tuple[str, ...]) -> str:
    """Return the path in the reader's language; a tag called "name" stays what it is."""
    return " · ".join(
        part if _OWN_WORDS.intersection(key[:depth]) else field_name(part)
        for depth, part in enumerate(key)
    )


def _flat(values: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return the values as text under the path of their names."""
    flat: dict[tuple[str, ...], str] = {}
    for name, value in values.items():
        key = (*prefix, str(name))
        if isinstance(value, Mapping) and value and len(key) < _DEPTH:
            flat.update(_flat(value, key))
        else:
            flat[key] = _text(value)
    return flat


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return str(value)

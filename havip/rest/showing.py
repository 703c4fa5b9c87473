"""Resources as plain values: what an answer holds. Asks the database nothing that the selectors have not fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from console.jobs.models import Job
from console.operations.refusal import Refusal
from console.teams.principal import Principal
from havip.fabric.linux.models import Alert, HolderInterval
from havip.models import Binding, HaVip
from havip.models.base import Resource
from havip.rest.serializers.havips import KIND_NAMES
from havip.rules.binding import BindingLimits
from havip.selectors.havips import Choice, bindings_of, capabilities, eip_of
from havip.selectors.quotas import binding_limits
from havip.selectors.tags import tag_mapping

Shown = dict[str, Any]


def when(moment: datetime | None) -> str | None:
    """Return a moment in UTC, RFC 3339."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def refused(refusal: Refusal) -> Shown:
    """Return a refusal."""
    return {
        "rule": refusal.number,
        "code": refusal.code,
        "message": refusal.message,
        "remedy": refusal.remedy,
        "field": refusal.field,
    }


def capability(*refusals: Refusal | None) -> Shown:
    """Return whether something may be done, and every reason why not."""
    against = [refused(refusal) for refusal in refusals if refusal is not None]
    return {"allowed": not against, "refusals": against}


def common(resource: Resource) -> Shown:
    """Return what all resources have."""
    return {
        "id": resource.resource_id,
        "region": resource.region,
        "name": resource.name,
        "description": resource.description,
        "created_at": when(resource.created_at),
        "created_by": resource.created_by,
    }


def job_reference(job: Job) -> Shown:
    """Return the job that carries a change out."""
    return {"id": job.resource_id, "kind": job.kind, "state": job.state, "url": job_url(job)}


def job_url(job: Job) -> str:
    """Return where the job is."""
    return reverse("rest:job", args=[job.resource_id])


def havips(records: Iterable[HaVip], principal: Principal) -> list[Shown]:
    """Return HaVips of `havip.selectors.havips.havips`; one query for the limits."""
    limits = binding_limits(principal.team)
    return [_havip(record, principal, limits) for record in records]


def _havip(havip: HaVip, principal: Principal, limits: BindingLimits) -> Shown:
    can = capabilities(havip, principal, limits)
    eip = eip_of(havip)
    return {
        **common(havip),
        "tags": tag_mapping(havip),
        "status": havip.status,
        "ip_address": havip.ip_address,
        "vpc_id": havip.vpc.resource_id,
        "vswitch_id": havip.vswitch.resource_id,
        "bindings": [_binding(binding, havip) for binding in bindings_of(havip)],
        "eip": {"id": eip.resource_id, "ip_address": eip.ip_address, "status": eip.status}
        if eip
        else None,
        "route_count": getattr(havip, "route_count", 0),
        "holder_id": havip.holder_id or None,
        "holder_since": when(havip.holder_since),
        "capabilities": {
            "modify": capability(can.modify),
            "delete": capability(*can.delete),
            "bind": capability(can.bind),
            "unbind": capability(can.unbind),
            "bind_eip": capability(can.bind_eip),
            "unbind_eip": capability(can.unbind_eip),
        },
    }


def _binding(binding: Binding, havip: HaVip) -> Shown:
    node = binding.node
    return {
        "slot": binding.slot,
        "role": "primary" if binding.is_primary else "standby",
        "kind": KIND_NAMES[binding.kind],  # type: ignore[index]
        "resource_id": binding.resource.resource_id,
        "resource_name": binding.resource.name,
        "instance_id": node.resource_id if node else None,
        "state": binding.state,
        "holds_address": havip.holder_id == binding.resource.resource_id,
    }


def candidates(choices: Sequence[Choice]) -> Shown:
    """Return what could be bound."""
    return {
        "items": [
            {
                "id": choice.resource.resource_id,
                "kind": choice.resource.KIND,
                "name": choice.resource.name,
                "ip_address": getattr(choice.resource, "private_ip", None)
                or getattr(choice.resource, "ip_address", None),
                **capability(choice.refusal),
            }
            for choice in choices
        ]
    }


def holders(
    havip: HaVip,
    intervals: Iterable[HolderInterval],
    open_alerts: Iterable[Alert],
    *,
    observed: bool,
) -> Shown:
    """Return who holds the address, who held it, and what is wrong."""
    return {
        "observed": observed,
        "holder_id": havip.holder_id or None,
        "holder_since": when(havip.holder_since),
        "observed_at": when(havip.observed_at),
        "alerts": [
            {"kind": alert.kind, "message": alert.sentence, "since": when(alert.since)}
            for alert in open_alerts
        ],
        "intervals": [
            {
                "holder_id": interval.holder_id or None,
                "holder_name": interval.holder_label,
                "reason": interval.reason,
                "since": when(interval.since),
                "until": when(interval.until),
            }
            for interval in intervals
        ],
    }

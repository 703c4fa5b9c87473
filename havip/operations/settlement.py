"""What a job writes when it ends: steps, stored with the job, for its success and for its failure.

They are written by the operation that queues the job, so that the whole life of a change stands in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from console.jobs.models import Job
from console.jobs.queue import JobRequest
from havip.fabric.base import WantedHaVip, WantedNetwork
from havip.fabric.linux.models import TimerChoice
from havip.fabric.wanted import wanted_havip, wanted_network
from havip.models import (
    Binding,
    Eip,
    HaVip,
    HaVipStatus,
    Instance,
    NetworkInterface,
    PrivateAddress,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource
from havip.operations.addresses import release_address

Step = dict[str, Any]
HANDLER = "fabric"

_MODELS: Mapping[str, type[Resource | Binding | TimerChoice]] = {
    "vpc": Vpc,
    "vswitch": VSwitch,
    "instance": Instance,
    "interface": NetworkInterface,
    "route": RouteEntry,
    "eip": Eip,
    "havip": HaVip,
    "binding": Binding,
    "timers": TimerChoice,
}
_NAMES = {model: name for name, model in _MODELS.items()}


def assign(record: Resource | Binding | TimerChoice, **fields: Any) -> Step:
    """Return the step that gives a record's columns these plain values."""
    return {"do": "assign", "model": _NAMES[type(record)], "pk": record.pk, "fields": fields}


def remove(record: Resource | Binding) -> Step:
    """Return the step that deletes a record, and gives its address back if it has one."""
    return {"do": "remove", "model": _NAMES[type(record)], "pk": record.pk}


def rest(havip: HaVip) -> Step:
    """Return the step that puts a HaVip into its stable state: InUse with a binding, else Available (2-domain: States)."""
    return {"do": "rest", "model": "havip", "pk": havip.pk}


def fabric_job(
    kind: str,
    target: Resource,
    *,
    networks: Iterable[Vpc] = (),
    havips: Iterable[HaVip] = (),
    also_lock: Iterable[Resource] = (),
    on_success: Iterable[Step],
    on_failure: Iterable[Step],
) -> JobRequest:
    """Return the request for a job that tells the fabric about networks and HaVips, and then writes the steps."""
    told_havips = list(havips)
    told_networks = list(networks)
    locked: list[Resource] = [target, *told_havips, *also_lock]
    return JobRequest(
        kind=kind,
        handler=HANDLER,
        target_kind=target.KIND,
        target_id=target.resource_id,
        target_label=target.label,
        region=target.region,
        locks=[(record.KIND, record.resource_id) for record in locked],
        instructions={
            "networks": [vpc.pk for vpc in told_networks],
            "havips": [havip.pk for havip in told_havips],
            # What to tell the fabric should a failed creation take the record away.
            "if_gone": {
                "networks": {vpc.pk: _gone(wanted_network(vpc)) for vpc in told_networks},
                "havips": {havip.pk: _gone(wanted_havip(havip)) for havip in told_havips},
            }
            if kind.endswith(".create") and target in (*told_networks, *told_havips)
            else {},
            "on_success": list(on_success),
            "on_failure": list(on_failure),
        },
    )


def _gone(wanted: WantedHaVip | WantedNetwork) -> dict[str, Any]:
    return asdict(replace(wanted, exists=False))


def settle(job: Job) -> None:
    """Write the steps of a success. Only inside the transaction that ends the job."""
    _write(job.instructions.get("on_success", []))


def give_back(job: Job) -> None:
    """Write the steps of a failure: back to the last stable state."""
    _write(job.instructions.get("on_failure", []))


def _write(steps: Iterable[Step]) -> None:
    for step in steps:
        _WRITERS[step["do"]](step)


def _assign(step: Step) -> None:
    _MODELS[step["model"]]._default_manager.filter(pk=step["pk"]).update(**step["fields"])


def _remove(step: Step) -> None:
    record = _MODELS[step["model"]]._default_manager.filter(pk=step["pk"]).first()
    if record is None:
        return
    if isinstance(record, Binding):
        _forget_holder(record)
    if isinstance(record, HaVip | NetworkInterface):
        row = PrivateAddress.objects.filter(**{record.KIND: record}).first()
        if row is not None:
            release_address(row)
    record.delete()


def _forget_holder(binding: Binding) -> None:
    """What is no longer bound can no longer hold the address."""
    HaVip.objects.filter(pk=binding.havip_id, holder_id=binding.resource.resource_id).update(
        holder_id="", holder_since=None
    )


def _rest(step: Step) -> None:
    bound = Binding.objects.filter(havip=step["pk"]).exists()
    status = HaVipStatus.IN_USE if bound else HaVipStatus.AVAILABLE
    HaVip.objects.filter(pk=step["pk"]).update(status=status)


_WRITERS = {"assign": _assign, "remove": _remove, "rest": _rest}

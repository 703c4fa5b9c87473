"""The binding drawing of a HaVip's page: EIP, HaVip and slots (templates/components/_binding_drawing.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console.audit.wording import action_name
from console.jobs.models import Job, JobState
from console.operations.refusal import PERMISSION, Refusal
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for
from havip.fabric.linux.models import Alert, AlertKind
from havip.keepalived.installation import is_old
from havip.models import Binding, BindingKind, BindingState, Eip, EipStatus, HaVip
from havip.selectors.activity import Activity
from havip.selectors.havips import Capabilities, bindings_of, eip_of
from havip.selectors.nodes import NodeState, node_states
from havip.web.presenting.havips import Action, is_holder
from havip.web.presenting.links import Links

_BIND = ("havip.bind_instance", "havip.bind_interface")
_UNBIND = ("havip.unbind_instance", "havip.unbind_interface")
_DRILL = "havip.drill"
_EIP = ("havip.bind_eip", "havip.unbind_eip")


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the drawing is made of."""

    havip: HaVip
    can: Capabilities
    activity: Activity
    principal: Principal
    links: Links
    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    """What the nodes say of themselves, by the bound resource, where the region's fabric announces; see `scene_of`."""
    contested: bool = False
    """Whether more than one bound node announces the address."""

    @property
    def bindings(self) -> list[Binding]:
        """The bindings by slot."""
        return bindings_of(self.havip)

    @property
    def eip(self) -> Eip | None:
        """The EIP that is bound, or being bound or unbound."""
        return eip_of(self.havip)

    @property
    def announces(self) -> bool:
        """Whether the region's fabric sees who holds an address."""
        return fabric_for(self.havip.region).announces

    def action(self, label: str, refusal: Refusal | None, page: str, *more: str) -> Action:
        """Return an action on this HaVip."""
        url = self.links.of(page, self.havip.resource_id, *more)
        return Action(label, url, refusal)


def scene_of(
    havip: HaVip, can: Capabilities, activity: Activity, principal: Principal, links: Links
) -> Scene:
    """Return the scene of a HaVip, with what its nodes say where there is anybody to say it (two queries)."""
    nodes = node_states(havip) if fabric_for(havip.region).announces else []
    known = {node.binding.resource.resource_id: node for node in nodes}
    return Scene(havip, can, activity, principal, links, known)


def drawing(scene: Scene, alerts: Iterable[Alert] = ()) -> dict[str, Any]:
    """Return the whole drawing as the template takes it; `alerts` are the HaVip's open ones."""
    split = any(each.kind == AlertKind.SPLIT_BRAIN for each in alerts)
    scene = replace(scene, contested=split)
    job, place = _job_and_place(scene)
    slots = [_slot(scene, number, job, place) for number in range(1, _slot_count(scene) + 1)]
    bind_eip = scene.action(_("Bind EIP"), scene.can.bind_eip, "havip-bind-eip")
    return {
        "havip": _hub(scene, job if place == "hub" else None),
        "vswitch": {
            "name": scene.havip.vswitch.label,
            "cidr": scene.havip.vswitch.cidr_block,
            "url": scene.links.resource(scene.havip.vswitch),
        },
        "eip": _eip(scene, job if place == "eip" else None) if scene.eip else None,
        "eip_actions": [bind_eip],
        "slots": slots,
    }


def summary(scene: Scene) -> str:
    """Say in a few words how much is bound."""
    return _("%(nodes)s of %(slots)s nodes · %(eips)s of 1 EIP") % {
        "nodes": len(scene.bindings),
        "slots": _slot_count(scene),
        "eips": 1 if scene.eip else 0,
    }


def _slot_count(scene: Scene) -> int:
    """As many as may be bound, or as are: a deployment may have lowered its setting."""
    return max([settings.HAVIP_BINDING_SLOTS, *(binding.slot for binding in scene.bindings)])


def _job_and_place(scene: Scene) -> tuple[dict[str, Any] | None, str]:
    """Return the job to show and where: "hub", "eip", or a slot's number."""
    job = scene.activity.active or scene.activity.unsuccessful
    if job is None or (job.state == JobState.CANCELLED):
        return None, ""
    if job.kind == _DRILL and not job.is_active:
        return (
            None,
            "",
        )  # a drill that failed says so on its own page: nothing is wrong with what is bound
    return _job(scene, job), _place(scene, job)


def _place(scene: Scene, job: Job) -> str:
    if job.kind in _EIP:
        return "eip" if scene.eip else "hub"
    arguments: Mapping[str, Any] = job.operation_arguments
    wanted = {arguments.get("instance_id"), arguments.get("interface_id")} - {None, ""}
    for binding in scene.bindings:
        node = binding.node
        ids = {binding.resource.resource_id, node.resource_id if node else ""}
        if wanted & ids and (job.kind in (*_BIND, *_UNBIND) or binding.state != BindingState.BOUND):
            return str(binding.slot)
    if job.kind in _BIND and not job.is_active:
        taken = {binding.slot for binding in scene.bindings}
        free = [n for n in range(1, _slot_count(scene) + 1) if n not in taken]
        return str(free[0]) if free else "hub"
    return "hub"


def _job(scene: Scene, job: Job) -> dict[str, Any]:
    failed = job.state == JobState.FAILED
    return {
        "label": action_name(job.kind),
        "state": job.state,
        "state_label": job.get_state_display(),
        "elapsed": job.elapsed_seconds,
        "attempt": job.attempt,
        "error": job.reason if failed else "",
        "url": scene.links.job(job.resource_id),
        "retry_url": scene.links.retry(job.resource_id) if failed else "",
        "retry_refusal": _retry_refusal(scene, job.kind) if failed else None,
    }


def _retry_refusal(scene: Scene, kind: str) -> Refusal | None:
    if not scene.principal.may(Permission.OPERATE):
        return PERMISSION.refuse()
    can = scene.can
    refusals = {
        "havip.bind_eip": can.bind_eip,
        "havip.unbind_eip": can.unbind_eip,
        "havip.delete": can.delete_refusal,
        **dict.fromkeys(_BIND, can.bind),
        **dict.fromkeys(_UNBIND, can.unbind),
    }
    return refusals.get(kind)


def _hub(scene: Scene, job: dict[str, Any] | None) -> dict[str, Any]:
    havip = scene.havip
    holder = next((each for each in scene.bindings if is_holder(each, havip)), None)
    note = ""
    if holder is None and not scene.announces:
        note = _("Recorded, not announced: who holds the address is not known.")
    return {
        "address": havip.ip_address,
        "name": havip.name,
        "state": havip.status,
        "state_label": havip.get_status_display(),
        "holder": holder.resource.label if holder else "",
        "held_since": havip.holder_since if holder else None,
        "contested": scene.contested,
        "note": note,
        "job": job,
    }


def _eip(scene: Scene, job: dict[str, Any] | None) -> dict[str, Any]:
    eip = scene.eip
    assert eip is not None
    actions = [scene.action(_("Disassociate"), scene.can.unbind_eip, "havip-unbind-eip")]
    return {
        "address": eip.ip_address,
        "url": scene.links.resource(eip),
        "name": eip.name,
        "detail": _("%(number)s Mbit/s") % {"number": eip.bandwidth_mbps},
        "state": eip.status,
        "state_label": eip.get_status_display(),
        "job": job,
        "actions": actions if eip.status == EipStatus.IN_USE else [],
    }


def _slot(scene: Scene, number: int, job: dict[str, Any] | None, place: str) -> dict[str, Any]:
    binding = next((each for each in scene.bindings if each.slot == number), None)
    role = "primary" if number == 1 else "standby"
    mine = job if place == str(number) else None
    if binding is None:
        bind = scene.action(_("Bind now"), scene.can.bind, "havip-bind")
        taken = {each.slot for each in scene.bindings}
        next_free = all(before in taken for before in range(1, number))
        tone = "primary" if next_free and bind.refusal is None else ""
        return {
            "number": number,
            "role": role,
            "state": "empty",
            "state_label": "",
            "resource": None,
            "job": mine,
            "actions": [Action(bind.label, bind.url, bind.refusal, icon="bind", tone=tone)],
        }
    return {"number": number, "role": role, "job": mine, **_bound_slot(scene, binding)}


def _bound_slot(scene: Scene, binding: Binding) -> dict[str, Any]:
    resource = binding.resource
    node = scene.nodes.get(resource.resource_id)
    version = node.keepalived_version if node else ""
    observed, observed_label = _observed(scene, binding, node)
    unbind = scene.action(_("Disassociate"), scene.can.unbind, "havip-unbind", resource.resource_id)
    return {
        "state": binding.state,
        "state_label": binding.get_state_display(),
        "resource": {
            "name": resource.label,
            "id": resource.resource_id,
            "url": scene.links.resource(resource),
            "kind": "instance" if binding.kind == BindingKind.INSTANCE else "interface",
        },
        "private_ip": resource.private_ip,
        "configured_role": _("primary") if binding.is_primary else _("standby"),
        "observed_role": observed,
        "observed_label": observed_label,
        "holder": is_holder(binding, scene.havip),
        "keepalived_version": version.removeprefix("v"),
        "keepalived_old": is_old(version),
        "watched": scene.announces,
        "last_seen": node.last_seen if node else None,
        "actions": [unbind] if binding.state == BindingState.BOUND else [],
    }


def _observed(scene: Scene, binding: Binding, node: NodeState | None) -> tuple[str, str]:
    """Return the role that the network shows and its words, never the one that is only configured.

    Who holds the address is what the gateway sees; what a node is otherwise, its own keepalived says, while it is heard.
    """
    said = node.state if node is not None and node.heard else ""
    if scene.contested and (said == "MASTER" or is_holder(binding, scene.havip)):
        words = _("announces the address")
        return "SPLIT", f"{said} · {words}" if said else words
    if is_holder(binding, scene.havip):
        words = _("holds the address")
        return "MASTER", f"{said} · {words}" if said else words
    if said in _ROLE_WORDS:
        return said, f"{said} · {_(_ROLE_WORDS[said])}"
    if node is not None and node.last_seen is not None and not node.heard:
        return "unknown", _("not heard any more")
    if scene.havip.holder_id:
        return "BACKUP", _("standing by")
    return "unknown", _("observed role unknown")


_ROLE_WORDS = {
    "MASTER": gettext_noop("not seen announcing"),
    "BACKUP": gettext_noop("standing by"),
    "FAULT": gettext_noop("cannot take over"),
    "STOP": gettext_noop("keepalived is stopped"),
    "INIT": gettext_noop("keepalived is starting"),
}

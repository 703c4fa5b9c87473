"""HaVips as the list and their page show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.operations.refusal import Refusal
from console.teams.principal import Principal
from havip.fabric.directory import fabric_for
from havip.fabric.linux.alerts import Alerts, alerts_of
from havip.fabric.linux.models import Alert
from havip.models import Binding, BindingKind, BindingState, Eip, HaVip
from havip.rules.binding import BindingLimits
from havip.selectors.havips import (
    Capabilities,
    OwnCapabilities,
    bindings_of,
    capabilities,
    eip_of,
    is_in_transition,
)
from havip.web.presenting.links import Links
from havip.web.presenting.tags import Tags, row_tags

COLUMNS = ("tags", "ip", "vpc", "vswitch", "status", "nodes", "eip", "created")


def column_labels() -> dict[str, str]:
    """Return the columns that can be hidden, with their headings."""
    return {
        "tags": _("Tags"),
        "ip": _("Private IP"),
        "vpc": _("VPC"),
        "vswitch": _("vSwitch"),
        "status": _("Status"),
        "nodes": _("Bound resources"),
        "eip": _("EIP"),
        "created": _("Created"),
    }


@dataclass(frozen=True, slots=True)
class Action:
    """A link that changes something, with why it is refused now (None: it is not)."""

    label: str
    url: str
    refusal: Refusal | None = None
    icon: str = ""
    tone: str = ""
    overlay: bool = True
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One bound resource as a short reference."""

    name: str
    url: str
    kind: str
    holder: bool
    state: str
    state_label: str
    settled: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list."""

    havip: HaVip
    url: str
    row_url: str
    vpc_url: str
    vswitch_url: str
    kind_label: str
    nodes: list[Node]
    eip: Eip | None
    eip_url: str
    is_busy: bool
    delete: Action
    entries: list[Action]
    alerts: tuple[Alert, ...]
    tags: Tags | None


def rows(
    havips: Sequence[HaVip], principal: Principal, limits: BindingLimits, links: Links
) -> list[Row]:
    """Return the rows of the list; asks the database for their alerts alone, where there can be any."""
    watched = [havip for havip in havips if fabric_for(havip.region).announces]
    found = alerts_of(watched) if watched else {}
    return [row(havip, principal, limits, links, found.get(havip.pk)) for havip in havips]


def row(
    havip: HaVip,
    principal: Principal,
    limits: BindingLimits,
    links: Links,
    alerts: Alerts | None = None,
) -> Row:
    """Return one row of the list."""
    can = capabilities(havip, principal, limits)
    bindings = bindings_of(havip)
    eip = eip_of(havip)
    return Row(
        havip=havip,
        url=links.havip(havip),
        row_url=links.of("havip-row", havip.resource_id),
        vpc_url=links.resource(havip.vpc),
        vswitch_url=links.resource(havip.vswitch),
        kind_label=kind_label(bindings),
        nodes=[_node(binding, havip, links) for binding in bindings],
        eip=eip,
        eip_url=links.resource(eip) if eip else "",
        is_busy=is_in_transition(havip),
        delete=delete_action(havip, can, links),
        entries=eip_actions(havip, can, links),
        alerts=alerts.shown if alerts else (),
        tags=row_tags(havip, links),
    )


def kind_label(bindings: Sequence[Binding]) -> str:
    """Return what sort of resource is bound: one word for all, because kinds never mix."""
    return str(BindingKind(bindings[0].kind).label) if bindings else ""


def is_holder(binding: Binding, havip: HaVip) -> bool:
    """Tell whether the bound resource was seen announcing the address."""
    return bool(havip.holder_id) and havip.holder_id == binding.resource.resource_id


def _node(binding: Binding, havip: HaVip, links: Links) -> Node:
    return Node(
        name=binding.resource.label,
        url=links.resource(binding.resource),
        kind="instance" if binding.kind == BindingKind.INSTANCE else "interface",
        holder=is_holder(binding, havip),
        state=binding.state,
        state_label=str(BindingState(binding.state).label),
        settled=binding.state == BindingState.BOUND,
    )


def delete_action(havip: HaVip, can: OwnCapabilities, links: Links) -> Action:
    """Return the deletion; what stands in the way is listed in its dialog, so that it can be resolved there."""
    return Action(
        _("Delete"),
        links.of("havip-delete", havip.resource_id),
        can.delete_refusal,
        icon="trash",
        tone="danger",
        danger=True,
    )


def eip_actions(havip: HaVip, can: Capabilities, links: Links) -> list[Action]:
    """Return what can be done with the EIP."""
    return [
        Action(
            _("Bind EIP"), links.of("havip-bind-eip", havip.resource_id), can.bind_eip, icon="bind"
        ),
        Action(
            _("Unbind EIP"),
            links.of("havip-unbind-eip", havip.resource_id),
            can.unbind_eip,
            icon="unbind",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of a deletion, and where it is resolved."""

    refusal: Refusal
    url: str = ""
    link_label: str = ""
    overlay: bool = False


def obstacles(havip: HaVip, can: Capabilities, links: Links, *, job_id: str = "") -> list[Obstacle]:
    """Return everything that stands in the way of deleting, each bound resource by itself."""
    found: list[Obstacle] = []
    for refusal in can.delete:
        if refusal.number in ("D2", "D3"):
            found += [_bound(refusal, havip, binding, links) for binding in bindings_of(havip)]
        elif refusal.number == "D1":
            url = links.of("havip-unbind-eip", havip.resource_id)
            found.append(Obstacle(refusal, url, _("Unbind EIP"), overlay=True))
        elif refusal.number == "D4":
            url = links.of("route-list", text=str(havip.ip_address))
            found.append(Obstacle(refusal, url, _("Route entries")))
        elif refusal.number == "D5" and job_id:
            found.append(Obstacle(refusal, links.job(job_id), _("Show job")))
        else:
            found.append(Obstacle(refusal))
    return found


def _bound(refusal: Refusal, havip: HaVip, binding: Binding, links: Links) -> Obstacle:
    url = links.of("havip-unbind", havip.resource_id, binding.resource.resource_id)
    single = refusal.rule.refuse(names=binding.resource.label)
    return Obstacle(single, url, _("Unbind"), overlay=True)


def binding_kind(havip: HaVip, text: str) -> BindingKind:
    """Return the kind that was asked for, else the one that is bound already, else the instance."""
    if text in BindingKind.values:
        return BindingKind(text)
    bindings = bindings_of(havip)
    return BindingKind(bindings[0].kind) if bindings else BindingKind.INSTANCE

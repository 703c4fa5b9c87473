"""From a drill's row to what each agent is ordered to disturb and probe."""

from __future__ import annotations

import math
from collections.abc import Iterable

from havip.fabric.base import WantedHaVip
from havip.fabric.linux.protocol import (
    INSTANCE_STOPPED,
    KEEPALIVED_STOPPED,
    LINK_DOWN,
    GatewayDrill,
    HostDrill,
    NodeDrill,
    port_name,
)
from havip.models import Drill, DrillStatus, Vpc

_TOLD = (DrillStatus.PROBING, DrillStatus.DISTURBED, DrillStatus.RESTORING)


def drill_in(vpc: Vpc) -> Drill | None:
    """Return the drill that the agents of a VPC take part in now; there is one at the most."""
    found = Drill.objects.filter(havip__vpc=vpc, status__in=_TOLD)
    return found.select_related("havip", "instance").order_by("pk").first()


def gateway_order(drill: Drill, havips: Iterable[WantedHaVip]) -> GatewayDrill | None:
    """Return what the VPC's gateway does in a drill."""
    havip = _havip(drill, havips)
    if havip is None:
        return None
    ports = _ports(drill, havip)
    return GatewayDrill(
        id=drill.resource_id,
        kind=drill.kind,
        until=_until(drill),
        disturb=_disturbs(drill) and (drill.kind != LINK_DOWN or bool(ports)),
        havip_id=havip.resource_id,
        address=havip.ip_address if drill.from_inside else "",
        port=drill.port,
        down=ports,
    )


def host_order(drill: Drill, havips: Iterable[WantedHaVip]) -> HostDrill | None:
    """Return what the lab's host does in a drill."""
    havip = _havip(drill, havips)
    if havip is None:
        return None
    ports = _ports(drill, havip)
    stops = _disturbs(drill) and drill.kind == INSTANCE_STOPPED and drill.instance is not None
    disturbs = {LINK_DOWN: bool(ports), INSTANCE_STOPPED: stops}
    return HostDrill(
        id=drill.resource_id,
        kind=drill.kind,
        until=_until(drill),
        disturb=_disturbs(drill) and disturbs.get(drill.kind, True),
        address=havip.eip_address if drill.from_outside else "",
        port=drill.port,
        stop=(drill.instance.resource_id,) if stops and drill.instance is not None else (),
        down=ports,
    )


def node_order(drill: Drill, instance_id: str) -> NodeDrill | None:
    """Return what an instance's agent does in a drill: nothing, unless it is the one whose keepalived is stopped."""
    concerned = drill.instance is not None and drill.instance.resource_id == instance_id
    if drill.kind != KEEPALIVED_STOPPED or not concerned or drill.status == DrillStatus.PROBING:
        return None
    return NodeDrill(
        id=drill.resource_id,
        kind=drill.kind,
        until=_until(drill),
        disturb=_disturbs(drill),
        havip_id=drill.havip.resource_id,
    )


def _havip(drill: Drill, havips: Iterable[WantedHaVip]) -> WantedHaVip | None:
    return next((each for each in havips if each.resource_id == drill.havip.resource_id), None)


def _disturbs(drill: Drill) -> bool:
    return drill.status == DrillStatus.DISTURBED


def _until(drill: Drill) -> int:
    return math.ceil(drill.deadline.timestamp())


def _ports(drill: Drill, havip: WantedHaVip) -> tuple[str, ...]:
    """Return the ports of the disturbed node that go down now."""
    if drill.kind != LINK_DOWN or not _disturbs(drill):
        return ()
    nodes = (node for node in havip.nodes if node.resource_id == drill.node_id)
    return tuple(port_name(node.interface_id) for node in nodes if node.interface_id)

"""The host's part of drills: instances that are stopped for a while, and probes from the outside; one drill in a VPC at a time."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable

from havip.fabric.linux.agent.drilling import Drilling
from havip.fabric.linux.agent.roles import Refused
from havip.fabric.linux.lab.topology import Machine, machines_of
from havip.fabric.linux.protocol import (
    MOST_DRILLS,
    DrillReport,
    HostDocument,
    HostDrill,
    HostVpc,
)

_IDLE_SECONDS = 3600.0


class HostDrills:
    """The drills of all VPCs. `outside` is the path of the namespace to probe from, `pool` the block of what may be probed."""

    def __init__(self, outside: str, pool: str) -> None:
        self._outside = outside
        self._pool = ipaddress.IPv4Network(pool)
        self._drills: dict[str, Drilling] = {}
        self._since: dict[str, float] = {}
        self._done: dict[str, bool] = {}

    def check(self, wanted: HostDocument) -> None:
        """Refuse to ask anything but the lab's own public addresses. Raises Refused."""
        for vpc in wanted.vpcs:
            order = vpc.drill
            if (
                order is not None
                and order.address
                and ipaddress.IPv4Address(order.address) not in self._pool
            ):
                raise Refused(f"{order.address} is not a public address of the lab.")

    def take(self, wanted: HostDocument) -> None:
        """Follow these orders from now on."""
        orders = {vpc.id: vpc.drill for vpc in wanted.vpcs if vpc.drill is not None}
        for vpc_id in self._drills.keys() - orders.keys():
            self._drills.pop(vpc_id).close()
            self._since.pop(vpc_id, None)
            self._done.pop(vpc_id, None)
        for vpc_id, order in orders.items():
            drill = self._drills.setdefault(vpc_id, Drilling(self._outside))
            drill.take(order, address=order.address, port=order.port)

    def machines(self, vpc: HostVpc) -> list[Machine]:
        """Return the instances of a VPC as they are to be now."""
        order = self._order(vpc)
        if order is None:
            return machines_of(vpc)
        if order.stop:
            self._since.setdefault(vpc.id, time.time())
        return machines_of(vpc, stopped=order.stop, down=order.down)

    def _order(self, vpc: HostVpc) -> HostDrill | None:
        drill = self._drills.get(vpc.id)
        return vpc.drill if drill is not None and drill.disturbs else None

    def applied(self, wanted: HostDocument) -> None:
        """Take note that everything is as `machines` said."""
        for vpc in wanted.vpcs:
            drill = self._drills.get(vpc.id)
            if drill is None:
                continue
            order = self._order(vpc)
            self._done[vpc.id] = order is not None
            if order is None or not order.stop:
                self._since.pop(vpc.id, None)
            drill.disturbed(since=self._since.get(vpc.id, 0.0))

    @property
    def are_over(self) -> bool:
        """Whether an order has come to its end, so that what it disturbed has to be restored."""
        return any(
            self._done.get(vpc_id, False) and not drill.disturbs
            for vpc_id, drill in self._drills.items()
        )

    def tick(self) -> float:
        """Return in how many seconds to look again."""
        return min((drill.tick() for drill in self._drills.values()), default=_IDLE_SECONDS)

    def reports(self) -> tuple[DrillReport, ...]:
        """Return what to tell the console."""
        found = (drill.report() for drill in self._drills.values())
        return tuple(report for report in found if report is not None)[:MOST_DRILLS]

    def delivered(self, reports: Iterable[DrillReport]) -> None:
        """Tell no run twice."""
        told = {report.id: report for report in reports}
        for drill in self._drills.values():
            if drill.order is not None and drill.order.id in told:
                drill.delivered(told[drill.order.id])

    def close(self) -> None:
        """End the probers."""
        for drill in self._drills.values():
            drill.close()

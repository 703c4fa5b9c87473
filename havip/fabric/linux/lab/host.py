"""The lab's host role: makes routers, instances and the outside match the wanted document, and runs what belongs in them.

`apply` compares what is wanted with what is there and changes the difference, in an order in which every step may be the last
one before a crash: the next `apply` finds what is there, whole or half-made, and goes on.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Mapping

from pyroute2.netlink.exceptions import NetlinkError  # type: ignore[import-untyped]

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.roles import Findings, NotYet, Refused, as_sentence
from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.cards import CardWatch
from havip.fabric.linux.lab.drills import HostDrills
from havip.fabric.linux.lab.links import Inside
from havip.fabric.linux.lab.machines import MachineError, ensure_machine
from havip.fabric.linux.lab.namespaces import NamespaceError
from havip.fabric.linux.lab.outside import ensure_outside, present_uplink
from havip.fabric.linux.lab.routers import ensure_router, remove_other_ports
from havip.fabric.linux.lab.services import Services, by_name
from havip.fabric.linux.lab.topology import (
    Machine,
    Place,
    allot_uplinks,
    namespace_path,
    namespaces_of,
    router_of,
)
from havip.fabric.linux.lab.units import Unit, Units
from havip.fabric.linux.protocol import (
    Document,
    DrillReport,
    HostDocument,
    Role,
    Software,
    scope_of,
)


class HostRole:
    """One lab on one machine. Called from one thread."""

    def __init__(self, place: Place, pool: str, services: Services, units: Units) -> None:
        self._place = place
        self._pool = pool
        self._services = services
        self._units = units
        self._cards = CardWatch()
        self._drills = HostDrills(namespace_path(place.outside), pool)
        self._wanted: HostDocument | None = None

    def apply(self, wanted: Document) -> None:
        """Make the lab so. Idempotent. Raises NotYet when something went wrong that may go right next time."""
        if not isinstance(wanted, HostDocument):
            raise Refused("The document is not one for a host.")
        self._drills.check(wanted)
        self._wanted = wanted
        self._drills.take(wanted)
        self._make(wanted)

    def _make(self, wanted: HostDocument) -> None:
        try:
            self._apply(wanted)
            self._drills.applied(wanted)
        except (NetlinkError, NamespaceError, MachineError, OSError) as error:
            raise NotYet(as_sentence(f"The lab: {error}")) from error

    def _apply(self, wanted: HostDocument) -> None:
        namespaces.forget_empty_names()
        present = namespaces.present(self._place.mark)
        kept = namespaces_of(wanted) | {self._place.outside}
        machines = {vpc.id: self._drills.machines(vpc) for vpc in wanted.vpcs}
        self._remove(present - kept)
        present &= kept
        ensure_outside(self._place, self._pool, present)
        uplinks = allot_uplinks((vpc.id for vpc in wanted.vpcs), _present_uplinks(wanted, present))
        units: list[Unit] = []
        for vpc in wanted.vpcs:
            ensure_router(self._place, vpc, uplinks[vpc.id], present)
            units += self._services.of_router(vpc)
            remove_other_ports(vpc, machines[vpc.id])
            for machine in machines[vpc.id]:
                ensure_machine(self._place, vpc.id, machine, present)
                units += self._services.of_machine(machine)
        self._cards.want(machine for each in machines.values() for machine in each)
        self._units.want(by_name(units))
        self._forget_files(wanted, machines)

    def _remove(self, names: set[str]) -> None:
        namespaces.remove(names)

    def _forget_files(self, wanted: HostDocument, machines: Mapping[str, list[Machine]]) -> None:
        """Remove the files of routers and instances that are gone. A stopped instance keeps its disk."""
        instances = {machine.instance_id for each in machines.values() for machine in each}
        scopes = {scope_of(Role.GATEWAY, vpc.id) for vpc in wanted.vpcs}
        scopes |= {scope_of(Role.NODE, instance) for instance in instances}
        agents = {self._place.agent_state(scope).name for scope in scopes}
        directory = self._place.directory
        for path in directory.glob("instances/*"):
            if path.name not in instances:
                shutil.rmtree(path, ignore_errors=True)
        for path in directory.glob("agents/*"):
            if (
                path.name.startswith(("gateway-", "node-"))
                and path.name.partition(".")[0] not in agents
            ):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Listen for processes that end, and for addresses that come to secondary cards."""
        return {**self._units.watched(), **self._cards.watched()}

    def tick(self) -> float:
        """Start again what ended, and what a drill had stopped whose end has come."""
        if self._drills.are_over and self._wanted is not None:
            self._make(self._wanted)
        return min(self._units.start_due(), self._drills.tick())

    def findings(self) -> Findings:
        """Return the versions, and what the probes of drills were answered; a host sees no holders."""
        return Findings(Software(agent=AGENT_VERSION), drills=self._drills.reports())

    def delivered(self, drills: Iterable[DrillReport]) -> None:
        """Tell no run twice."""
        self._drills.delivered(drills)

    def close(self, *, teardown: bool) -> None:
        """End. Everything stays; with `teardown` everything is removed."""
        self._drills.close()
        self._cards.close()
        self._units.close()
        if teardown:
            with contextlib.suppress(NamespaceError):
                self._remove(namespaces.present(self._place.mark))


def _present_uplinks(wanted: HostDocument, present: set[str]) -> dict[str, str]:
    found = {}
    for vpc in wanted.vpcs:
        if router_of(vpc.id) in present:
            with Inside(router_of(vpc.id)) as router:
                found[vpc.id] = present_uplink(router)
    return found

"""The gateway role: guards the ports, translates EIPs, sets route entries, and sees who holds each HaVip."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.drilling import Drilling
from havip.fabric.linux.agent.links import HeldLinks
from havip.fabric.linux.agent.neighbours import ArpWatch, Watched
from havip.fabric.linux.agent.netlink import Netlink
from havip.fabric.linux.agent.nftables import RulesWatch, Tables
from havip.fabric.linux.agent.roles import AgentError, Findings, NotYet, Refused, as_sentence, now
from havip.fabric.linux.agent.rulesets import Elements
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.protocol import Document, DrillReport, GatewayDocument, Software

logger = logging.getLogger("havip.agent")

_EIPS = "eips.json"
_HEAL_SECONDS = 5.0
_LOOK_SECONDS = 0.5
"""So soon after the last look the rules are looked at again, when somebody changes them."""
_TELL_SECONDS = 300.0
"""So long the console is told that somebody else had changed the rules."""
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_LINK_PREFIX = 32


class Gateway:
    """The router of one VPC. `outside` is its link to the outside, empty where it has none."""

    def __init__(self, state: StateDirectory, outside: str = "") -> None:
        self._state = state
        self._outside = outside
        self._netlink = Netlink()
        self._tables = Tables(state)
        self._watch = ArpWatch(self._netlink.port_of, self._netlink.mac)
        self._drill = Drilling()
        self._held = HeldLinks(state, self._netlink)
        self._wanted: GatewayDocument | None = None
        self._rules = RulesWatch()
        self._heal_at = self._looked_at = self._mended_at = 0.0
        self._mended = ""
        self._ports: dict[str, frozenset[str]] = {}
        self._trouble = ""

    def apply(self, wanted: Document) -> None:
        """Make the router so: the guard first, so that nothing is open that should be shut."""
        assert isinstance(wanted, GatewayDocument)
        if not self._outside and any(havip.eip for havip in wanted.havips):
            raise Refused("This gateway has no link to the outside, so it cannot serve an EIP.")
        self._check_eips(wanted)
        before = self._wanted
        try:
            self._make(wanted)
        except Refused:
            if before is not None:
                self._make(before)
            raise

    def _make(self, wanted: GatewayDocument) -> None:
        self._tables.ensure(self._elements(wanted))
        # From here on this is what is mended towards, even if the rest has to be tried again.
        self._wanted = wanted
        self._looked_at = time.monotonic()
        self._heal_at = self._looked_at + _HEAL_SECONDS
        order = wanted.drill
        self._drill.take(
            order, address=order.address if order else "", port=order.port if order else 0
        )
        self._follow_drill()
        self._watch.read()  # what was heard so far was heard under the rules of before
        self._observe(wanted)
        self._forget_neighbours(wanted)
        self._set_eips(wanted)
        self._set_routes(wanted)

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Listen to ARP, and to changes of the rules."""
        return {
            self._watch.fileno(): self._watch.read,
            self._rules.fileno(): self._hear_of_rules,
        }

    def _hear_of_rules(self) -> None:
        self._rules.read()
        self._heal_at = min(self._heal_at, self._looked_at + _LOOK_SECONDS)

    def tick(self) -> float:
        """Ask who holds what, and mend now and then what somebody else has changed."""
        at = time.monotonic()
        if self._wanted is not None and at >= self._heal_at:
            self._heal_at, self._looked_at = at + _HEAL_SECONDS, at
            self._heal(self._wanted)
        if at >= self._mended_at + _TELL_SECONDS:
            self._mended = ""
        self._follow_drill()
        pause = min(self._drill.tick(), max(self._heal_at - at, 0.0) or _HEAL_SECONDS)
        return min(self._watch.tick(), pause)

    def findings(self) -> Findings:
        """Return the holders, and what the probes of a drill were answered."""
        report = self._drill.report()
        return Findings(
            Software(agent=AGENT_VERSION),
            trouble=as_sentence(self._trouble) if self._trouble else self._mended,
            observations=self._watch.observed(),
            drills=(report,) if report is not None else (),
        )

    def delivered(self, drills: Iterable[DrillReport]) -> None:
        """Tell no run twice."""
        for report in drills:
            self._drill.delivered(report)

    def close(self, *, teardown: bool) -> None:
        """End; with `teardown` the agent's tables, addresses and routes go."""
        self._drill.close()
        if teardown:
            steps = (self._held.release, self._tables.remove, self._remove_eips)
            for step in (*steps, self._remove_routes):
                try:
                    step()
                except AgentError as error:
                    logger.warning("not everything could be removed: %s", error)
        self._rules.close()
        self._watch.close()
        self._netlink.close()

    # --- Tables ---

    def _elements(self, wanted: GatewayDocument) -> Elements:
        macs = {port.port: port.mac_address for port in wanted.ports}
        allowed = {(port, havip.address) for havip in wanted.havips for port in havip.ports}
        return Elements(
            outside=self._outside,
            cidr_block=wanted.cidr_block,
            havips=frozenset(havip.address for havip in wanted.havips),
            allowed=frozenset(allowed),
            owners=frozenset((port, macs[port]) for port, _address in allowed),
            eips=frozenset((havip.eip, havip.address) for havip in wanted.havips if havip.eip),
        )

    def _heal(self, wanted: GatewayDocument) -> None:
        try:
            if self._tables.ensure(self._elements(wanted)):
                self._mended_at = time.monotonic()
                self._mended = (
                    "Somebody else had changed the agent's rules in nftables; "
                    f"they were put back at {now():%H:%M:%S} UTC."
                )
                logger.warning("%s", self._mended)
            self._set_eips(wanted)
            self._set_routes(wanted)
            self._check_forwarding(wanted)
        except AgentError as error:
            if str(error) != self._trouble:
                logger.warning("the network is not as wanted: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _check_forwarding(self, wanted: GatewayDocument) -> None:
        """The switch is the administrator's, who may want it off: it is told, not turned."""
        routes = wanted.routes or any(havip.eip for havip in wanted.havips)
        if routes and _FORWARDING.read_text().strip() != "1":
            raise NotYet("IPv4 forwarding is switched off: this router does not route.")

    # --- Drills ---

    def _follow_drill(self) -> None:
        """Hold down the ports that the drill's order names, for as long as it is in force; no others."""
        order = self._wanted.drill if self._wanted is not None else None
        down = frozenset(order.down) if order is not None and self._drill.disturbs else frozenset()
        self._drill.disturbed(since=self._held.hold(down))

    # --- Who holds what ---

    def _observe(self, wanted: GatewayDocument) -> None:
        subnets = {subnet.id: subnet for subnet in wanted.vswitches}
        self._watch.watch(
            [
                Watched(
                    havip.id,
                    havip.address,
                    subnets[havip.vswitch_id].bridge,
                    subnets[havip.vswitch_id].gateway,
                    dict(havip.holders),
                )
                for havip in wanted.havips
            ],
            {port.port: port.interface_id for port in wanted.ports},
        )

    def _forget_neighbours(self, wanted: GatewayDocument) -> None:
        """Where a port lost an address, the router must not go on sending there."""
        bridges = {subnet.id: subnet.bridge for subnet in wanted.vswitches}
        ports = {}
        for havip in wanted.havips:
            ports[havip.address] = frozenset(havip.ports)
            link = self._netlink.find_link(bridges[havip.vswitch_id])
            lost = self._ports.get(havip.address, frozenset()) - ports[havip.address]
            if link is not None and (lost or havip.address not in self._ports):
                self._netlink.forget_neighbour(link, havip.address)
        self._ports = ports

    # --- EIPs ---

    def _noted(self) -> dict[str, str]:
        """Return the EIPs that the agent has put on the outside link, with the HaVip each was mapped to."""
        kept: Any = self._state.read_json(_EIPS)
        if not isinstance(kept, dict):
            return {}
        return {str(eip): str(havip) for eip, havip in kept.items()}

    def _check_eips(self, wanted: GatewayDocument) -> None:
        """An EIP must not be an address that this machine has for itself."""
        own = {each.address for each in self._netlink.addresses()} - set(self._noted())
        for havip in wanted.havips:
            if havip.eip and havip.eip in own:
                raise Refused(f"{havip.eip} is an address of the router itself.")

    def _set_eips(self, wanted: GatewayDocument) -> None:
        mapped = {havip.eip: havip.address for havip in wanted.havips if havip.eip}
        noted = self._noted()
        if not mapped and not noted:
            return
        link = self._netlink.link(self._outside)
        standing = {each for each in self._netlink.addresses() if each.link == link}
        have = {each.address for each in standing}
        if mapped != noted or not set(mapped) <= have:
            # Noted before it is done: after a crash in between it still counts as the agent's own.
            self._state.write_json(_EIPS, {**noted, **mapped})
            for address in standing:
                if address.address in noted and address.address not in mapped:
                    self._netlink.remove_address(address)
            for eip in sorted(set(mapped) - have):
                self._netlink.add_address(link, eip, _LINK_PREFIX)
            self._state.write_json(_EIPS, mapped)
            moved = mapped.items() ^ noted.items()
            self._netlink.forget_connections({address for pair in moved for address in pair})
            for eip in sorted(mapped):
                self._watch.announce(self._outside, eip)

    def _remove_eips(self) -> None:
        noted = self._noted()
        link = self._netlink.find_link(self._outside) if noted else None
        for address in self._netlink.addresses():
            if address.link == link and address.address in noted:
                self._netlink.remove_address(address)
        self._netlink.forget_connections({*noted, *noted.values()})
        self._state.remove(_EIPS)

    # --- Routes ---

    def _set_routes(self, wanted: GatewayDocument) -> None:
        routes = {(route.destination, route.next_hop) for route in wanted.routes}
        standing = self._netlink.own_routes()
        for destination, next_hop in sorted(standing - routes):
            self._netlink.remove_route(destination, next_hop)
        for destination, next_hop in sorted(routes - standing):
            self._netlink.add_route(destination, next_hop)

    def _remove_routes(self) -> None:
        for destination, next_hop in sorted(self._netlink.own_routes()):
            self._netlink.remove_route(destination, next_hop)

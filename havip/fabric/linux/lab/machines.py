"""An instance: a namespace with its cards, switched on or off as a whole.

A card beside the primary one has a routing table of its own, as the images of clouds set it up: what came in at a card is
answered through it, and what leaves from its address leaves through it.
"""

from __future__ import annotations

import re
import subprocess

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.cards import TABLES, ensure_rules
from havip.fabric.linux.lab.links import Inside, RouteTo
from havip.fabric.linux.lab.topology import (
    Cable,
    Machine,
    Place,
    namespace_path,
    router_of,
)

_PARAMETERS = (
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    # Two cards may be in one vSwitch: each answers for its own addresses, and speaks with those.
    ("net/ipv4/conf/all/arp_ignore", "1"),
    ("net/ipv4/conf/all/arp_announce", "2"),
)
_CARD = re.compile(r"eth[0-9]{1,2}")


class MachineError(Exception):
    """Something within an instance cannot be set up."""


def ensure_machine(place: Place, vpc_id: str, machine: Machine, present: set[str]) -> None:
    """Have an instance with exactly these cards; running ones are reachable when this returns, stopped ones are dead."""
    if machine.namespace not in present:
        namespaces.create(machine.namespace, place.mark)
    namespaces.set_parameters(machine.namespace, _PARAMETERS)
    with Inside(machine.namespace) as inside, Inside(router_of(vpc_id)) as router:
        links = inside.links()
        wanted = {cable.device for cable in machine.cables}
        for link in links.values():
            if _CARD.fullmatch(link.name) and link.name not in wanted:
                inside.delete(link)
        if not machine.running:
            _switch_off(inside, machine)
        bridges = router.links()
        for cable in machine.cables:
            router.ensure_cable(
                cable.port,
                bridges[cable.bridge],
                inside,
                cable.device,
                alias=cable.interface_id,
                mac=cable.mac_address,
                up=cable.up,
            )
        if machine.running:
            _switch_on(inside, machine)
        else:
            _keep_own_addresses(inside, machine)


def _switch_off(inside: Inside, machine: Machine) -> None:
    """Pull the plug: first nothing leaves any more, then everything in it ends."""
    for link in inside.links().values():
        if _CARD.fullmatch(link.name):
            inside.ensure_down(link)
    namespaces.end_processes(lambda: namespaces.processes_in([machine.namespace]))


def _keep_own_addresses(inside: Inside, machine: Machine) -> None:
    """Have the cards of a stopped instance without what a keepalived left on them: a machine forgets it when it is off."""
    links = inside.links()
    for cable in machine.cables:
        link = inside.ensure_down(links[cable.device])
        inside.ensure_address(link, cable.address, cable.prefix_length)
        inside.keep_addresses(link, {f"{cable.address}/{cable.prefix_length}"})


def _switch_on(inside: Inside, machine: Machine) -> None:
    links = inside.links()
    inside.ensure_up(links["lo"])
    for cable in machine.cables:
        link = inside.ensure_up(links[cable.device])
        inside.ensure_address(link, cable.address, cable.prefix_length)
        if cable.primary:
            inside.ensure_route(link, RouteTo("0.0.0.0/0", cable.gateway))
        else:
            table = TABLES + cable.number
            inside.ensure_route(link, RouteTo(cable.cidr_block, table=table))
            inside.ensure_route(link, RouteTo("0.0.0.0/0", cable.gateway, table))
    ensure_rules(inside, machine)
    _answer_where_it_came_in(machine)


def _answer_where_it_came_in(machine: Machine) -> None:
    """Let a connection be answered through the card at which it came in, whatever address it was made to."""
    secondary = [cable for cable in machine.cables if not cable.primary]
    script = "table ip havip_lab\ndelete table ip havip_lab\n"
    if secondary:
        script += _marking(secondary)
    _nft(machine.namespace, script)


def _marking(cables: list[Cable]) -> str:
    arriving = "".join(
        f'    iifname "{cable.device}" ct mark set {TABLES + cable.number}\n' for cable in cables
    )
    return (
        "table ip havip_lab {\n"
        "  chain arriving {\n"
        "    type filter hook prerouting priority mangle;\n"
        "    ct direction reply accept\n"
        f"{arriving}"
        "  }\n"
        "  chain leaving {\n"
        "    type route hook output priority mangle;\n"
        "    ct mark != 0 meta mark set ct mark\n"
        "  }\n"
        "}\n"
    )


def _nft(namespace: str, script: str) -> None:
    done = subprocess.run(  # noqa: S603 - the name is computed
        ["nsenter", f"--net={namespace_path(namespace)}", "nft", "-f", "-"],  # noqa: S607
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    if done.returncode:
        raise MachineError(f"nft in {namespace}: {done.stderr.strip()[:300]}")

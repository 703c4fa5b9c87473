"""Secondary cards: what leaves with an address of such a card leaves through it, also with one that came only now.

keepalived puts a HaVip that is bound to a secondary interface on that card whenever it becomes master. The kernel says so at
once; the rule that leads the address's packets to the card's routing table follows.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping

from pyroute2 import netns  # type: ignore[import-untyped]

from havip.fabric.linux.lab.links import Inside, Rule
from havip.fabric.linux.lab.namespaces import identity
from havip.fabric.linux.lab.topology import Machine

TABLES = 100  # eth1 has table 101, and so on
_PRIORITIES = range(1000, 1300)
_ADDRESS_CHANGES = 0x10  # RTMGRP_IPV4_IFADDR


def ensure_rules(inside: Inside, machine: Machine) -> None:
    """Lead what has an address of a secondary card, or came in at it, to the card's table."""
    links = inside.links()
    rules: set[Rule] = set()
    for cable in machine.cables:
        link = links.get(cable.device)
        if cable.primary or link is None:
            continue
        table, first = TABLES + cable.number, _PRIORITIES.start + 2 * cable.number
        rules.add(Rule(first + 1, table, mark=table))
        for address in inside.addresses(link):
            rules.add(Rule(first, table, source=address.partition("/")[0]))
    inside.ensure_rules(rules, _PRIORITIES)


class CardWatch:
    """Hears of addresses that come and go in instances with secondary cards."""

    def __init__(self) -> None:
        self._heard: dict[tuple[Machine, int], socket.socket] = {}

    def want(self, machines: Iterable[Machine]) -> None:
        """Listen to these, as far as they run and have a secondary card, and to no others."""
        wanted = {
            (machine, identity(machine.namespace))
            for machine in machines
            if machine.running and any(not cable.primary for cable in machine.cables)
        }
        for key in self._heard.keys() - wanted:
            self._heard.pop(key).close()
        for key in wanted - self._heard.keys():
            self._heard[key] = _listen(key[0].namespace)
            _look(key[0])

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Return a descriptor for each, with what to do when it is readable."""
        return {heard.fileno(): _on_change(key[0], heard) for key, heard in self._heard.items()}

    def close(self) -> None:
        """Listen no more."""
        for heard in self._heard.values():
            heard.close()
        self._heard.clear()


def _on_change(machine: Machine, heard: socket.socket) -> Callable[[], None]:
    def changed() -> None:
        # What it says does not matter, nor that some of it may be lost: what is there is looked at afterwards.
        with contextlib.suppress(OSError):
            while heard.recv(65536):
                pass
        _look(machine)

    return changed


def _look(machine: Machine) -> None:
    # A namespace that is going away needs no rules.
    with contextlib.suppress(OSError), Inside(machine.namespace) as inside:
        ensure_rules(inside, machine)


def _listen(name: str) -> socket.socket:
    """Return a socket in a namespace that hears of changed addresses."""
    opened: list[socket.socket] = []
    faults: list[OSError] = []

    def listen() -> None:
        try:
            netns.setns(name, flags=0)  # of this thread alone
            heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            heard.setblocking(False)
            heard.bind((0, _ADDRESS_CHANGES))
            opened.append(heard)
        except OSError as error:
            faults.append(error)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return opened[0]

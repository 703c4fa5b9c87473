"""From a node's wanted document to a checked keepalived file."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from havip.fabric.linux.agent.commands import run
from havip.fabric.linux.agent.roles import Refused, as_sentence
from havip.fabric.linux.protocol import NodeDocument, NodeHaVip
from havip.keepalived import (
    PROFILES,
    InvalidValue,
    NodeConfiguration,
    VrrpInstance,
    render,
    safe_name,
)

_VERSION = re.compile(r"Keepalived v(\d+\.\d+(?:\.\d+)?)")
_PASSWORD = re.compile(r"^(\s*auth_pass )\S+$", re.MULTILINE)
_PLACE = re.compile(r"^\((?:/\S*|[^()]*): Line (\d+)\)\s*")
_OLDEST_WITH_TEST = (2, 0)
_THIRD_LAST = -3
_LONGEST_LISTENER_PREFIX = 29


def version() -> str:
    """Return keepalived's version as it says it. Raises NotYet where there is none."""
    output = run("keepalived", ["--version"])
    found = _VERSION.search(output.err) or _VERSION.search(output.out)
    return found.group(1) if found else ""


def announced(wanted: NodeDocument) -> list[NodeHaVip]:
    """Return the VRRP instances of a node: one for each HaVip, also where two of its cards are bound to it.

    Two cards of one node cannot stand in for each other against the node's loss; the lowest slot announces.
    """
    chosen: dict[str, NodeHaVip] = {}
    for havip in sorted(wanted.havips, key=lambda each: each.slot):
        chosen.setdefault(havip.id, havip)
    return sorted(chosen.values(), key=lambda each: each.id)


def rendered(wanted: NodeDocument, devices: Mapping[str, str], fifo: Path) -> str:
    """Return the file; `devices` has, for each card, what it is called on this machine. Raises Refused."""
    own = {card.private_ip for card in wanted.interfaces}
    havips = announced(wanted)
    try:
        node = NodeConfiguration(
            name=safe_name(wanted.name, fallback=wanted.instance_id),
            private_address=havips[0].own_address,
            interface=devices[havips[0].interface_id],
            instances=tuple(
                VrrpInstance(
                    havip_id=havip.id,
                    address=havip.address,
                    virtual_router_id=havip.virtual_router_id,
                    priority=havip.priority,
                    peers=_peers(havip, own),
                    profile=PROFILES[wanted.profile],
                    interface=devices[havip.interface_id],
                    own_address=havip.own_address,
                    prefix_length=havip.prefix_length,
                )
                for havip in havips
            ),
            # The passwords come with the document, one for each HaVip; this only has to be there.
            secret=hashlib.sha256(wanted.scope.encode()).digest(),
            notify_fifo=str(fifo),
        )
    except InvalidValue as error:
        raise Refused(
            f"The keepalived file cannot be written: {error.field} is unusable."
        ) from error
    passwords = iter([havip.auth_secret for havip in havips])
    return _PASSWORD.sub(lambda line: line.group(1) + next(passwords), render(node))


def _peers(havip: NodeHaVip, own: set[str]) -> tuple[str, ...]:
    """Return who hears the heartbeat.

    A lone node has nobody, and without a peer keepalived would fall back to multicast: then it is the vSwitch's gateway,
    which does not mind. So the node serves at once, and a second one joins by a reload, without a gap.
    """
    peers = tuple(peer for peer in havip.peers if peer not in own)
    if peers:
        return peers
    if havip.prefix_length > _LONGEST_LISTENER_PREFIX:
        raise Refused(f"{havip.id} has no other node, and its vSwitch is not known.")
    block = ipaddress.IPv4Interface(f"{havip.own_address}/{havip.prefix_length}").network
    return (str(block[_THIRD_LAST]),)


def complaint(path: Path, keepalived_version: str) -> str:
    """Return what keepalived has against a file: one sentence, empty when it has nothing."""
    numbers = tuple(int(part) for part in keepalived_version.split(".")[:2] if part)
    if numbers < _OLDEST_WITH_TEST:
        return ""
    output = run("keepalived", ["--config-test", "-f", str(path)])
    if output.code == 0:
        return ""
    lines = [line.strip() for line in (output.err + output.out).splitlines() if line.strip()]
    said = "; ".join(_PLACE.sub(r"line \1: ", line) for line in lines)
    return as_sentence(f"keepalived refuses its file: {said or f'status {output.code}'}")

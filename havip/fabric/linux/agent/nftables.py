"""Keeps the agent's nftables tables as wanted: one atomic transaction per change, and none when nothing changes."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import struct
from collections.abc import Iterable
from typing import Any

from havip.fabric.linux.agent.commands import run
from havip.fabric.linux.agent.roles import NotYet, as_sentence
from havip.fabric.linux.agent.rulesets import (
    GUARD,
    NAT,
    Elements,
    Json,
    difference,
    removal,
    replacement,
)
from havip.fabric.linux.agent.state import StateDirectory

logger = logging.getLogger("havip.agent")

_FINGERPRINT = "nftables.json"
_MESSAGES_AT_ONCE = 256
_NETLINK_NETFILTER = 12
_GROUP_NFTABLES = 7
"""linux/netfilter/nfnetlink.h: NFNLGRP_NFTABLES."""
_GET_GENERATION = 10 << 8 | 16
"""linux/netfilter/nfnetlink.h and nf_tables.h: NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN."""
_GENERATION = 1
"""linux/netfilter/nf_tables.h: NFTA_GEN_ID."""
_UNDISTURBED_TRIES = 5


class RulesWatch:
    """Hears when anybody changes rules of nftables in this network namespace; also the agent itself."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER)
        self._socket.bind((0, 1 << (_GROUP_NFTABLES - 1)))

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def read(self) -> None:
        """Let go of what was heard: what has changed is looked up."""
        for _each in range(_MESSAGES_AT_ONCE):
            try:
                self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:
                # More than the socket could hold: something has changed, for sure.
                logger.debug("the netfilter socket: %s", error)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


class Tables:
    """The tables of one network namespace.

    Whether somebody changed the rules is told by a fingerprint of how nft lists them, taken after they were put there, if nobody
    else changed anything meanwhile, and kept on disk: a foreign structure is replaced as a whole, a right one only gets other
    elements.
    """

    def __init__(self, state: StateDirectory) -> None:
        self._state = state

    def ensure(self, wanted: Elements) -> bool:
        """Make the tables as wanted; return whether anything had to change. Raises NotYet."""
        listed = _listed()
        if self._fingerprint(listed, wanted) == self._state.read_json(_FINGERPRINT):
            commands = difference(_members(listed), wanted)
            if commands:
                _transact(commands)
            return bool(commands)
        for _each in range(_UNDISTURBED_TRIES):
            before = _generation()
            _transact(replacement(wanted))
            listed = _listed()
            # One transaction later is ours alone. Else somebody's rule may be among those that were listed.
            if _generation() == before + 1:
                self._state.write_json(_FINGERPRINT, self._fingerprint(listed, wanted))
                return True
        raise NotYet("Somebody else changes rules of nftables again and again.")

    def remove(self) -> None:
        """Take the tables away."""
        _transact(removal())
        self._state.remove(_FINGERPRINT)

    def dropped(self) -> dict[str, int]:
        """Return how many frames and packets were dropped since the tables were put there, by counter."""
        return {
            each["counter"]["name"]: int(each["counter"]["packets"])
            for each in _listed()
            if "counter" in each
        }

    def _fingerprint(self, listed: list[Json], wanted: Elements) -> str:
        """Return a digest of the structure together with what its rules depend on."""
        structure: list[Any] = [[wanted.outside, wanted.cidr_block if wanted.outside else ""]]
        for each in listed:
            for kind, body in each.items():
                kept = {
                    name: value
                    for name, value in body.items()
                    if name not in ("handle", "elem", "packets", "bytes", "index")
                }
                structure.append([kind, kept])
        text = json.dumps(structure, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _generation() -> int:
    """Return how often the rules of this network namespace have been changed; every transaction counts one. Raises NotYet."""
    question = struct.pack("=LHHLLBBH", 20, _GET_GENERATION, 1, 1, 0, 0, 0, 0)
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    try:
        with socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER) as asked:
            asked.settimeout(5)
            asked.bind((0, 0))
            asked.send(question)
            answer = asked.recv(4096)
    except OSError as error:
        raise NotYet(as_sentence(f"The netfilter socket: {error.strerror or error}")) from error
    place = 20  # behind the two headers; each attribute begins with its length and type, and is padded to four
    while place + 8 <= len(answer):
        length, attribute = struct.unpack_from("=HH", answer, place)
        if attribute & 0x3FFF == _GENERATION:
            found: int = struct.unpack_from(">L", answer, place + 4)[0]
            return found
        place += max(length + 3 & ~3, 4)
    raise NotYet("The kernel does not say how often its rules have changed.")


def _listed() -> list[Json]:
    """Return everything in the two tables, as nft lists it."""
    found: list[Json] = []
    for family, name in (GUARD, NAT):
        output = run("nft", ["-j", "list", "table", family, name])
        if output.code == 0:
            try:
                answer = json.loads(output.out)
            except ValueError as error:
                raise NotYet("What nft lists is no JSON.") from error
            found += [each for each in answer.get("nftables", []) if "metainfo" not in each]
    return found


def _members(listed: Iterable[Json]) -> dict[tuple[str, str, str], frozenset[Any]]:
    found = {}
    for each in listed:
        body = each.get("set") or each.get("map")
        if body is not None:
            members = frozenset(_member(element) for element in body.get("elem", []))
            found[body["family"], body["table"], body["name"]] = members
    return found


def _member(element: Any) -> Any:
    if isinstance(element, dict) and "concat" in element:
        return tuple(element["concat"])
    return tuple(element) if isinstance(element, list) else element


def _transact(commands: list[Json]) -> None:
    """Carry out all of it, or nothing."""
    output = run("nft", ["-j", "-f", "-"], text=json.dumps({"nftables": commands}))
    if output.code != 0:
        raise NotYet(as_sentence(f"nft: {output.err.strip() or output.out.strip()}"))

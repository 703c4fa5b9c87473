"""VRRP states of a node, as keepalived tells them through its notify FIFO."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from havip.fabric.linux.agent.roles import now
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.protocol import VrrpState

logger = logging.getLogger("havip.agent")

_LINE = re.compile(rb'INSTANCE "([A-Za-z0-9_.-]{1,64})" (MASTER|BACKUP|FAULT|STOP) \d{1,3}')
_LONGEST_LINE = 4096
_KEPT = "vrrp.json"


class NotifyFifo:
    """The FIFO. It is held open for writing, too, so that it never comes to its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rest = b""
        try:
            if not stat.S_ISFIFO(path.lstat().st_mode):
                path.unlink()
                os.mkfifo(path, 0o600)
        except FileNotFoundError:
            os.mkfifo(path, 0o600)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)

    def read(self) -> list[tuple[str, str]]:
        """Return the HaVips and states that have been told since the last time, in order."""
        data = self._rest
        while True:
            try:
                more = os.read(self.fd, 65536)
            except BlockingIOError:
                break
            if not more:
                break
            data += more
        *lines, self._rest = data.split(b"\n")
        self._rest = self._rest[-_LONGEST_LINE:]
        found = []
        for line in lines:
            match = _LINE.fullmatch(line.strip())
            if match:
                found.append((match.group(1).decode(), match.group(2).decode()))
        return found

    def close(self) -> None:
        """Let go of it."""
        os.close(self.fd)


class States:
    """In which state each HaVip of the node is, kept on disk so that a restarted agent knows since when.

    What was kept is told until something else is expected: the console believes the last word that it has heard.
    """

    def __init__(self, state: StateDirectory) -> None:
        self._state = state
        self._interfaces: dict[str, str] = {}
        self._found: dict[str, tuple[str, datetime]] = {}
        self._doubted: set[tuple[str, str]] = set()
        kept = state.read_json(_KEPT)
        for havip_id, each in kept.items() if isinstance(kept, dict) else ():
            try:
                at = datetime.fromisoformat(each["at"])
                if at.tzinfo is not None and each["state"] in ("MASTER", "BACKUP", "FAULT", "STOP"):
                    self._found[havip_id] = (each["state"], at)
                    self._interfaces[havip_id] = str(each.get("interface_id", ""))
            except (KeyError, TypeError, ValueError):
                logger.warning("what was kept of %r is unusable", havip_id)

    def expect(self, interfaces: Mapping[str, str]) -> None:
        """Be told of these HaVips from now on, each on one interface; forget others."""
        self._interfaces = dict(interfaces)
        self._found = {key: value for key, value in self._found.items() if key in interfaces}
        for havip_id in interfaces:
            self._found.setdefault(havip_id, ("INIT", now()))
        self._keep()

    def told(self, news: Iterable[tuple[str, str]]) -> None:
        """Take note of what keepalived said."""
        changed = False
        for havip_id, state in news:
            if havip_id in self._interfaces and self._found[havip_id][0] != state:
                self._found[havip_id] = (state, now())
                logger.info("%s is %s", havip_id, state)
                changed = True
        if changed:
            self._keep()

    def all_stopped(self) -> None:
        """Take note that keepalived has gone."""
        self.told((havip_id, "STOP") for havip_id in tuple(self._interfaces))

    def compare(self, addresses: Mapping[str, bool]) -> None:
        """Believe the network where it differs from what was told, twice in a row: some word was lost then."""
        doubts = set()
        for havip_id, present in addresses.items():
            state = self._found.get(havip_id, ("", None))[0]
            if present and state != "MASTER":
                doubts.add((havip_id, "MASTER"))
            elif not present and state in ("MASTER", "INIT"):
                doubts.add((havip_id, "BACKUP"))
        self.told(doubts & self._doubted)
        self._doubted = doubts - self._doubted

    def all(self) -> tuple[VrrpState, ...]:
        """Return everything for the report."""
        return tuple(
            VrrpState(
                havip_id=havip_id,
                interface_id=self._interfaces[havip_id],
                state=self._found[havip_id][0],
                at=self._found[havip_id][1],
            )
            for havip_id in sorted(self._interfaces)
        )

    def _keep(self) -> None:
        self._state.write_json(
            _KEPT,
            {
                havip_id: {
                    "state": state,
                    "at": at.isoformat(),
                    "interface_id": self._interfaces[havip_id],
                }
                for havip_id, (state, at) in self._found.items()
            },
        )

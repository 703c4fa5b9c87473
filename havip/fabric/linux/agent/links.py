"""Links that a drill holds down, noted before they go down: whatever happens to the agent, they are switched on again."""

from __future__ import annotations

import logging
import time
from typing import Any

from havip.fabric.linux.agent.netlink import Netlink
from havip.fabric.linux.agent.state import StateDirectory

logger = logging.getLogger("havip.agent")

_NOTED = "links-down.json"


class HeldLinks:
    """The links that this agent has switched off."""

    def __init__(self, state: StateDirectory, netlink: Netlink) -> None:
        self._state = state
        self._netlink = netlink
        self._noted = self._kept()

    def hold(self, names: frozenset[str]) -> float:
        """Have exactly these links down; return since when (seconds since 1970), 0 for none. Raises NotYet."""
        self._let_go(names)
        if not names:
            return 0.0
        indexes = [self._netlink.link(name) for name in sorted(names)]
        fresh = names - self._noted.keys()
        if fresh:
            self._note(self._noted | dict.fromkeys(fresh, time.time()))
        for index in indexes:
            # Whoever keeps the links may have switched one on meanwhile.
            if self._netlink.is_up(index):
                self._netlink.switch(index, up=False)
        if fresh:
            logger.warning("held down for a drill: %s", ", ".join(sorted(fresh)))
        return min(self._noted.values())

    def release(self) -> None:
        """Switch on whatever is held. Raises NotYet."""
        self._let_go(frozenset())

    def _let_go(self, kept: frozenset[str]) -> None:
        for name in sorted(self._noted.keys() - kept):
            index = self._netlink.find_link(name)
            if index is not None:
                self._netlink.switch(index, up=True)
            logger.warning("%s is switched on again", name)
            self._note({key: since for key, since in self._noted.items() if key != name})

    def _note(self, links: dict[str, float]) -> None:
        self._state.write_json(_NOTED, links)
        self._noted = links

    def _kept(self) -> dict[str, float]:
        kept: Any = self._state.read_json(_NOTED)
        if not isinstance(kept, dict):
            return {}
        return {
            str(name): float(since)
            for name, since in kept.items()
            if isinstance(since, int | float) and not isinstance(since, bool)
        }

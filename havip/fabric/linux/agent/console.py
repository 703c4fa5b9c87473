"""The two conversations with the console, each in a thread of its own: asking for the wanted state, and reporting.

Neither ever touches the network that is managed; when the console is away they wait, longer each time, and the rest of the
agent goes on without them.
"""

from __future__ import annotations

import logging
import platform
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.client import Client, ConsoleAway, KeyRefused
from havip.fabric.linux.agent.roles import AgentError
from havip.fabric.linux.agent.state import Key, StateDirectory
from havip.fabric.linux.protocol import (
    PROTOCOL,
    ProtocolError,
    Report,
    as_json,
    read_enrolled,
    read_reply,
    role_of,
)

logger = logging.getLogger("havip.agent")

_LONG_POLL_SECONDS = 25
_SLACK_SECONDS = 10
_SHORTEST_PAUSE = 0.5
_HOSTNAME_LENGTH = 253


class Patience:
    """How long to wait after a failure: twice as long each time, up to a limit, and never all agents at once."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._next = _SHORTEST_PAUSE

    def pause(self) -> float:
        """Return the next pause."""
        pause = random.uniform(self._next / 2, self._next)  # noqa: S311 - spreads load, keeps no secret
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next = _SHORTEST_PAUSE


class Membership:
    """The agent's key: kept on disk, or made known to the console with the one-time token."""

    def __init__(
        self, client: Client, state: StateDirectory, scope: str, token_file: Path | None
    ) -> None:
        self._client = client
        self._state = state
        self._scope = scope
        self._token_file = token_file
        self._lock = threading.Lock()
        self._key = state.key()

    def key(self) -> str:
        """Return the key; enrols first where there is none. Raises ConsoleAway, KeyRefused."""
        with self._lock:
            if self._key is None:
                self._key = self._enrol()
                self._state.keep_key(self._key)
                self._forget_token()
            return self._key.secret

    def refused(self, key: str) -> None:
        """Take note that a key is not accepted: a new token, where one lies ready, replaces it."""
        with self._lock:
            if self._key is not None and self._key.secret == key and self._token():
                self._key = None

    def _token(self) -> str:
        if self._token_file is None:
            return ""
        try:
            with self._token_file.open(encoding="ascii") as file:
                return file.readline(1000).strip()
        except (OSError, ValueError):
            return ""

    def _forget_token(self) -> None:
        if self._token_file is not None:
            self._token_file.unlink(missing_ok=True)

    def _enrol(self) -> Key:
        token = self._token()
        if not token:
            raise KeyRefused("There is neither a key nor a one-time token.")
        # A token is good once: it is not spent on a key that could not be kept. The key lies on the disk before it is
        # sent, so that the same words can be said again when the answer gets lost or the agent is killed.
        self._state.check_writable()
        offer = self._state.offer()
        hostname = "".join(
            each for each in platform.node() if each.isascii() and each.isprintable()
        )
        words = {
            "protocol": PROTOCOL,
            "token": token,
            "key": offer,
            "role": role_of(self._scope),
            "scope": self._scope,
            "hostname": hostname[:_HOSTNAME_LENGTH],
            "version": AGENT_VERSION,
        }
        try:
            answer = self._client.post("enrol", words)
        except KeyRefused:
            self._state.drop_offer()  # it may be one that was known once, and is revoked
            raise
        try:
            enrolled = read_enrolled(answer)
        except ProtocolError as error:
            raise ConsoleAway(f"The answer to the enrolment is unusable: {error}") from error
        logger.info("enrolled as %s", enrolled.agent_id)
        return Key(enrolled.agent_id, offer)


class _Conversation(threading.Thread):
    """A thread that talks with the console for as long as the agent lives."""

    def __init__(self, name: str, membership: Membership, longest_pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self._membership = membership
        self._patience = Patience(longest_pause)
        self._stopped = threading.Event()
        self._away = ""

    def stop(self) -> None:
        """End soon; a request under way is not waited for."""
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            key = ""
            try:
                key = self._membership.key()
                self._talk(key)
            except AgentError as error:
                if isinstance(error, KeyRefused) and key:
                    self._membership.refused(key)
                self._missed(str(error))
            except Exception:
                logger.exception("the conversation %s stumbled", self.name)
                self._missed("something went wrong")
            else:
                self._patience.reset()
                self._away = ""

    def _missed(self, why: str) -> None:
        if why != self._away:
            logger.warning("%s", why)
            self._away = why
        self._stopped.wait(self._patience.pause())

    def _talk(self, key: str) -> None:
        raise NotImplementedError


class Asking(_Conversation):
    """The long poll for the wanted state."""

    def __init__(
        self,
        client: Client,
        membership: Membership,
        settle: Callable[[], None],
        received: Callable[[object], int],
        known_version: int,
        longest_pause: float,
    ) -> None:
        super().__init__("asking", membership, longest_pause)
        self._client = client
        self._settle = settle
        self._received = received
        self._known = known_version

    def start_over(self) -> None:
        """Ask for whatever the console has: it knows of less than we do (it was put back to an older state)."""
        self._known = 0

    def _talk(self, key: str) -> None:
        self._settle()
        parameters = {"after": self._known, "wait": _LONG_POLL_SECONDS}
        answer = self._client.get("wanted", parameters, key, _LONG_POLL_SECONDS + _SLACK_SECONDS)
        if answer is None or self._stopped.is_set():
            return
        before = self._known
        self._known = self._received(answer)
        if self._known <= before:
            self._stopped.wait(_SHORTEST_PAUSE)


class Telling(_Conversation):
    """Reports, at once when something changed, and from time to time as a sign of life."""

    def __init__(
        self,
        client: Client,
        membership: Membership,
        heard: Callable[[int, Report], None],
        longest_pause: float,
        keep_alive: float,
    ) -> None:
        super().__init__("telling", membership, longest_pause)
        self._client = client
        self._heard = heard
        self._keep_alive = keep_alive
        self._news = threading.Event()
        self._told = threading.Event()
        self._told.set()
        self._lock = threading.Lock()
        self._report: Report | None = None

    def tell(self, report: Report) -> None:
        """Report this; it replaces a report that was not sent yet."""
        with self._lock:
            self._report = report
            self._told.clear()
        self._news.set()

    def wait_until_told(self, seconds: float) -> None:
        """Wait until the console has the newest report, or for so long."""
        self._told.wait(max(seconds, 0.0))

    def stop(self) -> None:
        """End soon, also while there is nothing to tell."""
        super().stop()
        self._news.set()

    def _talk(self, key: str) -> None:
        self._news.wait(self._keep_alive)
        self._news.clear()
        with self._lock:
            report = self._report
        if report is None or self._stopped.is_set():
            return
        body: dict[str, Any] = as_json(report)
        try:
            reply = read_reply(self._client.post("report", body, key))
        except ProtocolError as error:
            self._news.set()
            raise ConsoleAway(f"The answer to the report is unusable: {error}") from error
        except AgentError:
            self._news.set()
            raise
        with self._lock:
            if self._report is report:
                self._told.set()
        self._heard(reply.wanted_version, report)

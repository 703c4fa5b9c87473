"""The agent's life: the last document from the disk first, then whatever the console sends, and never an end of its own."""

from __future__ import annotations

import contextlib
import logging
import queue
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from havip.fabric.linux.agent.client import Client
from havip.fabric.linux.agent.console import Asking, Membership, Telling
from havip.fabric.linux.agent.roles import AgentError, NotYet, Refused, Role, as_sentence
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.protocol import (
    PROTOCOL,
    Document,
    ProtocolError,
    Report,
    as_json,
    read_document,
)

logger = logging.getLogger("havip.agent")

_WANTED = "wanted.json"
_LONGEST_SLEEP = 5.0
_PAUSE_AFTER_SURPRISE = 1.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_SETTLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the agent is, in seconds."""

    longest_pause: float = 15.0
    keep_alive: float = 10.0
    grace: float = 10.0
    """How long a state that cannot be applied *yet* is tried before that is reported as an error."""


class Loop:
    """Drives one role. Only `run`'s thread touches the role."""

    def __init__(
        self,
        scope: str,
        role: Role,
        state: StateDirectory,
        client: Client,
        *,
        token_file: Path | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._scope = scope
        self._role = role
        self._state = state
        pace = pace or Pace()
        self._grace = pace.grace
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._delivered: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._ending = False
        self._applied = 0
        self._attempted = 0
        self._error = ""
        self._stumbled = ""
        self._wanted = self._load()
        self._pending: Document | None = None
        self._tries = 0
        self._retry_at = 0.0
        self._pending_since = 0.0
        self._last_report: Report | None = None
        self._looked = threading.Condition()
        self._looks = 0
        membership = Membership(client, state, scope, token_file)
        self._asking = Asking(
            client,
            membership,
            self._settle,
            self._receive,
            self._wanted.version if self._wanted else 0,
            pace.longest_pause,
        )
        self._telling = Telling(
            client, membership, self._compare, pace.longest_pause, pace.keep_alive
        )

    # --- Called by other threads ---

    def _settle(self) -> None:
        """Wait until the loop has looked at everything once more and the console has heard of it; not for ever: either may be stuck.

        To ask is a sign of life, by which the console takes what was told last for true.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        for _each in range(2):  # what happens just now may have missed the look that is under way
            with self._looked:
                seen = self._looks
                self._wake()
                while self._looks == seen:
                    if not self._looked.wait(deadline - time.monotonic()):
                        return
        self._telling.wait_until_told(deadline - time.monotonic())

    def _receive(self, answer: object) -> int:
        """Take what the console sent; return the version to ask from next."""
        self._inbox.put(answer)
        self._wake()
        version = _version_of(answer)
        if version is None:
            raise AgentError("The console sent something that is no document.")
        return version

    def _compare(self, wanted_version: int, report: Report) -> None:
        """Hear which version the console has, and that it has this report."""
        if report.drills:
            self._delivered.put(report)
            self._wake()
        if wanted_version < self._attempted:
            self._asking.start_over()

    def _wake(self) -> None:
        try:
            self._ring.send(b"!")
        except BlockingIOError:
            pass  # it rings already
        except OSError:
            logger.debug("the loop has ended")

    # --- The loop ---

    def run(self, *, teardown: bool = False) -> None:
        """Live until SIGTERM or SIGINT; the network stays as it is unless `teardown` is asked for."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.set_wakeup_fd(self._ring.fileno(), warn_on_full_buffer=False)
        if self._wanted is not None:
            self._begin(self._wanted)
            self._attempt()
        self._asking.start()
        self._telling.start()
        try:
            while not self._ending:
                try:
                    self._turn()
                except Exception as error:
                    # The network must not lose its keeper over a surprise; the next turn begins anew.
                    logger.exception("a turn went wrong")
                    self._stumbled = as_sentence(f"The agent stumbled: {error}")
                    with contextlib.suppress(Exception):
                        self._tell()
                    time.sleep(_PAUSE_AFTER_SURPRISE)
                else:
                    self._stumbled = ""
        finally:
            self._asking.stop()
            self._telling.stop()
            self._role.close(teardown=teardown)
            if teardown:
                self._state.remove(_WANTED)

    def _end(self, _number: int, _frame: Any) -> None:
        self._ending = True

    def _turn(self) -> None:
        while not self._inbox.empty():
            self._take(self._inbox.get())
        while not self._delivered.empty():
            self._role.delivered(self._delivered.get().drills)
        if self._pending is not None and time.monotonic() >= self._retry_at:
            self._attempt()
        sleep = min(self._role.tick(), _LONGEST_SLEEP)
        if self._pending is not None:
            sleep = min(sleep, self._retry_at - time.monotonic())
        self._tell()
        with self._looked:
            self._looks += 1
            self._looked.notify_all()
        self._wait(max(sleep, 0.0))

    def _wait(self, seconds: float) -> None:
        watched = dict(self._role.watched())
        watched[self._bell.fileno()] = self._hush
        with selectors.DefaultSelector() as selector:
            for descriptor, callback in watched.items():
                selector.register(descriptor, selectors.EVENT_READ, callback)
            for key, _events in selector.select(seconds):
                callback_of: Callable[[], None] = key.data
                callback_of()

    def _hush(self) -> None:
        try:
            while self._bell.recv(4096):
                pass
        except BlockingIOError:
            pass

    # --- Documents ---

    def _load(self) -> Document | None:
        kept = self._state.read_json(_WANTED)
        if kept is None:
            return None
        # A drill's order is good for seconds, and refused by a clock that is behind: the rest of the document must not fall with it.
        whole = [kept, {**kept, "drill": None}] if isinstance(kept, dict) else [kept]
        for each in whole:
            try:
                return read_document(_without_nothing(each), scope=self._scope)
            except ProtocolError as error:
                logger.warning("the document on disk is unusable: %s", error)
        return None

    def _take(self, answer: object) -> None:
        try:
            document = read_document(answer, scope=self._scope)
        except ProtocolError as error:
            version = _version_of(answer)
            logger.warning("refused the document %s: %s", version, error)
            if version is not None:
                self._attempted = max(version, self._applied)
                self._error = as_sentence(f"The agent refuses the wanted state: {error}")
                self._pending = None
            return
        in_force = document == self._wanted and self._applied == document.version
        if in_force and self._pending is None and not self._error:
            return
        # Also what was in force before, when something newer was tried meanwhile: a part of that may stand.
        self._begin(document)

    def _begin(self, document: Document) -> None:
        self._pending = document
        self._tries = 0
        self._retry_at = self._pending_since = time.monotonic()

    def _attempt(self) -> None:
        document = self._pending
        assert document is not None
        try:
            self._role.apply(document)
            if document != self._wanted:
                self._state.write_json(_WANTED, as_json(document))
        except Refused as error:
            logger.warning("version %d is refused: %s", document.version, error)
            self._failed(document, as_sentence(error))
            self._pending = None
        except NotYet as error:
            self._again(document, error)
        except Exception as error:
            logger.exception("version %d could not be applied", document.version)
            self._again(document, error)
        else:
            self._succeeded(document)

    def _again(self, document: Document, error: Exception) -> None:
        pause = _RETRY_SECONDS[min(self._tries, len(_RETRY_SECONDS) - 1)]
        self._tries += 1
        self._retry_at = time.monotonic() + pause
        if time.monotonic() - self._pending_since >= self._grace:
            self._failed(document, as_sentence(error))

    def _failed(self, document: Document, sentence: str) -> None:
        if document.version < self._applied:
            self._applied = 0
        self._attempted = document.version
        self._error = sentence

    def _succeeded(self, document: Document) -> None:
        self._wanted = document
        self._applied = self._attempted = document.version
        self._error = ""
        self._pending = None
        logger.info("applied version %d", document.version)

    # --- Reports ---

    def _tell(self) -> None:
        findings = self._role.findings()
        attempted = self._attempted if self._error else self._applied
        error = self._error if attempted >= self._applied else ""
        report = Report(
            protocol=PROTOCOL,
            applied_version=self._applied,
            attempted_version=attempted,
            error=error or findings.trouble or self._stumbled,
            software=findings.software,
            observations=findings.observations,
            vrrp=findings.vrrp,
            drills=findings.drills,
        )
        if report != self._last_report:
            self._last_report = report
            self._telling.tell(report)


def _without_nothing(value: Any) -> Any:
    """Return an object without the keys that have no value."""
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in value.items() if each is not None}


def _version_of(answer: object) -> int | None:
    """Return the version that something claims to be, where it claims one."""
    if not isinstance(answer, dict):
        return None
    version = answer.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version <= 2**53:
        return None
    return version

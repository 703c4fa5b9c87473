"""What an agent keeps on its disk: its key, the document applied last, and notes of what it made. All of it 0600."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from havip.fabric.linux.agent.roles import AgentError

logger = logging.getLogger("havip.agent")

_OTHERS_WRITE = 0o022
_OTHERS = 0o077
_LARGEST_FILE = 8 * 1024 * 1024
_OFFER = "offered-key.json"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What the agent proves itself with."""

    agent_id: str
    secret: str


class StateDirectory:
    """A directory of one agent's own; a second agent cannot use it at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Make the directory and take it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.path.stat()
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS_WRITE:
            raise AgentError(
                f"{self.path} must belong to this user, and nobody else may write there."
            )
        descriptor = os.open(
            self.path / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AgentError(f"Another agent is at work in {self.path}.") from None
        self._lock = descriptor
        self.write("agent.pid", f"{os.getpid()}\n")

    def close(self) -> None:
        """Let go of the directory."""
        (self.path / "agent.pid").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, name: str, content: str) -> None:
        """Replace a file atomically."""
        write_atomically(self.path / name, content)

    def read_json(self, name: str) -> Any:
        """Return what a file holds; None when there is none or it is damaged."""
        try:
            text = (self.path / name).read_bytes()[:_LARGEST_FILE]
            return json.loads(text)
        except (OSError, ValueError, RecursionError):
            return None

    def write_json(self, name: str, value: object) -> None:
        """Keep a value."""
        self.write(name, json.dumps(value, sort_keys=True) + "\n")

    def remove(self, name: str) -> None:
        """Forget a file."""
        (self.path / name).unlink(missing_ok=True)

    def key(self) -> Key | None:
        """Return the key that the console knows."""
        self._close_key()
        match self.read_json("key.json"):
            case {"agent_id": str(agent_id), "key": str(secret)} if agent_id and secret:
                return Key(agent_id, secret)
        return None

    def _close_key(self) -> None:
        """Take a key's file from everybody else: it may have come here by a copy or a back-up."""
        path = self.path / "key.json"
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mode & _OTHERS:
                logger.warning(
                    "%s was open to others; a key that they may have read is better revoked", path
                )
                path.chmod(0o600)

    def check_writable(self) -> None:
        """Raise AgentError when nothing can be kept here."""
        try:
            self.write("writable", "\n")
            self.remove("writable")
        except OSError as error:
            raise AgentError(f"{self.path} cannot be written: {error.strerror}.") from error

    def offer(self) -> str:
        """Return the key that the agent enrols with: made once, and kept until the console has said that it knows it."""
        match self.read_json(_OFFER):
            case {"key": str(secret)} if secret:
                return secret
        secret = secrets.token_urlsafe(_KEY_BYTES)
        self.write_json(_OFFER, {"key": secret})
        return secret

    def drop_offer(self) -> None:
        """Let the next enrolment come with a key of its own."""
        self.remove(_OFFER)

    def keep_key(self, key: Key) -> None:
        """Keep the key; it is an offer no longer."""
        self.write_json("key.json", {"agent_id": key.agent_id, "key": key.secret})
        self.drop_offer()


def write_atomically(path: Path, content: str, mode: int = 0o600) -> None:
    """Replace a file so that a reader, or a crash, finds the old content or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(
        beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)

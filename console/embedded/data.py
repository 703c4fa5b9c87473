"""The data directory of an embedded console, and the secrets in it. Needs no Django."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path


class DataDirectoryError(Exception):
    """The data directory cannot be used; the message is one sentence for the person who started the console."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an embedded console must keep to itself, and must keep for good."""

    secret_key: str
    audit_key: str


class DataDirectory:
    """One directory with the database, the secrets, the logs and the broker's socket."""

    def __init__(self, path: Path) -> None:
        """Name the directory; nothing is made yet."""
        self.path = path.expanduser().absolute()
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "console.sqlite3"

    @property
    def broker_socket(self) -> Path:
        """Where the broker listens, unless the path is too long for a socket."""
        return self.path / "broker.sock"

    @property
    def schedule(self) -> Path:
        """Where the scheduler notes what ran last."""
        return self.path / "schedule"

    @property
    def logs(self) -> Path:
        """The directory of the processes' output."""
        return self.path / "logs"

    def prepare(self) -> None:
        """Make the directory, for its owner's eyes only; raise DataDirectoryError if that cannot be."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DataDirectoryError(
                f"Cannot use {self.path} for data: {error.strerror}."
            ) from error

    def lock(self) -> None:
        """Keep every other supervisor off this directory for as long as this process lives."""
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode(errors="replace").strip() or "unknown"
            raise DataDirectoryError(
                f"A console already runs on {self.path} (process {holder}).",
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def secrets(self) -> Secrets:
        """Return the secrets, made once and then kept in ``secrets.json``, readable by the owner only."""
        path = self.path / "secrets.json"
        if not path.exists():
            self.prepare()
            _write_once(path, Secrets(secrets.token_urlsafe(48), secrets.token_urlsafe(48)))
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            return Secrets(secret_key=known["secret_key"], audit_key=known["audit_key"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataDirectoryError(f"Cannot read the secrets in {path}: {error}.") from error


def _write_once(path: Path, content: Secrets) -> None:
    """Write the file as a whole or not at all; of two processes that try, the first one wins."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(content), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()

"""Real servers for tests: a throw-away PostgreSQL and Redis on free loopback ports.

In a test, ``with PostgreSQL() as database: ... database.url``. On the command line, ``python -m tests.servers
run -- COMMAND`` starts both, tells COMMAND their addresses in HAVIP_TEST_DATABASE_URL and HAVIP_TEST_REDIS_URL,
and stops them again; ``python -m tests.servers check`` says whether both can run here.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from console.embedded.programs import broker_binary
from console.lifeline import tied_to_this_process

START_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 60.0
_DIRECTORY_PREFIX = "havip-servers-"


class ServerUnavailableError(Exception):
    """A server cannot run here; the message says why."""


class Server:
    """One server process in a directory of its own, on a loopback port of its own."""

    name = "server"
    # Sent by the kernel if the test process dies without stopping its servers.
    last_signal = signal.SIGKILL
    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self._port = ReservedPort()
        self.port = self._port.number
        self.directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        _remove_abandoned_directories()
        self.directory = Path(tempfile.mkdtemp(prefix=f"{_DIRECTORY_PREFIX}{os.getpid()}-"))
        atexit.register(self.close)
        try:
            self.prepare(self.directory)
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    @property
    def url(self) -> str:
        """Where clients find the server."""
        raise NotImplementedError

    def prepare(self, directory: Path) -> None:
        """Make what the server needs before its first start."""

    def command(self, directory: Path) -> list[str]:
        """Return the command line."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server is ready for clients."""
        raise NotImplementedError

    def account(self) -> pwd.struct_passwd | None:
        """Return whom the server runs as, or None for the present user."""
        return None

    def start(self) -> None:
        """Start the server, or start it again with the data that it had, and wait until it answers."""
        if self.directory is None:
            raise RuntimeError("use the server in a with statement")
        deadline = time.monotonic() + START_WITHIN_SECONDS
        self._process = self._launch(self.directory)
        while not self.answers():
            if time.monotonic() > deadline:
                words = (self.directory / "log").read_text(errors="replace")[-2000:]
                self.stop()
                raise ServerUnavailableError(f"{self.name} did not start: {words}")
            time.sleep(0.05)
            if (
                self._process.poll() is not None
            ):  # perhaps what a killed one left behind is not gone yet
                time.sleep(0.5)
                self._process = self._launch(self.directory)

    def _launch(self, directory: Path) -> subprocess.Popen[bytes]:
        account = self.account()
        with (directory / "log").open("ab") as log:
            return subprocess.Popen(
                self.command(directory),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                process_group=0,
                preexec_fn=tied_to_this_process(self.last_signal),  # noqa: PLW1509
            )

    def stop(self) -> None:
        """Stop the server in order; its data stay."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End the server as a power cut would; its data stay."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the server and forget its data."""
        self.stop()
        self._port.close()
        atexit.unregister(self.close)
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


class PostgreSQL(Server):
    """A PostgreSQL cluster with one empty database, quick rather than safe."""

    name = "PostgreSQL"
    last_signal = signal.SIGQUIT
    stop_signal = signal.SIGINT

    @property
    def url(self) -> str:
        return f"postgresql://havip@127.0.0.1:{self.port}/havip"

    @staticmethod
    def programs() -> Path:
        """Return the directory of the newest PostgreSQL's programs."""
        places = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"),
            key=lambda path: float(path.parent.name),
            reverse=True,
        )
        found = shutil.which("postgres")
        places += [Path(found).resolve().parent] if found else []
        for place in places:
            if (place / "initdb").exists() and (place / "postgres").exists():
                return place
        raise ServerUnavailableError("PostgreSQL is not installed")

    def account(self) -> pwd.struct_passwd | None:
        if os.getuid() != 0:
            return None
        for name in ("postgres", "nobody"):  # PostgreSQL refuses to run as root
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise ServerUnavailableError("PostgreSQL needs a user other than root to run as")

    def prepare(self, directory: Path) -> None:
        account = self.account()
        if account:
            os.chown(directory, account.pw_uid, account.pw_gid)
        done = subprocess.run(
            [
                self.programs() / "initdb",
                *("--pgdata", directory / "data", "--username", "havip", "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            ],
            cwd=directory,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerUnavailableError(f"initdb failed: {done.stderr.strip()}")

    def command(self, directory: Path) -> list[str]:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": directory,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 300,
            "shared_buffers": "128MB",
            "jit": "off",
            "autovacuum_naptime": "10min",
            "timezone": "UTC",
        }
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs() / "postgres"), "-D", str(directory / "data"), *flags]

    def answers(self) -> bool:
        done = subprocess.run(
            [
                self.programs() / "psql",
                *("--host", "127.0.0.1", "--port", str(self.port), "--username", "havip"),
                *("--dbname", "postgres", "--no-psqlrc", "--tuples-only", "--no-align"),
                *("--command", "SELECT 1 FROM pg_database WHERE datname = 'havip'"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return False
        if done.stdout.strip() != "1":
            subprocess.run(
                [
                    self.programs() / "createdb",
                    *("--host", "127.0.0.1", "--port", str(self.port), "--username", "havip"),
                    "havip",
                ],
                capture_output=True,
                check=False,
            )
            return False
        return True


class Redis(Server):
    """A Redis (or Valkey) that keeps nothing on disk."""

    name = "Redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @staticmethod
    def program() -> str:
        """Return the server's program: an installed one, or the one in the Python environment."""
        for name in ("redis-server", "valkey-server"):
            if found := shutil.which(name):
                return found
        try:
            return str(broker_binary())
        except FileNotFoundError as error:
            raise ServerUnavailableError("Redis is not installed") from error

    def command(self, directory: Path) -> list[str]:
        return [
            self.program(),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(directory)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
        ]

    def answers(self) -> bool:
        return self.ask("PING") == "+PONG"

    def empty(self) -> None:
        """Forget every key, as a broker does that lost its memory."""
        if self.ask("FLUSHALL") != "+OK":
            raise RuntimeError("Redis did not forget")

    def ask(self, command: str) -> str:
        """Send one command of one line and return the first line of the answer, or nothing."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(1024).decode().partition("\r\n")[0]
        except OSError:
            return ""


class ReservedPort:
    """A loopback port that nobody is given before and between the server's starts, although nobody listens on it.

    Servers that set SO_REUSEADDR, as all of these do, may listen on it; a connection that needs just any port does not get it.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Let the port go."""
        self._socket.close()


def _remove_abandoned_directories() -> None:
    """Remove what test processes left behind that were killed."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY_PREFIX}*"):
        found = re.match(r"(\d+)-", directory.name.removeprefix(_DIRECTORY_PREFIX))
        if found and not Path(f"/proc/{found[1]}").exists() and Path("/proc/self").exists():
            shutil.rmtree(directory, ignore_errors=True)


def check() -> int:
    """Say on standard output why a server cannot run here; return 0 if both can."""
    try:
        PostgreSQL.programs()
        PostgreSQL().account()
        Redis.program()
    except ServerUnavailableError as error:
        print(error)
        return 1
    return 0


def run(command: list[str]) -> int:
    """Run ``command`` beside both servers; return its exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with ExitStack() as stack:
        database = stack.enter_context(PostgreSQL())
        redis = stack.enter_context(Redis())
        variables = {
            **os.environ,
            "HAVIP_TEST_DATABASE_URL": database.url,
            "HAVIP_TEST_REDIS_URL": redis.url,
        }
        process = subprocess.Popen(command, env=variables, preexec_fn=tied_to_this_process())  # noqa: PLW1509
        try:
            return process.wait()
        except KeyboardInterrupt:  # the command got it as well
            return process.wait(30)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def main(words: list[str]) -> int:
    """Carry out the command line."""
    match words:
        case ["check"]:
            return check()
        case ["run", "--", *command] if command:
            try:
                return run(command)
            except ServerUnavailableError as error:
                print(f"tests.servers: {error}", file=sys.stderr)
                return 3
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Whole consoles for tests, as a person would start them: embedded by `bin/run`, and in production's parts on real servers."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from console.lifeline import tied_to_this_process
from tests.servers import PostgreSQL, Redis, ReservedPort

PROJECT = Path(__file__).resolve().parent.parent
PASSWORD = "a-password-for-tests-only-7"
START_WITHIN_SECONDS = 240.0
_POLL_SECONDS = 0.05


def eventually(condition: Callable[[], Any], what: str, within: float = 60.0) -> Any:
    """Return the first true value of `condition`; fail with `what` when there is none before the deadline."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain after {within:.0f} s: {what}")
        time.sleep(_POLL_SECONDS)


class Console:
    """A running console: its address, its environment, its processes."""

    kind = ""

    def __init__(self, directory: Path, *, project: Path = PROJECT, **variables: str) -> None:
        self.directory = directory
        self.project = project
        self._port = ReservedPort()
        self.port = self._port.number
        self.variables = variables
        self._stack = ExitStack()
        self._stack.callback(self._port.close)

    @property
    def url(self) -> str:
        """The address of the first page."""
        raise NotImplementedError

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `manage.py` acts on this console."""
        raise NotImplementedError

    def start(self) -> None:
        """Start everything."""
        raise NotImplementedError

    def worker_pids(self) -> list[int]:
        """Return the process ids of the Celery worker, parents before children."""
        raise NotImplementedError

    def start_worker(self) -> None:
        """Start a worker again where nobody else does."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill_worker(self) -> None:
        """End the worker's processes with kill -9, wherever they are."""
        for pid in self.worker_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def act(self, verb: str, *words: str) -> Any:
        """Carry out one verb of `tests.faults.acting` in a process of its own; return its JSON answer."""
        done = self.python("-m", "tests.faults.acting", verb, *words)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the console's environment."""
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one management command in the console's environment."""
        return self.python(str(self.project / "manage.py"), *words)

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.project,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=tied_to_this_process(),  # noqa: PLW1509
            )
        self._stack.callback(_end, process)
        return process


class EmbeddedConsole(Console):
    """`bin/run`, with SQLite and all state in one directory."""

    kind = "embedded"
    ready_within_seconds = START_WITHIN_SECONDS

    @property
    def command(self) -> list[str]:
        """What starts it, but for the port and the data directory."""
        return ["bash", str(self.project / "bin" / "run")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "console.settings.embedded",
            "HAVIP_DATA": str(self.data),
            "HAVIP_ADMIN_PASSWORD": PASSWORD,
            **self.variables,
        }

    def begin(self) -> None:
        """Start it, and do not wait until it is ready."""
        self._log.write_bytes(b"")  # what an earlier start said is not this one's
        place = ["--port", str(self.port), "--data", str(self.data)]
        self._process = self._spawn("run", [*self.command, *place])

    def start(self) -> None:
        self.begin()

        def ready() -> bool:
            assert self._process.poll() is None, self.words
            return f"Console ready at {self.url}" in self.words

        eventually(ready, "bin/run to say that the console is ready", self.ready_within_seconds)

    @property
    def words(self) -> str:
        """What bin/run has printed."""
        return self._log.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.directory / "run.log"

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(60)

    def kill(self) -> None:
        """End the supervisor with kill -9."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(60)

    def processes(self) -> list[int]:
        """Return all processes of this console, found by its data directory in their environment."""
        return _processes_with(f"HAVIP_DATA={self.data}") or []

    def worker_pids(self) -> list[int]:
        return [pid for pid in self.processes() if b"celery" in _command_line(pid)]


class ProductionConsole(Console):
    """The production settings on a real PostgreSQL and Redis: gunicorn with TLS, a worker, and a scheduler, each a process."""

    kind = "production"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "console.settings.production",
            "HAVIP_SECRET_KEY": self._secret_key,
            "HAVIP_AUDIT_KEY": self._audit_key,
            "HAVIP_ENCRYPTION_KEY": self._encryption_key,
            "HAVIP_DATABASE_URL": self.database.url,
            "HAVIP_REDIS_URL": self.redis.url,
            "HAVIP_ALLOWED_HOSTS": "127.0.0.1",
            "HAVIP_CSRF_TRUSTED_ORIGINS": self.url.rstrip("/"),
            "HAVIP_TRUSTED_PROXIES": "none",
            "HAVIP_STATIC_ROOT": str(self.directory / "static"),
            "HAVIP_ADMIN_PASSWORD": PASSWORD,
            **self.variables,
        }

    def start(self) -> None:
        self._secret_key, self._audit_key, self._encryption_key = (
            secrets.token_urlsafe(48) for _ in range(3)
        )
        self.database = self._stack.enter_context(PostgreSQL())
        self.redis = self._stack.enter_context(Redis())
        for words in (
            ("migrate", "--verbosity", "0"),
            ("bootstrap",),
            ("collectstatic", "--no-input", "--verbosity", "0"),
        ):
            done = self.manage(*words)
            assert done.returncode == 0, done.stderr
        certificate, key = self._certificate()
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:console.serving"]
        gunicorn += ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4"]
        self._spawn("web", [*gunicorn, "--certfile", str(certificate), "--keyfile", str(key)])
        self.start_worker()
        beat = [sys.executable, "-m", "celery", "--app", "console", "beat"]
        self._spawn("beat", [*beat, "--schedule", str(self.directory / "schedule")])
        eventually(self._answers, "gunicorn to answer", START_WITHIN_SECONDS)

    def start_worker(self) -> None:
        worker = [sys.executable, "-m", "celery", "--app", "console", "worker"]
        worker += ["--queues", "havip", "--concurrency", "2", "--loglevel", "INFO"]
        self._worker = self._spawn("worker", worker)

    def worker_pids(self) -> list[int]:
        return [self._worker.pid, *_children(self._worker.pid)]

    def _certificate(self) -> tuple[Path, Path]:
        certificate, key = self.directory / "certificate.pem", self.directory / "key.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate),
            ],
            check=True,
            capture_output=True,
        )
        return certificate, key

    def _answers(self) -> bool:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)
        try:
            connection.request("GET", "/healthz/ready/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


KINDS: dict[str, type[Console]] = {
    EmbeddedConsole.kind: EmbeddedConsole,
    ProductionConsole.kind: ProductionConsole,
}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that is still there, and what it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            match = re.search(r"^PPid:\s+(\d+)$", status.read_text(), re.MULTILINE)
        except OSError:
            continue
        if match and int(match[1]) == pid:
            child = int(status.parent.name)
            found += [child, *_children(child)]
    return found


def _processes_with(variable: str) -> list[int]:
    wanted = variable.encode()
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in environ.read_bytes().split(b"\0"):
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return sorted(pid for pid in found if pid != os.getpid())

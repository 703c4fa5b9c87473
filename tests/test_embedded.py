"""The embedded console, really run: its start, its end, and the sudden ends of its processes."""

from __future__ import annotations

import http.client
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from console.embedded.data import DataDirectory, DataDirectoryError
from console.lifeline import tied_to_this_process
from tests.consoles import eventually

ROOT = Path(__file__).resolve().parent.parent
WELCOME = re.compile(
    r"Console ready at http://127\.0\.0\.1:(\d+)/ — sign in as admin, "
    r"(?:password (\S+)|with the password you set|with your password)\n"
)


class TestDataDirectory:
    def test_it_is_for_its_owner_only(self, tmp_path: Path) -> None:
        data = DataDirectory(tmp_path / "a b" / "data")
        data.secrets()
        assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
        assert stat.S_IMODE((data.path / "secrets.json").stat().st_mode) == 0o600

    def test_secrets_are_made_once(self, tmp_path: Path) -> None:
        first = DataDirectory(tmp_path).secrets()
        assert DataDirectory(tmp_path).secrets() == first
        assert len(first.secret_key) >= 50
        assert first.secret_key != first.audit_key

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"secret_key": "x"}'])
    def test_broken_secrets_are_told_not_replaced(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "secrets.json").write_text(content)
        with pytest.raises(DataDirectoryError, match=r"secrets\.json"):
            DataDirectory(tmp_path).secrets()
        assert (tmp_path / "secrets.json").read_text() == content

    def test_a_second_supervisor_is_kept_off(self, tmp_path: Path) -> None:
        first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
        first.lock()
        with pytest.raises(DataDirectoryError, match=f"already runs .* {os.getpid()}"):
            second.lock()


class Console:
    """One embedded console on a free port."""

    def __init__(self, data: Path, port: int = 0, **variables: str) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HAVIP", "DJANGO"))}
        self.data = data
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "console.embedded"),
                *("--port", str(port), "--data", str(data)),
            ],
            env={**inherited, "PYTHONPATH": str(ROOT), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=tied_to_this_process(),  # noqa: PLW1509
        )

    def welcome(self) -> re.Match[str]:
        """Wait until the console says that it is ready; return what it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = WELCOME.fullmatch(line)
        assert found, (line, self.process.communicate(timeout=20))
        self.port = int(found[1])
        return found

    def finish(self) -> tuple[int, str, str]:
        """Return exit code, output and errors, once it has ended."""
        output, errors = self.process.communicate(timeout=120)
        return self.process.returncode, output, errors

    def children(self) -> dict[str, int]:
        """Return the supervisor's children by name."""
        found = {}
        for pid, (parent, command) in processes().items():
            if parent == self.process.pid:
                name = next(
                    (n for n in ("valkey-server", "gunicorn", "celery") if n in command), command
                )
                found[name] = pid
        return found

    def ready(self) -> bool:
        """Whether the console answers that it is ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/healthz/ready/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def processes() -> dict[int, tuple[int, str]]:
    """Return parent and command line of every living process."""
    found = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                state, parent = (
                    (directory / "stat").read_text().rpartition(")")[2].split(maxsplit=2)[:2]
                )
                command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            if state != "Z":
                found[int(directory.name)] = (int(parent), command)
    return found


def family(root: int) -> set[int]:
    """Return all living descendants of a process."""
    parents = {pid: parent for pid, (parent, _) in processes().items()}
    members = {root}
    while grown := {pid for pid, parent in parents.items() if parent in members} - members:
        members |= grown
    return members - {root}


def scheduler_of(worker: int) -> int | None:
    """Return the worker's one child that is not in its pool; None until the worker tells of its pool."""
    try:
        variables = Path(f"/proc/{worker}/environ").read_bytes().decode().split("\0")
        socket = next(v for v in variables if v.startswith("HAVIP_BROKER_SOCKET=")).partition("=")[
            2
        ]
        told = Celery(broker=f"redis+socket://{socket}").control.inspect(timeout=1.0).stats() or {}
    except (OSError, StopIteration, OperationalError):
        return None  # it is just being started
    pool = {pid for answer in told.values() for pid in answer["pool"]["processes"]}
    others = family(worker) - pool
    return others.pop() if pool and len(others) == 1 else None


def soon(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until the condition holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def start() -> Iterator[Callable[..., Console]]:
    """Start consoles that are ended with the test."""
    started: list[Console] = []

    def begin(data: Path, port: int = 0, **variables: str) -> Console:
        started.append(Console(data, port, **variables))
        return started[-1]

    yield begin
    for console in started:
        members = family(console.process.pid)
        if console.process.poll() is None:
            console.process.terminate()
            console.process.communicate(timeout=120)
        assert soon(lambda members=members: not members & set(processes()))  # type: ignore[misc]


pytestmark = pytest.mark.timeout(600)


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
class TestRunning:
    def test_one_life(self, tmp_path: Path, start: Callable[..., Console]) -> None:
        """First start, refusals beside it, an orderly end, a second start."""
        data = tmp_path / "da ta"
        console = start(data)
        password = console.welcome()[2]
        assert len(password) >= 12
        assert set(console.children()) == {"valkey-server", "gunicorn", "celery"}

        code, output, errors = start(data).finish()
        assert (code, output) == (1, "")
        assert re.fullmatch(r"bin/run: A console already runs on .* \(process \d+\)\.\n", errors)

        code, output, errors = start(tmp_path / "other", console.port).finish()
        assert (code, output) == (1, "")
        assert f"Cannot listen on 127.0.0.1:{console.port}: Address already in use" in errors

        members = family(console.process.pid)
        console.process.send_signal(signal.SIGINT)
        assert console.finish() == (0, "", "")
        # What outlived its own parent was killed by the supervisor, and is gone as soon as the system finds the time.
        assert soon(lambda: not members & set(processes()))

        readable = [path for path in data.rglob("*") if path.is_file()]
        assert readable
        for path in readable:
            assert password.encode() not in path.read_bytes()
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0

        assert "with your password" in start(data).welcome()[0]

    def test_a_password_of_ones_own_is_not_shown(
        self, tmp_path: Path, start: Callable[..., Console]
    ) -> None:
        console = start(tmp_path, HAVIP_ADMIN_PASSWORD="correct horse battery")
        assert "with the password you set" in console.welcome()[0]
        read = 0
        for pid in family(console.process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
                variables = Path(f"/proc/{pid}/environ").read_bytes()
                assert b"correct horse" not in variables
                read += b"HAVIP_DATA=" in variables
        assert read >= 2  # the web server and the worker

    def test_children_die_with_a_killed_supervisor(
        self, tmp_path: Path, start: Callable[..., Console]
    ) -> None:
        console = start(tmp_path)
        console.welcome()
        # The broker, two of the web server, and three of the worker, which may still be starting.
        assert soon(lambda: len(family(console.process.pid)) == 6)
        members = family(console.process.pid)
        console.process.kill()
        console.process.wait(60)
        assert soon(lambda: not members & set(processes()))
        start(tmp_path).welcome()  # and nothing stands in the way of the next one

    @pytest.mark.parametrize("name", ["valkey-server", "gunicorn", "celery"])
    def test_a_killed_child_is_started_again(
        self, tmp_path: Path, start: Callable[..., Console], name: str
    ) -> None:
        console = start(tmp_path)
        console.welcome()
        before = console.children()[name]
        left_behind = family(before)
        os.kill(before, signal.SIGKILL)
        assert soon(lambda: console.children().get(name, before) != before)
        assert soon(console.ready)
        assert soon(lambda: not left_behind & set(processes()))

    def test_a_killed_scheduler_is_started_again(
        self, tmp_path: Path, start: Callable[..., Console]
    ) -> None:
        console = start(tmp_path)
        console.welcome()
        worker = console.children()["celery"]
        # The worker itself and its one pool process; the third is the scheduler, which nobody supervises but the worker.
        scheduler = eventually(lambda: scheduler_of(worker), "the worker to tell of its pool")
        os.kill(scheduler, signal.SIGKILL)
        assert soon(lambda: console.children().get("celery", worker) != worker)
        assert soon(lambda: scheduler_of(console.children().get("celery", 0)) is not None)
        assert scheduler not in processes()

    def test_a_child_that_keeps_dying_ends_the_console(
        self, tmp_path: Path, start: Callable[..., Console]
    ) -> None:
        console = start(tmp_path)
        console.welcome()
        victim = 0
        while console.process.poll() is None:
            found = console.children().get("valkey-server", victim)
            if found != victim:
                victim = found
                os.kill(victim, signal.SIGKILL)
            time.sleep(0.1)
        code, output, errors = console.finish()
        assert (code, output) == (1, "")
        assert "The broker process ended 5 times" in errors
        assert "signal SIGKILL" in errors

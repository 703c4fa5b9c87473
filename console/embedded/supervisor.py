"""Start the embedded console, watch over it, and stop it in order."""

from __future__ import annotations

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from console.embedded.children import Child, GivenUpError, Program
from console.embedded.data import DataDirectory, DataDirectoryError
from console.embedded.lab import SCOPE, WEB_THREADS, Lab, LabError
from console.embedded.options import parse
from console.embedded.programs import LONGEST_SOCKET_PATH, PASSWORD_VARIABLE, PROJECT, Plan
from console.lifeline import tied_to_this_process

READY_WITHIN_SECONDS = 180.0
READY_PATH = "/healthz/ready/"


class StartError(Exception):
    """The console cannot start; the message says why, for the person who started it."""


class StopRequestedError(Exception):
    """Somebody asked the console to stop."""


class Supervisor:
    """The parent of the broker, the web server and the worker."""

    def __init__(
        self, data: DataDirectory, host: str, port: int, *, verbose: bool, lab: bool = False
    ) -> None:
        """Take note of what to run; nothing is started yet."""
        self._lab = Lab(data) if lab else None
        self._data = data
        self._host = host
        self._port = port
        self._verbose = verbose
        self._children: list[Child] = []
        self._private_directory: str | None = None
        self._stop_signals = 0
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Run the console until it is told to stop.

        Raise StartError, DataDirectoryError, LabError or GivenUpError when it cannot run; whatever was started is
        stopped before that.
        """
        os.umask(0o077)
        if self._lab is not None:
            self._lab.check()
        self._data.prepare()
        self._data.lock()
        self._data.secrets()
        listener = _listen(self._host, self._port)
        self._watch_signals()
        try:
            is_new = not self._data.database.exists()
            plan = self._plan(listener)
            self._start(plan.broker())
            self._wait_until(plan.broker_socket.is_socket, "the broker", 15.0)
            self._manage(plan, "migrate", "--no-input", "--verbosity", "0")
            account = self._bootstrap(plan)
            self._start(plan.web())
            self._start(plan.worker())
            host, port = _reachable(listener)
            if self._lab is not None:
                self._start_lab(plan, self._lab)
            self._wait_until(lambda: _answers(host, port), READY_PATH, READY_WITHIN_SECONDS)
            if self._lab is not None:
                self._furnish_lab(plan)
            print(_welcome(_display(self._host, port), account, is_new=is_new), flush=True)
            self._watch()
        except StopRequestedError:
            pass
        finally:
            try:
                self._end_lab()
            finally:
                self._stop()
                listener.close()
                if self._lab is not None:
                    self._lab.close_socket()
                if self._private_directory:
                    shutil.rmtree(self._private_directory, ignore_errors=True)

    # --- starting ---------------------------------------------------------------------------------------------

    def _plan(self, listener: socket.socket) -> Plan:
        plan = Plan(self._data, self._host, listener, self._choose_socket())
        if self._lab is None:
            return plan
        agents = self._lab.prepare()
        return replace(plan, threads=WEB_THREADS, agents=agents, extra=self._lab.environment())

    def _start_lab(self, plan: Plan, lab: Lab) -> None:
        lab.keep_token(self._manage(plan, "create_agent_token", SCOPE).strip())
        self._start(lab.host())

    def _furnish_lab(self, plan: Plan) -> None:
        """Have the demo team's network. A lab without it is still a lab: say what is wrong, and go on."""
        try:
            self._manage(plan, "lab_network")
        except StartError as error:
            print(f"bin/run: {error}", file=sys.stderr, flush=True)

    def _choose_socket(self) -> Path:
        path = self._data.broker_socket
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
            self._private_directory = tempfile.mkdtemp(prefix="havip-")
            path = Path(self._private_directory) / "broker.sock"
        path.unlink(missing_ok=True)
        return path

    def _start(self, program: Program) -> None:
        child = Child(program, self._data.logs / f"{program.name}.log", echo=self._verbose)
        child.start()
        self._children.append(child)

    def _manage(self, plan: Plan, *words: str) -> str:
        """Run one management command to its end and return what it printed."""
        process = subprocess.Popen(
            plan.management(*words),
            env=plan.environment(with_password=True),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            preexec_fn=tied_to_this_process(),  # noqa: PLW1509  (the supervisor has no threads)
        )
        try:
            while True:
                self._check_for_stop()
                try:
                    output, errors = process.communicate(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            log = self._data.logs / "setup.log"
            log.write_text(f"{output}{errors}", encoding="utf-8")
            last = "\n".join((errors or output).strip().splitlines()[-3:])
            raise StartError(f"manage.py {words[0]} failed ({log} has all of it):\n{last}")
        return output

    def _bootstrap(self, plan: Plan) -> dict[str, str | None]:
        output = self._manage(plan, "bootstrap", "--json")
        try:
            answer = json.loads(output.strip().splitlines()[-1])
            return {"username": str(answer["username"]), "password": answer["password"]}
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise StartError(f"manage.py bootstrap gave no account: {error!r}.") from error

    def _wait_until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                words = "\n".join(
                    f"  {child.log}:\n{child.last_words()}" for child in self._children
                )
                raise StartError(f"No answer from {what} within {seconds:.0f} seconds.\n{words}")
            self._look_after_children()
            self._sleep(0.1)

    # --- watching ---------------------------------------------------------------------------------------------

    def _watch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _note_stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop_signals += 1
        if self._stop_signals > 1:  # whoever asks twice does not want to wait
            for child in self._children:
                child.end_at_once()

    def _check_for_stop(self) -> None:
        if self._stop_signals:
            raise StopRequestedError

    def _sleep(self, seconds: float | None) -> None:
        """Wait for a signal, a child's end included, or until the time is over."""
        readable, _, _ = select.select([self._wake_reader], [], [], seconds)
        if readable:
            os.read(self._wake_reader, 4096)
        self._check_for_stop()

    def _look_after_children(self) -> float | None:
        waits = [wait for child in self._children if (wait := child.look_after()) is not None]
        return min(waits, default=None)

    def _watch(self) -> None:
        while True:
            self._sleep(self._look_after_children())

    def _end_lab(self) -> None:
        """Stop what makes the lab, then remove all of it, however far it had got."""
        if self._lab is None:
            return
        hosts = [child for child in self._children if child.program.name == "lab"]
        for child in hosts:
            child.stop(at_once=self._stop_signals > 1)
            self._children.remove(child)
        self._lab.remove()

    def _stop(self) -> None:
        """Stop the web server first, then the worker, the broker last."""
        names = ("web", "worker", "broker")
        for child in sorted(self._children, key=lambda child: names.index(child.program.name)):
            child.stop(at_once=self._stop_signals > 1)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the console with command-line ``arguments``; return the exit code."""
    options = parse(arguments)
    data = DataDirectory(Path(options.data))
    supervisor = Supervisor(
        data, options.host, options.port, verbose=options.verbose, lab=options.lab
    )
    try:
        if options.down:
            _bring_down(data)
        else:
            supervisor.run()
    except (StartError, DataDirectoryError, LabError, GivenUpError) as error:
        print(f"bin/run: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _bring_down(data: DataDirectory) -> None:
    """Remove what is left of a lab whose console has gone. Raise DataDirectoryError while it runs."""
    if data.path.is_dir():
        data.lock()
    lab = Lab(data)
    lab.remove()
    lab.close_socket()


def _listen(host: str, port: int) -> socket.socket:
    """Open the port before anything else starts, so that a port that is taken is found at once."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listener = socket.socket(address[0], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address[4])
        listener.listen(256)
    except OSError as error:
        raise StartError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Try another --port."
        ) from error
    return listener


def _reachable(listener: socket.socket) -> tuple[str, int]:
    """Return an address of the listener that this machine can connect to."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104


def _display(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", READY_PATH, headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(address: str, account: dict[str, str | None], *, is_new: bool) -> str:
    if account["password"]:
        how = f"password {account['password']}"
    elif is_new and os.environ.get(PASSWORD_VARIABLE):
        how = "with the password you set"
    else:
        how = "with your password"
    return f"Console ready at http://{address}/ — sign in as {account['username']}, {how}"

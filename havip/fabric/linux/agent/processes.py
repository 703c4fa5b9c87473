"""keepalived as a process: one that the agent keeps itself, or the machine's own service."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from havip.fabric.linux.agent.commands import ENVIRONMENT, program, run
from havip.fabric.linux.agent.roles import NotYet, Refused, as_sentence
from havip.keepalived.profiles import REAL_TIME_PRIORITY

logger = logging.getLogger("havip.agent")

_STOP_SECONDS = 6.0
_LARGEST_LOG = 1024 * 1024


class Service(Protocol):
    """What the node role needs of keepalived."""

    configuration: Path
    """The file that keepalived reads, or includes."""

    def is_running(self) -> bool:
        """Say whether it runs."""

    def start(self) -> None:
        """Start it. Raises NotYet."""

    def reload(self) -> None:
        """Make it read its file again, keeping what is unchanged in it."""

    def stop(self) -> None:
        """End it, with all its addresses."""

    def withdraw(self) -> None:
        """Make it serve nothing of ours, after the file has been removed."""

    def death(self) -> int | None:
        """Return a descriptor that becomes readable when it dies."""

    def check_place(self) -> None:
        """Raise Refused when keepalived would not read the file."""


class OwnKeepalived:
    """A keepalived of the agent's own. It outlives the agent, and the next agent finds it again by its pid file."""

    def __init__(self, directory: Path) -> None:
        self.configuration = directory / "keepalived.conf"
        self._pid_file = directory / "keepalived.pid"
        self._vrrp_pid_file = directory / "vrrp.pid"
        self._log = directory / "keepalived.log"
        self._pid_fd: int | None = None
        self._pid = 0
        self._child: subprocess.Popen[bytes] | None = None

    def check_place(self) -> None:
        """It always reads its own file."""

    def is_running(self) -> bool:
        """Say whether it runs; finds one that an earlier agent has started."""
        if self._pid_fd is None:
            self._adopt()
        if self._pid_fd is None:
            return False
        readable, _, _ = select.select([self._pid_fd], [], [], 0)
        if readable:
            self._forget()
            return False
        return True

    def start(self) -> None:
        """Start it in a session of its own, so that nothing that ends the agent ends it, too."""
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.unlink()
        self._drop_stale_numbers()
        with self._log.open("ab") as log:
            self._log.chmod(0o600)
            self._child = subprocess.Popen(  # noqa: S603 - a list of the agent's own paths, no shell
                [
                    program("keepalived"),
                    "--dont-fork",
                    "--log-console",
                    "--vrrp",
                    f"--use-file={self.configuration}",
                    f"--pid={self._pid_file}",
                    f"--vrrp_pid={self._vrrp_pid_file}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )
        self._take(self._child.pid)
        put_first(
            self._child.pid
        )  # at once: what it starts inherits it, so that it never has to compete
        deadline = time.monotonic() + _STOP_SECONDS
        while not (_number_in(self._vrrp_pid_file) and self._answers()):
            if not self.is_running() or time.monotonic() > deadline:
                raise NotYet(as_sentence(f"keepalived does not start: {self._last_words()}"))
            time.sleep(0.02)
        put_first(_number_in(self._vrrp_pid_file))  # it may have been quicker than we were

    def reload(self) -> None:
        """Send SIGHUP."""
        if self.is_running():
            self._send(self._pid, signal.SIGHUP)

    def stop(self) -> None:
        """Send SIGTERM, then worse."""
        if not self.is_running():
            return
        assert self._pid_fd is not None
        self._send(self._pid, signal.SIGTERM)
        ended, _, _ = select.select([self._pid_fd], [], [], _STOP_SECONDS)
        if not ended:
            logger.warning("keepalived did not end and is killed")
            vrrp = _number_in(self._vrrp_pid_file)
            if vrrp and self._is_ours(vrrp):
                self._send(vrrp, signal.SIGKILL)
            self._send(self._pid, signal.SIGKILL)
            select.select([self._pid_fd], [], [], _STOP_SECONDS)
        self._forget()

    def withdraw(self) -> None:
        """Nothing to serve: it ends."""
        self.stop()

    def death(self) -> int | None:
        """Return its pidfd."""
        return self._pid_fd

    def _adopt(self) -> None:
        pid = _number_in(self._pid_file)
        if pid and self._is_ours(pid):
            self._take(pid)

    def _take(self, pid: int) -> None:
        try:
            self._pid_fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        self._pid = pid
        if not self._is_ours(pid) and self._child is None:
            self._forget()

    def _forget(self) -> None:
        if self._pid_fd is not None:
            os.close(self._pid_fd)
        self._pid_fd = None
        self._pid = 0
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(1)
            self._child = None

    def _drop_stale_numbers(self) -> None:
        """Remove the numbers of keepalived processes that are dead: one that nobody has waited for yet still looks alive to it."""
        for file in (self._pid_file, self._vrrp_pid_file):
            if not self._is_ours(_number_in(file)):
                file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        """Say whether a process is a keepalived that reads our file: a number in a file may mean somebody else by now."""
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(f"--use-file={self.configuration}") in words

    def _answers(self) -> bool:
        """Say whether the process that does VRRP is there."""
        vrrp = _number_in(self._vrrp_pid_file)
        return bool(vrrp) and self._is_ours(vrrp)

    def _send(self, pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "; ".join(line.strip() for line in lines[-3:])


class SystemKeepalived:
    """The machine's own keepalived service, which includes the agent's file."""

    _MAIN = Path("/etc/keepalived/keepalived.conf")

    def __init__(self, include_directory: Path) -> None:
        self.configuration = include_directory / "havip.conf"
        self._include = f"include {include_directory}/*.conf"

    def check_place(self) -> None:
        """Raise Refused when the machine's file does not include the agent's."""
        try:
            lines = self._MAIN.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise Refused(f"{self._MAIN} cannot be read.") from error
        if not any(line.split("#")[0].split() == self._include.split() for line in lines):
            raise Refused(f"{self._MAIN} lacks the line: {self._include}")
        output = run("keepalived", ["--config-test", "-f", str(self._MAIN)])
        if output.code != 0:
            raise Refused(as_sentence(f"keepalived refuses {self._MAIN}: {output.err}"))

    def is_running(self) -> bool:
        """Say whether it serves what is ours: it runs, and our file is in its place."""
        return self.configuration.exists() and self._is_active()

    def start(self) -> None:
        """Have the service read the file. What else it serves is not interrupted."""
        self._control("reload" if self._is_active() else "start")

    def reload(self) -> None:
        """Reload the service: SIGHUP."""
        self._control("reload")

    def stop(self) -> None:
        """The service is not the agent's to stop: without our file it serves nothing of ours."""
        self.configuration.unlink(missing_ok=True)
        self.withdraw()

    def withdraw(self) -> None:
        """Let it notice that the agent's file has gone."""
        if self._is_active():
            self._control("reload")

    def _is_active(self) -> bool:
        return run("systemctl", ["is-active", "--quiet", "keepalived.service"]).code == 0

    def death(self) -> int | None:
        """Nothing: systemd looks after it."""
        return None

    def _control(self, verb: str) -> None:
        output = run("systemctl", [verb, "keepalived.service"])
        if output.code != 0:
            raise NotYet(as_sentence(f"systemctl {verb} keepalived.service: {output.err}"))


def _number_in(path: Path) -> int:
    try:
        text = path.read_text(encoding="ascii")[:16].strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdecimal() and int(text) > 1 else 0


def put_first(pid: int) -> None:
    """Let a process run before all ordinary ones: a holder that gets no processor for three advertisements loses the address.

    It is done from outside, as systemd's CPUSchedulingPolicy does it, not by keepalived's own `vrrp_rt_priority`: that one
    comes with a limit on processor time which kills keepalived after a reload (docs/keepalived.md).
    """
    try:
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(REAL_TIME_PRIORITY))
    except ProcessLookupError:
        pass  # it ended meanwhile; whoever looks next will say so
    except OSError as error:
        logger.warning("keepalived runs without real-time priority: %s", error.strerror)

"""A real systemd, as the first process of namespaces of its own, in the network of one machine of the test's."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.havip.fabric.linux.bare import COPIED, ROOT, locked_packages
from tests.lab.agent.network import Machine, wait_until

PROGRAMS = (
    *("/lib/systemd/systemd", "/usr/bin/systemctl", "/usr/bin/python3"),
    *("/usr/bin/pgrep", "/usr/bin/chrt"),
)
CONSOLE = "unix:///run/console/console.sock"
_numbers = itertools.count()
# What is written below these is the test's own and goes with it: the rest of the machine is seen as it is. Of what the machine
# starts by itself only the journal is left.
_BOOT = """
set -e
shopt -s nullglob
mount --make-rprivate /
mkdir -p "$1/etc" "$1/usr" "$1/work-etc" "$1/work-usr"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work-etc" /etc
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$1/usr,workdir=$1/work-usr" /usr
mkdir "$1/dev" "$1/console"
mount --bind "$2" "$1/console"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "ptmx 5 2"; do
    mknod -m 666 "$1/dev/${device%% *}" c ${device#* }
done
mkdir "$1/dev/shm" "$1/dev/pts" "$1/dev/mqueue" "$1/dev/hugepages"
ln -s /proc/self/fd "$1/dev/fd"
mount --move "$1/dev" /dev
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd /run/lock /run/console
mount --move "$1/console" /run/console
for place in /tmp /opt /var /etc/systemd/system; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
chmod 1777 /tmp
mkdir -p /var/lib /var/log
mkdir -m 1777 /var/tmp
ln -s /run /var/run
mount -t cgroup2 none /sys/fs/cgroup
for wanted in /lib/systemd/system/*.target.wants/*; do
    unit=${wanted##*/}
    [[ $unit == systemd-journald* ]] || ln -sfn /dev/null "/etc/systemd/system/$unit"
done
export container=test
exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal
"""


def why_not() -> str:
    """Return why there can be no systemd here; empty where there can."""
    if missing := [program for program in PROGRAMS if not Path(program).exists()]:
        return f"these programs are not installed: {', '.join(missing)}"
    place = _control_groups()
    if place is None or not os.access(place, os.W_OK):
        return "there is no hierarchy of control groups (cgroup2) to write to"
    return ""


class Systemd:
    """Namespaces with a systemd that runs, and the way into them."""

    def __init__(self, pid: int) -> None:
        self._inside = ("nsenter", "-t", str(pid), "--mount", "--pid", "--cgroup", "--net")

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside, as root; return what it printed."""
        done = subprocess.run(
            [*self._inside, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout.strip()

    def shell(self, script: str, *words: str) -> str:
        """Run a script inside, as root, until its first fault."""
        return self.run("bash", "-ec", script, "bash", *words)

    def property(self, unit: str, name: str) -> str:
        return self.run("systemctl", "show", "--property", name, "--value", unit)

    def is_active(self, unit: str) -> bool:
        return self.property(unit, "ActiveState") == "active"

    def journal(self) -> str:
        return self.run("journalctl", "--no-pager", "--no-hostname", "--lines", "60", check=False)


@contextmanager
def systemd(machine: Machine, home: Path, console: Path) -> Iterator[Systemd]:
    """Run one while the block runs. `console` is the folder of the console's socket; nothing of it is left afterwards."""
    # It is mounted before /tmp and /run are covered up inside.
    upper = home / "upper"
    upper.mkdir()
    group = _control_group()
    command = ["sh", "-ec", 'echo $$ >"$0/cgroup.procs"; exec "$@"', str(group)]
    command += ["ip", "netns", "exec", machine.namespace, "unshare", "--mount", "--pid", "--cgroup"]
    command += ["--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"]
    command += ["bash", "-c", _BOOT, "bash", str(upper), str(console)]
    log = (home / "systemd.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(lambda: process.poll() is not None or children.read_text(), what="a systemd")
        assert process.poll() is None, (home / "systemd.log").read_text()
        inside = Systemd(int(children.read_text().split()[0]))
        wait_until(
            lambda: inside.run("systemctl", "is-active", "basic.target", check=False) == "active",
            what=(home / "systemd.log").read_text() or "systemd to be ready",
        )
        try:
            yield inside
        finally:
            print(f"--- the journal of {machine.namespace} ---\n{inside.journal()}")
    finally:
        process.kill()
        process.wait()
        log.close()
        wait_until(lambda: _is_gone(group), what="the control group to be empty")
        shutil.rmtree(upper, ignore_errors=True)


def _control_groups() -> Path | None:
    """Return where the control groups of version 2 are, if anywhere."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return next((Path(fields[1]) for fields in mounts if fields[2] == "cgroup2"), None)


def _control_group() -> Path:
    """Make a control group for all that systemd starts."""
    place = _control_groups()
    assert place is not None
    group = place / f"havipt-{os.getpid()}-{next(_numbers)}"
    group.mkdir()
    return group


def _is_gone(group: Path) -> bool:
    for each in sorted(group.rglob("*/"), reverse=True):
        if each.is_dir():
            with suppress(OSError):
                each.rmdir()
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


def agent_folder() -> str:
    """Return the script that lays out the agent's program and packages, as docs/agents.md has it done."""
    copied = " ".join([*COPIED, "requirements/agent.txt", "deploy/havip-agent@.service"])
    packages = " ".join(map(str, locked_packages()))
    return f"""
mkdir -p /opt/havip
tar -C {ROOT} -cz --exclude=__pycache__ {copied} | tar --no-same-owner -xzC /opt/havip
/usr/bin/python3 -m venv --without-pip /opt/havip/venv
cp -r {packages} /opt/havip/venv/lib/python3*/site-packages/
cp /opt/havip/deploy/havip-agent@.service /etc/systemd/system/
systemctl daemon-reload
"""

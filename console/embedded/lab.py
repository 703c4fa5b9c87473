"""`--lab`: what the console runs beside itself so that the region dc-lab is a real network on this machine.

The lab itself is `havip.fabric.linux.lab`, a program of its own; this is how it is started, and how all of it is removed.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from console.embedded.children import Program
from console.embedded.data import DataDirectory, DataDirectoryError

PROJECT = Path(__file__).resolve().parent.parent.parent
REGION = "dc-lab"
SCOPE = f"host:{REGION}"
LONGEST_SOCKET_PATH = 100
PROGRAMS = ("ip", "nft", "keepalived", "nginx", "nsenter", "unshare")
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Agents wait in long polls, each in a thread of the web server's.
WEB_THREADS = 40
_REGIONS = f"""\
# The lab's region; rewritten at each start of bin/run --lab.
[[region]]
id = "{REGION}"
name = "Lab"
name_zh = "实验室"
zones = ["{REGION}-a"]
"""
_FABRIC = f"{REGION}=havip.fabric.linux.fabric.LinuxFabric"
_PATIENCE_SECONDS = 60.0
_PLAIN = re.compile(
    r"[A-Za-z0-9/_.+-]+"
)  # keepalived and nginx read paths in files of their own kind


class LabError(Exception):
    """The lab cannot be had here; the message is one sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Lab:
    """The lab of one data directory."""

    data: DataDirectory

    @property
    def directory(self) -> Path:
        """Where all files of the lab are."""
        return self.data.path / "lab"

    @property
    def socket_path(self) -> Path:
        """Where the agents reach the console, from whatever network namespace they are in."""
        return self.data.path / "console.sock"

    @property
    def token_file(self) -> Path:
        """Where the host finds its one-time token."""
        return self.directory / "host-token"

    def check(self) -> None:
        """See whether this machine can be a lab. Raises LabError."""
        if sys.platform != "linux" or os.geteuid() != 0:
            raise LabError("--lab makes network namespaces, so it needs root on Linux.")
        missing = [name for name in PROGRAMS if not shutil.which(name, path=SEARCH_PATH)]
        if missing:
            raise LabError(f"--lab needs programs that are not installed: {', '.join(missing)}.")
        if len(os.fsencode(self.socket_path)) > LONGEST_SOCKET_PATH:
            raise LabError(
                f"The data directory's path is too long for the socket {self.socket_path}."
            )
        if not _PLAIN.fullmatch(os.path.realpath(self.data.path)):
            raise LabError(
                "--lab needs a data directory whose path has only letters, digits and / _ . + - in it."
            )
        probe = subprocess.run(
            ["unshare", "--net", "true"],  # noqa: S607
            env={"PATH": SEARCH_PATH},
            capture_output=True,
            text=True,
            check=False,
        )
        if probe.returncode:
            raise LabError(f"This machine refuses network namespaces ({probe.stderr.strip()}).")

    def prepare(self) -> socket.socket:
        """Write the lab's files and open its socket, for root's eyes only; return the listening socket."""
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            (self.directory / "regions.toml").write_text(_REGIONS, encoding="utf-8")
            self.socket_path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self.socket_path))
            self.socket_path.chmod(0o600)
            listener.listen(256)
        except OSError as error:
            raise DataDirectoryError(
                f"Cannot use {self.data.path} for the lab: {error.strerror}."
            ) from error
        return listener

    def environment(self) -> dict[str, str]:
        """Return what the console must know of the lab."""
        fabrics = [each for each in (os.environ.get("HAVIP_FABRICS", ""), _FABRIC) if each.strip()]
        return {
            "HAVIP_REGIONS": os.environ.get("HAVIP_REGIONS")
            or str(self.directory / "regions.toml"),
            "HAVIP_FABRICS": ",".join(fabrics),
            "HAVIP_FIRST_REGION": os.environ.get("HAVIP_FIRST_REGION") or REGION,
        }

    def keep_token(self, token: str) -> None:
        """Lay the one-time token where the host looks for it."""
        self.token_file.write_text(f"{token}\n", encoding="ascii")

    def host(self) -> Program:
        """Return the program that makes the network."""
        command = self._command("host", "--console", f"unix://{self.socket_path}")
        command += ["--region", REGION, "--token-file", str(self.token_file)]
        if pool := os.environ.get("HAVIP_EIP_POOL"):
            command += ["--pool", pool]
        return Program("lab", command, self._environment(), PROJECT)

    def remove(self) -> None:
        """Remove everything that the lab made, whatever has happened to it. Raises LabError."""
        process = subprocess.Popen(
            self._command("down"),
            env=self._environment(),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,  # whoever presses Ctrl-C twice must not stop this half-way
        )
        try:
            _, errors = process.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
        if process.returncode:
            last = "\n".join(errors.strip().splitlines()[-3:])
            raise LabError(f"Not all of the lab could be removed; try --lab --down.\n{last}")
        for log in self.data.logs.glob("lab.log*"):
            log.unlink(missing_ok=True)

    def close_socket(self) -> None:
        """Remove the socket's name, once nobody serves it any more."""
        self.socket_path.unlink(missing_ok=True)

    def _command(self, *words: str) -> list[str]:
        module = [sys.executable, "-P", "-m", "havip.fabric.linux.lab"]
        return [*module, *words, "--data", str(self.data.path)]

    def _environment(self) -> dict[str, str]:
        return {"PATH": SEARCH_PATH, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}

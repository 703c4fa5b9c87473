"""The command line of ``bin/run``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass

from console.embedded.programs import PROJECT

DEFAULT_PORT = 8000
EPILOGUE = """\
environment:
  HAVIP_ADMIN_PASSWORD  the password of the first administrator (default: generated and shown once)
  HAVIP_ALLOWED_HOSTS   further host names under which the console answers, with commas
  HAVIP_BETA_GATE       off: a team needs no beta application before its first HaVip
  HAVIP_BINDING_SLOTS   how many servers or cards a HaVip may be bound to (default 2)
  HAVIP_REGIONS         a TOML file with regions of your own
  HAVIP_FIRST_REGION    the region of the first page (default cn-hangzhou; with --lab dc-lab)
  HAVIP_LOG_LEVEL       DEBUG, INFO, WARNING or ERROR

Stop it with Ctrl-C. The processes write to the folder logs in the data directory.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for."""

    host: str
    port: int
    data: str
    verbose: bool
    lab: bool = False
    down: bool = False


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; exit with a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description="Run the whole console from one directory: web, worker, scheduler and broker.",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="the port (default: %(default)s)"
    )
    parser.add_argument(
        "--data",
        default=os.environ.get("HAVIP_DATA") or str(PROJECT / "var"),
        help="the data directory (default: $HAVIP_DATA, else %(default)s)",
    )
    parser.add_argument("--verbose", action="store_true", help="show the processes' output here")
    parser.add_argument(
        "--lab",
        action="store_true",
        help="beside it, a real network of namespaces on this machine (region dc-lab); needs root on Linux",
    )
    parser.add_argument(
        "--down",
        action="store_true",
        help="with --lab: only remove what a lab that ended suddenly left behind",
    )
    found = parser.parse_args(arguments)
    if found.down and not found.lab:
        parser.error("--down goes with --lab")
    return Options(
        host=found.host,
        port=found.port,
        data=found.data,
        verbose=found.verbose,
        lab=found.lab,
        down=found.down,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)

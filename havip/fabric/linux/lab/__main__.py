"""`python -m havip.fabric.linux.lab`: the lab's host, or the end of a lab. `bin/run --lab` calls this."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from havip.fabric.linux.agent.client import Client, ConsoleAddress
from havip.fabric.linux.agent.loop import Loop, Pace
from havip.fabric.linux.agent.roles import AgentError
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.lab.down import bring_down
from havip.fabric.linux.lab.host import HostRole
from havip.fabric.linux.lab.namespaces import NamespaceError
from havip.fabric.linux.lab.services import LONGEST_PAUSE_SECONDS, Services
from havip.fabric.linux.lab.topology import POOL, REGION, Place
from havip.fabric.linux.lab.units import Units
from havip.fabric.linux.protocol import Role, scope_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    options = _parse(arguments)
    os.umask(0o077)
    place = Place.of(options.data)
    try:
        if options.what == "down":
            bring_down(place)
        else:
            _host(place, options)
    except (AgentError, NamespaceError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    return 0


def _host(place: Place, options: argparse.Namespace) -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    scope = scope_of(Role.HOST, options.region)
    state = StateDirectory(place.agent_state(scope))
    state.open()
    client = Client(ConsoleAddress.parse(options.console))
    environment = {name: os.environ[name] for name in ("LANG", "PYTHONPATH") if name in os.environ}
    role = HostRole(
        place,
        options.pool,
        Services(place, options.console, client, state),
        Units(place, environment),
    )
    token = Path(options.token_file) if options.token_file else None
    pace = Pace(longest_pause=LONGEST_PAUSE_SECONDS)
    Loop(scope, role, state, client, token_file=token, pace=pace).run()
    state.close()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m havip.fabric.linux.lab", description=__doc__, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="what", required=True)
    host = commands.add_parser("host", help="make the lab match what the console wants")
    host.add_argument("--console", required=True, help="unix:///path or https://host")
    host.add_argument("--region", default=REGION)
    host.add_argument("--pool", default=POOL, help="the block of the public addresses")
    host.add_argument("--token-file", help="where the one-time token for the enrolment lies")
    down = commands.add_parser("down", help="remove everything that a lab made")
    for command in (host, down):
        command.add_argument("--data", required=True, help="the console's data directory")
    return parser.parse_args(arguments)


sys.exit(main())

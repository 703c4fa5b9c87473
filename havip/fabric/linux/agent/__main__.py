"""The command: python -m havip.fabric.linux.agent --help."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.agent.alone import claim
from havip.fabric.linux.agent.client import Client, ConsoleAddress
from havip.fabric.linux.agent.loop import Loop, Pace
from havip.fabric.linux.agent.roles import AgentError, Role
from havip.fabric.linux.agent.state import StateDirectory
from havip.fabric.linux.protocol import ProtocolError, role_of
from havip.fabric.linux.protocol import Role as RoleName
from havip.fabric.linux.terms import SCOPE

logger = logging.getLogger("havip.agent")

_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", re.ASCII)
_PACE = Pace()
_PATH = re.compile(r"(?:/[A-Za-z0-9_.+-]+)+", re.ASCII)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one agent to its end; return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=options.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    try:
        _run(options)
    except (AgentError, ProtocolError, OSError) as error:
        logger.error("%s", error)  # noqa: TRY400 - one sentence for whoever started it
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m havip.fabric.linux.agent",
        description="Makes one gateway or node match what the console wants, and reports what it sees.",
    )
    parser.add_argument("--console", help="https://host[:port] or unix:///path")
    parser.add_argument("--role", choices=RoleName.ALL, required=True)
    parser.add_argument(
        "--scope", required=True, help="what the agent is for, such as gateway:vpc-… or node:i-…"
    )
    parser.add_argument("--state-dir", type=Path, required=True, help="everything it keeps is here")
    parser.add_argument("--token-file", type=Path, help="the one-time token; removed after use")
    parser.add_argument("--ca-file", type=Path, help="trusts this authority's certificates only")
    parser.add_argument(
        "--outside", default="", metavar="DEV", help="gateway: the link to the outside"
    )
    parser.add_argument(
        "--keepalived",
        choices=("own", "system"),
        default="own",
        help="node: runs its own keepalived, or uses the machine's service",
    )
    parser.add_argument(
        "--keepalived-include",
        type=Path,
        default=Path("/etc/keepalived/havip.d"),
        metavar="DIR",
        help="node: where the machine's keepalived.conf includes files from",
    )
    parser.add_argument(
        "--teardown", action="store_true", help="removes what the agent has made, and ends"
    )
    parser.add_argument(
        "--teardown-at-end", action="store_true", help="does so when it is told to end"
    )
    parser.add_argument(
        "--longest-pause", type=float, default=_PACE.longest_pause, metavar="SECONDS"
    )
    parser.add_argument("--keep-alive", type=float, default=_PACE.keep_alive, metavar="SECONDS")
    parser.add_argument("--grace", type=float, default=_PACE.grace, metavar="SECONDS")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info"
    )
    parser.add_argument("--version", action="version", version=AGENT_VERSION)
    return parser


def _run(options: argparse.Namespace) -> None:
    scope = SCOPE(options.scope, "scope")
    if role_of(scope) != options.role:
        raise AgentError(f"The scope {scope} is not one of a {options.role}.")
    if not options.teardown and not options.console:
        raise AgentError("Say where the console is: --console.")
    state = StateDirectory(options.state_dir.absolute())
    state.open()
    claimed = None
    try:
        claimed = claim(options.role)
        if options.teardown:
            _role(options, state, None).close(teardown=True)
            state.remove("wanted.json")
            return
        client = Client(ConsoleAddress.parse(options.console), options.ca_file)
        pace = Pace(options.longest_pause, options.keep_alive, options.grace)
        role = _role(options, state, client)
        Loop(scope, role, state, client, token_file=options.token_file, pace=pace).run(
            teardown=options.teardown_at_end
        )
    finally:
        if claimed is not None:
            claimed.close()
        state.close()


def _role(options: argparse.Namespace, state: StateDirectory, client: Client | None) -> Role:
    """Return what this agent does. Each role's libraries are loaded only where they are needed."""
    if options.role == RoleName.GATEWAY:
        from havip.fabric.linux.agent.gateway import Gateway

        if options.outside and not _DEVICE.fullmatch(options.outside):
            raise AgentError("--outside is not the name of a link.")
        return Gateway(state, options.outside)
    if options.role == RoleName.NODE:
        return _node(options, state)
    raise AgentError("The host role is the lab's own program.")


def _node(options: argparse.Namespace, state: StateDirectory) -> Role:
    from havip.fabric.linux.agent.node import Node
    from havip.fabric.linux.agent.processes import OwnKeepalived, Service, SystemKeepalived

    directory = state.path / "keepalived"
    for path in (directory, options.keepalived_include):
        if not _PATH.fullmatch(str(path)) or ".." in path.parts:
            raise AgentError(f"keepalived cannot read the path {path}.")
    directory.mkdir(mode=0o700, exist_ok=True)
    service: Service = OwnKeepalived(directory)
    if options.keepalived == "system":
        options.keepalived_include.mkdir(mode=0o755, parents=True, exist_ok=True)
        service = SystemKeepalived(options.keepalived_include)
    return Node(state, directory, service)


if __name__ == "__main__":
    sys.exit(main())

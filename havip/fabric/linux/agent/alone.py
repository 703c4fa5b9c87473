"""One agent of a role in a network: two would undo each other's work for ever."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading

from havip.fabric.linux.agent.roles import AgentError

logger = logging.getLogger("havip.agent")

_CREDENTIALS = struct.Struct("3i")
_ONE_SECOND = struct.pack("ll", 1, 0)
"""A timeval: how long to wait where many ask at once."""


def claim(role: str) -> socket.socket | None:
    """Take a role for this network namespace, until the socket is closed. Raises AgentError where an agent has it already.

    The socket's name has no file: it belongs to the network namespace, as what the agent manages does, and goes with its process.
    Anybody on the machine may take such a name. So it only counts when it is the same user who has it; else this returns None.
    """
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    name = f"\0havip-agent-{role}"
    try:
        taken.bind(name)
        taken.listen()
    except OSError:
        taken.close()
        process, user = _who_has(name)
        if user == os.geteuid():
            raise AgentError(
                f"Another {role}'s agent is at work on this machine: process {process}."
            ) from None
        logger.warning(
            "the name that keeps a second %s's agent away is taken by somebody else", role
        )
        return None
    threading.Thread(target=_be_found, args=(taken,), name="alone", daemon=True).start()
    return taken


def _be_found(taken: socket.socket) -> None:
    """Let everybody connect who wants to know who is here."""
    with contextlib.suppress(OSError):
        while True:
            taken.accept()[0].close()


def _who_has(name: str) -> tuple[int, int]:
    """Return the process and user that listen there; -1 for unknown."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _ONE_SECOND)
        try:
            asking.connect(name)
            told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return -1, -1
    process, user, _group = _CREDENTIALS.unpack(told)
    return process, user

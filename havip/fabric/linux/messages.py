"""What agents send and what they are answered: reports, enrolment, tokens. Plain Python without Django; see `protocol`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from havip.fabric.linux.checking import (
    ProtocolError,
    integer,
    many,
    matching,
    moment,
    nested,
    once,
    one_of,
    optional,
    read,
    required,
    sentence,
)
from havip.fabric.linux.naming import Role, role_of
from havip.fabric.linux.terms import (
    DRILL,
    HAVIP,
    INTERFACE_OR_NONE,
    RESOURCE,
    RESOURCE_OR_NONE,
    SCOPE,
    SOFTWARE,
    THIS_PROTOCOL,
    VERSION,
)

_KEY = matching(r"[A-Za-z0-9_-]{20,200}", "a key")
_MILLISECONDS = integer(0, 600_000)
MOST_RUNS = 100
MOST_DRILLS = 16
"""So many drills, with so many runs each, stand in one report; the others wait for the next."""
_HOSTNAME = matching(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252})?", "a host name", empty=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What runs there; keepalived's version as it says it (2.2.7), empty where there is none."""

    agent: str = required(SOFTWARE)
    keepalived: str = optional(SOFTWARE, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Who a gateway sees holding a HaVip: `holder`, empty for nobody; `holders` has all that announce it at the moment.

    A holder that is bound is named by the bound resource (`holders` of the document), another one by its interface.
    """

    havip_id: str = required(HAVIP)
    holder: str = required(RESOURCE_OR_NONE)
    holders: tuple[str, ...] = required(many(RESOURCE, 10))
    at: datetime = required(moment)  # noqa: RUF009 - makes a field

    def __post_init__(self) -> None:
        once(self.holders, "holders", "holder")
        if self.holders and self.holder not in self.holders:
            raise ProtocolError("holder", "is not among the holders")


@dataclass(frozen=True, slots=True, kw_only=True)
class VrrpState:
    """In which state a node's keepalived is for a HaVip, since when."""

    havip_id: str = required(HAVIP)
    interface_id: str = optional(INTERFACE_OR_NONE, "")
    state: str = required(one_of("INIT", "BACKUP", "MASTER", "FAULT", "STOP"))
    at: datetime = required(moment)  # noqa: RUF009 - makes a field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRun:
    """Consecutive probes with the same answer (empty: nobody), in milliseconds from the beginning, of sending."""

    sequence: int = required(integer(0, 100_000))
    started_ms: int = required(_MILLISECONDS)
    ended_ms: int = required(_MILLISECONDS)
    answered_by: str = required(sentence(64))
    probes: int = required(integer(1, 1_000_000))

    def __post_init__(self) -> None:
        if self.ended_ms < self.started_ms:
            raise ProtocolError("ended_ms", "is before the start")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """How far an agent is with its part of a drill.

    `disturbed_ms` says since when (in milliseconds since 1970) what it was told to disturb is disturbed; 0: it is not.
    `began_ms`, likewise, is when it began to probe, and tells one series of runs from another; `runs` are those that are new or
    have grown. `fault` is why it cannot probe.
    """

    id: str = required(DRILL)
    disturbed_ms: int = required(integer(0, 2**53))
    began_ms: int = optional(integer(0, 2**53), 0)
    runs: tuple[ProbeRun, ...] = optional(many(nested(ProbeRun), MOST_RUNS), ())
    fault: str = optional(sentence(200), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an agent has done and what it sees.

    `applied_version` is the newest version that is truly in force. When a newer one could not be applied,
    `attempted_version` says which and `error` says why; without an error both are equal.
    """

    protocol: int = required(THIS_PROTOCOL)
    applied_version: int = required(VERSION)
    attempted_version: int = required(VERSION)
    error: str = optional(sentence(500), "")
    software: Software = required(nested(Software))  # noqa: RUF009 - makes a field
    observations: tuple[Observed, ...] = optional(many(nested(Observed), 250), ())
    vrrp: tuple[VrrpState, ...] = optional(many(nested(VrrpState), 64), ())
    drills: tuple[DrillReport, ...] = optional(many(nested(DrillReport), MOST_DRILLS), ())

    def __post_init__(self) -> None:
        if self.applied_version > self.attempted_version:
            raise ProtocolError("attempted_version", "is older than the applied one")
        if not self.error and self.applied_version != self.attempted_version:
            raise ProtocolError("error", "is empty, yet the attempted version is not applied")
        once((drill.id for drill in self.drills), "drills", "drill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The console's answer to a report."""

    wanted_version: int = required(VERSION)


def read_report(value: object) -> Report:
    """Return an agent's report. Raises ProtocolError."""
    return read(Report, value)


def read_reply(value: object) -> Reply:
    """Return the answer to a report. Raises ProtocolError."""
    return read(Reply, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """A new agent's first words: the one-time token, the key that it has made for itself, and what it wants to be.

    The key is the agent's own, so that the same request can be sent again when its answer was lost.
    """

    protocol: int = required(THIS_PROTOCOL)
    token: str = required(_KEY)
    key: str = required(matching(r"[A-Za-z0-9_-]{43,200}", "a key of 256 bits"))
    role: str = required(one_of(*Role.ALL))
    scope: str = required(SCOPE)
    hostname: str = optional(_HOSTNAME, "")
    version: str = optional(SOFTWARE, "")

    def __post_init__(self) -> None:
        if role_of(self.scope) != self.role:
            raise ProtocolError("role", "is not the one of the scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The agent is known from now on; the console keeps only a digest of its key."""

    agent_id: str = required(matching(r"agent-[0-9a-z]{1,32}", "the identifier of an agent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A host asks for a one-time token for an agent that it starts itself."""

    protocol: int = required(THIS_PROTOCOL)
    scope: str = required(SCOPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A one-time token, and the scope that it is good for."""

    scope: str = required(SCOPE)
    token: str = required(_KEY)


def read_enrolment(value: object) -> EnrolmentRequest:
    """Return the request of a new agent. Raises ProtocolError."""
    return read(EnrolmentRequest, value)


def read_enrolled(value: object) -> Enrolled:
    """Return the answer to an enrolment. Raises ProtocolError."""
    return read(Enrolled, value)


def read_token_request(value: object) -> TokenRequest:
    """Return a host's request for a token. Raises ProtocolError."""
    return read(TokenRequest, value)


def read_token(value: object) -> Token:
    """Return the answer to a request for a token. Raises ProtocolError."""
    return read(Token, value)

"""What every role of the agent can do. The loop drives a role and knows nothing of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from havip.fabric.linux.agent import AGENT_VERSION
from havip.fabric.linux.protocol import (
    Document,
    DrillReport,
    Observed,
    Software,
    VrrpState,
)

LONGEST_SENTENCE = 500


class AgentError(Exception):
    """Something cannot be done; the message is one sentence for the console's page."""


class NotYet(AgentError):
    """It does not work now and may in a moment (a link that is not there yet): tried again before it is reported."""


class Refused(AgentError):
    """It will not work, however often it is tried: the last state stays."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a role has to tell the console beside the version that it applied."""

    software: Software
    trouble: str = ""
    """What is not as wanted although the version is applied, or what somebody else had changed: one sentence."""
    observations: tuple[Observed, ...] = ()
    vrrp: tuple[VrrpState, ...] = ()
    drills: tuple[DrillReport, ...] = ()


NOTHING_FOUND = Findings(Software(agent=AGENT_VERSION))


class Role(Protocol):
    """One kind of agent. Everything is called from one thread; nothing may block for long."""

    def apply(self, wanted: Document) -> None:
        """Make the network so. Idempotent. Raises NotYet or Refused and leaves the last state then."""

    def watched(self) -> Mapping[int, Callable[[], None]]:
        """Return the file descriptors to wait for, and what to call when one is readable."""

    def tick(self) -> float:
        """Do what time brings; return in how many seconds the next call is due."""

    def findings(self) -> Findings:
        """Return what was observed; the loop reports it whenever it differs from the last report."""

    def delivered(self, drills: Iterable[DrillReport]) -> None:
        """Hear which reports about drills have reached the console."""

    def close(self, *, teardown: bool) -> None:
        """End. The network stays as it is; with `teardown` everything that this agent made is removed."""


def now() -> datetime:
    """Return the time that reports carry."""
    return datetime.now(UTC)


def as_sentence(error: BaseException | str) -> str:
    """Return one printable line about a fault, short enough for a report."""
    text = " ".join(str(error).split()) or type(error).__name__
    printable = "".join(each if each.isprintable() else "?" for each in text)
    if len(printable) > LONGEST_SENTENCE:
        printable = printable[: LONGEST_SENTENCE - 1] + "…"
    return printable

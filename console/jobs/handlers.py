"""Who carries a job out: the interface, and the register of those who do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.translation import gettext_noop

from console.jobs.models import Job


class TemporaryFailure(Exception):
    """It did not work now and may work later: the job is tried again with back-off."""

    def __init__(self, message: str, **parameters: object) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters


class PermanentFailure(Exception):
    """It will not work: the job fails with this sentence."""

    def __init__(self, message: str, **parameters: object) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The work goes on elsewhere: look again after so many seconds, or when something reports."""

    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The work was ended early, as somebody asked for, and what it had done is taken back."""

    message: str
    parameters: Mapping[str, object] = field(default_factory=dict)


class JobHandler(Protocol):
    """Carries out one kind of work. Every method may be called again after a crash and must then end the same."""

    def carry_out(self, job: Job) -> Done | Waiting | Stopped:
        """Do the work, outside of any transaction; may take minutes. Raises TemporaryFailure, PermanentFailure."""

    def settle(self, job: Job) -> None:
        """Write the records of a success, in the transaction that ends the job."""

    def give_back(self, job: Job) -> None:
        """Put the records back to their last stable state, in the transaction that ends the job."""

    def undo(self, job: Job) -> None:
        """After a failure and its `give_back`: make the world follow the records again, as well as can be."""


_HANDLERS: dict[str, JobHandler] = {}
_WINDING_DOWN: set[str] = set()


def register(name: str, handler: JobHandler, *, winds_down: bool = False) -> None:
    """Make a handler known under the name that jobs bear.

    A job is ended as soon as somebody has cancelled it, and its locks are let go. Not so that of a handler which `winds_down`:
    it is carried on with `cancel_requested` set, until the handler has taken back what it did and says `Stopped`.
    """
    _HANDLERS[name] = handler
    if winds_down:
        _WINDING_DOWN.add(name)


def winds_down(job: Job) -> bool:
    """Tell whether a cancelled job of this kind is carried on until its handler ends it."""
    return job.handler in _WINDING_DOWN


def handler_for(job: Job) -> JobHandler:
    """Return who carries out this job; for a kind that nobody knows, one whose every attempt fails for good."""
    return _HANDLERS.get(job.handler, _NOBODY)


class _Nobody:
    """Ends jobs that an older or newer version of the console left behind."""

    def carry_out(self, job: Job) -> Done | Waiting:
        raise PermanentFailure(gettext_noop("Nobody carries out jobs of this kind."))

    def settle(self, job: Job) -> None: ...

    def give_back(self, job: Job) -> None: ...

    def undo(self, job: Job) -> None: ...


_NOBODY = _Nobody()

"""Who carries a job out: the interface, and the register of those who do."""

from __future__ import annotations

from dataclasses import dataclass
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


class JobHandler(Protocol):
    """Carries out one kind of work. Every method may be called again after a crash and must then end the same."""

    def carry_out(self, job: Job) -> Done | Waiting:
        """Do the work, outside of any transaction; may take minutes. Raises TemporaryFailure, PermanentFailure."""

    def settle(self, job: Job) -> None:
        """Write the records of a success, in the transaction that ends the job."""

    def give_back(self, job: Job) -> None:
        """Put the records back to their last stable state, in the transaction that ends the job."""

    def undo(self, job: Job) -> None:
        """After a failure and its `give_back`: make the world follow the records again, as well as can be."""


_HANDLERS: dict[str, JobHandler] = {}


def register(name: str, handler: JobHandler) -> None:
    """Make a handler known under the name that jobs bear."""
    _HANDLERS[name] = handler


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

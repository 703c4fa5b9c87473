"""The last check of a chain: run when somebody asks for it, remembered for the badge on the pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils import timezone

from console.audit.models import AuditChain
from console.audit.verify import verify_chain
from console.recollection import forget, keep, keep_first, recall

_REMEMBERED_SECONDS = 30 * 24 * 3600
_RUNNING_SECONDS = 300


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a check found: the chain up to `sequence`, at `checked_at`, and the first fault if there is one."""

    sequence: int
    checked_at: datetime
    fault_sequence: int | None = None
    fault: str = ""

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return self.fault_sequence is None


class CheckIsRunning(Exception):
    """Somebody is checking this chain at this moment."""


def last_check(chain: AuditChain | None) -> ChainCheck | None:
    """Return what the last check of this chain found, as far as the cache remembers it."""
    known = recall(_key(chain)) if chain is not None else None
    if not isinstance(known, dict):
        return None
    try:
        return ChainCheck(**known)
    except TypeError:  # written by another version of the console
        return None


def check(chain: AuditChain) -> ChainCheck:
    """Read the chain up to its first fault, and remember the result. Raises CheckIsRunning."""
    running = f"{_key(chain)}:running"
    if not keep_first(running, "1", seconds=_RUNNING_SECONDS):
        raise CheckIsRunning
    try:
        fault = next(verify_chain(chain), None)
        found = ChainCheck(
            sequence=chain.last_sequence,
            checked_at=timezone.now(),
            fault_sequence=fault.sequence if fault else None,
            fault=fault.reason if fault else "",
        )
        keep(_key(chain), asdict(found), seconds=_REMEMBERED_SECONDS)
    finally:
        forget(running)
    return found


def _key(chain: AuditChain) -> str:
    return f"audit-check:{chain.pk}"

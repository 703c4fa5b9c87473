"""Checking the audit log: every link of every chain, read in order, in constant memory."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from console.audit.chain import event_hash
from console.audit.models import AuditChain, AuditEvent
from console.teams.models import Team


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One place where a chain does not hold, and what is wrong there."""

    chain: str
    sequence: int
    event_id: int | None
    reason: str

    def __str__(self) -> str:
        row = "no row" if self.event_id is None else f"row {self.event_id}"
        return f"{self.chain} #{self.sequence} ({row}): {self.reason}"


def verify_chain(chain: AuditChain) -> Iterator[ChainFault]:
    """Yield every fault of one chain: edited, removed, inserted or cut-off events."""
    expected_sequence = 1
    previous_hash = ""
    events = AuditEvent.objects.filter(chain=chain).order_by("sequence")
    for event in events.iterator(chunk_size=2000):
        if event.sequence < expected_sequence:
            yield ChainFault(chain.name, event.sequence, event.pk, "inserted: number out of order")
            continue
        while event.sequence > expected_sequence:
            yield ChainFault(chain.name, expected_sequence, None, "removed: the event is missing")
            expected_sequence += 1
            previous_hash = event.previous_hash
        if event.previous_hash != previous_hash:
            yield ChainFault(
                chain.name, event.sequence, event.pk, "does not continue the event before it"
            )
        if not hmac.compare_digest(event.hash, event_hash(event, chain_name=chain.name)):
            yield ChainFault(
                chain.name, event.sequence, event.pk, "edited or inserted: the hash does not match"
            )
        previous_hash = event.hash
        expected_sequence = event.sequence + 1
    yield from _verify_head(chain, last_sequence=expected_sequence - 1, last_hash=previous_hash)


def _verify_head(chain: AuditChain, *, last_sequence: int, last_hash: str) -> Iterator[ChainFault]:
    """Yield what is wrong between a chain's head and the last event that was read.

    `chain` was read before the events. Events written meanwhile are no fault, so the head is read again for the upper bound.
    """
    for missing in range(last_sequence + 1, chain.last_sequence + 1):
        yield ChainFault(chain.name, missing, None, "removed: the event is missing at the end")
    if chain.last_sequence == last_sequence and chain.last_hash != last_hash:
        yield ChainFault(
            chain.name, last_sequence, None, "the chain's head bears another hash than its event"
        )
    now = AuditChain.objects.filter(pk=chain.pk).first()
    if now is None or now.last_sequence < last_sequence:
        yield ChainFault(
            chain.name, last_sequence, None, "inserted: the chain's head knows fewer events"
        )


def verify_all() -> Iterator[ChainFault]:
    """Yield every fault of every chain, and every team whose chain is gone.

    A team's creation is its first event, so a team without a chain has lost it.
    """
    for chain in AuditChain.objects.order_by("pk").iterator():
        yield from verify_chain(chain)
    for team in Team.objects.filter(audit_chain=None).iterator():
        yield ChainFault(f"team:{team.pk}", 0, None, "removed: the team's whole chain is missing")

"""Writing to the audit log: one function, called inside the transaction of what it records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils import timezone

from console.audit.chain import event_hash
from console.audit.models import AuditChain, AuditEvent, AuditResult
from console.teams.models import Team
from console.teams.principal import Principal

SITE_CHAIN = "site"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be recorded beside the actor. `before` and `after` hold plain values, never secrets."""

    action: str
    result: AuditResult = AuditResult.SUCCEEDED
    object_kind: str = ""
    object_id: str = ""
    object_label: str = ""
    rule: str = ""
    code: str = ""
    message: str = ""
    message_parameters: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    job_id: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is written into the entry, where there is no team and hence no principal (sign-in)."""

    kind: str
    identifier: str
    label: str
    channel: str
    source_address: str = ""
    request_id: str = ""


def record(principal: Principal, entry: AuditEntry) -> AuditEvent:
    """Append one event to the chain of the principal's team, in the running transaction."""
    actor = Actor(
        kind=principal.kind,
        identifier=principal.identifier,
        label=principal.label,
        channel=principal.channel,
        source_address=principal.source_address,
        request_id=principal.request_id,
    )
    return _append(principal.team, actor, entry)


def record_for_site(actor: Actor, entry: AuditEntry) -> AuditEvent:
    """Append one event to the site's own chain: what happens outside of any team."""
    return _append(None, actor, entry)


def _append(team: Team | None, actor: Actor, entry: AuditEntry) -> AuditEvent:
    with transaction.atomic():
        chain = _locked_chain(team)
        event = AuditEvent(
            chain=chain,
            sequence=chain.last_sequence + 1,
            occurred_at=timezone.now(),
            actor_kind=actor.kind,
            actor_id=actor.identifier[:80],
            actor_label=actor.label[:160],
            channel=actor.channel,
            action=entry.action,
            object_kind=entry.object_kind,
            object_id=entry.object_id[:80],
            object_label=entry.object_label[:200],
            result=entry.result,
            rule=entry.rule,
            code=entry.code,
            message=entry.message,
            message_parameters=_plain(entry.message_parameters),
            before=_plain(entry.before),
            after=_plain(entry.after),
            job_id=entry.job_id,
            cause=entry.cause[:160],
            request_id=actor.request_id,
            source_address=actor.source_address,
            previous_hash=chain.last_hash,
        )
        event.hash = event_hash(event, chain_name=chain.name)
        event.save(force_insert=True)
        chain.last_sequence = event.sequence
        chain.last_hash = event.hash
        chain.save(update_fields=["last_sequence", "last_hash"])
    return event


def _locked_chain(team: Team | None) -> AuditChain:
    """Return the head of the chain under a row lock, made at its first use."""
    name = SITE_CHAIN if team is None else f"team:{team.pk}"
    locked = AuditChain.objects.select_for_update(no_key=True)
    chain = locked.filter(name=name).first()
    if chain is not None:
        return chain
    try:
        with transaction.atomic():
            AuditChain.objects.create(name=name, team=team)
    except IntegrityError:
        pass  # somebody else made it at the same moment: theirs is as good
    return locked.get(name=name)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they will read back from the database, so that the hash can be checked.

    NUL characters and half surrogate pairs, which PostgreSQL cannot store in JSON, are written out visibly. Numbers with
    a fraction or an exponent are kept as text: PostgreSQL gives 1e21 back as a whole number.
    """
    text = json.dumps(dict(values), cls=DjangoJSONEncoder, default=str, ensure_ascii=False)
    storable = text.encode("utf-8", "replace").decode().replace("\\u0000", "\\ufffd")
    plain: dict[str, Any] = json.loads(storable, parse_float=str, parse_constant=str)
    return plain

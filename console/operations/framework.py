"""What every write operation has in common.

`@operation(…)` around a keyword-only function gives it, in this order: the permission check, one database transaction
that begins by locking the team, the idempotency token, the function's own rules and writes, the audit event, and the
dispatch of its job after the commit. A refusal rolls all of it back and is recorded in a transaction of its own.
Within the function, `current_change()` is where records, audit details and jobs are noted.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec

from django.db import IntegrityError, OperationalError, transaction

from console import pulse
from console.audit.log import AuditEntry, record
from console.audit.models import AuditResult
from console.jobs.models import Job
from console.jobs.queue import JobRequest, enqueue
from console.operations import idempotency
from console.operations.refusal import (
    ARGUMENT_MALFORMED,
    BUSY,
    CONSTRAINT,
    PERMISSION,
    PRECONDITION,
    Refusal,
    Rule,
)
from console.teams.models import Team
from console.teams.principal import Principal
from console.teams.roles import Permission

logger = logging.getLogger(__name__)
P = ParamSpec("P")
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an accepted operation answers: the object, its job if one was queued, and further plain values."""

    object_kind: str
    object_id: str
    job_id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Change:
    """The running operation: what it did so far, for the audit event and the job queue."""

    principal: Principal
    action: str
    arguments: dict[str, Any]
    object_kind: str = ""
    object_id: str = ""
    object_label: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    job: Job | None = None
    retry_of: Job | None = None
    consequences: list[AuditEntry] = field(default_factory=list)

    @property
    def team(self) -> Team:
        """The team in which everything happens."""
        return self.principal.team

    def concerns(self, kind: str, identifier: str, label: str) -> None:
        """Say which object the attempt is about, as early as it is known, so that a refusal names it too."""
        self.object_kind, self.object_id, self.object_label = kind, identifier, label

    def queue(self, request: JobRequest) -> Job:
        """Write the job that carries this change out; it is sent once the transaction is committed."""
        self.job = enqueue(
            self.principal,
            request,
            operation=self.action,
            operation_arguments=self.arguments,
            retry_of=self.retry_of,
        )
        return self.job

    def also(self, entry: AuditEntry) -> None:
        """Record a follow-on effect as an audit event of its own, with this operation as its cause."""
        self.consequences.append(entry)

    def outcome(self, **values: str) -> Outcome:
        """Return the answer for the object that this change concerns."""
        return Outcome(
            object_kind=self.object_kind,
            object_id=self.object_id,
            job_id=self.job.resource_id if self.job else "",
            values=values,
        )


_current: ContextVar[Change] = ContextVar("current_change")
_precondition: ContextVar[Callable[[], bool] | None] = ContextVar("precondition", default=None)
OPERATIONS: dict[str, Callable[..., Outcome]] = {}
_CONSTRAINT_RULES: dict[str, Rule] = {}


def current_change() -> Change:
    """Return the change that is being made; only to be called inside an operation."""
    return _current.get()


@contextmanager
def only_if(holds: Callable[[], bool]) -> Iterator[None]:
    """Make operations called inside depend on a condition of their caller's, such as an If-Match header.

    It is asked under the team's lock, so that nothing can change between the look and the act; where it does not hold the
    operation raises Refusal A7. A repeated idempotency token gets its first answer without it being asked.
    """
    marker = _precondition.set(holds)
    try:
        yield
    finally:
        _precondition.reset(marker)


def refuse_on_constraint(name: str, rule: Rule) -> None:
    """Say which rule a database constraint stands for: a lost race is then refused by that rule's words.

    SQLite names the columns and not the constraint, so callers register both.
    """
    _CONSTRAINT_RULES[name] = rule


def operation(
    action: str, *, permission: Permission = Permission.OPERATE
) -> Callable[[Callable[P, Outcome]], Callable[P, Outcome]]:
    """Make a keyword-only function an operation; see the module's text.

    The function must take `principal` and `client_token` beside its own arguments. It raises Refusal.
    """

    def decorate(function: Callable[P, Outcome]) -> Callable[P, Outcome]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def perform(*args: P.args, **kwargs: P.kwargs) -> Outcome:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            principal: Principal = bound.arguments["principal"]
            token: str = bound.arguments["client_token"]
            arguments = {
                name: value
                for name, value in bound.arguments.items()
                if name not in ("principal", "client_token")
            }
            change = Change(principal=principal, action=action, arguments=arguments)
            return _perform(change, token, permission, lambda: function(*args, **kwargs))

        OPERATIONS[action] = perform
        return perform

    return decorate


def _perform(
    change: Change, token: str, permission: Permission, function: Callable[[], Outcome]
) -> Outcome:
    """Run one attempt to its recorded end."""
    try:
        if not change.principal.may(permission):
            raise PERMISSION.refuse()
        idempotency.check_token(token)
        _check_arguments(change.arguments)
        return _in_transaction(change, token, function)
    except Refusal as refusal:
        _record_refusal(change, refusal)
        raise
    except Exception as error:
        _record_failure(change, error)
        raise


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    """Refuse text that no database can store (NUL, half surrogate pairs), before it reaches a query."""
    for name, value in arguments.items():
        if any("\0" in text or any(map(_is_half_a_pair, text)) for text in _texts(value)):
            raise ARGUMENT_MALFORMED.refuse(field=name)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of an argument, also those within lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in (*value.keys(), *value.values()):
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _is_half_a_pair(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _in_transaction(change: Change, token: str, function: Callable[[], Outcome]) -> Outcome:
    """Run the function under the team's lock; try again where the database asked for it."""
    asked = change.action, change.arguments
    for attempt in range(_ATTEMPTS):
        # A retried job becomes the operation that it was for: each attempt begins with what was asked.
        change.action, change.arguments, change.retry_of = *asked, None
        try:
            with transaction.atomic():
                return _write(change, token, function)
        except IntegrityError as error:
            raise _rule_for(error).refuse() from error
        except OperationalError as error:  # a deadlock, or SQLite busy for too long
            if attempt == _ATTEMPTS - 1 or transaction.get_connection().in_atomic_block:
                raise BUSY.refuse() from error
            logger.warning("database busy, trying again", exc_info=True)
            time.sleep(_PAUSE_SECONDS * 2**attempt)
    raise BUSY.refuse()


def _write(change: Change, token: str, function: Callable[[], Outcome]) -> Outcome:
    """Lock, look the token up, act, record: the inside of the transaction."""
    # One writer per team at a time: every rule then sees a settled state, and locks can never form a ring.
    Team.objects.select_for_update(no_key=True).get(pk=change.team.pk)
    action, digest = change.action, idempotency.arguments_hash(change.arguments)
    earlier = idempotency.earlier_outcome(change.team, token, action, digest)
    if earlier is not None:
        return Outcome(**earlier)
    holds = _precondition.get()
    if holds is not None and not holds():
        raise PRECONDITION.refuse()
    marker = _current.set(_fresh(change))
    try:
        outcome = function()
    finally:
        _current.reset(marker)
    _record_success(change)
    idempotency.remember(
        change.team,
        token,
        action,
        digest,
        {
            "object_kind": outcome.object_kind,
            "object_id": outcome.object_id,
            "job_id": outcome.job_id,
            "values": dict(outcome.values),
        },
    )
    pulse.touch(change.team.pk)
    return outcome


def _fresh(change: Change) -> Change:
    """Forget what an attempt noted that the database made us repeat."""
    change.before, change.after, change.job, change.consequences = {}, {}, None, []
    return change


def _rule_for(error: IntegrityError) -> Rule:
    """Return the rule behind a violated constraint."""
    text = str(error)
    for name, rule in _CONSTRAINT_RULES.items():
        if name in text:
            return rule
    logger.error("a constraint without a rule was violated: %s", text.splitlines()[0])
    return CONSTRAINT


def _record_success(change: Change) -> None:
    job_id = change.job.resource_id if change.job else ""
    event = record(
        change.principal,
        AuditEntry(
            action=change.action,
            object_kind=change.object_kind,
            object_id=change.object_id,
            object_label=change.object_label,
            before=change.before,
            after=change.after,
            job_id=job_id,
        ),
    )
    for entry in change.consequences:
        record(change.principal, _caused(entry, f"{change.action}#{event.sequence}", job_id))


def _caused(entry: AuditEntry, cause: str, job_id: str) -> AuditEntry:
    """Return the entry of a follow-on effect with what caused it."""
    return replace(entry, cause=cause, job_id=entry.job_id or job_id)


def _record_refusal(change: Change, refusal: Refusal) -> None:
    with transaction.atomic():
        record(
            change.principal,
            AuditEntry(
                action=change.action,
                result=AuditResult.REFUSED,
                object_kind=change.object_kind,
                object_id=change.object_id,
                object_label=change.object_label,
                rule=refusal.number,
                code=refusal.code,
                message=refusal.raw_message,
                message_parameters=refusal.parameters,
                after={"arguments": change.arguments},
            ),
        )
        pulse.touch(change.team.pk)


def _record_failure(change: Change, error: Exception) -> None:
    """Record an error of ours; the caller sees the original error, whatever happens here."""
    try:
        with transaction.atomic():
            record(
                change.principal,
                AuditEntry(
                    action=change.action,
                    result=AuditResult.FAILED,
                    object_kind=change.object_kind,
                    object_id=change.object_id,
                    object_label=change.object_label,
                    code="InternalError",
                    message=type(error).__name__,
                    after={"arguments": change.arguments},
                ),
            )
    except Exception:
        logger.exception("an attempt that failed could not be recorded")

"""The audit log: one event for each attempt, a chain that nobody can change, and a verifier that names the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from console.audit import guards
from console.audit.chain import event_hash
from console.audit.log import AuditEntry, record, record_for_site
from console.audit.models import AuditChain, AuditEvent
from console.audit.verify import verify_all
from console.operations import framework
from console.operations.refusal import Refusal
from console.teams.models import Team
from console.teams.principal import Principal
from tests.cast import World

EVENTS = AuditEvent._meta.db_table
CHAINS = AuditChain._meta.db_table


def sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def verify() -> tuple[int, str]:
    """Return the exit code of the command, and what it says."""
    words = StringIO()
    try:
        call_command("verify_audit", stdout=words, stderr=words)
    except CommandError as error:
        return error.returncode, words.getvalue()
    return 0, words.getvalue()


@pytest.fixture
def events(world: World) -> list[AuditEvent]:
    """Alpha's events, oldest first."""
    found = list(AuditEvent.objects.for_team(world.team).order_by("sequence"))
    assert len(found) > 10
    return found


def _successor(last: AuditEvent) -> AuditEvent:
    """Return what the guards take for the next event; only the key is missing for a true hash."""
    event = AuditEvent.objects.get(pk=last.pk)
    event.pk, event.sequence = None, last.sequence + 1
    event.previous_hash, event.hash = last.hash, "f" * 64
    return event


class TestDatabaseRefuses:
    """Even to a program that writes SQL past all models."""

    def test_an_update(self, events: list[AuditEvent]) -> None:
        with pytest.raises(DatabaseError, match="append-only"):
            sql(f"UPDATE {EVENTS} SET actor_label = 'nobody' WHERE id = %s", events[3].pk)

    def test_an_update_that_changes_nothing(self, events: list[AuditEvent]) -> None:
        with pytest.raises(DatabaseError, match="append-only"):
            sql(f"UPDATE {EVENTS} SET action = action")

    def test_a_deletion(self, events: list[AuditEvent]) -> None:
        with pytest.raises(DatabaseError, match="append-only"):
            sql(f"DELETE FROM {EVENTS} WHERE id = %s", events[-1].pk)

    @pytest.mark.parametrize("table", [EVENTS, CHAINS])
    def test_emptying_a_table(self, events: list[AuditEvent], table: str) -> None:
        postgresql = connection.vendor == "postgresql"
        with pytest.raises(DatabaseError, match="append-only"):
            sql(f"TRUNCATE {table} CASCADE" if postgresql else f"DELETE FROM {table}")

    def test_a_deletion_through_the_models(self, events: list[AuditEvent]) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEvent.objects.filter(pk=events[0].pk)._raw_delete("default")

    @pytest.mark.parametrize(
        ("sequence", "previous"),
        [(0, "last"), (2, "last"), (1, "0" * 64), (1, "")],
        ids=["again", "gap", "other-hash", "no-hash"],
    )
    def test_an_event_that_does_not_continue_the_chain(
        self, events: list[AuditEvent], sequence: int, previous: str
    ) -> None:
        event = _successor(events[-1])
        event.sequence += sequence - 1
        event.previous_hash = event.previous_hash if previous == "last" else previous
        with pytest.raises(DatabaseError, match="continue its chain"), transaction.atomic():
            event.save(force_insert=True)

    def test_nothing_that_does_continue_it(self, events: list[AuditEvent]) -> None:
        _successor(events[-1]).save(force_insert=True)

    def test_an_event_without_a_hash(self, events: list[AuditEvent]) -> None:
        event = _successor(events[-1])
        event.hash = ""
        with pytest.raises(DatabaseError, match="continue its chain"), transaction.atomic():
            event.save(force_insert=True)

    @pytest.mark.parametrize(
        "change",
        [
            "last_sequence = last_sequence - 1",
            "last_sequence = last_sequence + 1",
            "last_hash = 'x'",
            "name = 'other'",
            "team_id = NULL",
        ],
    )
    def test_a_head_that_moves_anywhere_but_forward(
        self, events: list[AuditEvent], change: str
    ) -> None:
        with pytest.raises(DatabaseError, match="only moves to its next event"):
            sql(f"UPDATE {CHAINS} SET {change} WHERE id = %s", events[0].chain_id)

    def test_a_chain_that_does_not_begin_empty(self, world: World) -> None:
        with pytest.raises(DatabaseError, match="begins empty"), transaction.atomic():
            AuditChain.objects.create(name="forged", last_sequence=7, last_hash="f" * 64)

    def test_the_loss_of_a_chain(self, events: list[AuditEvent]) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditChain.objects.filter(pk=events[0].chain_id)._raw_delete("default")


@pytest.fixture
def unguarded(events: list[AuditEvent]) -> list[AuditEvent]:
    """The events of a database whose administrator dropped the triggers; the test's end brings them back."""
    guards.remove(connection)
    return events


class TestVerifierNames:
    """What was forced past the guards is found, and the command ends with an error."""

    def test_nothing_when_all_is_well(self, world: World) -> None:
        code, words = verify()
        events, chains = AuditEvent.objects.count(), AuditChain.objects.count()
        assert code == 0
        assert words == f"audit log intact: {events} events in {chains} chains\n"

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("actor_label", "nobody"),
            ("result", "succeeded!"),
            ("occurred_at", datetime(2020, 1, 1, tzinfo=UTC)),
            ("source_address", "198.51.100.1"),
            ("message", "All was well."),
            ("object_id", "havip-other"),
            ("cause", "nothing"),
        ],
    )
    def test_an_edited_row(self, unguarded: list[AuditEvent], column: str, value: object) -> None:
        victim = unguarded[4]
        AuditEvent.objects.filter(pk=victim.pk).update(**{column: value})
        code, words = verify()
        assert code == 1
        assert f"#{victim.sequence} (row {victim.pk}): edited" in words
        assert words.count("row ") == 1, "only the row that was edited"

    @pytest.mark.parametrize("column", ["before", "after", "message_parameters"])
    def test_an_edited_document(self, unguarded: list[AuditEvent], column: str) -> None:
        victim = unguarded[-1]
        AuditEvent.objects.filter(pk=victim.pk).update(**{column: {"name": "another"}})
        code, words = verify()
        assert (code, words.count("edited")) == (1, 1)

    def test_a_row_with_a_new_hash_that_lacks_the_key(
        self, unguarded: list[AuditEvent], settings: Any
    ) -> None:
        victim = unguarded[4]
        victim.actor_label = "nobody"
        key, settings.HAVIP_AUDIT_KEY = settings.HAVIP_AUDIT_KEY, "a guess"
        victim.hash = event_hash(victim, chain_name=victim.chain.name)
        settings.HAVIP_AUDIT_KEY = key
        victim.save()
        code, words = verify()
        assert code == 1
        assert f"row {victim.pk}): edited or inserted" in words

    def test_a_row_removed_in_the_middle(self, unguarded: list[AuditEvent]) -> None:
        victim = unguarded[4]
        AuditEvent.objects.filter(pk=victim.pk).delete()
        code, words = verify()
        assert code == 1
        assert f"{victim.chain.name} #{victim.sequence} (no row): removed" in words

    def test_rows_removed_at_the_end(self, unguarded: list[AuditEvent]) -> None:
        for victim in unguarded[-2:]:
            AuditEvent.objects.filter(pk=victim.pk).delete()
        code, words = verify()
        assert code == 1
        for victim in unguarded[-2:]:
            assert f"#{victim.sequence} (no row): removed: the event is missing at the end" in words

    def test_a_row_inserted_behind_the_end(self, unguarded: list[AuditEvent]) -> None:
        forged = _successor(unguarded[-1])
        forged.save(force_insert=True)
        code, words = verify()
        assert code == 1
        assert f"#{forged.sequence} (row {forged.pk}): edited or inserted" in words
        assert "the chain's head knows fewer events" in words

    def test_a_row_inserted_before_the_beginning(self, unguarded: list[AuditEvent]) -> None:
        forged = AuditEvent.objects.get(pk=unguarded[0].pk)
        forged.pk, forged.sequence = None, 0
        forged.save(force_insert=True)
        code, words = verify()
        assert (code, f"row {forged.pk}): inserted" in words) == (1, True)

    def test_rows_that_changed_places(self, unguarded: list[AuditEvent]) -> None:
        one, two = unguarded[4:6]
        AuditEvent.objects.filter(pk=one.pk).update(sequence=10_000)
        AuditEvent.objects.filter(pk=two.pk).update(sequence=one.sequence)
        AuditEvent.objects.filter(pk=one.pk).update(sequence=two.sequence)
        code, words = verify()
        assert code == 1
        assert f"row {one.pk})" in words
        assert f"row {two.pk})" in words

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ("last_hash = '0'", "bears another hash"),
            ("last_sequence = last_sequence - 1", "knows fewer events"),
            ("last_sequence = last_sequence + 1", "missing at the end"),
        ],
    )
    def test_a_tampered_head(self, unguarded: list[AuditEvent], change: str, reason: str) -> None:
        sql(f"UPDATE {CHAINS} SET {change} WHERE id = %s", unguarded[0].chain_id)
        code, words = verify()
        assert (code, reason in words) == (1, True)

    def test_a_whole_chain_that_is_gone(self, unguarded: list[AuditEvent]) -> None:
        chain = unguarded[0].chain
        AuditEvent.objects.filter(chain=chain).delete()
        AuditChain.objects.filter(pk=chain.pk).delete()
        code, words = verify()
        assert (code, f"{chain.name} #0 (no row)" in words) == (1, True)


AWKWARD = {
    "text": "“quotes” ' \" \\ / \u2028 \u00e9 e\u0301 中文 \U0001f600 \t\n",
    "numbers": [0, -1, 2**53, 2**80, 1.5, 2.0, -0.0, 1e-9, 1e21, float("inf"), float("nan")],
    "nothing": None,
    "truth": [True, False],
    "order": {"b": 1, "a": 2, "1": 3, "10": 4, "2": 5},
    "decimal": Decimal("1.10"),
    "time": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
    "number as key": {1: "one"},
    "nul": "a\0b",
    "half a pair": "a\ud800b",
}


class TestRoundTrip:
    """What was hashed in memory is what the database gives back, on either database."""

    def test_awkward_values(self, world: World) -> None:
        entry = AuditEntry(
            action="test.write",
            object_label="é" * 300,
            message="%(text)s",
            message_parameters=AWKWARD,
            before=AWKWARD,
            after={"nested": [AWKWARD]},
        )
        written = record(world.principal, entry)
        read = AuditEvent.objects.get(pk=written.pk)
        assert event_hash(read, chain_name=read.chain.name) == read.hash
        assert list(verify_all()) == []

    def test_every_microsecond(self, world: World) -> None:
        written = record(world.principal, AuditEntry(action="test.write"))
        read = AuditEvent.objects.get(pk=written.pk)
        assert read.occurred_at == written.occurred_at

    def test_another_time_zone_is_the_same_moment(self, world: World) -> None:
        event = AuditEvent.objects.latest("pk")
        here = event_hash(event, chain_name=event.chain.name)
        with timezone.override("Asia/Shanghai"):
            event.occurred_at = timezone.localtime(event.occurred_at)
            assert event_hash(event, chain_name=event.chain.name) == here


@pytest.fixture
def broken_operation() -> Iterator[str]:
    """An operation with a mistake in it: it breaks after it has written something."""
    action = "test.break"

    @framework.operation(action)
    def break_down(*, principal: Principal, name: str, client_token: str = "") -> framework.Outcome:
        Team.objects.create(slug=name, name=name)
        raise ZeroDivisionError

    yield action
    del framework.OPERATIONS[action]


class TestAttempts:
    """Exactly one event for each: succeeded, refused, failed."""

    def test_a_success(self, world: World) -> None:
        before = AuditEvent.objects.count()
        outcome = world.act("havip.create", vswitch_id=world.vswitch, name="web")
        assert AuditEvent.objects.count() == before + 1
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.result, event.rule) == ("havip.create", "succeeded", "")
        assert (event.object_kind, event.object_id) == ("havip", outcome.object_id)
        assert (event.actor_kind, event.actor_label, event.channel) == ("user", "operator", "page")
        assert (event.source_address, event.request_id) == ("192.0.2.7", "TEST-REQUEST")
        assert (event.job_id, event.after["name"]) == (outcome.job_id, "web")

    def test_a_refusal(self, world: World) -> None:
        before = AuditEvent.objects.count()
        with pytest.raises(Refusal):
            world.act("havip.create", vswitch_id=world.vswitch, ip_address="192.168.0.255")
        assert AuditEvent.objects.count() == before + 1
        event = AuditEvent.objects.latest("pk")
        assert (event.result, event.rule) == ("refused", "C6")
        assert event.after["arguments"]["ip_address"] == "192.168.0.255"

    def test_an_error_of_ours(self, world: World, broken_operation: str) -> None:
        before = AuditEvent.objects.count()
        with pytest.raises(ZeroDivisionError):
            world.act(broken_operation, name="half")
        assert AuditEvent.objects.count() == before + 1
        assert not Team.objects.filter(slug="half").exists(), "nothing of it stays"
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.result) == (broken_operation, "failed")
        assert (event.code, event.message) == ("InternalError", "ZeroDivisionError")
        assert event.after == {"arguments": {"name": "half"}}

    def test_nothing_secret_is_in_an_entry(self, world: World, settings: Any) -> None:
        world.havip()
        for event in AuditEvent.objects.all():
            text = repr(vars(event))
            assert settings.SECRET_KEY not in text
            assert settings.HAVIP_AUDIT_KEY not in text
            assert "client_token" not in text

    def test_each_team_has_its_own_chain_and_the_site_another(
        self, world: World, owner_client: Any
    ) -> None:
        names = set(AuditChain.objects.values_list("name", flat=True))
        assert names == {f"team:{team.pk}" for team in Team.objects.all()} | {"site"}
        signed_in = AuditEvent.objects.get(chain__name="site")
        assert (signed_in.action, signed_in.actor_label) == ("session.sign_in", "owner")

    def test_the_first_event_of_a_team_is_its_creation(self, world: World) -> None:
        first = AuditEvent.objects.for_team(world.team).get(sequence=1)
        assert (first.action, first.previous_hash) == ("team.create", "")

    def test_the_site_has_events_without_a_team(self, db: None) -> None:
        from console.audit.log import Actor

        actor = Actor(kind="user", identifier="", label="somebody", channel="page")
        event = record_for_site(actor, AuditEntry(action="session.sign_in"))
        assert event.chain.team is None
        assert list(verify_all()) == []

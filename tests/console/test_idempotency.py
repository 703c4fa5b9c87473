"""One token, one effect, one answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from console.audit.models import AuditEvent
from console.jobs.models import Job
from console.operations.idempotency import LIFETIME, forget_expired
from console.operations.models import IdempotencyRecord
from console.operations.refusal import Refusal
from console.teams.principal import Channel
from console.teams.roles import Role
from havip.models import HaVip
from tests.cast import Cast, World, carry_out_jobs, digest, principal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def create(world: World, token: str, **arguments: Any) -> Any:
    arguments.setdefault("vswitch_id", world.vswitch)
    return world.act("havip.create", client_token=token, **arguments)


class TestSameToken:
    def test_the_second_answer_is_the_first(self, world: World) -> None:
        assert create(world, "token") == create(world, "token")

    def test_there_is_one_effect(self, world: World) -> None:
        create(world, "token")
        after_one, events = digest(), AuditEvent.objects.count()
        for _ in range(3):
            create(world, "token")
        assert digest() == after_one
        assert AuditEvent.objects.count() == events

    def test_it_is_answered_even_when_a_rule_would_refuse_by_now(self, world: World) -> None:
        first = create(world, "token", ip_address="192.168.0.88")
        carry_out_jobs()
        assert create(world, "token", ip_address="192.168.0.88") == first

    def test_through_another_way_in_it_is_the_same_token(self, world: World) -> None:
        first = create(world, "token")
        world.principal = replace(world.principal, channel=Channel.REST)
        assert create(world, "token") == first

    def test_other_arguments_are_refused(self, world: World) -> None:
        create(world, "token", name="one")
        with pytest.raises(Refusal) as caught:
            create(world, "token", name="two")
        assert caught.value.code == "IdempotentParameterMismatch"
        assert HaVip.objects.count() == 1

    def test_another_operation_is_refused(self, world: World) -> None:
        create(world, "token")
        with pytest.raises(Refusal) as caught:
            world.act("eip.allocate", client_token="token")
        assert caught.value.number == "A3"

    def test_it_says_nothing_to_another_team(self, world: World, cast: Cast) -> None:
        mine = world.act("eip.allocate", client_token="token")
        beta = principal(cast.beta, Role.OWNER)
        theirs = world.act("eip.allocate", by=beta, client_token="token")
        assert theirs.object_id != mine.object_id

    def test_letters_count_in_their_case(self, world: World) -> None:
        assert create(world, "token") != create(world, "Token")


class TestNoToken:
    def test_every_call_has_its_effect(self, world: World) -> None:
        assert create(world, "") != create(world, "")
        assert not IdempotencyRecord.objects.exists()


class TestRefusals:
    def test_a_refused_attempt_does_not_use_the_token_up(self, world: World) -> None:
        with pytest.raises(Refusal):
            create(world, "token", ip_address="192.168.0.255")
        assert create(world, "token", ip_address="192.168.0.88").object_id

    @pytest.mark.parametrize("token", ["t" * 65, "tökén", "令牌", "a\nb", "a\0b"])
    def test_a_malformed_token_is_refused(self, world: World, token: str) -> None:
        with pytest.raises(Refusal) as caught:
            create(world, token)
        assert (caught.value.number, caught.value.field) == ("A2", "client_token")
        assert not Job.objects.filter(state="queued").exists()

    def test_64_characters_are_not_too_long(self, world: World) -> None:
        assert create(world, "t" * 64).object_id


class TestLifetime:
    def test_after_24_hours_it_is_a_new_token(self, world: World) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            first = create(world, "token")
            clock.shift(LIFETIME)
            assert create(world, "token") == first
            clock.shift(timedelta(seconds=1))
            assert create(world, "token") != first

    def test_the_old_ones_are_forgotten(self, world: World) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            create(world, "old")
            clock.shift(LIFETIME - timedelta(seconds=1))
            create(world, "new")
            clock.shift(timedelta(seconds=2))
            assert forget_expired() == 1
        assert IdempotencyRecord.objects.get().token == "new"

"""Fifty scripts that send the same request at the same moment, and one that sends it again because the answer got lost."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from console.audit.models import AuditEvent
from console.audit.verify import verify_all
from console.operations.models import IdempotencyRecord
from console.teams.roles import Role
from havip.models import HaVip, PrivateAddress
from tests.cast import World, carry_out_jobs
from tests.havip.rest.asking import Script, bearer_of
from tests.havip.rpc_actions.client import Api, api_of
from tests.races.test_races import at_once

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
SENT = 50


@pytest.fixture(autouse=True)
def _silence(caplog: pytest.LogCaptureFixture) -> None:
    """Refusals are expected: none needs a line in the log."""
    caplog.set_level("ERROR", "django.request")


@pytest.fixture
def bearer(world: World) -> str:
    """A key of Alpha's operator for REST; the description is made before anybody races."""
    token = bearer_of(world.team, Role.OPERATOR)
    assert Script(token).get("havips").json()["items"] == []
    return token


@pytest.fixture
def rpc_key(world: World) -> Api:
    """A key of Alpha's operator for RPC."""
    return api_of(world.team)


def create(bearer: str, world: World, **headers: str) -> Any:
    """Send one POST for a HaVip whose address the console chooses, as a script with a connection of its own."""
    body = {"vswitch_id": world.vswitch, "name": "once"}
    return Script(bearer).post("havips", body, **headers)


def said(answer: Any) -> str:
    """Return everything that an answer tells about its object."""
    return json.dumps([answer.status_code, answer["Location"], answer["ETag"], answer.json()])


def check_made_once(attempts: int = 1) -> HaVip:
    """Check that one HaVip was made, and that it was noted once."""
    (havip,) = HaVip.objects.all()
    assert PrivateAddress.objects.filter(owner="havip").count() == 1
    assert IdempotencyRecord.objects.count() == attempts
    assert AuditEvent.objects.filter(action="havip.create").count() == attempts
    assert list(verify_all()) == []
    return havip


def test_50_posts_with_one_idempotency_key(bearer: str, world: World) -> None:
    answers = at_once([lambda: create(bearer, world, Idempotency_Key="one-and-only")] * SENT)
    havip = check_made_once()
    assert Counter(answer.status_code for answer in answers) == {202: SENT}
    assert len({said(answer) for answer in answers}) == 1, "fifty equal answers"
    assert answers[0].json()["id"] == havip.resource_id


def test_50_posts_with_keys_of_their_own_are_50_attempts(bearer: str, world: World) -> None:
    """What the one before would look like if nobody minded the key."""
    answers = at_once(
        [
            lambda number=number: create(bearer, world, Idempotency_Key=f"key-{number}")
            for number in range(SENT)
        ]
    )
    assert Counter(answer.status_code for answer in answers) == {202: 5, 400: SENT - 5}
    refused = {answer.json()["rule"] for answer in answers if answer.status_code == 400}
    assert refused == {"C9"}
    assert HaVip.objects.count() == 5


def test_a_lost_answer_can_be_asked_for_again(bearer: str, world: World) -> None:
    lost = create(bearer, world, Idempotency_Key="lost").json()
    carry_out_jobs()
    again = create(bearer, world, Idempotency_Key="lost")
    assert again.status_code in (201, 202)
    told = again.json()
    check_made_once()
    assert (told["id"], told["ip_address"], told["job"]["id"]) == (
        lost["id"],
        lost["ip_address"],
        lost["job"]["id"],
    )


def test_50_actions_with_one_client_token(rpc_key: Api, world: World) -> None:
    wanted = {"VSwitchId": world.vswitch, "Name": "once", "ClientToken": "one-and-only"}

    def act() -> dict[str, Any]:
        return Api(rpc_key.access_key, rpc_key.secret).ok("CreateHaVip", **wanted).body

    answers = at_once([act] * SENT)
    havip = check_made_once()
    assert len({answer["RequestId"] for answer in answers}) == SENT
    told = {(answer["HaVipId"], answer["IpAddress"]) for answer in answers}
    assert told == {(havip.resource_id, havip.ip_address)}
    carry_out_jobs()
    assert (act()["HaVipId"], check_made_once()) == (havip.resource_id, havip)

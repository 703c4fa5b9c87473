"""What becomes of a proven request: permissions, refusals, trying out, the audit log, and its rate."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import translation

from console.audit.models import AuditEvent
from console.jobs.models import Job
from console.operations.models import IdempotencyRecord
from havip.models import Vpc
from havip.rpc import dispatch
from tests.cast import Cast
from tests.havip.rpc.clients import VPC, Key, Wish, new_python, pop_core_get
from tests.havip.rpc.conftest import Calls, MakeKey

pytestmark = pytest.mark.django_db
# A name longer than a VPC's may be: a rule refuses it.
TOO_LONG = "n" * 200


class TestOperations:
    """An action's operation: accepted, refused, recorded."""

    def test_the_audit_event_has_the_answers_request_id(
        self, key: Key, echo: Calls, client: Client
    ) -> None:
        reply = new_python(Wish(key, "Rehearse", {"Name": "made"})).to(client)
        assert reply.status == 200
        event = AuditEvent.objects.get(request_id=reply.body["RequestId"])
        assert (event.action, event.channel, event.object_id) == (
            "vpc.create",
            "rpc",
            reply.body["VpcId"],
        )
        assert event.actor_id == f"key:{key.id}"
        assert event.source_address == "192.0.2.1"

    def test_a_refusal_has_its_rules_code_and_remedy(
        self, key: Key, echo: Calls, client: Client
    ) -> None:
        with translation.override("zh-hans"):
            reply = new_python(Wish(key, "Rehearse", {"Name": TOO_LONG})).to(client)
        event = AuditEvent.objects.get(request_id=reply.body["RequestId"])
        assert (event.result, event.code) == ("refused", reply.code)
        assert reply.status == 400
        assert reply.body["Message"].isascii(), "programs read it, whatever a page's language is"

    def test_a_role_that_may_only_read(
        self, make_rpc_key: MakeKey, echo: Calls, client: Client
    ) -> None:
        viewer = make_rpc_key(role="viewer")
        assert new_python(Wish(viewer, "Echo")).to(client).status == 200
        reply = new_python(Wish(viewer, "Rehearse", {"Name": "made"})).to(client)
        assert (reply.status, reply.code) == (403, "Forbidden")

    def test_a_token_answers_the_same_again(self, key: Key, echo: Calls, client: Client) -> None:
        wish = Wish(key, "Rehearse", {"Name": "made", "ClientToken": "once"})
        first, second = new_python(wish).to(client), pop_core_get(wish).to(client)
        assert first.body["VpcId"] == second.body["VpcId"]
        assert first.body["RequestId"] != second.body["RequestId"]
        assert Vpc.objects.filter(name="made").count() == 1

    def test_a_database_that_is_too_busy(
        self, key: Key, echo: Calls, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(_: Any) -> Any:
            raise OperationalError("database is locked")

        found = dispatch.ACTIONS[VPC, "Echo"]
        action = dispatch.Action(VPC, "Busy", found.parameters, busy)
        monkeypatch.setitem(dispatch.ACTIONS, (VPC, "Busy"), action)
        reply = new_python(Wish(key, "Busy")).to(client)
        assert (reply.status, reply.code) == (503, "ServiceUnavailable")


class TestDryRun:
    """Trying an action out: the same checks, and nothing is left of it."""

    def test_it_would_have_been_accepted(
        self, key: Key, echo: Calls, client: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        before = (AuditEvent.objects.count(), Job.objects.count(), Vpc.objects.count())
        wish = Wish(key, "Rehearse", {"Name": "tried", "DryRun": "True", "ClientToken": "once"})
        with django_capture_on_commit_callbacks() as told:
            reply = new_python(wish).to(client)
        assert (reply.status, reply.code) == (400, "DryRunOperation")
        assert echo[0].dry_run
        assert (AuditEvent.objects.count(), Job.objects.count(), Vpc.objects.count()) == before
        assert not IdempotencyRecord.objects.filter(token="once").exists()
        assert not told, "neither a worker nor a page hears of it"
        done = new_python(Wish(key, "Rehearse", {"Name": "tried", "ClientToken": "once"}))
        assert done.to(client).status == 200, "the token is still good"

    def test_it_would_have_been_refused(self, key: Key, echo: Calls, client: Client) -> None:
        real = new_python(Wish(key, "Rehearse", {"Name": TOO_LONG})).to(client)
        tried = new_python(Wish(key, "Rehearse", {"Name": TOO_LONG, "DryRun": "true"})).to(client)
        assert (tried.status, tried.code) == (real.status, real.code)
        assert not AuditEvent.objects.filter(request_id=tried.body["RequestId"]).exists()

    def test_an_action_without_it_does_not_act(self, key: Key, echo: Calls, client: Client) -> None:
        reply = new_python(Wish(key, "Echo", {"DryRun": "true"})).to(client)
        assert (reply.status, reply.code) == (400, "InvalidParameter")
        assert not echo
        assert new_python(Wish(key, "Echo", {"DryRun": "false"})).to(client).status == 200


class TestRate:
    """So many requests a minute, of all actions and of one."""

    @pytest.fixture(autouse=True)
    def _limits(self, settings: Any) -> None:
        settings.HAVIP_RPC_REQUESTS_PER_MINUTE = 5
        settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = 3

    def test_one_action(self, key: Key, echo: Calls, client: Client) -> None:
        with time_machine.travel("2026-11-23T10:00:20Z", tick=False):
            for _ in range(3):
                assert new_python(Wish(key, "Echo")).to(client).status == 200
            reply = new_python(Wish(key, "Echo")).to(client)
            assert (reply.status, reply.code) == (400, "Throttling.Api")
            assert reply.headers["Retry-After"] == "40"
            assert reply.headers["x-acs-retry-after"] == "40000"
            assert new_python(Wish(key, "HeadEcho")).to(client).status == 200
        with time_machine.travel("2026-11-23T10:01:00Z", tick=False):
            assert new_python(Wish(key, "Echo")).to(client).status == 200

    def test_all_actions(
        self, key: Key, make_rpc_key: MakeKey, echo: Calls, client: Client
    ) -> None:
        with time_machine.travel("2026-11-23T10:00:59.500Z", tick=False):
            for action in ("Echo", "HeadEcho", "Nothing", "Echo", "Nothing"):
                assert "Throttling" not in new_python(Wish(key, action)).to(client).code
            reply = new_python(Wish(key, "HeadEcho")).to(client)
            assert (reply.status, reply.code) == (400, "Throttling.User")
            assert reply.headers["Retry-After"] == "1"
            other = make_rpc_key()
            assert new_python(Wish(other, "Echo")).to(client).status == 200, "each key by itself"

    def test_strangers_use_up_nothing(self, key: Key, echo: Calls, client: Client) -> None:
        for _ in range(10):
            forged = new_python(Wish(Key(key.id, "wrong"), "Echo")).to(client)
            assert forged.code == "SignatureDoesNotMatch"
        assert new_python(Wish(key, "Echo")).to(client).status == 200

    def test_no_limit(self, key: Key, echo: Calls, client: Client, settings: Any) -> None:
        settings.HAVIP_RPC_REQUESTS_PER_MINUTE = settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = 0
        for _ in range(10):
            assert new_python(Wish(key, "Echo")).to(client).status == 200

    def test_without_the_cache_nothing_is_limited(
        self, key: Key, echo: Calls, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: Any, **__: Any) -> None:
            raise ConnectionError("no cache")

        monkeypatch.setattr(cache, "add", away)
        for _ in range(6):
            assert new_python(Wish(key, "Echo")).to(client).status == 200


def test_one_request_costs_few_queries(
    cast: Cast, key: Key, echo: Calls, client: Client, django_assert_max_num_queries: Any
) -> None:
    new_python(Wish(key, "Echo")).to(client)
    # The key, the nonce in its own transaction.
    with django_assert_max_num_queries(4):
        assert new_python(Wish(key, "Echo")).to(client).status == 200

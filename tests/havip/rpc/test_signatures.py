"""Both signatures: every way in which the SDKs send a request is accepted, and nothing else is."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from console.teams.keys import revoke_api_key
from console.teams.models import ApiKey
from console.teams.roles import Role
from havip.rpc import nonces, signature
from havip.rpc.models import UsedNonce
from havip.rpc.requests import RpcRequest
from tests.cast import Cast, principal
from tests.havip.rpc.clients import (
    CLIENTS,
    HOST,
    IN_HEADERS,
    Key,
    Sent,
    Wish,
    new_python,
    pop_core_get,
    sign_headers,
    with_header,
)
from tests.havip.rpc.conftest import Calls, MakeKey

pytestmark = pytest.mark.django_db
EACH_CLIENT = pytest.mark.parametrize("send", CLIENTS.values(), ids=CLIENTS)
# What each client escapes in its own way, and what has to be escaped.
AWKWARD = "测试 a*b~c+d'(!) /?&=%%2B;#é\U0001f600"


@EACH_CLIENT
def test_each_captured_form_is_accepted(send: Any, key: Key, echo: Calls, client: Client) -> None:
    parameters = {
        "Name": AWKWARD,
        "Filter.1.Key": "HaVipId",
        "Filter.1.Value.1": "havip-1",
        "Filter.1.Value.2": "havip-2",
        "Tag.1.Key": "k1",
        "Tag.1.Value": "",
        "RegionId": "cn-hangzhou",
    }
    reply = send(Wish(key, "Echo", parameters)).to(client)
    assert (reply.status, reply.code) == (200, "")
    (call,) = echo
    assert call["Name"] == AWKWARD
    assert call["Filter"] == [("HaVipId", ["havip-1", "havip-2"])]
    assert call["Tag"] == [("k1", "")]
    assert call.principal.identifier == f"key:{key.id}"
    assert reply.headers["X-Request-Id"] == reply.body["RequestId"] == call.principal.request_id


def test_the_signatures_published_as_examples() -> None:
    """The worked examples of the signature documents ([SIG2], [SIG3])."""
    parameters = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    assert signature.sign_v1("GET", parameters, "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
    headers = [
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        (
            "x-acs-content-sha256",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
    ]
    query = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    assert (
        signature.sign_v3("POST", query, headers, b"", "YourAccessKeySecret")
        == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@EACH_CLIENT
def test_a_wrong_secret_is_refused(send: Any, key: Key, echo: Calls, client: Client) -> None:
    reply = send(Wish(Key(key.id, key.secret[:-1] + "."), "Echo")).to(client)
    assert (reply.status, reply.code) == (400, "SignatureDoesNotMatch")
    assert not echo
    assert not UsedNonce.objects.exists(), "a stranger must not fill the table"


@pytest.mark.parametrize("send", [CLIENTS["new Python"], CLIENTS["old Python"]])
def test_signatures_are_compared_in_constant_time(
    send: Any, key: Key, echo: Calls, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def watch(left: Any, right: Any) -> bool:
        compared.append(
            {side if isinstance(side, str) else side.decode() for side in (left, right)}
        )
        return original(left, right)

    original = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", watch)
    sent = send(Wish(key, "Echo"))
    assert sent.to(client).status == 200
    given = (
        sent.headers["authorization"].rpartition("=")[2]
        if "authorization" in sent.headers
        else signature.sign_v1("POST", _parameters(sent), key.secret)
    )
    assert {given} in compared, "by this function, and not by =="


def _parameters(sent: Sent) -> dict[str, str]:
    return dict(parse_qsl(sent.query, keep_blank_values=True))


class TestTime:
    """A request may be a quarter of an hour old, or early."""

    @EACH_CLIENT
    @pytest.mark.parametrize(
        ("seconds", "code"),
        [
            (-900, ""),
            (900, ""),
            (-901, "InvalidTimeStamp.Expired"),
            (901, "InvalidTimeStamp.Expired"),
            (-86400, "InvalidTimeStamp.Expired"),
        ],
    )
    def test_window(
        self, send: Any, key: Key, echo: Calls, client: Client, seconds: int, code: str
    ) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        with time_machine.travel(now, tick=False):
            reply = send(Wish(key, "Echo", at=now + timedelta(seconds=seconds))).to(client)
        assert (reply.status, reply.code) == (400 if code else 200, code)
        assert len(echo) == (0 if code else 1)

    def test_the_window_can_be_set(
        self, key: Key, echo: Calls, client: Client, settings: Any
    ) -> None:
        settings.HAVIP_RPC_WINDOW_SECONDS = 60
        at = datetime.now(UTC) - timedelta(seconds=70)
        assert new_python(Wish(key, "Echo", at=at)).to(client).code == "InvalidTimeStamp.Expired"

    @pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "2026-11-23 01:02:03"])
    def test_format(self, key: Key, echo: Calls, client: Client, text: str) -> None:
        class Odd(Wish):
            time = text  # type: ignore[assignment]

        for send in (pop_core_get, new_python):
            assert send(Odd(key, "Echo")).to(client).code == "InvalidTimeStamp.Format"


class TestNonce:
    """A request is carried out once."""

    @EACH_CLIENT
    def test_replay(self, send: Any, key: Key, echo: Calls, client: Client) -> None:
        sent = send(Wish(key, "Echo"))
        assert sent.to(client).code == ""
        reply = sent.to(client)
        assert (reply.status, reply.code) == (400, "SignatureNonceUsed")
        assert len(echo) == 1

    def test_another_request_with_the_same_nonce(
        self, key: Key, echo: Calls, client: Client
    ) -> None:
        assert new_python(Wish(key, "Echo", nonce="once")).to(client).code == ""
        again = pop_core_get(Wish(key, "Echo", {"Name": "other"}, nonce="once")).to(client)
        assert again.code == "SignatureNonceUsed"

    def test_nonces_of_another_key_do_not_count(
        self, key: Key, make_rpc_key: MakeKey, echo: Calls, client: Client
    ) -> None:
        assert new_python(Wish(key, "Echo", nonce="once")).to(client).code == ""
        assert new_python(Wish(make_rpc_key(), "Echo", nonce="once")).to(client).code == ""

    def test_a_request_that_proves_nothing_uses_up_no_nonce(
        self, key: Key, echo: Calls, client: Client
    ) -> None:
        forged = new_python(Wish(Key(key.id, "wrong"), "Echo", nonce="once"))
        assert forged.to(client).code == "SignatureDoesNotMatch"
        assert new_python(Wish(key, "Echo", nonce="once")).to(client).code == ""

    def test_any_text_will_do(self, key: Key, echo: Calls, client: Client) -> None:
        nonce = "é\0\n" * 2000
        assert pop_core_post_of(key, nonce).to(client).code == ""
        assert pop_core_post_of(key, nonce).to(client).code == "SignatureNonceUsed"

    def test_kept_as_long_as_the_request_could_be_repeated(
        self, key: Key, echo: Calls, client: Client
    ) -> None:
        now = timezone.now().replace(microsecond=0)
        ahead = new_python(Wish(key, "Echo", at=now + timedelta(seconds=899)))
        with time_machine.travel(now, tick=False):
            assert ahead.to(client).code == ""
        with time_machine.travel(now + timedelta(seconds=1790), tick=False):
            assert nonces.forget_expired() == 0
            assert ahead.to(client).code == "SignatureNonceUsed"
        with time_machine.travel(now + timedelta(seconds=1801), tick=False):
            assert nonces.forget_expired() == 1
            assert ahead.to(client).code == "InvalidTimeStamp.Expired"


def pop_core_post_of(key: Key, nonce: str) -> Sent:
    return CLIENTS["pop-core POST"](Wish(key, "Echo", nonce=nonce))


def test_the_scheduler_forgets_what_has_expired(settings: Any) -> None:
    from console.celery import app

    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "havip.rpc.tasks.forget_nonces" in tasks
    app.loader.import_default_modules()
    UsedNonce.objects.create(
        access_key_id="k", nonce_digest="d", expires_at=timezone.now() - timedelta(seconds=1)
    )
    UsedNonce.objects.create(
        access_key_id="k", nonce_digest="e", expires_at=timezone.now() + timedelta(seconds=60)
    )
    app.tasks["havip.rpc.tasks.forget_nonces"].apply(throw=True)
    assert list(UsedNonce.objects.values_list("nonce_digest", flat=True)) == ["e"]


class TestKeys:
    """A key opens this interface while it lives, and only from where it may be used."""

    @EACH_CLIENT
    def test_unknown(self, send: Any, echo: Calls, client: Client, db: None) -> None:
        reply = send(Wish(Key("HVNOBODY", "secret"), "Echo")).to(client)
        assert (reply.status, reply.code) == (404, "InvalidAccessKeyId.NotFound")
        assert not echo

    def test_an_unknown_key_is_verified_like_any_other(
        self, echo: Calls, client: Client, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = []
        original = signature.sign_v1
        monkeypatch.setattr(
            signature, "sign_v1", lambda *parts: made.append(parts) or original(*parts)
        )
        pop_core_get(Wish(Key("HVNOBODY", "secret"), "Echo")).to(client)
        assert len(made) == 1

    def test_a_key_of_the_other_kind(
        self, make_rpc_key: MakeKey, echo: Calls, client: Client
    ) -> None:
        rest = make_rpc_key(kind="rest")
        assert new_python(Wish(rest, "Echo")).to(client).code == "InvalidAccessKeyId.NotFound"

    def test_expired(self, make_rpc_key: MakeKey, echo: Calls, client: Client) -> None:
        key = make_rpc_key(expires_at=timezone.now() + timedelta(minutes=1))
        assert new_python(Wish(key, "Echo")).to(client).code == ""
        with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
            reply = new_python(Wish(key, "Echo")).to(client)
        assert (reply.status, reply.code) == (400, "InvalidAccessKeyId.Inactive")

    def test_revoked(self, cast: Cast, key: Key, echo: Calls, client: Client) -> None:
        revoke_api_key(principal=principal(cast.alpha, Role.OWNER), key_id=key.id)
        assert new_python(Wish(key, "Echo")).to(client).code == "InvalidAccessKeyId.Inactive"
        forged = new_python(Wish(Key(key.id, "wrong"), "Echo"))
        assert forged.to(client).code == "SignatureDoesNotMatch", "that it was known is no news"

    def test_source_network(self, make_rpc_key: MakeKey, echo: Calls, client: Client) -> None:
        key = make_rpc_key(source_networks=["192.0.2.0/24"])
        reply = new_python(Wish(key, "Echo")).to(client, address="198.51.100.1")
        assert (reply.status, reply.code) == (403, "Forbidden.SourceAddress")
        assert new_python(Wish(key, "Echo")).to(client, address="192.0.2.9").code == ""

    def test_last_use_is_noted(self, key: Key, echo: Calls, client: Client) -> None:
        new_python(Wish(key, "Echo")).to(client, address="192.0.2.9")
        used = ApiKey.objects.get(key_id=key.id)
        assert used.last_used_from == "192.0.2.9"


class TestWhatMustBeSigned:
    """A signature that leaves something open is none."""

    @pytest.mark.parametrize("name", [*signature.MUST_BE_SIGNED])
    def test_headers(self, key: Key, echo: Calls, client: Client, name: str) -> None:
        sent = new_python(Wish(key, "Echo"))
        signed = {
            k: v
            for k, v in sent.headers.items()
            if k not in {name, "authorization", "accept-encoding"}
        }
        loose = with_header(sent, "authorization", sign_headers("POST", {}, signed, b"", key))
        assert loose.to(client).code == "IncompleteSignature"

    @pytest.mark.parametrize(
        "name", ["Timestamp", "SignatureNonce", "AccessKeyId", "Action", "Version"]
    )
    def test_parameters(self, key: Key, echo: Calls, client: Client, name: str) -> None:
        parameters = _parameters(pop_core_get(Wish(key, "Echo")))
        del parameters[name], parameters["Signature"]
        parameters["Signature"] = signature.sign_v1("GET", parameters, key.secret)
        reply = Sent("GET", urlencode(parameters)).to(client)
        assert (reply.status, reply.code) == (400, f"Missing{name}")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Signature", ""),
            ("SignatureMethod", "HMAC-SHA256"),
            ("SignatureMethod", ""),
            ("SignatureVersion", "2.0"),
        ],
    )
    def test_methods(self, key: Key, echo: Calls, client: Client, name: str, value: str) -> None:
        parameters = {**_parameters(pop_core_get(Wish(key, "Echo"))), name: value}
        assert Sent("GET", urlencode(parameters)).to(client).code == "IncompleteSignature"

    def test_a_body_must_be_the_signed_one(self, key: Key, echo: Calls, client: Client) -> None:
        sent = new_python(Wish(key, "Echo"))
        smuggled = replace(
            with_header(sent, "content-type", "application/x-www-form-urlencoded"), body=b"Name=x"
        )
        assert smuggled.to(client).code == "SignatureDoesNotMatch"
        assert not echo

    def test_a_signed_hash_must_be_the_bodys(self, key: Key, echo: Calls, client: Client) -> None:
        sent = new_python(Wish(key, "Echo"))
        signed = {
            **{
                k: v
                for k, v in sent.headers.items()
                if k not in {"authorization", "accept-encoding"}
            },
            "x-acs-content-sha256": "UNSIGNED-PAYLOAD",
        }
        authorization = sign_headers("POST", {}, signed, b"", key)
        reply = Sent("POST", "", {**signed, "authorization": authorization}).to(client)
        assert reply.code == "SignatureDoesNotMatch"

    def test_the_host_is_signed_with_its_port(self, key: Key, echo: Calls, client: Client) -> None:
        moved = with_header(new_python(Wish(key, "Echo")), "host", HOST.replace("18999", "18998"))
        assert moved.to(client).code == "SignatureDoesNotMatch"

    @pytest.mark.parametrize(
        "authorization",
        [
            "ACS3-HMAC-SHA256",
            "ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=b",
            "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;host,Signature=b",
            "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=,Signature=b",
            "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=",
        ],
    )
    def test_authorization(self, client: Client, echo: Calls, db: None, authorization: str) -> None:
        sent = Sent("POST", "", {"authorization": authorization, "x-acs-action": "Echo"})
        assert sent.to(client).code == "IncompleteSignature"

    def test_no_signature_at_all(self, client: Client, db: None) -> None:
        assert Sent("GET", "Action=DescribeRegions").to(client).code == "MissingAccessKeyId"
        reply = Sent("POST", "", {"x-acs-action": "DescribeRegions"}).to(client)
        assert (reply.status, reply.code) == (400, "IncompleteSignature")


def test_every_header_form_is_known() -> None:
    assert set(IN_HEADERS) <= set(CLIENTS)


def test_header_bytes_are_signed_as_they_came() -> None:
    request = RpcRequest("POST", HOST, {}, {}, b"", {"HTTP_USER_AGENT": "caf\xe9"})
    assert request.header("user-agent") == "caf\xe9"
    assert signature.sign_v3("GET", {}, [("user-agent", "caf\xe9")], b"", "s") != signature.sign_v3(
        "GET", {}, [("user-agent", "cafe")], b"", "s"
    )

"""API keys: who may make them, what is kept of them, and what opens a door."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from console.audit.models import AuditEvent
from console.operations.models import IdempotencyRecord
from console.operations.refusal import Refusal
from console.secrets import NotReadable, decrypt, encrypt
from console.teams import keys
from console.teams.models import ApiKey, KeyKind
from console.teams.principal import Channel
from console.teams.roles import Permission, Role
from tests.cast import Cast, principal

pytestmark = pytest.mark.django_db


def made(cast: Cast, **changes: Any) -> tuple[ApiKey, str]:
    values: dict[str, Any] = {"kind": "rest", "role": "operator", "label": "a script"}
    return keys.make_key(principal=principal(cast.alpha, Role.OWNER), **{**values, **changes})


def test_a_rest_key_opens_with_its_secret_and_acts_with_its_role(cast: Cast) -> None:
    key, secret = made(cast)
    found = keys.authenticate_bearer(f"{key.key_id}.{secret}", source_address="192.0.2.1")
    caller = keys.key_principal(
        found, channel=Channel.REST, source_address="192.0.2.1", request_id="R"
    )
    assert (caller.team, caller.role, caller.identifier) == (
        cast.alpha,
        Role.OPERATOR,
        f"key:{key.key_id}",
    )
    assert caller.may(Permission.OPERATE)
    assert not caller.may(Permission.MANAGE_TEAM)
    assert not caller.may(Permission.ADMINISTER_SITE)


def test_an_rpc_key_gives_its_secret_back_to_verify_with(cast: Cast) -> None:
    key, secret = made(cast, kind="rpc")
    found, known = keys.find_rpc_key(key.key_id)
    assert (found, known) == (key, secret)
    assert keys.check_rpc_key(found, "") == key


@pytest.mark.parametrize("kind", KeyKind.values)
def test_a_secret_is_kept_nowhere_as_it_is(cast: Cast, kind: str) -> None:
    key, secret = made(cast, kind=kind, client_token="once")
    kept = json.dumps(
        [
            *ApiKey.objects.values(),
            *AuditEvent.objects.values(),
            *IdempotencyRecord.objects.values(),
        ],
        default=str,
    )
    assert key.key_id in kept
    assert secret not in kept


def test_a_repeated_token_makes_no_second_key_and_shows_no_secret(cast: Cast) -> None:
    first, secret = made(cast, client_token="same")
    again, nothing = made(cast, client_token="same")
    assert (again, nothing) == (first, "")
    assert keys.authenticate_bearer(f"{first.key_id}.{secret}", source_address="") == first


@pytest.mark.parametrize(
    ("changes", "number", "field"),
    [
        ({"label": " "}, "K1", "label"),
        ({"label": "x" * 81}, "K1", "label"),
        ({"kind": "soap"}, "K3", "kind"),
        ({"role": "root"}, "K3", "role"),
        ({"source_networks": ["192.0.2.0/33"]}, "K4", "source_networks"),
        ({"source_networks": [f"192.0.2.{n}" for n in range(21)]}, "K4", "source_networks"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "K5", "expires_at"),
    ],
)
def test_a_wrong_key_is_refused(
    cast: Cast, changes: dict[str, Any], number: str, field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        made(cast, **changes)
    assert (caught.value.number, caught.value.field) == (number, field)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
def test_only_an_owner_makes_and_revokes(cast: Cast, role: Role) -> None:
    key, _ = made(cast)
    caller = principal(cast.alpha, role)
    for act in (
        lambda: keys.make_key(principal=caller, kind="rest", role="viewer", label="mine"),
        lambda: keys.revoke_api_key(principal=caller, key_id=key.key_id),
    ):
        with pytest.raises(Refusal) as caught:
            act()
        assert caught.value.number == "A1"
    key.refresh_from_db()
    assert key.revoked_at is None
    assert ApiKey.objects.count() == 1


def test_another_teams_key_cannot_be_revoked(cast: Cast) -> None:
    key, _ = made(cast)
    with pytest.raises(Refusal) as caught:
        keys.revoke_api_key(principal=principal(cast.beta, Role.OWNER), key_id=key.key_id)
    assert caught.value.number == "K7"


def test_keys_have_a_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAXIMUM_KEYS", 1)
    key, _ = made(cast)
    with pytest.raises(Refusal) as caught:
        made(cast)
    assert caught.value.number == "K6"
    keys.revoke_api_key(principal=principal(cast.alpha, Role.OWNER), key_id=key.key_id)
    made(cast)


@pytest.mark.parametrize("kind", KeyKind.values)
@pytest.mark.parametrize(
    ("changes", "revoked", "source", "code"),
    [
        ({}, False, "192.0.2.9", ""),
        ({"source_networks": ["192.0.2.0/24"]}, False, "192.0.2.9", ""),
        ({"source_networks": ["192.0.2.0/24"]}, False, "::ffff:192.0.2.9", ""),
        ({"source_networks": ["192.0.2.0/24"]}, False, "192.0.3.9", "Forbidden.SourceAddress"),
        ({"source_networks": ["192.0.2.0/24"]}, False, "", "Forbidden.SourceAddress"),
        ({}, True, "192.0.2.9", "InvalidAccessKeyId.Inactive"),
    ],
)
def test_when_a_key_opens(
    cast: Cast, kind: str, changes: dict[str, Any], revoked: bool, source: str, code: str
) -> None:
    key, secret = made(cast, kind=kind, **changes)
    if revoked:
        keys.revoke_api_key(principal=principal(cast.alpha, Role.OWNER), key_id=key.key_id)
    assert _opens(key, secret, source) == code


@pytest.mark.parametrize("kind", KeyKind.values)
def test_an_expired_key_opens_nothing(cast: Cast, kind: str) -> None:
    key, secret = made(cast, kind=kind, expires_at=timezone.now() + timedelta(hours=1))
    assert _opens(key, secret, "") == ""
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        assert _opens(key, secret, "") == "InvalidAccessKeyId.Inactive"


def _opens(key: ApiKey, secret: str, source: str) -> str:
    try:
        if key.kind == KeyKind.REST:
            keys.authenticate_bearer(f"{key.key_id}.{secret}", source_address=source)
        else:
            keys.check_rpc_key(keys.find_rpc_key(key.key_id)[0], source)
    except keys.KeyRefused as refused:
        return refused.code
    return ""


def test_a_key_of_one_kind_opens_no_other_door(cast: Cast) -> None:
    rest, secret = made(cast)
    rpc, other = made(cast, kind="rpc")
    assert keys.find_rpc_key(rest.key_id)[0] is None
    with pytest.raises(keys.KeyRefused):
        keys.authenticate_bearer(f"{rpc.key_id}.{other}", source_address="")
    for token in (
        rest.key_id,
        f"{rest.key_id}.",
        f"{rest.key_id}.{secret}x",
        f"{rest.key_id.lower()}.{secret}",
        f".{secret}",
        "",
    ):
        with pytest.raises(keys.KeyRefused) as caught:
            keys.authenticate_bearer(token, source_address="")
        assert caught.value.code == "InvalidAccessKeyId.NotFound"


def test_use_is_noted_at_most_once_a_minute(cast: Cast) -> None:
    key, _ = made(cast)
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        keys.note_use(key, "192.0.2.1")
    with time_machine.travel(start + timedelta(seconds=30), tick=False):
        keys.note_use(key, "192.0.2.2")
    key.refresh_from_db()
    assert (key.last_used_at, key.last_used_from) == (start, "192.0.2.1")
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        keys.note_use(key, "192.0.2.3")
    key.refresh_from_db()
    assert key.last_used_from == "192.0.2.3"


def test_a_ciphertext_is_good_for_its_subject_purpose_and_key_only(settings: Any) -> None:
    settings.HAVIP_ENCRYPTION_KEYS = ["the first"]
    text = encrypt("open sesame", purpose="doors", subject="one")
    assert "sesame" not in text
    assert decrypt(text, purpose="doors", subject="one") == "open sesame"
    for purpose, subject in (("doors", "two"), ("gates", "one")):
        with pytest.raises(NotReadable):
            decrypt(text, purpose=purpose, subject=subject)
    settings.HAVIP_ENCRYPTION_KEYS = ["the second", "the first"]
    assert decrypt(text, purpose="doors", subject="one") == "open sesame"
    settings.HAVIP_ENCRYPTION_KEYS = ["the second"]
    with pytest.raises(NotReadable):
        decrypt(text, purpose="doors", subject="one")


def test_the_command_prints_a_key_once(cast: Cast) -> None:
    words = ["--team", "alpha", "--role", "viewer", "--kind", "rest", "--days", "1", "--json"]
    output = StringIO()
    call_command("create_api_key", *words, stdout=output)
    answer = json.loads(output.getvalue())
    key = keys.authenticate_bearer(f"{answer['id']}.{answer['secret']}", source_address="")
    assert (key.team, key.role, set(answer)) == (cast.alpha, Role.VIEWER, {"id", "secret"})
    event = AuditEvent.objects.get(action="api_key.create")
    assert (event.object_id, event.channel) == (key.key_id, "command")


@pytest.mark.parametrize(
    "words",
    [
        ["--team", "nobody"],
        ["--team", "alpha", "--days", "0"],
        ["--team", "alpha", "--network", "somewhere"],
    ],
)
def test_the_command_says_what_is_wrong(cast: Cast, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_api_key", "--role", "viewer", "--kind", "rpc", *words)
    assert not ApiKey.objects.exists()

"""API keys: making one, revoking it, and telling whose request it is that bears one."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.operations.framework import Outcome, current_change, operation
from console.operations.refusal import Rule
from console.secrets import NotReadable, decrypt, digest_of, encrypt, matches, new_secret
from console.teams.models import KEY_LABEL_LENGTH, ApiKey, KeyKind
from console.teams.principal import Channel, Principal, PrincipalKind
from console.teams.roles import Permission, Role, permissions_of

MAXIMUM_NETWORKS = 20
MAXIMUM_KEYS = 100
_PURPOSE = "console.teams.api-key"
_USE_NOTED_EVERY = timedelta(minutes=1)

LABEL = Rule(
    "K1",
    code="InvalidParameter",
    message=_("A key needs a name of 1 to 80 characters."),
    remedy=_("Name what uses it."),
    field="label",
)
ROLE = Rule(
    "K2",
    code="Forbidden",
    message=_("A key cannot have more rights than the one who makes it."),
    remedy=_("Choose a lower role."),
    field="role",
    status=HTTPStatus.FORBIDDEN,
)
KIND = Rule(
    "K3",
    code="InvalidParameter",
    message=_("There is no such kind or role of key."),
    remedy=_("Choose one of those offered."),
    field="kind",
)
NETWORK = Rule(
    "K4",
    code="InvalidParameter",
    message=_("“%(network)s” is neither an IP address nor a CIDR block."),
    remedy=_("Write at most 20 addresses or blocks, such as 192.0.2.0/24."),
    field="source_networks",
)
EXPIRY = Rule(
    "K5",
    code="InvalidParameter",
    message=_("The key would have expired already."),
    remedy=_("Choose a time to come."),
    field="expires_at",
)
TOO_MANY = Rule(
    "K6",
    code="QuotaExceeded.ApiKey",
    message=_("The team has %(limit)s keys that are not revoked, which is the limit."),
    remedy=_("Revoke one that is not used any more."),
)
NOT_FOUND = Rule(
    "K7",
    code="InvalidApiKeyId.NotFound",
    message=_("There is no key %(key)s that could be revoked."),
    remedy=_("Look at the list again: it may be revoked already."),
    field="key_id",
    status=HTTPStatus.NOT_FOUND,
)


# --- Making and revoking --------------------------------------------------------------------------------------


def make_key(
    *,
    principal: Principal,
    kind: str,
    role: str,
    label: str,
    source_networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    client_token: str = "",
) -> tuple[ApiKey, str]:
    """Make a key; return it with its secret, which is given out this once. Raises Refusal A1, K1 to K6.

    The secret is no argument of the operation, so that neither the audit log nor the memory of tokens can hold it. A token that is
    repeated returns the key that it made, with an empty secret.
    """
    outcome = create_api_key(
        principal=principal,
        kind=kind,
        role=role,
        label=label,
        source_networks=list(source_networks),
        expires_at=expires_at.isoformat() if expires_at else "",
        client_token=client_token,
    )
    key = ApiKey.objects.select_related("team").get(key_id=outcome.object_id)
    return key, _give_secret(key)


def _give_secret(key: ApiKey) -> str:
    """Give a key its secret, unless it had one before; then return an empty text."""
    secret = new_secret()
    values = (
        {"secret_digest": digest_of(secret, purpose=_PURPOSE)}
        if key.kind == KeyKind.REST
        else {"secret_ciphertext": encrypt(secret, purpose=_PURPOSE, subject=key.key_id)}
    )
    fresh = ApiKey.objects.filter(pk=key.pk, secret_digest="", secret_ciphertext="")
    if not fresh.update(**values):
        return ""
    key.refresh_from_db(fields=list(values))
    return secret


@operation("api_key.create", permission=Permission.MANAGE_TEAM)
def create_api_key(
    *,
    principal: Principal,
    kind: str,
    role: str,
    label: str,
    source_networks: list[str],
    expires_at: str,
    client_token: str = "",
) -> Outcome:
    """Make a key that has no secret yet (`make_key` gives it one); `expires_at` is ISO 8601 or empty. Raises Refusal K1 to K6."""
    change = current_change()
    change.concerns("api_key", "", label[:KEY_LABEL_LENGTH])
    if not 1 <= len(label.strip()) <= KEY_LABEL_LENGTH:
        raise LABEL.refuse()
    if kind not in KeyKind.values:
        raise KIND.refuse()
    if role not in Role.values:
        raise KIND.refuse(field="role")
    if not all(principal.may(each) for each in permissions_of(Role(role))):
        raise ROLE.refuse()
    networks = [_network(text) for text in source_networks]
    if len(networks) > MAXIMUM_NETWORKS:
        raise NETWORK.refuse(network=networks[MAXIMUM_NETWORKS])
    expiry = datetime.fromisoformat(expires_at) if expires_at else None
    if expiry is not None and expiry <= timezone.now():
        raise EXPIRY.refuse()
    living = ApiKey.objects.filter(team=principal.team, revoked_at__isnull=True)
    if living.count() >= MAXIMUM_KEYS:
        raise TOO_MANY.refuse(limit=MAXIMUM_KEYS)
    key = ApiKey.objects.create(
        team=principal.team,
        kind=kind,
        key_id=_new_key_id(),
        label=label.strip(),
        role=role,
        source_networks=networks,
        expires_at=expiry,
        created_by=principal.label,
    )
    change.concerns("api_key", key.key_id, key.label)
    change.after = {
        "kind": kind,
        "role": role,
        "source_networks": networks,
        "expires_at": expires_at,
    }
    return change.outcome()


@operation("api_key.revoke", permission=Permission.MANAGE_TEAM)
def revoke_api_key(*, principal: Principal, key_id: str, client_token: str = "") -> Outcome:
    """Revoke a key: it opens nothing from now on. Raises Refusal A1, K7."""
    change = current_change()
    change.concerns("api_key", key_id[:40], key_id[:40])
    key = ApiKey.objects.filter(team=principal.team, key_id=key_id, revoked_at__isnull=True).first()
    if key is None:
        raise NOT_FOUND.refuse(key=key_id[:40])
    change.concerns("api_key", key.key_id, key.label)
    change.before = {"kind": key.kind, "role": key.role}
    key.revoked_at, key.revoked_by = timezone.now(), principal.label
    key.save(update_fields=["revoked_at", "revoked_by"])
    return change.outcome()


def _new_key_id() -> str:
    """Return an id of letters and digits, as access key ids of the cloud are."""
    return "HV" + base64.b32encode(secrets.token_bytes(15)).decode()


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise NETWORK.refuse(network=text.strip()[:60]) from None


# --- Telling who asks -----------------------------------------------------------------------------------------


class KeyRefused(Exception):
    """A request bears no key that opens this door. `code` and `status` are the cloud's where it has one (6-cloud-api, section 3)."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True, slots=True)
class _Reason:
    code: str
    message: str
    status: int

    def refuse(self) -> KeyRefused:
        return KeyRefused(self.code, self.message, self.status)


# Read by programs, in the cloud's words: not translated.
UNKNOWN = _Reason(
    "InvalidAccessKeyId.NotFound", "The specified access key is not found.", HTTPStatus.NOT_FOUND
)
INACTIVE = _Reason(
    "InvalidAccessKeyId.Inactive",
    "The specified access key is revoked or has expired.",
    HTTPStatus.BAD_REQUEST,
)
WRONG_SOURCE = _Reason(
    "Forbidden.SourceAddress",
    "The specified access key must not be used from this address.",
    HTTPStatus.FORBIDDEN,
)


def authenticate_bearer(token: str, *, source_address: str) -> ApiKey:
    """Return the living REST key of a bearer token `<id>.<secret>`. Raises KeyRefused.

    Whether the id is unknown or the secret is wrong cannot be told apart, neither by the answer nor by the time that it takes.
    """
    key_id, _, secret = token.partition(".")
    key = _find(key_id, KeyKind.REST)
    known = matches(secret, key.secret_digest if key else "", purpose=_PURPOSE)
    if key is None or not known:
        raise UNKNOWN.refuse()
    _check_living(key, source_address)
    return key


def find_rpc_key(access_key_id: str) -> tuple[ApiKey | None, str]:
    """Return an RPC key with the secret that its requests are signed with; for an unknown id None with a secret that nobody knows.

    The caller verifies the signature with either, so that both take the same time, and only then calls `check_rpc_key`.
    """
    key = _find(access_key_id, KeyKind.RPC)
    if key is None or not key.secret_ciphertext:
        return None, new_secret()
    try:
        return key, decrypt(key.secret_ciphertext, purpose=_PURPOSE, subject=key.key_id)
    except NotReadable:
        return None, new_secret()


def check_rpc_key(key: ApiKey | None, source_address: str) -> ApiKey:
    """Return the key if it may be used, from this address. Raises KeyRefused."""
    if key is None:
        raise UNKNOWN.refuse()
    _check_living(key, source_address)
    return key


def _find(key_id: str, kind: KeyKind) -> ApiKey | None:
    if not key_id.isascii() or not key_id.isalnum() or len(key_id) > 40:
        return None
    key = ApiKey.objects.select_related("team").filter(key_id=key_id, kind=kind).first()
    # The database may compare without regard to case; an id is exact.
    return key if key and hmac.compare_digest(key.key_id, key_id) else None


def _check_living(key: ApiKey, source_address: str) -> None:
    if key.revoked_at or (key.expires_at and key.expires_at <= timezone.now()):
        raise INACTIVE.refuse()
    if key.source_networks and not _within(source_address, key.source_networks):
        raise WRONG_SOURCE.refuse()


def _within(source_address: str, networks: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(source_address)
    except ValueError:
        return False  # no address, such as over a Unix socket, is in no network
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ipaddress.ip_network(network) for network in networks)


def note_use(key: ApiKey, source_address: str) -> None:
    """Note when and from where the key was last used: at most once a minute, for it costs a write."""
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - _USE_NOTED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(
            last_used_at=now, last_used_from=source_address or None
        )


def key_principal(
    key: ApiKey, *, channel: Channel, source_address: str, request_id: str
) -> Principal:
    """Return the caller that the key stands for: its team, with its role."""
    return Principal(
        team=key.team,
        kind=PrincipalKind.API_KEY,
        identifier=f"key:{key.key_id}",
        label=key.label,
        channel=channel,
        role=Role(key.role),
        source_address=source_address,
        request_id=request_id,
    )

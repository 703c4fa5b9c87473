"""Whose request it is: signature, time, key and nonce, in an order that tells a stranger nothing."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from console.teams.keys import KeyRefused, check_rpc_key, find_rpc_key, key_principal, note_use
from console.teams.models import ApiKey
from console.teams.principal import Channel, Principal
from havip.rpc import nonces, throttling
from havip.rpc.errors import RpcError
from havip.rpc.requests import RpcRequest
from havip.rpc.signature import Claim, mismatch, read_claim


def authenticate(request: RpcRequest, *, source_address: str, request_id: str) -> Principal:
    """Return who signed the request. Raises RpcError for a request that proves nothing, comes late, twice, or too often."""
    claim = read_claim(request)
    _check_time(claim)
    try:
        key = _proven(claim, source_address)
    except KeyRefused as refused:
        raise RpcError(refused.code, refused.message, refused.status) from None
    nonces.use_nonce(key.key_id, claim.nonce)
    throttling.count_request(key.key_id, request.action)
    note_use(key, source_address)
    return key_principal(
        key, channel=Channel.RPC, source_address=source_address, request_id=request_id
    )


def _check_time(claim: Claim) -> None:
    window = timedelta(seconds=settings.HAVIP_RPC_WINDOW_SECONDS)
    if abs(timezone.now() - claim.time) > window:
        raise RpcError(
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
            recommend=f"Set the clock: requests may be {settings.HAVIP_RPC_WINDOW_SECONDS} s old or early.",
        )


def _proven(claim: Claim, source_address: str) -> ApiKey:
    """Return the key whose secret made the signature. Raises KeyRefused or RpcError.

    An unknown key is checked against a secret that nobody has, so that it takes as long. That a key is revoked, or bound to
    other networks, is only told to who has its secret.
    """
    key, secret = find_rpc_key(claim.access_key_id)
    proven = claim.is_proven_by(secret)
    if key is not None and not proven:
        raise mismatch(claim.text)
    return check_rpc_key(key, source_address)

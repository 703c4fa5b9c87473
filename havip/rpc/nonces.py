"""Replay protection: a signed request is carried out once, whichever process it comes to."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from havip.rpc.errors import RpcError
from havip.rpc.models import UsedNonce


def use_nonce(access_key_id: str, nonce: str) -> None:
    """Note that this key used this nonce, in a transaction of its own. Raises RpcError SignatureNonceUsed.

    To be called once the signature is proven: strangers cannot use up the nonces of others, or fill the table.
    """
    # A request may be as far ahead of the clock as it may be behind: so long it could be repeated.
    lifetime = timedelta(seconds=2 * settings.HAVIP_RPC_WINDOW_SECONDS)
    try:
        with transaction.atomic(durable=True):
            UsedNonce.objects.create(
                access_key_id=access_key_id,
                nonce_digest=hashlib.sha256(nonce.encode("utf-8", "replace")).hexdigest(),
                expires_at=timezone.now() + lifetime,
            )
    except IntegrityError:
        raise RpcError(
            "SignatureNonceUsed",
            "Specified signature nonce was used already.",
            recommend="Sign each request, also a repeated one, with a new SignatureNonce and Timestamp.",
        ) from None


def forget_expired() -> int:
    """Delete the nonces of requests that are too old to be repeated; return how many."""
    deleted, _ = UsedNonce.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted

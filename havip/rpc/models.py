"""What the RPC API remembers by itself: which nonces were used."""

from __future__ import annotations

from django.db import models


class UsedNonce(models.Model):
    """A nonce that one access key has signed a request with; it is kept for as long as that request could be repeated."""

    access_key_id = models.CharField(max_length=40)
    # A digest, for clients may choose any text.
    nonce_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        """A nonce is used once, whichever process sees it."""

        constraints = [
            models.UniqueConstraint(
                fields=["access_key_id", "nonce_digest"], name="rpc_nonce_used_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.access_key_id}:{self.nonce_digest[:8]}"

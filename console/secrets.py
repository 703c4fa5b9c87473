"""How secrets are kept: digests of what is only compared, ciphertext of what must be read again.

Tokens, agents' keys and API keys are 256 random bits: nobody can try them out, so a slow password hash would add nothing and
cost every request. A keyed digest (HMAC-SHA-256 under the console's secret key) is kept: a stolen database holds nothing that
opens the console, and nothing with which a guess could be checked. The secret of an RPC access key must be known to verify a
signature; it is encrypted (AES-128-CBC with HMAC-SHA-256, `cryptography`'s Fernet) under a key that is not in the database.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.crypto import salted_hmac


class NotReadable(Exception):
    """A ciphertext was made under a key that is not known any more, or for something else."""


def new_secret() -> str:
    """Return 256 random bits as text of letters, digits, "-" and "_"."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str, *, purpose: str) -> str:
    """Return what is kept of a secret that is only compared."""
    return next(_digests(secret, purpose))


def digests_of(secret: str, *, purpose: str) -> list[str]:
    """Return the digests under the present secret key and under those that it replaced: for looking a secret up."""
    return list(_digests(secret, purpose))


def matches(secret: str, digest: str, *, purpose: str) -> bool:
    """Tell in constant time whether the digest is of this secret."""
    found = False
    for each in _digests(secret, purpose):
        found |= hmac.compare_digest(each, digest)
    return found


def _digests(secret: str, purpose: str) -> Iterator[str]:
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield salted_hmac(purpose, secret, secret=key, algorithm="sha256").hexdigest()


def encrypt(secret: str, *, purpose: str, subject: str) -> str:
    """Return a secret as ciphertext that only the same purpose and subject can read."""
    return _cipher(purpose).encrypt(f"{subject}\n{secret}".encode()).decode()


def decrypt(ciphertext: str, *, purpose: str, subject: str) -> str:
    """Return the secret. Raises NotReadable for another subject's ciphertext, or one under a forgotten key."""
    try:
        owner, _, secret = _cipher(purpose).decrypt(ciphertext.encode()).decode().partition("\n")
    except InvalidToken as error:
        raise NotReadable from error
    if owner != subject:
        raise NotReadable
    return secret


def _cipher(purpose: str) -> MultiFernet:
    """Return the cipher of a purpose: the first key encrypts, all of them decrypt."""
    return MultiFernet([Fernet(_derived(key, purpose)) for key in settings.HAVIP_ENCRYPTION_KEYS])


def _derived(key: str, purpose: str) -> bytes:
    """Return a key of its own for each purpose (HKDF, RFC 5869)."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return base64.urlsafe_b64encode(derived.derive(key.encode()))

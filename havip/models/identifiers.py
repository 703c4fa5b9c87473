"""Public identifiers in the cloud's form: a prefix that tells the kind, and random characters."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_LENGTH = 20


def new_identifier(prefix: str) -> str:
    """Return a fresh identifier such as `havip-3k…`: 20 characters of base 36, about 103 bits."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def new_mac_address() -> str:
    """Return a random locally administered unicast MAC address (IEEE 802: second bit of the first octet set)."""
    octets = [0x02, *secrets.token_bytes(5)]
    return ":".join(f"{octet:02x}" for octet in octets)

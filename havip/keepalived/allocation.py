"""Numbers that nodes must agree on, or differ in: virtual router identifiers, priorities, passwords."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from havip.keepalived.texts import gettext_lazy as _
from havip.keepalived.values import (
    InvalidValue,
    checked_name,
    checked_number,
    checked_secret,
)

FIRST_VIRTUAL_ROUTER_ID = 51
"""The published example's."""

VIRTUAL_ROUTER_IDS = range(1, 256)
PRIMARY_PRIORITY = 250
"""Near the top (254), because a standby waits the longer the lower its priority (`TimerProfile.takeover_seconds`)."""
PRIORITY_STEP = 10
LAST_SLOT = 11
PASSWORD_LENGTH = 8
"""keepalived reads no more (keepalived.conf(5), auth_pass)."""


class VirtualRouterIdsExhausted(Exception):
    """All 255 virtual router identifiers of a VPC are taken."""

    message = _("All 255 virtual router identifiers of the VPC are taken.")

    def __str__(self) -> str:
        return str(self.message)


def allocate_virtual_router_id(taken: Iterable[int]) -> int:
    """Return the lowest free identifier from 51 on, then the lowest below it.

    `taken` are those of all HaVips of the VPC. Unicast would allow the same number twice between different peers, but two
    HaVips of one node must differ, and a number that is unique in the VPC stays right whatever is bound later.
    """
    used = set(taken)
    ordered: tuple[int, ...] = (
        *range(FIRST_VIRTUAL_ROUTER_ID, 256),
        *range(1, FIRST_VIRTUAL_ROUTER_ID),
    )
    for candidate in ordered:
        if candidate not in used:
            return candidate
    raise VirtualRouterIdsExhausted


def priority_of_slot(slot: int) -> int:
    """Return a node's priority: 250 for the first slot, 240 for the second, then 230, 220, … for further ones.

    Priorities must differ, or the election falls to the higher address (RFC 5798, 6.4.3). 255 is the address's owner,
    which no node is. The published file has 100 and 10; the skew of 10 costs its standby 0.96 s in version 2 each time,
    also when the holder's keepalived stops in good order.
    """
    checked_number("slot", slot, 1, LAST_SLOT)
    return PRIMARY_PRIORITY - PRIORITY_STEP * (slot - 1)


def password_of(secret: bytes, havip_id: str) -> str:
    """Derive the password that the nodes of a HaVip share: eight letters and digits, the same whenever it is derived.

    It keeps another virtual router's stray advertisements out, and no more: version 2 sends it in clear (RFC 3768, 10).
    """
    checked_secret("secret", secret)
    checked_name("havip_id", havip_id)
    digest = hmac.new(secret, b"keepalived auth_pass\0" + havip_id.encode(), hashlib.sha256)
    # Base 32 has 40 bits in eight characters, and no character that could mean anything to keepalived.
    return base64.b32encode(digest.digest()).decode("ascii")[:PASSWORD_LENGTH].lower()


def ensure_distinct(field: str, values: Iterable[object]) -> None:
    """Refuse a value that comes twice."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise InvalidValue(field, value, _("It must not come twice."))
        seen.add(value)

"""Reading who owns which private address."""

from __future__ import annotations

import ipaddress

from havip.models import AddressOwner, PrivateAddress, VSwitch
from havip.rules import addresses as rules


def owner_of(vswitch: VSwitch, address: ipaddress.IPv4Address) -> str | None:
    """Return the kind of owner of an address (an AddressOwner value), or None when it is free."""
    row = PrivateAddress.objects.filter(vswitch=vswitch, address=int(address)).first()
    return row.owner if row else None


def lowest_free(vswitch: VSwitch) -> ipaddress.IPv4Address:
    """Return the lowest free address: one indexed look-up, however many are taken. Raises Refusal C8 when none is.

    Every taken address knows whether the next one up is free, and the network address is always taken.
    """
    before = (
        PrivateAddress.objects.filter(vswitch=vswitch, successor_free=True)
        .order_by("address")
        .values_list("address", flat=True)
        .first()
    )
    if before is None:
        raise rules.C8_EXHAUSTED.refuse(cidr_block=vswitch.cidr_block)
    return ipaddress.IPv4Address(before + 1)


def free_count(vswitch: VSwitch) -> int:
    """Return how many addresses of the vSwitch are free."""
    return vswitch.network.num_addresses - PrivateAddress.objects.filter(vswitch=vswitch).count()


def check_address(vswitch: VSwitch, text: str) -> ipaddress.IPv4Address:
    """Return the address that the text means when it can be taken. Raises Refusal C5, C6, C7."""
    address = rules.c5_parse_address(text)
    rules.c5_inside_block(address, vswitch.network)
    rules.c6_not_reserved(address, vswitch.network)
    rules.c7_not_occupied(address, owner_of(vswitch, address))
    return address


def choose_address(vswitch: VSwitch, text: str) -> ipaddress.IPv4Address:
    """Return the given address, or the lowest free one when none is given. Raises Refusal C5 to C8."""
    return check_address(vswitch, text) if text.strip() else lowest_free(vswitch)


def owners_in(vswitch: VSwitch) -> list[PrivateAddress]:
    """Return the first thousand taken addresses of a vSwitch in order, with their owners."""
    return list(
        PrivateAddress.objects.filter(vswitch=vswitch)
        .select_related("interface__instance", "havip")
        .order_by("address")[:1000]
    )


__all__ = [
    "AddressOwner",
    "check_address",
    "choose_address",
    "free_count",
    "lowest_free",
    "owner_of",
    "owners_in",
]

"""Taking and releasing private addresses: the one table that interfaces and HaVips draw from."""

from __future__ import annotations

import ipaddress

from havip.models import AddressOwner, HaVip, NetworkInterface, PrivateAddress, VSwitch
from havip.rules.addresses import gateway_address, reserved_addresses


def take_address(
    vswitch: VSwitch,
    address: ipaddress.IPv4Address,
    owner: AddressOwner,
    *,
    interface: NetworkInterface | None = None,
    havip: HaVip | None = None,
) -> PrivateAddress:
    """Write the ownership of an address. Raises IntegrityError when somebody owns it."""
    number = int(address)
    rows = PrivateAddress.objects.filter(vswitch=vswitch)
    row = PrivateAddress.objects.create(
        vswitch=vswitch,
        address=number,
        owner=owner,
        interface=interface,
        havip=havip,
        successor_free=(
            address < vswitch.network.broadcast_address
            and not rows.filter(address=number + 1).exists()
        ),
    )
    rows.filter(address=number - 1).update(successor_free=False)
    return row


def release_address(row: PrivateAddress) -> None:
    """Give an address back."""
    PrivateAddress.objects.filter(vswitch_id=row.vswitch_id, address=row.address - 1).update(
        successor_free=True
    )
    row.delete()


def reserve_addresses(vswitch: VSwitch) -> None:
    """Enter the reserved addresses of a new vSwitch: the first and the last three (2-domain C6), one the gateway."""
    for address in reserved_addresses(vswitch.network):
        is_gateway = address == gateway_address(vswitch.network)
        owner = AddressOwner.GATEWAY if is_gateway else AddressOwner.RESERVED
        take_address(vswitch, address, owner)

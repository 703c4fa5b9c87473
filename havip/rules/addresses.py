"""Address arithmetic and the rules about it: C5 to C8, and what a CIDR block must look like."""

from __future__ import annotations

import ipaddress
import re

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.models import AddressOwner, Vpc, VSwitch
from havip.rules.catalogue import numbered

C5_MALFORMED = Rule(
    "C5",
    code="InvalidIPAddress.Malformed",
    message=_("“%(address)s” is not an IPv4 address."),
    remedy=_("Write four numbers from 0 to 255 with dots between them, such as 192.168.0.88."),
    field="ip_address",
)
C5_OUT_OF_RANGE = Rule(
    "C5",
    code="InvalidIPAddress.OutOfRange",
    message=_("%(address)s is outside the vSwitch's CIDR block %(cidr_block)s."),
    remedy=_("Choose an address inside the block, or leave the field empty."),
    field="ip_address",
)
C6_RESERVED = Rule(
    "C6",
    code="InvalidIPAddress.NotAvailable",
    message=_("%(address)s is reserved: the first and the last three addresses of a block are."),
    remedy=_("Choose another address, or leave the field empty."),
    field="ip_address",
)
C7_OCCUPIED = Rule(
    "C7",
    code="InvalidIPAddress.AlreadyUsed",
    message=_("%(address)s is taken already (%(owner)s)."),
    remedy=_("Choose another address, or leave the field empty to get the lowest free one."),
    field="ip_address",
)
C8_EXHAUSTED = Rule(
    "C8",
    code="InsufficientIpAddress",
    message=_("The vSwitch %(cidr_block)s has no free address left."),
    remedy=_("Release an address in it, or use another vSwitch."),
    field="ip_address",
)
numbered(
    "C5",
    "a given private IP is a valid IPv4 address inside the vSwitch's CIDR block",
    C5_MALFORMED,
    C5_OUT_OF_RANGE,
)
numbered("C6", "it is not the network address nor one of the last three of the block", C6_RESERVED)
numbered("C7", "it is not occupied by an interface, another HaVip or the gateway", C7_OCCUPIED)
numbered("C8", "no IP given: the lowest free one is taken; none free is refused", C8_EXHAUSTED)

N1_CIDR_MALFORMED = Rule(
    "N1",
    code="InvalidCidrBlock.Malformed",
    message=_("“%(cidr_block)s” is not an IPv4 CIDR block with its host bits zero."),
    remedy=_("Write it like 192.168.0.0/24."),
    field="cidr_block",
)
N2_VPC_RANGE = Rule(
    "N2",
    code="IllegalParam.CidrBlockMask",
    message=_("A VPC's block must have a mask of /8 to /28; this one has /%(prefix)s."),
    field="cidr_block",
)
N2_VPC_EXCLUDED = Rule(
    "N2",
    code="OperationDenied.CidrInExcludeCidrs",
    message=_("%(cidr_block)s overlaps %(excluded)s, which cannot be used in a VPC."),
    remedy=_("Use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."),
    field="cidr_block",
)
N3_VSWITCH_MASK = Rule(
    "N3",
    code="InvalidCirdrBlock.MaskLength",  # sic: the cloud's own spelling (6-cloud-api, section 3)
    message=_("A vSwitch's block must have a mask of /16 to /29; this one has /%(prefix)s."),
    field="cidr_block",
)
N3_VSWITCH_OUTSIDE = Rule(
    "N3",
    code="InvalidParameter",
    message=_("%(cidr_block)s is not inside the VPC's block %(vpc_block)s."),
    remedy=_("Choose a part of the VPC's block."),
    field="cidr_block",
)
N4_VSWITCH_OVERLAP = Rule(
    "N4",
    code="InvalidCidrBlock.Overlapped",
    message=_("%(cidr_block)s overlaps %(other_block)s of vSwitch %(other)s."),
    remedy=_("Choose a part of the VPC's block that no vSwitch uses."),
    field="cidr_block",
)
N4_VSWITCH_ROUTE = Rule(
    "N4",
    code="InvalidCidrBlock.Overlapped",
    message=_("%(cidr_block)s is the destination of a route entry of the VPC."),
    field="cidr_block",
)

_EXCLUDED = tuple(
    ipaddress.IPv4Network(block)
    for block in ("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
_DOTTED = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", re.ASCII)
VPC_PREFIXES = range(8, 29)
VSWITCH_PREFIXES = range(16, 30)


def c5_parse_address(text: str) -> ipaddress.IPv4Address:
    """C5, first half: return the address that the text means. Raises Refusal for anything but dotted IPv4."""
    stripped = text.strip()
    try:
        if not _DOTTED.fullmatch(stripped):
            raise ValueError(stripped)
        return ipaddress.IPv4Address(stripped)
    except ValueError:
        raise C5_MALFORMED.refuse(address=stripped[:40]) from None


def c5_inside_block(address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> None:
    """C5, second half: the address lies inside the vSwitch's block."""
    if address not in network:
        raise C5_OUT_OF_RANGE.refuse(address=str(address), cidr_block=str(network))


def c6_not_reserved(address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> None:
    """C6: the network address and the last three of the block are the cloud's own."""
    if address in reserved_addresses(network):
        raise C6_RESERVED.refuse(address=str(address))


def c7_not_occupied(address: ipaddress.IPv4Address, owner: str | None) -> None:
    """C7: nobody owns the address yet; `owner` is an AddressOwner value or None."""
    if owner is not None:
        raise C7_OCCUPIED.refuse(address=str(address), owner=str(AddressOwner(owner).label))


def reserved_addresses(network: ipaddress.IPv4Network) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the reserved addresses of a block: the first, and the last three (2-domain C6)."""
    last = network.broadcast_address
    return (network.network_address, last - 2, last - 1, last)


def gateway_address(network: ipaddress.IPv4Network) -> ipaddress.IPv4Address:
    """Return the gateway's address: the third-last of the block (5-fabric, the lab)."""
    return network.broadcast_address - 2


def n1_parse_block(text: str, *, field: str = "cidr_block") -> ipaddress.IPv4Network:
    """N1: return the block that the text means. Raises Refusal unless it is dotted IPv4 with a mask length."""
    stripped = text.strip()
    address, slash, prefix = stripped.partition("/")
    try:
        if not slash or not _DOTTED.fullmatch(address) or not re.fullmatch("[0-9]{1,2}", prefix):
            raise ValueError(stripped)
        return ipaddress.IPv4Network(stripped)
    except ValueError:
        raise N1_CIDR_MALFORMED.refuse(field=field, cidr_block=stripped[:40]) from None


def n2_vpc_block(network: ipaddress.IPv4Network) -> None:
    """N2: a VPC's block has a mask of /8 to /28 and avoids ranges with a meaning of their own (6-cloud-api, section 6)."""
    if network.prefixlen not in VPC_PREFIXES:
        raise N2_VPC_RANGE.refuse(prefix=network.prefixlen)
    for excluded in _EXCLUDED:
        if network.overlaps(excluded):
            raise N2_VPC_EXCLUDED.refuse(cidr_block=str(network), excluded=str(excluded))


def n3_vswitch_block(network: ipaddress.IPv4Network, vpc: Vpc) -> None:
    """N3: a vSwitch's block has a mask of /16 to /29 and lies inside the VPC's."""
    if network.prefixlen not in VSWITCH_PREFIXES:
        raise N3_VSWITCH_MASK.refuse(prefix=network.prefixlen)
    if not network.subnet_of(vpc.network):
        raise N3_VSWITCH_OUTSIDE.refuse(cidr_block=str(network), vpc_block=vpc.cidr_block)


def n4_vswitch_alone(
    network: ipaddress.IPv4Network, siblings: list[VSwitch], route_destinations: list[str]
) -> None:
    """N4: the block overlaps no other vSwitch of the VPC and is no custom route's destination."""
    for other in siblings:
        if network.overlaps(other.network):
            raise N4_VSWITCH_OVERLAP.refuse(
                cidr_block=str(network), other_block=other.cidr_block, other=other.label
            )
    if str(network) in route_destinations:
        raise N4_VSWITCH_ROUTE.refuse(cidr_block=str(network))


numbered("N1", "a CIDR block is a valid IPv4 block", N1_CIDR_MALFORMED)
numbered(
    "N2",
    "a VPC's block has a mask of /8 to /28 outside of the excluded ranges",
    N2_VPC_RANGE,
    N2_VPC_EXCLUDED,
)
numbered(
    "N3",
    "a vSwitch's block has a mask of /16 to /29 inside the VPC's",
    N3_VSWITCH_MASK,
    N3_VSWITCH_OUTSIDE,
)
numbered(
    "N4",
    "a vSwitch's block overlaps no other vSwitch and no route",
    N4_VSWITCH_OVERLAP,
    N4_VSWITCH_ROUTE,
)

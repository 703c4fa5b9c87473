"""VPCs, vSwitches, route entries, and who owns which private address."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from havip.models.base import Resource, ResourceQuerySet
from havip.models.identifiers import new_identifier

if TYPE_CHECKING:
    from havip.models.havip import HaVip


class NetworkStatus(models.TextChoices):
    """States of a VPC, a vSwitch and a route entry."""

    PENDING = "Pending", _("Pending")
    AVAILABLE = "Available", _("Available")
    DELETING = "Deleting", _("Deleting")


def _new_router_id() -> str:
    return new_identifier("vrt")


def _new_route_table_id() -> str:
    return new_identifier("vtb")


class Vpc(Resource):
    """A private network with a CIDR block, in one region."""

    IDENTIFIER_PREFIX = "vpc"
    KIND = "vpc"

    cidr_block = models.CharField(_("CIDR block"), max_length=18)
    status = models.CharField(
        _("status"), max_length=16, choices=NetworkStatus, default=NetworkStatus.PENDING
    )
    router_id = models.CharField(max_length=40, unique=True, default=_new_router_id)
    route_table_id = models.CharField(max_length=40, unique=True, default=_new_route_table_id)

    objects = ResourceQuerySet["Vpc"].as_manager()

    class Meta(Resource.Meta):
        """Listed by team and region."""

        indexes = [models.Index(fields=["team", "region", "-id"], name="vpc_by_team")]

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The CIDR block as a network."""
        return ipaddress.IPv4Network(self.cidr_block)


class VSwitch(Resource):
    """A subnet of a VPC, in one zone; owns a CIDR block."""

    IDENTIFIER_PREFIX = "vsw"
    KIND = "vswitch"

    vpc = models.ForeignKey(Vpc, on_delete=models.PROTECT, related_name="vswitches")
    zone = models.CharField(_("zone"), max_length=48)
    cidr_block = models.CharField(_("CIDR block"), max_length=18)
    status = models.CharField(
        _("status"), max_length=16, choices=NetworkStatus, default=NetworkStatus.PENDING
    )

    objects = ResourceQuerySet["VSwitch"].as_manager()

    class Meta(Resource.Meta):
        """A block stands once in a VPC; overlaps are refused under the team's lock."""

        constraints = [
            models.UniqueConstraint(fields=["vpc", "cidr_block"], name="vswitch_block_once"),
        ]
        indexes = [models.Index(fields=["team", "region", "-id"], name="vswitch_by_team")]

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The CIDR block as a network."""
        return ipaddress.IPv4Network(self.cidr_block)


class AddressOwner(models.TextChoices):
    """What may own a private address."""

    RESERVED = "reserved", _("reserved")
    GATEWAY = "gateway", _("gateway")
    INTERFACE = "interface", _("network interface")
    HAVIP = "havip", _("HaVip")


class PrivateAddress(models.Model):
    """One taken private address of a vSwitch: reserved, the gateway's, an interface's or a HaVip's.

    `successor_free` says that the next address up is nobody's: the lowest free address is then found by one indexed look-up,
    however many are taken. The network address is always a row, so that there is a first one.
    """

    vswitch = models.ForeignKey(VSwitch, on_delete=models.CASCADE, related_name="addresses")
    address = models.BigIntegerField()
    owner = models.CharField(max_length=16, choices=AddressOwner)
    interface = models.OneToOneField(
        "havip.NetworkInterface",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="address_row",
    )
    havip = models.OneToOneField(
        "havip.HaVip",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="address_row",
    )
    successor_free = models.BooleanField(default=False)

    class Meta:
        """One owner per address in a vSwitch (2-domain C7), held by the database."""

        constraints = [
            models.UniqueConstraint(fields=["vswitch", "address"], name="address_one_owner"),
            models.CheckConstraint(
                name="address_owner_matches",
                condition=(
                    models.Q(owner="interface", interface__isnull=False, havip__isnull=True)
                    | models.Q(owner="havip", interface__isnull=True, havip__isnull=False)
                    | models.Q(
                        owner__in=["reserved", "gateway"],
                        interface__isnull=True,
                        havip__isnull=True,
                    )
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["vswitch", "address"],
                condition=models.Q(successor_free=True),
                name="address_before_gap",
            )
        ]

    def __str__(self) -> str:
        return f"{self.text} ({self.owner})"

    @property
    def text(self) -> str:
        """The address in dotted form."""
        return str(ipaddress.IPv4Address(self.address))


class RouteEntry(Resource):
    """A custom route of a VPC whose next hop is a HaVip."""

    IDENTIFIER_PREFIX = "rte"
    KIND = "route"

    vpc = models.ForeignKey(Vpc, on_delete=models.PROTECT, related_name="route_entries")
    destination_cidr_block = models.CharField(_("destination CIDR block"), max_length=18)
    havip: models.ForeignKey[HaVip, HaVip] = models.ForeignKey(
        "havip.HaVip", on_delete=models.PROTECT, related_name="route_entries"
    )
    status = models.CharField(
        _("status"), max_length=16, choices=NetworkStatus, default=NetworkStatus.PENDING
    )

    objects = ResourceQuerySet["RouteEntry"].as_manager()

    class Meta(Resource.Meta):
        """A destination has one next hop in a VPC."""

        constraints = [
            models.UniqueConstraint(
                fields=["vpc", "destination_cidr_block"], name="route_destination_once"
            ),
        ]
        indexes = [models.Index(fields=["team", "region", "-id"], name="route_by_team")]

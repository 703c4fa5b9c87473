"""Instances and network interfaces."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from havip.models.base import Resource, ResourceQuerySet
from havip.models.identifiers import new_mac_address
from havip.models.network import VSwitch


class NetworkType(models.TextChoices):
    """An instance's network type; only `vpc` can be bound to a HaVip (2-domain B1)."""

    VPC = "vpc", _("VPC")
    CLASSIC = "classic", _("classic network")


class InstanceStatus(models.TextChoices):
    """States of an instance (6-cloud-api, 1.13; Deleting is ours)."""

    PENDING = "Pending", _("Pending")
    STARTING = "Starting", _("Starting")
    RUNNING = "Running", _("Running")
    STOPPING = "Stopping", _("Stopping")
    STOPPED = "Stopped", _("Stopped")
    DELETING = "Deleting", _("Deleting")


class Instance(Resource):
    """A server. Of network type `vpc` it has one primary network interface in a vSwitch."""

    IDENTIFIER_PREFIX = "i"
    KIND = "instance"

    network_type = models.CharField(
        _("network type"), max_length=8, choices=NetworkType, default=NetworkType.VPC
    )
    zone = models.CharField(_("zone"), max_length=48, blank=True)
    vswitch = models.ForeignKey(
        VSwitch, on_delete=models.PROTECT, null=True, blank=True, related_name="instances"
    )
    private_ip = models.GenericIPAddressField(
        _("private IP"), protocol="IPv4", null=True, blank=True
    )
    status = models.CharField(
        _("status"), max_length=16, choices=InstanceStatus, default=InstanceStatus.PENDING
    )

    objects = ResourceQuerySet["Instance"].as_manager()

    class Meta(Resource.Meta):
        """A VPC instance stands in a vSwitch, a classic one does not."""

        constraints = [
            models.CheckConstraint(
                name="instance_vswitch_by_type",
                condition=(
                    models.Q(network_type="vpc", vswitch__isnull=False)
                    | models.Q(network_type="classic", vswitch__isnull=True)
                ),
            ),
        ]
        indexes = [models.Index(fields=["team", "region", "-id"], name="instance_by_team")]


class InterfaceType(models.TextChoices):
    """Primary (主网卡) or secondary (辅助网卡)."""

    PRIMARY = "Primary", _("Primary")
    SECONDARY = "Secondary", _("Secondary")


class InterfaceStatus(models.TextChoices):
    """States of a network interface (6-cloud-api, 1.13; Creating is ours)."""

    CREATING = "Creating", _("Creating")
    AVAILABLE = "Available", _("Available")
    ATTACHING = "Attaching", _("Attaching")
    IN_USE = "InUse", _("In use")
    DETACHING = "Detaching", _("Detaching")
    DELETING = "Deleting", _("Deleting")


class NetworkInterface(Resource):
    """A network card: the primary one of an instance, or a secondary one that is attached or not."""

    IDENTIFIER_PREFIX = "eni"
    KIND = "interface"

    vswitch = models.ForeignKey(VSwitch, on_delete=models.PROTECT, related_name="interfaces")
    interface_type = models.CharField(
        _("type"), max_length=10, choices=InterfaceType, default=InterfaceType.SECONDARY
    )
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, blank=True, related_name="interfaces"
    )
    private_ip = models.GenericIPAddressField(_("private IP"), protocol="IPv4")
    mac_address = models.CharField(
        _("MAC address"), max_length=17, unique=True, default=new_mac_address
    )
    status = models.CharField(
        _("status"), max_length=16, choices=InterfaceStatus, default=InterfaceStatus.CREATING
    )

    objects = ResourceQuerySet["NetworkInterface"].as_manager()

    class Meta(Resource.Meta):
        """One primary card per instance; a primary card always has its instance."""

        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                condition=models.Q(interface_type="Primary"),
                name="interface_one_primary",
            ),
            models.CheckConstraint(
                name="interface_primary_has_instance",
                condition=(
                    models.Q(interface_type="Secondary")
                    | models.Q(interface_type="Primary", instance__isnull=False)
                ),
            ),
        ]
        indexes = [models.Index(fields=["team", "region", "-id"], name="interface_by_team")]

    @property
    def is_primary(self) -> bool:
        """Whether it is the instance's own card, which cannot be detached."""
        return self.interface_type == InterfaceType.PRIMARY

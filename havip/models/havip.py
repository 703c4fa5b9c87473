"""HaVips, their bindings, and EIPs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from havip.models.base import Resource, ResourceQuerySet
from havip.models.compute import Instance, NetworkInterface
from havip.models.network import Vpc, VSwitch

MAXIMUM_SLOTS = 10


class HaVipStatus(models.TextChoices):
    """`Creating → Available ⇄ InUse → Deleting → (gone)`, with Associating and Unassociating (2-domain: States)."""

    CREATING = "Creating", _("Creating")
    AVAILABLE = "Available", _("Available")
    ASSOCIATING = "Associating", _("Associating")
    IN_USE = "InUse", _("In use")
    UNASSOCIATING = "Unassociating", _("Unassociating")
    DELETING = "Deleting", _("Deleting")


class HaVip(Resource):
    """The floating private address. It never leaves its vSwitch."""

    IDENTIFIER_PREFIX = "havip"
    KIND = "havip"

    vpc = models.ForeignKey(Vpc, on_delete=models.PROTECT, related_name="havips")
    vswitch = models.ForeignKey(VSwitch, on_delete=models.PROTECT, related_name="havips")
    ip_address = models.GenericIPAddressField(_("private IP"), protocol="IPv4")
    status = models.CharField(
        _("status"), max_length=16, choices=HaVipStatus, default=HaVipStatus.CREATING
    )
    holder_id = models.CharField(_("held by"), max_length=40, blank=True)
    holder_since = models.DateTimeField(null=True, blank=True)
    observed_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    objects = ResourceQuerySet["HaVip"].as_manager()

    class Meta(Resource.Meta):
        """Listed by team and region, filtered by network and status, sorted by address or name."""

        constraints = [
            models.UniqueConstraint(fields=["vswitch", "ip_address"], name="havip_address_once"),
        ]
        indexes = [
            models.Index(fields=["team", "region", "-id"], name="havip_by_team"),
            models.Index(fields=["team", "region", "status", "-id"], name="havip_by_status"),
            models.Index(fields=["team", "region", "ip_address", "id"], name="havip_by_address"),
            models.Index(fields=["team", "region", "name", "id"], name="havip_by_name"),
        ]

    @property
    def label(self) -> str:
        """The name with the address, or the address alone."""
        return f"{self.name} ({self.ip_address})" if self.name else str(self.ip_address)

    def bindings_with_nodes(self) -> list[Binding]:
        """Return the bindings by slot with what is bound; asks the database only where they were not fetched with the HaVip."""
        if "bindings" not in getattr(self, "_prefetched_objects_cache", {}):
            found = self.bindings.select_related("instance", "interface__instance")
            return list(found.order_by("slot"))
        return sorted(self.bindings.all(), key=lambda binding: binding.slot)


class BindingKind(models.TextChoices):
    """What is bound: whole instances, or single interfaces; never both at one HaVip (2-domain B4)."""

    INSTANCE = "EcsInstance", _("ECS instance")
    INTERFACE = "NetworkInterface", _("Network interface")


class BindingState(models.TextChoices):
    """`binding → bound → unbinding → (gone)`."""

    BINDING = "binding", _("Binding")
    BOUND = "bound", _("Bound")
    UNBINDING = "unbinding", _("Unbinding")


class Binding(models.Model):
    """The tie between a HaVip and one of its nodes, in a numbered slot. Slot 1 is called primary (主), slot 2 standby (备)."""

    havip = models.ForeignKey(HaVip, on_delete=models.PROTECT, related_name="bindings")
    slot = models.PositiveSmallIntegerField(_("slot"))
    kind = models.CharField(max_length=16, choices=BindingKind)
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, blank=True, related_name="bindings"
    )
    interface = models.ForeignKey(
        NetworkInterface, on_delete=models.PROTECT, null=True, blank=True, related_name="bindings"
    )
    state = models.CharField(max_length=12, choices=BindingState, default=BindingState.BINDING)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=160, blank=True)

    class Meta:
        """Numbered slots and no doubled binding; that kinds never mix is held by a trigger (`havip.models.guards`)."""

        ordering = ("slot",)
        constraints = [
            models.UniqueConstraint(fields=["havip", "slot"], name="binding_slot_once"),
            models.UniqueConstraint(fields=["havip", "instance"], name="binding_instance_once"),
            models.UniqueConstraint(fields=["havip", "interface"], name="binding_interface_once"),
            models.CheckConstraint(
                condition=models.Q(slot__gte=1, slot__lte=MAXIMUM_SLOTS), name="binding_slot_range"
            ),
            models.CheckConstraint(
                name="binding_kind_matches",
                condition=(
                    models.Q(kind="EcsInstance", instance__isnull=False, interface__isnull=True)
                    | models.Q(
                        kind="NetworkInterface", instance__isnull=True, interface__isnull=False
                    )
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.havip_id}/{self.slot}: {self.resource.resource_id}"

    @property
    def resource(self) -> Instance | NetworkInterface:
        """The bound instance or interface."""
        bound = self.instance or self.interface
        if bound is None:
            raise ValueError("a binding without a resource")
        return bound

    @property
    def node(self) -> Instance | None:
        """The instance that takes part: the bound one, or the one that the bound interface is attached to."""
        return self.instance or (self.interface.instance if self.interface else None)

    @property
    def is_primary(self) -> bool:
        """Whether the slot is configured as primary."""
        return self.slot == 1


class EipStatus(models.TextChoices):
    """`Available → Associating → InUse → Unassociating → Available`; Releasing is passed at once."""

    AVAILABLE = "Available", _("Available")
    ASSOCIATING = "Associating", _("Associating")
    IN_USE = "InUse", _("In use")
    UNASSOCIATING = "Unassociating", _("Unassociating")


class InternetCharge(models.TextChoices):
    """What the cloud charges an EIP by; here it is only remembered, for clients that compare it (6-cloud-api, 1.7)."""

    BANDWIDTH = "PayByBandwidth", _("by bandwidth")
    TRAFFIC = "PayByTraffic", _("by traffic")


class Eip(Resource):
    """A public address that maps to a HaVip."""

    IDENTIFIER_PREFIX = "eip"
    KIND = "eip"

    ip_address = models.GenericIPAddressField(_("public IP"), protocol="IPv4", unique=True)
    bandwidth_mbps = models.PositiveIntegerField(_("bandwidth (Mbit/s)"), default=5)
    internet_charge_type = models.CharField(
        max_length=16, choices=InternetCharge, default=InternetCharge.BANDWIDTH
    )
    status = models.CharField(
        _("status"), max_length=16, choices=EipStatus, default=EipStatus.AVAILABLE
    )
    havip = models.OneToOneField(
        HaVip, on_delete=models.PROTECT, null=True, blank=True, related_name="eip"
    )

    objects = ResourceQuerySet["Eip"].as_manager()

    class Meta(Resource.Meta):
        """One EIP per HaVip (2-domain E3), held by the one-to-one column; free means unbound."""

        constraints = [
            models.CheckConstraint(
                name="eip_bound_matches",
                condition=(
                    models.Q(status="Available", havip__isnull=True)
                    | (~models.Q(status="Available") & models.Q(havip__isnull=False))
                ),
            ),
        ]
        indexes = [models.Index(fields=["team", "region", "-id"], name="eip_by_team")]

"""What the inventory's lists can be filtered by: text, state, and the network that a resource stands in."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Model, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from havip.filters.tags import TagFilter
from havip.models import (
    Eip,
    EipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkStatus,
    NetworkType,
    RouteEntry,
    Vpc,
    VSwitch,
)


def _choice(choices: type[TextChoices], label: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(choices=choices.choices, label=label, empty_label=_("All"))


class ResourceFilter(django_filters.FilterSet):
    """By text: part of the name, the ID, or what else `searched` names."""

    searched: ClassVar[tuple[str, ...]] = ("name", "resource_id")
    text = django_filters.CharFilter(method="matching", label=_("Search"))

    def matching(self, queryset: QuerySet[Model], _name: str, value: str) -> QuerySet[Model]:
        """Keep the rows in which one of the searched columns contains the text."""
        wanted = Q()
        for column in self.searched:
            wanted |= Q(**{f"{column}__icontains": value.strip()})
        return queryset.filter(wanted)


class VpcFilter(ResourceFilter):
    """VPCs by text, status and tags."""

    searched = ("name", "resource_id", "cidr_block")
    status = _choice(NetworkStatus, _("Status"))
    tag = TagFilter()

    class Meta:
        model = Vpc
        fields: ClassVar[list[str]] = []


class VSwitchFilter(ResourceFilter):
    """vSwitches by text, status, VPC and tags."""

    searched = ("name", "resource_id", "cidr_block", "zone")
    vpc = django_filters.CharFilter(field_name="vpc__resource_id", label=_("VPC"))
    status = _choice(NetworkStatus, _("Status"))
    tag = TagFilter()

    class Meta:
        model = VSwitch
        fields: ClassVar[list[str]] = []


class RouteFilter(ResourceFilter):
    """Route entries by text, status and VPC."""

    searched = (
        "name",
        "resource_id",
        "destination_cidr_block",
        "havip__name",
        "havip__resource_id",
        "havip__ip_address",
    )
    vpc = django_filters.CharFilter(field_name="vpc__resource_id", label=_("VPC"))
    status = _choice(NetworkStatus, _("Status"))

    class Meta:
        model = RouteEntry
        fields: ClassVar[list[str]] = []


class InstanceFilter(ResourceFilter):
    """Instances by text, status, network type, VPC, vSwitch and tags."""

    searched = ("name", "resource_id", "private_ip")
    vpc = django_filters.CharFilter(field_name="vswitch__vpc__resource_id", label=_("VPC"))
    vswitch = django_filters.CharFilter(field_name="vswitch__resource_id", label=_("vSwitch"))
    network_type = _choice(NetworkType, _("Network type"))
    status = _choice(InstanceStatus, _("Status"))
    tag = TagFilter()

    class Meta:
        model = Instance
        fields: ClassVar[list[str]] = []


class InterfaceFilter(ResourceFilter):
    """Network interfaces by text, status, type, VPC and vSwitch."""

    searched = (
        "name",
        "resource_id",
        "private_ip",
        "mac_address",
        "instance__name",
        "instance__resource_id",
    )
    vpc = django_filters.CharFilter(field_name="vswitch__vpc__resource_id", label=_("VPC"))
    vswitch = django_filters.CharFilter(field_name="vswitch__resource_id", label=_("vSwitch"))
    interface_type = _choice(InterfaceType, _("Type"))
    status = _choice(InterfaceStatus, _("Status"))

    class Meta:
        model = NetworkInterface
        fields: ClassVar[list[str]] = []


class EipFilter(ResourceFilter):
    """EIPs by text, status and tags."""

    searched = ("name", "resource_id", "ip_address", "havip__name", "havip__ip_address")
    status = _choice(EipStatus, _("Status"))
    tag = TagFilter()

    class Meta:
        model = Eip
        fields: ClassVar[list[str]] = []

"""What the HaVip list can be filtered and ordered by."""

from __future__ import annotations

from collections.abc import Mapping

import django_filters
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from havip.filters.tags import TagFilter
from havip.models import HaVip, HaVipStatus

DEFAULT_ORDERING = "-created"
MAXIMUM_TEXT = 200


class HaVipFilter(django_filters.FilterSet):
    """Filters by network, status, text and tags; identifiers are the public ones."""

    text = django_filters.CharFilter(
        method="filter_text", label=_("Search"), max_length=MAXIMUM_TEXT
    )
    vpc = django_filters.CharFilter(field_name="vpc__resource_id", label=_("VPC"), max_length=64)
    vswitch = django_filters.CharFilter(
        field_name="vswitch__resource_id", label=_("vSwitch"), max_length=64
    )
    status = django_filters.ChoiceFilter(
        choices=HaVipStatus.choices, label=_("Status"), empty_label=_("All")
    )
    tag = TagFilter()

    class Meta:
        model = HaVip
        fields: tuple[str, ...] = ()

    def filter_text(self, queryset: QuerySet[HaVip], name: str, value: str) -> QuerySet[HaVip]:
        """Find every word in name or description, or at the beginning of an address or identifier."""
        for word in value.split():
            queryset = queryset.filter(
                Q(name__icontains=word)
                | Q(description__icontains=word)
                | Q(ip_address__startswith=word)
                | Q(resource_id__startswith=word)
                | Q(eip__ip_address__startswith=word)
            )
        return queryset

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is filtered at all."""
        given = self.form.data
        return any(
            field.widget.value_from_datadict(given, {}, name)
            for name, field in self.form.fields.items()
        )


def matching(filtered: HaVipFilter) -> QuerySet[HaVip]:
    """Return what matches; nothing where the filter itself makes no sense."""
    found: QuerySet[HaVip] = filtered.qs if filtered.is_valid() else HaVip.objects.none()
    if connection.vendor != "postgresql":  # elsewhere addresses compare as text: .10 before .9
        found = found.annotate(address_number=F("address_row__address"))
    return found


def orderings() -> Mapping[str, str]:
    """Return the public names to order by, with their columns."""
    by_number = "ip_address" if connection.vendor == "postgresql" else "address_number"
    return {"name": "name", "ip": by_number, "status": "status", "created": "pk"}

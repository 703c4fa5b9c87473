"""What the audit log can be narrowed down to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.audit.models import AuditEvent, AuditResult
from console.audit.wording import GROUPS

# Exact filters without a field of their own: links set them, and a chip above the list takes them away again.
PINNED = ("object_kind", "object_id", "actor_id", "job_id", "request_id")
_LENGTH = 100
_TEXT_COLUMNS = (
    "object_label",
    "object_id",
    "actor_label",
    "code",
    "message",
    "job_id",
    "request_id",
    "source_address",
)

Choices = list[tuple[Promise | str, list[tuple[str, Promise | str]]]]


def _actions() -> Choices:
    return [
        (group, [(action, words.name) for action, words in some.items()]) for group, some in GROUPS
    ]


def _pinned(name: str, length: int) -> django_filters.CharFilter:
    return django_filters.CharFilter(
        field_name=name, max_length=length, widget=forms.HiddenInput, strip=False
    )


def _moment(label: Any, method: str) -> django_filters.DateTimeFilter:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return django_filters.DateTimeFilter(label=label, method=method, widget=widget)


class AuditFilter(django_filters.FilterSet):
    """Time range, actor, action, object, result and free text; object, actor, job and request exactly."""

    text = django_filters.CharFilter(
        label=_("Text"),
        method="with_text",
        max_length=_LENGTH,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Text")}),
    )
    since = _moment(_("From (UTC)"), "not_before")
    until = _moment(_("To (UTC)"), "not_after")
    actor = django_filters.CharFilter(
        label=_("Actor"), field_name="actor_label", lookup_expr="icontains", max_length=_LENGTH
    )
    action = django_filters.ChoiceFilter(label=_("Action"), choices=_actions, empty_label=_("All"))
    object = django_filters.CharFilter(label=_("Object"), method="on_object", max_length=_LENGTH)
    result = django_filters.ChoiceFilter(
        label=_("Result"), choices=AuditResult.choices, empty_label=_("All")
    )
    object_kind = _pinned("object_kind", 40)
    object_id = _pinned("object_id", 80)
    actor_id = _pinned("actor_id", 80)
    job_id = _pinned("job_id", 40)
    request_id = _pinned("request_id", 64)

    class Meta:
        """Nothing is derived from the model: every filter is written out."""

        model = AuditEvent
        fields: list[str] = []

    def not_before(
        self, queryset: QuerySet[AuditEvent], _name: str, value: datetime
    ) -> QuerySet[AuditEvent]:
        """Keep what happened at that moment or later."""
        return queryset.filter(occurred_at__gte=value)

    def not_after(
        self, queryset: QuerySet[AuditEvent], _name: str, value: datetime
    ) -> QuerySet[AuditEvent]:
        """Keep what happened until that moment; a minute is meant to its end."""
        exact = value.second or value.microsecond
        end = value if exact or value.year >= 9999 else value + timedelta(minutes=1)
        return queryset.filter(occurred_at__lt=end)

    def on_object(
        self, queryset: QuerySet[AuditEvent], _name: str, value: str
    ) -> QuerySet[AuditEvent]:
        """Keep what happened to objects so called."""
        return queryset.filter(Q(object_label__icontains=value) | Q(object_id__icontains=value))

    def with_text(
        self, queryset: QuerySet[AuditEvent], _name: str, value: str
    ) -> QuerySet[AuditEvent]:
        """Keep the events that say this anywhere."""
        anywhere = Q()
        for column in _TEXT_COLUMNS:
            anywhere |= Q(**{f"{column}__icontains": value})
        return queryset.filter(anywhere)

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for."""
        return any(self.form.data.get(name) for name in self.filters)

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for, as text."""
        return {
            name: str(self.form.data.get(name))[:_LENGTH]
            for name in self.filters
            if self.form.data.get(name)
        }

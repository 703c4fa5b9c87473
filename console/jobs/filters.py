"""What the list of jobs can be narrowed down to."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.audit.wording import GROUPS
from console.jobs.models import ACTIVE_STATES, Job, JobState

ACTIVE = "active"
STATES: list[tuple[str, Promise | str]] = [(ACTIVE, _("Queued or running")), *JobState.choices]
_MAXIMUM_LENGTH = 100

Choices = list[tuple[Promise | str, list[tuple[str, Promise | str]]]]


def _kinds() -> Choices:
    """Return the actions whose work is done by jobs, in their groups."""
    groups = [
        (group, [(action, words.name) for action, words in some.items() if words.queues_job])
        for group, some in GROUPS
    ]
    return [(group, kinds) for group, kinds in groups if kinds]


class JobFilter(django_filters.FilterSet):
    """State, kind, object and requester."""

    text = django_filters.CharFilter(
        label=_("Object, or number of the job"),
        method="with_text",
        max_length=_MAXIMUM_LENGTH,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Object, or number of the job")}
        ),
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=STATES, method="in_state", empty_label=_("All")
    )
    kind = django_filters.ChoiceFilter(label=_("What"), choices=_kinds, empty_label=_("All"))
    by = django_filters.CharFilter(
        label=_("Requested by"),
        field_name="requested_by",
        lookup_expr="icontains",
        max_length=_MAXIMUM_LENGTH,
    )
    object_kind = django_filters.CharFilter(
        field_name="target_kind", max_length=40, widget=forms.HiddenInput
    )
    object_id = django_filters.CharFilter(
        field_name="target_id", max_length=80, widget=forms.HiddenInput
    )

    class Meta:
        """Nothing is derived from the model: every filter is written out."""

        model = Job
        fields: list[str] = []

    def with_text(self, queryset: QuerySet[Job], _name: str, value: str) -> QuerySet[Job]:
        """Keep the jobs on objects so called, or with this identifier."""
        return queryset.filter(
            Q(target_label__icontains=value)
            | Q(target_id__icontains=value)
            | Q(resource_id=value.strip())
        )

    def in_state(self, queryset: QuerySet[Job], _name: str, value: str) -> QuerySet[Job]:
        """Keep the jobs in one state, or the active ones."""
        if value == ACTIVE:
            return queryset.filter(state__in=ACTIVE_STATES)
        return queryset.filter(state=value)

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for."""
        return any(self.form.data.get(name) for name in self.filters)

"""Fail-over drills."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from havip.models import DrillKind
from havip.models.drill import DrillStatus, Vantage
from havip.rest.serializers.answers import (
    Answer,
    Capability,
    JobReference,
    capabilities,
    identifier,
    moment,
    nullable_identifier,
    nullable_moment,
    page_of,
)
from havip.rest.serializers.fields import (
    LONGEST_LIST,
    Body,
    Several,
    Text,
    Truth,
    Whole,
    identifier_pattern,
)
from havip.rules.drills import HIGHEST_PORT, Fate

_KINDS = [str(each) for each in DrillKind.values]


class StartDrill(Body):
    """How the node that holds the address is to be disturbed, and from where the address is asked."""

    kind = Text(schema={"enum": _KINDS})
    from_inside = Truth(default=True, help_text=_("Ask from inside the VPC."))
    from_outside = Truth(default=False, help_text=_("Ask at the EIP, from outside."))
    port = Whole(required=False, default=80, schema={"minimum": 1, "maximum": HIGHEST_PORT})
    accept_outage_of = Several(
        items={"pattern": identifier_pattern("havip")},
        schema={"maxItems": LONGEST_LIST},
        required=False,
        default=(),
        help_text=_("Other HaVips of the node that may be left with nobody meanwhile."),
    )


class Drill(Answer):
    """A drill of a HaVip: what was disturbed, from when until when, and how long nobody answered."""

    id = identifier("drill")
    region = serializers.CharField()
    havip_id = identifier("havip")
    kind = serializers.ChoiceField(choices=_KINDS)
    status = serializers.ChoiceField(choices=DrillStatus.choices)
    instance_id = nullable_identifier("i", help_text=_("The disturbed node."))
    node_name = serializers.CharField(allow_blank=True)
    standby_name = serializers.CharField(allow_blank=True)
    taken_over_by = serializers.CharField(allow_blank=True)
    from_inside = serializers.BooleanField()
    from_outside = serializers.BooleanField()
    port = serializers.IntegerField(min_value=1, max_value=HIGHEST_PORT)
    gap_inside_ms = Text(
        schema={"type": ["integer", "null"]}, help_text=_("Milliseconds without an answer, inside.")
    )
    gap_outside_ms = Text(
        schema={"type": ["integer", "null"]},
        help_text=_("Milliseconds without an answer, outside."),
    )
    reason = serializers.CharField(allow_blank=True)
    probing_since = nullable_moment()
    disturbed_at = nullable_moment()
    restored_at = nullable_moment()
    ended_at = nullable_moment()
    restored_by_itself_at = moment()
    created_at = moment()
    created_by = serializers.CharField(allow_blank=True)
    job = JobReference(allow_null=True)
    capabilities = capabilities("Drill", "stop")


DrillPage = page_of(Drill, gettext_noop("One page of drills."))


class DrillAnswer(Answer):
    """A run of consecutive probes with the same answer; times count from the begin of probing."""

    vantage = serializers.ChoiceField(choices=Vantage.choices)
    started_ms = serializers.IntegerField(min_value=0)
    ended_ms = serializers.IntegerField(min_value=0)
    answered_by = serializers.CharField(allow_blank=True, help_text=_("Empty: nobody answered."))
    probes = serializers.IntegerField(min_value=0)


class DrillAnswers(Answer):
    """Who answered when."""

    items = DrillAnswer(many=True)


class DrillKindOption(Answer):
    """A kind of disturbance, and whether the region's network can do it."""

    kind = serializers.ChoiceField(choices=_KINDS)
    allowed = serializers.BooleanField()
    refusals = Capability().fields["refusals"]


class DrillNeighbour(Answer):
    """Another HaVip in which the disturbed node takes part, and what becomes of it meanwhile."""

    havip_id = identifier("havip")
    name = serializers.CharField()
    fate = serializers.ChoiceField(
        choices=[fate.value for fate in Fate],
        help_text=_(
            "It moves to its standby, is lost for whoever asks (start the drill with its identifier in "
            "`accept_outage_of`), or stays where it is."
        ),
    )
    node_name = serializers.CharField(
        allow_blank=True, help_text=_("Who answers meanwhile; empty for nobody, or not known.")
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=_KINDS), help_text=_("The kinds that it is met by.")
    )


class DrillOptions(Answer):
    """What a drill may be now, why not, and which other HaVips it meets."""

    start = Capability()
    kinds = DrillKindOption(many=True)
    from_outside = Capability()
    others = DrillNeighbour(many=True)

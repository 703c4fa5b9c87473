"""Jobs, the audit log, agents, quotas, regions, and the key itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from console.audit.models import AuditResult
from console.jobs.models import JobState
from console.teams.principal import Channel, PrincipalKind
from console.teams.roles import Permission, Role
from havip.fabric.linux.models import AgentRole
from havip.models import QuotaName, RequestState
from havip.rest.serializers.answers import (
    Answer,
    Capability,
    capabilities,
    identifier,
    moment,
    nullable_moment,
    page_of,
)
from havip.rest.serializers.fields import Body, Text, Whole
from havip.rules.limits import MAXIMUM_QUOTA, MAXIMUM_REASON

JOB_PATTERN = "^job-[0-9a-f]{18}$"
SCOPE_PATTERN = "^(?:gateway:vpc|node:i)-[0-9a-z]{20}$"
_QUOTAS = [str(each) for each in QuotaName.values]


class Zone(Answer):
    """A part of a region."""

    id = serializers.CharField()


class Region(Answer):
    """A place where resources live."""

    id = serializers.CharField()
    name = serializers.CharField()
    area = serializers.CharField()
    supports_havip = serializers.BooleanField()
    zones = Zone(many=True)
    announces = serializers.BooleanField(
        help_text=_("Whether addresses are really announced there, and not only recorded.")
    )


class Regions(Answer):
    """All known regions."""

    items = Region(many=True)


class Key(Answer):
    """The key that asks, and what it may do."""

    id = serializers.CharField()
    name = serializers.CharField()
    team = serializers.CharField(help_text=_("The team's short name."))
    team_name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=[each.value for each in Permission])
    )
    source_networks = serializers.ListField(child=serializers.CharField())
    expires_at = nullable_moment()
    created_at = moment()


class Job(Answer):
    """An asynchronous piece of work."""

    id = Text(schema={"pattern": JOB_PATTERN})
    kind = serializers.CharField(help_text=_("The operation, such as havip.create."))
    state = serializers.ChoiceField(choices=JobState.choices)
    region = serializers.CharField(allow_blank=True)
    object_kind = serializers.CharField()
    object_id = serializers.CharField()
    object_name = serializers.CharField(allow_blank=True)
    attempt = serializers.IntegerField(min_value=0)
    maximum_attempts = serializers.IntegerField(min_value=0)
    cancel_requested = serializers.BooleanField()
    reason = serializers.CharField(
        allow_blank=True, help_text=_("Why it failed or was cancelled, or what it waits for.")
    )
    retry_of = Text(schema={"type": ["string", "null"], "pattern": JOB_PATTERN})
    requested_by = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    created_at = moment()
    started_at = nullable_moment()
    finished_at = nullable_moment()
    capabilities = capabilities("Job", "cancel", "retry")


JobPage = page_of(Job, gettext_noop("One page of jobs."))


class LogLine(Answer):
    """A line of a job's log."""

    logged_at = moment()
    level = serializers.CharField()
    message = serializers.CharField()


class JobLog(Answer):
    """The newest 500 lines of a job's log, the oldest of them first."""

    complete = serializers.BooleanField()
    items = LogLine(many=True)


class AuditEvent(Answer):
    """One attempt: who tried what on which object, from where, and how it ended."""

    sequence = serializers.IntegerField(min_value=1)
    occurred_at = moment()
    actor_kind = serializers.ChoiceField(choices=[each.value for each in PrincipalKind])
    actor_id = serializers.CharField(allow_blank=True)
    actor_label = serializers.CharField(allow_blank=True)
    channel = serializers.ChoiceField(choices=[each.value for each in Channel])
    action = serializers.CharField()
    description = serializers.CharField()
    object_kind = serializers.CharField(allow_blank=True)
    object_id = serializers.CharField(allow_blank=True)
    object_label = serializers.CharField(allow_blank=True)
    result = serializers.ChoiceField(choices=AuditResult.choices)
    rule = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    explanation = serializers.CharField(allow_blank=True)
    before = serializers.JSONField()
    after = serializers.JSONField()
    job_id = serializers.CharField(allow_blank=True)
    cause = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    source_address = serializers.CharField(allow_blank=True)
    previous_hash = serializers.CharField(allow_blank=True)
    hash = serializers.CharField()


AuditEventPage = page_of(AuditEvent, gettext_noop("One page of audit events."))


class AuditVerification(Answer):
    """What a check of the log's hash chain found."""

    intact = serializers.BooleanField()
    checked_up_to = serializers.IntegerField(min_value=0)
    fault_sequence = Text(schema={"type": ["integer", "null"]})
    fault = serializers.CharField(allow_blank=True)


class Agent(Answer):
    """A program on a gateway or a node that does what is wanted there."""

    id = identifier("agent")
    role = serializers.ChoiceField(choices=AgentRole.choices)
    scope = serializers.CharField(help_text=_("What it serves, such as gateway:vpc-…"))
    region = serializers.CharField()
    state = serializers.ChoiceField(choices=["active", "silent", "failed", "revoked"])
    host_name = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    keepalived_version = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    wanted_version = serializers.IntegerField(min_value=0)
    applied_version = serializers.IntegerField(min_value=0)
    enrolled_at = moment()
    last_seen_at = nullable_moment()
    revoked_at = nullable_moment()
    capabilities = capabilities("Agent", "revoke")


AgentPage = page_of(Agent, gettext_noop("One page of agents."))


class CreateAgentToken(Body):
    """What the agent is to serve."""

    scope = Text(schema={"pattern": SCOPE_PATTERN})


class AgentToken(Answer):
    """The right to enrol one agent, once."""

    scope = serializers.CharField()
    token = serializers.CharField(help_text=_("Shown this once."))
    expires_in_seconds = serializers.IntegerField(min_value=1)


class AgentScope(Answer):
    """Something that an agent could serve."""

    scope = serializers.CharField()
    name = serializers.CharField()


class AgentScopes(Answer):
    """What agents could serve."""

    items = AgentScope(many=True)


class FiledRequest(Answer):
    """Something that a member asked for and a site administrator decides."""

    state = serializers.ChoiceField(choices=RequestState.choices)
    reason = serializers.CharField()
    filed_by = serializers.CharField()
    filed_at = moment()
    decided_by = serializers.CharField(allow_blank=True)
    decided_at = nullable_moment()


class QuotaRequest(FiledRequest):
    """A request to raise a quota."""

    value = serializers.IntegerField(min_value=1)


class Quota(Answer):
    """A limit with its use."""

    name = serializers.ChoiceField(choices=_QUOTAS)
    label = serializers.CharField()  # type: ignore[assignment]
    limit = serializers.IntegerField(min_value=0)
    default = serializers.IntegerField(min_value=0)
    used = serializers.IntegerField(min_value=0)
    used_where = serializers.CharField(
        allow_blank=True, help_text=_("Where the use is highest, for limits of VPCs and instances.")
    )
    request = QuotaRequest(allow_null=True, help_text=_("The newest request."))
    capabilities = capabilities("Quota", "request")


class Quotas(Answer):
    """All limits."""

    items = Quota(many=True)
    binding_slots = serializers.IntegerField(
        min_value=1, help_text=_("Instances, or interfaces, per HaVip: a deployment's setting.")
    )


class RequestQuota(Body):
    """A higher quota."""

    value = Whole(schema={"minimum": 1, "maximum": MAXIMUM_QUOTA})
    reason = Text(schema={"minLength": 1, "maxLength": MAXIMUM_REASON})


class Beta(Answer):
    """The team's application for the public beta."""

    required = serializers.BooleanField(  # type: ignore[assignment]
        help_text=_("Whether this deployment asks for one at all.")
    )
    approved = serializers.BooleanField(help_text=_("Whether the team may create HaVips."))
    application = FiledRequest(allow_null=True)
    apply = Capability()


class ApplyForBeta(Body):
    """Why the team wants to take part."""

    reason = Text(schema={"minLength": 1, "maxLength": MAXIMUM_REASON})

"""Jobs, audit events, agents, quotas and regions as plain values."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from console.audit.export import values
from console.audit.models import AuditEvent
from console.jobs.models import Job, JobLogLine, JobState
from console.jobs.operations import JOB_ENDED, JOB_NOT_RETRYABLE
from console.operations.framework import OPERATIONS
from console.operations.refusal import PERMISSION, Refusal
from console.teams.models import ApiKey
from console.teams.principal import Principal
from console.teams.roles import Permission, Role, permissions_of
from havip.fabric.directory import fabric_for
from havip.fabric.linux import enrolment
from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent
from havip.models import BetaApplication, QuotaRequest, RequestState
from havip.regions import Region
from havip.rest.showing import Shown, capability, when
from havip.rules import limits
from havip.rules.catalogue import first_refusal
from havip.selectors.quotas import QuotaUse


def region(known: Region) -> Shown:
    """Return a region with its zones."""
    return {
        "id": known.identifier,
        "name": known.name,
        "area": known.area,
        "supports_havip": known.supports_havip,
        "zones": [{"id": zone} for zone in known.zones],
        "announces": fabric_for(known.identifier).announces,
    }


def key(known: ApiKey) -> Shown:
    """Return the key that asks."""
    return {
        "id": known.key_id,
        "name": known.label,
        "team": known.team.slug,
        "team_name": known.team.name,
        "role": known.role,
        "permissions": sorted(each.value for each in permissions_of(Role(known.role))),
        "source_networks": list(known.source_networks),
        "expires_at": when(known.expires_at),
        "created_at": when(known.created_at),
    }


# --- Jobs -----------------------------------------------------------------------------------------------------


def job(known: Job, principal: Principal) -> Shown:
    """Return a job; asks nothing where `retry_of` is fetched."""
    return {
        "id": known.resource_id,
        "kind": known.kind,
        "state": known.state,
        "region": known.region,
        "object_kind": known.target_kind,
        "object_id": known.target_id,
        "object_name": known.target_label,
        "attempt": known.attempt,
        "maximum_attempts": known.maximum_attempts,
        "cancel_requested": known.cancel_requested,
        "reason": known.reason,
        "retry_of": known.retry_of.resource_id if known.retry_of else None,
        "requested_by": known.requested_by,
        "request_id": known.request_id,
        "created_at": when(known.created_at),
        "started_at": when(known.started_at),
        "finished_at": when(known.finished_at),
        "capabilities": _job_capabilities(known, principal),
    }


def _job_capabilities(known: Job, principal: Principal) -> Shown:
    if not principal.may(Permission.OPERATE):
        no = capability(PERMISSION.refuse())
        return {"cancel": no, "retry": no}
    state = known.get_state_display()
    retryable = known.state in (JobState.FAILED, JobState.CANCELLED)
    retryable = retryable and known.operation in OPERATIONS
    return {
        "cancel": capability(None if known.is_active else JOB_ENDED.refuse(state=state)),
        "retry": capability(None if retryable else JOB_NOT_RETRYABLE.refuse(state=state)),
    }


def log_line(line: JobLogLine) -> Shown:
    """Return a line of a job's log."""
    return {"logged_at": when(line.logged_at), "level": line.level, "message": line.sentence}


# --- The audit log --------------------------------------------------------------------------------------------


def audit_event(event: AuditEvent) -> Shown:
    """Return an event, as the export writes it."""
    return {**values(event), "occurred_at": when(event.occurred_at)}


# --- Agents ---------------------------------------------------------------------------------------------------


def agent(known: Agent, principal: Principal, versions: Mapping[str, int]) -> Shown:
    """Return an agent; `versions` are the wanted ones by scope."""
    return {
        "id": known.resource_id,
        "role": known.role,
        "scope": known.scope,
        "region": known.region,
        "state": _agent_state(known),
        "host_name": known.hostname,
        "version": known.agent_version,
        "keepalived_version": known.keepalived_version,
        "error": known.error,
        "wanted_version": versions.get(known.scope, 0),
        "applied_version": known.applied_version,
        "enrolled_at": when(known.enrolled_at),
        "last_seen_at": when(known.last_seen),
        "revoked_at": when(known.revoked_at),
        "capabilities": {"revoke": capability(_revoke_refusal(known, principal))},
    }


def _agent_state(known: Agent) -> str:
    if known.revoked_at is not None:
        return "revoked"
    if known.error:
        return "failed"
    if known.last_seen is None or known.last_seen < silent_since(timezone.now()):
        return "silent"
    return "active"


def _revoke_refusal(known: Agent, principal: Principal) -> Refusal | None:
    if known.team_id is None:
        return enrolment.HOST_IS_THE_SITE_S.refuse()
    if not principal.may(Permission.MANAGE_TEAM):
        return PERMISSION.refuse()
    if known.revoked_at is not None:
        return enrolment.NO_AGENT.refuse(agent=known.resource_id)
    return None


# --- Quotas and the beta --------------------------------------------------------------------------------------


def filed(request: BetaApplication | QuotaRequest) -> Shown:
    """Return a request and how it was decided."""
    return {
        "state": request.state,
        "reason": request.reason,
        "filed_by": request.filed_by,
        "filed_at": when(request.filed_at),
        "decided_by": request.decided_by,
        "decided_at": when(request.decided_at),
    }


def quota(use: QuotaUse, principal: Principal) -> Shown:
    """Return a limit with its use."""
    latest = use.request
    pending = latest if latest is not None and latest.state == RequestState.PENDING else None
    refusal = (
        first_refusal(lambda: limits.q2_none_open(pending))
        if principal.may(Permission.MANAGE_TEAM)
        else PERMISSION.refuse()
    )
    return {
        "name": use.name.value,
        "label": use.label,
        "limit": use.limit,
        "default": use.default,
        "used": use.used,
        "used_where": use.where,
        "request": {**filed(latest), "value": latest.value} if latest else None,
        "capabilities": {"request": capability(refusal)},
    }


def beta(application: BetaApplication | None, principal: Principal, *, approved: bool) -> Shown:
    """Return how far the team's beta application is."""
    declined = application is not None and application.state == RequestState.DECLINED
    refusal = (
        first_refusal(lambda: limits.q2_none_open(None if declined else application))
        if principal.may(Permission.OPERATE)
        else PERMISSION.refuse()
    )
    return {
        "required": bool(settings.HAVIP_BETA_GATE),
        "approved": approved,
        "application": filed(application) if application else None,
        "apply": capability(refusal),
    }

"""How an agent's key gets known: by a one-time token, bound to a scope, spent once. And how a key is taken away.

Only digests of tokens and keys are kept (`console.secrets`).
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console import pulse
from console.audit.log import AuditEntry, record
from console.operations.framework import Outcome, current_change, operation
from console.operations.refusal import Rule
from console.secrets import digest_of, digests_of, matches, new_secret
from console.teams.models import Team
from console.teams.principal import Channel, Principal, PrincipalKind
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for
from havip.fabric.linux import waking
from havip.fabric.linux.fabric import LinuxFabric
from havip.fabric.linux.models import Agent, EnrolmentToken
from havip.fabric.linux.protocol import EnrolmentRequest, Role, role_of, scope_of, subject_of
from havip.fabric.linux.words import in_english, labels_of
from havip.models import Instance, Vpc
from havip.regions import regions

PURPOSE = "havip.fabric.linux.key"
TOKEN_LIFETIME = timedelta(hours=1)
CHILD_TOKEN_LIFETIME = timedelta(minutes=10)
NO_SUBJECT = Rule(
    "V1",
    code="InvalidScope.NotFound",
    message=_("There is no VPC or instance “%(scope)s” that an agent could serve."),
    remedy=_("Choose a VPC or an instance of a region that the Linux fabric serves."),
    field="scope",
    status=404,
)
NO_AGENT = Rule(
    "V2",
    code="InvalidAgentId.NotFound",
    message=_("There is no agent %(agent)s that could be revoked."),
    remedy=_("Look at the list again: it may be revoked already."),
    field="agent_id",
    status=404,
)
HOST_IS_THE_SITE_S = Rule(
    "V3",
    code="Forbidden",
    message=_("The host serves every team of its region, so no team can revoke it."),
)
NOTHING_TO_SERVE = Rule(
    "V4",
    code="InvalidScope.NotFound",
    message=_("The team has no VPC or instance in a region that the Linux fabric serves."),
)


class NotAccepted(Exception):
    """The token is unknown, used, expired, or good for another scope; which of these is nobody's business."""


def agent_with(key: str) -> Agent | None:
    """Return the living agent with this key; None for an unknown or revoked one."""
    agent = (
        Agent.objects.select_related("team")
        .filter(key_digest__in=digests_of(key, purpose=PURPOSE), revoked_at__isnull=True)
        .first()
    )
    # The look-up found a digest, of which a caller cannot choose a single bit; the comparison itself takes constant time.
    return agent if agent and matches(key, agent.key_digest, purpose=PURPOSE) else None


# --- Tokens -----------------------------------------------------------------------------------------------------------


def linux_regions() -> list[str]:
    """Return the regions that this fabric serves."""
    return [
        identifier for identifier in regions() if isinstance(fabric_for(identifier), LinuxFabric)
    ]


def place_of(scope: str, team: Team | None = None) -> tuple[str, Team | None] | None:
    """Return the region and team of a scope's subject; None when it does not exist (in this team)."""
    subject, role = subject_of(scope), role_of(scope)
    mine = Q(team=team) if team is not None else Q()
    if role == Role.HOST:
        return (subject, None) if team is None and subject in linux_regions() else None
    if role == Role.GATEWAY:
        vpc = Vpc.objects.filter(mine, resource_id=subject).select_related("team").first()
        return (vpc.region, vpc.team) if vpc else None
    instances = Instance.objects.filter(mine, resource_id=subject, vswitch__isnull=False)
    instance = instances.select_related("team").first()
    return (instance.region, instance.team) if instance and role == Role.NODE else None


def new_token(scope: str, *, created_by: str, lifetime: timedelta = TOKEN_LIFETIME) -> str | None:
    """Make a one-time token for a scope; None when its subject does not exist in a region of this fabric."""
    secret = new_secret()
    return (
        secret
        if _keep_token(scope, digest_of(secret, purpose=PURPOSE), created_by, lifetime)
        else None
    )


def _keep_token(
    scope: str,
    digest: str,
    created_by: str,
    lifetime: timedelta = TOKEN_LIFETIME,
    team: Team | None = None,
) -> EnrolmentToken | None:
    place = place_of(scope, team)
    if place is None or place[0] not in linux_regions():
        return None
    now = timezone.now()
    EnrolmentToken.objects.filter(expires_at__lt=now - timedelta(days=7)).delete()
    return EnrolmentToken.objects.create(
        scope=scope,
        region=place[0],
        team=place[1],
        digest=digest,
        created_by=created_by[:160],
        expires_at=now + lifetime,
    )


@operation("agent.issue_token", permission=Permission.MANAGE_TEAM)
def issue_token(
    *, principal: Principal, scope: str, digest: str, client_token: str = ""
) -> Outcome:
    """Keep the digest of a fresh one-time token for a scope of the team; the caller shows the token itself, once.

    Raises Refusal A1, V1.
    """
    change = current_change()
    change.concerns("agent", scope[:80], scope[:80])
    token = _keep_token(scope, digest, principal.label, team=principal.team)
    if token is None:
        raise NO_SUBJECT.refuse(scope=scope[:60])
    change.concerns("agent", scope, _label(scope))
    change.after = {"scope": scope, "expires_at": token.expires_at.isoformat()}
    return change.outcome()


def enrol(request: EnrolmentRequest, *, source_address: str = "", request_id: str = "") -> Agent:
    """Know an agent by its key from now on, for a token, once; the scope's former agent, if there is one, is revoked.

    The same token with the same key once more is answered as before: the first answer may have been lost. A token that
    comes with another scope than its own is left as it is. Raises NotAccepted.
    """
    now = timezone.now()
    known = digests_of(request.key, purpose=PURPOSE)
    with transaction.atomic():
        token = (
            EnrolmentToken.objects.select_for_update(of=("self",))
            .select_related("team")
            .filter(digest__in=digests_of(request.token, purpose=PURPOSE))
            .first()
        )
        if token is None or not _fits(token, request):
            raise NotAccepted
        if before := Agent.objects.filter(key_digest__in=known).first():
            if before.scope != token.scope or before.revoked_at or token.used_at is None:
                raise NotAccepted
            return before
        used = EnrolmentToken.objects.filter(pk=token.pk, used_at__isnull=True, expires_at__gt=now)
        if not used.update(used_at=now) or place_of(token.scope) is None:
            raise NotAccepted
        Agent.objects.filter(scope=token.scope, revoked_at__isnull=True).update(
            revoked_at=now, revoked_by="enrolment"
        )
        try:
            agent = Agent.objects.create(
                scope=token.scope,
                region=token.region,
                team=token.team,
                key_digest=digest_of(request.key, purpose=PURPOSE),
                hostname=request.hostname,
                agent_version=request.version,
                last_seen=now,
            )
        except IntegrityError as other:  # another agent of this scope enrols at the same moment
            raise NotAccepted from other
        if token.team is not None:
            _record_enrolment(agent, token, source_address, request_id)
            pulse.touch(token.team.pk)
        waking.wake(token.scope)
    return agent


def _fits(token: EnrolmentToken, request: EnrolmentRequest) -> bool:
    return hmac.compare_digest(token.scope.encode(), request.scope.encode())


def _record_enrolment(
    agent: Agent, token: EnrolmentToken, source_address: str, request_id: str
) -> None:
    assert token.team is not None
    label = _label(agent.scope)
    record(
        Principal(
            team=token.team,
            kind=PrincipalKind.AGENT,
            identifier=agent.resource_id,
            label=label,
            channel=Channel.AGENT,
            source_address=source_address,
            request_id=request_id,
        ),
        AuditEntry(
            action="agent.enrol",
            object_kind="agent",
            object_id=agent.resource_id,
            object_label=label,
            after={
                "scope": agent.scope,
                "host_name": agent.hostname,
                "token_by": token.created_by,
            },
        ),
    )


def _label(scope: str) -> str:
    return in_english(scope, labels_of([scope])[scope])


def child_token(host: Agent, scope: str) -> str | None:
    """Make a token for an agent that a host starts itself; None for what is not in its region, or is a host."""
    place = place_of(scope)
    if role_of(scope) == Role.HOST or place is None or place[0] != host.region:
        return None
    return new_token(scope, created_by=host.resource_id, lifetime=CHILD_TOKEN_LIFETIME)


# --- Taking a key away ------------------------------------------------------------------------------------------------


@operation("agent.revoke", permission=Permission.MANAGE_TEAM)
def revoke_agent(*, principal: Principal, agent_id: str, client_token: str = "") -> Outcome:
    """Revoke an agent's key: it keeps the last state running, and hears and says nothing more. Raises Refusal A1, V2."""
    change = current_change()
    change.concerns("agent", agent_id[:80], agent_id[:80])
    agent = (
        Agent.objects.select_for_update()
        .filter(team=principal.team, resource_id=agent_id, revoked_at__isnull=True)
        .first()
    )
    if agent is None:
        raise NO_AGENT.refuse(agent=agent_id[:60])
    change.concerns("agent", agent.resource_id, _label(agent.scope))
    change.before = {"scope": agent.scope, "enrolled_at": agent.enrolled_at.isoformat()}
    agent.revoked_at, agent.revoked_by = timezone.now(), principal.label
    agent.save(update_fields=["revoked_at", "revoked_by", "role"])
    EnrolmentToken.objects.filter(scope=agent.scope, used_at__isnull=True).delete()
    waking.wake(agent.scope)
    return change.outcome()


def scope_choices(team: Team) -> list[tuple[str, str]]:
    """Return what a team's owner may enrol agents for, with labels: its VPCs and instances in regions of this fabric."""
    served = linux_regions()
    vpcs = Vpc.objects.filter(team=team, region__in=served).order_by("region", "name", "pk")
    instances = Instance.objects.filter(
        team=team, region__in=served, vswitch__isnull=False
    ).order_by("region", "name", "pk")
    return [
        *((scope_of(Role.GATEWAY, each.resource_id), each.label) for each in vpcs),
        *((scope_of(Role.NODE, each.resource_id), each.label) for each in instances),
    ]

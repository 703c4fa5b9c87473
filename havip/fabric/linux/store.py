"""Keeping the wanted states: computed anew from the records, and a version that rises with each change."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from console.teams.models import Team
from havip.fabric.base import FabricRefused
from havip.fabric.linux import waking
from havip.fabric.linux.documents import (
    Body,
    VpcPicture,
    gateway_body,
    host_body,
    node_body,
    nodes_of,
    picture,
)
from havip.fabric.linux.models import Agent, AgentRole, EnrolmentToken, WantedState
from havip.fabric.linux.protocol import ProtocolError, Role, read_document, role_of, scope_of
from havip.fabric.linux.protocol import subject_of as subject_of_scope
from havip.keepalived.allocation import VirtualRouterIdsExhausted
from havip.models import Instance, Vpc

logger = logging.getLogger(__name__)
ROUTER_IDS_EXHAUSTED = gettext_noop("All 255 virtual router identifiers of the VPC are taken.")
CANNOT_BE_TOLD = gettext_noop("The network's records cannot be told to the agents (%(fault)s).")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope is."""

    scope: str
    region: str
    team: Team | None = None
    vpc_id: str = ""


def has_host(region: str) -> bool:
    """Tell whether the region is a lab: a machine of it holds, or may soon hold, the networks themselves."""
    scope = scope_of(Role.HOST, region)
    return (
        Agent.objects.filter(scope=scope, revoked_at__isnull=True).exists()
        or EnrolmentToken.objects.filter(scope=scope, expires_at__gt=timezone.now()).exists()
    )


def refresh_vpc(region: str, vpc_id: str) -> None:
    """Compute the documents of everybody concerned with a VPC; store those that changed. Raises FabricRefused.

    A VPC that is gone from the records is left out of the host's document; its gateway is told of an empty network.
    """
    with transaction.atomic():
        _lock(region)
        vpc = Vpc.objects.select_related("team").filter(resource_id=vpc_id, region=region).first()
        try:
            if vpc is not None:
                _refresh_members(vpc, picture(vpc))
            if has_host(region):
                _refresh_host(region)
        except VirtualRouterIdsExhausted as exhausted:
            raise FabricRefused(ROUTER_IDS_EXHAUSTED) from exhausted


def refresh_host(region: str) -> None:
    """Compute the document of the region's host alone. Raises FabricRefused."""
    with transaction.atomic():
        _lock(region)
        _refresh_host(region)


def _lock(region: str) -> None:
    """Let one writer at a time compute a region's documents: a later one then sees later records."""
    scope = scope_of(Role.HOST, region)
    WantedState.objects.get_or_create(scope=scope, defaults={"region": region})
    WantedState.objects.select_for_update().get(scope=scope)


def _refresh_members(vpc: Vpc, seen: VpcPicture) -> None:
    gateway = Place(scope_of(Role.GATEWAY, vpc.resource_id), vpc.region, vpc.team, vpc.resource_id)
    _store(gateway, gateway_body(seen))
    known = WantedState.objects.filter(role=AgentRole.NODE, vpc_id=vpc.resource_id)
    told = {subject_of_scope(scope) for scope in known.values_list("scope", flat=True)}
    for instance_id in sorted(told | nodes_of(seen)):
        node = replace(gateway, scope=scope_of(Role.NODE, instance_id))
        _store(node, node_body(seen, instance_id))


def _refresh_host(region: str) -> None:
    vpcs = Vpc.objects.filter(region=region).select_related("team").order_by("pk")
    body = host_body(region, (picture(vpc) for vpc in vpcs))
    _store(Place(scope_of(Role.HOST, region), region), body)


def _store(place: Place, body: Body) -> None:
    """Keep a document if it differs from the one that is kept, with the next version."""
    try:
        read_document(body, scope=place.scope)
    except ProtocolError as error:
        logger.exception("the document of %s would be refused", place.scope)
        raise FabricRefused(CANNOT_BE_TOLD, fault=str(error)) from error
    state, _ = WantedState.objects.get_or_create(
        scope=place.scope,
        defaults={"region": place.region, "team": place.team, "vpc_id": place.vpc_id},
    )
    if state.document == body:
        return
    state.document = body
    state.version += 1
    state.updated_at = timezone.now()
    state.save(update_fields=["document", "version", "updated_at", "role"])
    waking.wake(place.scope)


def wanted_by(scope: str, region: str) -> WantedState | None:
    """Return what a scope's agent shall make so, computing it where nobody has asked before; None: its subject is gone."""
    state = WantedState.objects.filter(scope=scope, version__gt=0).first()
    if state is not None:
        return state
    role, subject = role_of(scope), subject_of_scope(scope)
    if role == Role.HOST:
        refresh_host(region)
    elif role == Role.GATEWAY:
        refresh_vpc(region, subject)
    else:
        _open_node(subject)
    return WantedState.objects.filter(scope=scope, version__gt=0).first()


def _open_node(instance_id: str) -> None:
    instance = (
        Instance.objects.filter(resource_id=instance_id, vswitch__isnull=False)
        .select_related("vswitch__vpc__team")
        .first()
    )
    if instance is None or instance.vswitch is None:
        return
    vpc = instance.vswitch.vpc
    WantedState.objects.get_or_create(
        scope=scope_of(Role.NODE, instance_id),
        defaults={"region": vpc.region, "team": vpc.team, "vpc_id": vpc.resource_id},
    )
    refresh_vpc(vpc.region, vpc.resource_id)


def document_of(state: WantedState) -> Body:
    """Return the document as it is sent, with its version."""
    return {**state.document, "version": state.version}


def forget_vpc(vpc_id: str) -> None:
    """Let go of a VPC's scopes once it is gone from the network: their agents' keys open nothing any more."""
    gone = WantedState.objects.filter(vpc_id=vpc_id)
    scopes = [*gone.values_list("scope", flat=True), scope_of(Role.GATEWAY, vpc_id)]
    with transaction.atomic():
        Agent.objects.filter(scope__in=scopes, revoked_at__isnull=True).update(
            revoked_at=timezone.now(), revoked_by="system"
        )
        gone.delete()
    for scope in scopes:
        waking.wake(scope)


def forget_gone() -> int:
    """Revoke the agents of instances and VPCs that are no more, and let go of their documents; return how many."""
    living = Agent.objects.filter(revoked_at__isnull=True).exclude(role=AgentRole.HOST)
    subjects = {agent.scope: agent.subject for agent in living}
    names = list(subjects.values())
    there = {
        *Vpc.objects.filter(resource_id__in=names).values_list("resource_id", flat=True),
        *Instance.objects.filter(resource_id__in=names).values_list("resource_id", flat=True),
    }
    gone = [scope for scope, subject in subjects.items() if subject not in there]
    if gone:
        with transaction.atomic():
            Agent.objects.filter(scope__in=gone, revoked_at__isnull=True).update(
                revoked_at=timezone.now(), revoked_by="system"
            )
            WantedState.objects.filter(scope__in=gone).delete()
    return len(gone)

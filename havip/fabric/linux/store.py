"""Keeping the wanted states: computed anew from the records, and a version that rises with each change."""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import DateTimeField, OuterRef, Subquery, Value
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
from havip.models import Instance, InstanceStatus, Vpc

logger = logging.getLogger(__name__)
Untold = dict[str, set[str]]
"""By HaVip, the scopes of the nodes that are not told of it before others know that they come."""
ROUTER_IDS_EXHAUSTED = gettext_noop("All 255 virtual router identifiers of the VPC are taken.")
CANNOT_BE_TOLD = gettext_noop("The network's records cannot be told to the agents (%(fault)s).")


RUNNING = (InstanceStatus.PENDING, InstanceStatus.STARTING, InstanceStatus.RUNNING)
"""In these an instance's agent is there, or about to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope is."""

    scope: str
    region: str
    team: Team | None = None
    vpc_id: str = ""


def has_host(region: str) -> bool:
    """Tell whether the region is a lab: a machine of it holds, or may soon hold, the networks themselves."""
    return scope_of(Role.HOST, region) in signs_of_life(region)


def signs_of_life(region: str, scopes: Iterable[str] = ()) -> dict[str, datetime | None]:
    """Return when the agents of these scopes, and of the region's host, were seen last. One query.

    Who is not enrolled is missing, but for a host that is invited: it is there, and was never seen.
    """
    host = scope_of(Role.HOST, region)
    never = Value(None, output_field=DateTimeField())
    living = Agent.objects.filter(scope__in=[host, *scopes], revoked_at__isnull=True)
    invited = EnrolmentToken.objects.filter(scope=host, expires_at__gt=timezone.now())
    rows = living.order_by().values_list("scope", "last_seen")
    both = rows.union(invited.order_by().values_list("scope", never), all=True)
    signs: dict[str, datetime | None] = {}
    for scope, last_seen in both:
        signs[scope] = last_seen or signs.get(scope)
    return signs


def refresh_vpc(region: str, vpc_id: str) -> Untold:
    """Compute the documents of everybody concerned with a VPC; store those that changed. Raises FabricRefused.

    A VPC that is gone from the records is left out of the host's document; its gateway is told of an empty network.
    Returns which nodes are not told of a HaVip yet: somebody has to come again once the nodes that serve it have applied theirs.
    """
    untold: Untold = {}
    with transaction.atomic():
        _lock(region)
        vpc = Vpc.objects.select_related("team").filter(resource_id=vpc_id, region=region).first()
        try:
            if vpc is not None:
                untold = _refresh_members(vpc, picture(vpc))
            if has_host(region):
                _refresh_host(region)
        except VirtualRouterIdsExhausted as exhausted:
            raise FabricRefused(ROUTER_IDS_EXHAUSTED) from exhausted
    return untold


def refresh_all(*, seconds: float) -> None:
    """Compute the documents of every VPC that has an agent, as long as there is time; store those that changed.

    What one VPC refuses keeps no other from it. A VPC that was begun is finished, and there is always time for one.
    """
    deadline = time.monotonic() + seconds
    scopes = Agent.objects.filter(revoked_at__isnull=True).values("scope")
    told = WantedState.objects.filter(scope__in=scopes).values("vpc_id")
    networks = WantedState.objects.filter(role=AgentRole.GATEWAY, vpc_id__in=told)
    # In no order: where there are more than there is time for, none is always the last.
    for region, vpc_id in networks.order_by("?").values_list("region", "vpc_id"):
        try:
            refresh_vpc(region, vpc_id)
        except FabricRefused as refused:
            logger.warning("%s is not told anew: %s", vpc_id, refused.message % refused.parameters)
        if time.monotonic() >= deadline:
            break


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


def _refresh_members(vpc: Vpc, seen: VpcPicture) -> Untold:
    gateway = Place(scope_of(Role.GATEWAY, vpc.resource_id), vpc.region, vpc.team, vpc.resource_id)
    _store(gateway, gateway_body(seen))
    known = WantedState.objects.filter(role=AgentRole.NODE, vpc_id=vpc.resource_id)
    serving = {subject_of_scope(each.scope): _havips_in(each.document) for each in known}
    bodies = {each: node_body(seen, each) for each in sorted(serving.keys() | nodes_of(seen))}
    joining = {each: _joined(each, body, serving) for each, body in bodies.items()}
    for instance_id, body in bodies.items():
        node = replace(gateway, scope=scope_of(Role.NODE, instance_id))
        _store(node, _without(body, joining[instance_id]))
    untold: Untold = {}
    for instance_id, havips in joining.items():
        scope = scope_of(Role.NODE, instance_id)
        early = {havip for havip, others in havips.items() if _late(others)}
        if early != set(havips):
            _store(replace(gateway, scope=scope), _without(bodies[instance_id], early))
        for havip in early:
            untold.setdefault(havip, set()).add(scope)
    return untold


def _joined(instance_id: str, body: Body, serving: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the HaVips that are new to a node and that others have already, each with these others.

    Such a node may join once the others know of it: until then it would hear nobody, and take the address.
    """
    joined = {}
    for havip in _havips_in(body) - serving.get(instance_id, set()):
        others = [each for each, has in serving.items() if each != instance_id and havip in has]
        if others:
            joined[havip] = others
    return joined


def _havips_in(body: Body) -> set[str]:
    return {havip["id"] for havip in body.get("havips", ())}


def _without(body: Body, havips: Container[str]) -> Body:
    return {**body, "havips": [each for each in body["havips"] if each["id"] not in havips]}


def _late(instances: Iterable[str]) -> bool:
    """Tell whether any of these instances runs, has an agent, and has not applied yet what is wanted of it."""
    running = Instance.objects.filter(resource_id__in=instances, status__in=RUNNING)
    scopes = [scope_of(Role.NODE, each) for each in running.values_list("resource_id", flat=True)]
    versions = WantedState.objects.filter(scope=OuterRef("scope")).values("version")
    return Agent.objects.filter(
        scope__in=scopes, revoked_at__isnull=True, applied_version__lt=Subquery(versions)
    ).exists()


def _refresh_host(region: str) -> None:
    vpcs = Vpc.objects.filter(region=region).select_related("team").order_by("pk")
    body = host_body(region, (picture(vpc) for vpc in vpcs))
    _store(Place(scope_of(Role.HOST, region), region), body)


def _store(place: Place, body: Body) -> None:
    """Keep a document if it differs from the one that is kept, with the next version.

    A version is the second in which it was made, or the number after the last one. So a database that was put back to an older
    state never gives a number anew that agents have had for something else.
    """
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
    state.version = max(state.version + 1, int(time.time()))
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

"""The keepalived file of every node: from the same documents as an agent's file, so that both say the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from havip.fabric.linux.documents import VpcPicture, node_body, picture, vrrp_secret
from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent, WantedState
from havip.fabric.linux.protocol import (
    NodeDocument,
    NodeHaVip,
    ProtocolError,
    Role,
    read_document,
    scope_of,
    subject_of,
)
from havip.keepalived import (
    PROFILES,
    Expectation,
    Finding,
    InvalidValue,
    NodeConfiguration,
    TimerProfile,
    VirtualRouterIdsExhausted,
    VrrpInstance,
    check,
    expectation_of,
    render,
    safe_name,
)
from havip.models import Vpc

NOTIFY_SCRIPT_PATH = "/usr/libexec/keepalived/havip-notify.sh"
"""Where SELinux lets it run, too; the directory is made by the install steps."""


@dataclass(frozen=True, slots=True)
class NodeFile:
    """One node's whole file: all HaVips that the node takes part in, and what is to be said of it."""

    instance_id: str
    name: str
    configuration: NodeConfiguration
    expectation: Expectation
    text: str
    findings: tuple[Finding, ...]
    lonely: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """The name under which the file is downloaded."""
        return f"keepalived-{self.configuration.name}.conf"

    @property
    def havip_ids(self) -> tuple[str, ...]:
        """The HaVips in the file."""
        return tuple(each.havip_id for each in self.configuration.instances)


class Configurations:
    """What the nodes of a VPC are to be configured with, read at one moment; the number of queries is constant."""

    def __init__(self, vpc: Vpc) -> None:
        self.exhausted = False
        self._seen: VpcPicture | None = None
        try:
            self._seen = picture(vpc, keep=False)
        except VirtualRouterIdsExhausted:
            self.exhausted = True

    @property
    def profile(self) -> TimerProfile:
        """The timers of all nodes of the VPC."""
        return PROFILES["documented" if self._seen is None else self._seen.profile]

    def nodes_of(self, havip_id: str) -> list[str]:
        """Return the instances that take part in a HaVip, in the order of their slots."""
        if self._seen is None:
            return []
        members = [
            (node.slot, node.instance_id)
            for havip in self._seen.havips
            if havip.resource_id == havip_id
            for node in havip.nodes
            if node.instance_id
        ]
        return list(dict.fromkeys(instance for _slot, instance in sorted(members)))

    def name_of(self, instance_id: str) -> str:
        """Return what an instance is called; its identifier where it has no name."""
        network = self._seen.network if self._seen else None
        names = {each.resource_id: each.name for each in network.instances} if network else {}
        return names.get(instance_id) or instance_id

    def file_of(self, instance_id: str) -> NodeFile | None:
        """Return a node's file; None where the records allow none (nothing bound, or the card is detached)."""
        if self._seen is None:
            return None
        try:
            body = node_body(self._seen, instance_id)
            document = read_document(body, scope=scope_of(Role.NODE, instance_id))
            if not isinstance(document, NodeDocument) or not document.havips:
                return None
            return self._file(document)
        except (ProtocolError, InvalidValue):
            return None

    def _file(self, document: NodeDocument) -> NodeFile:
        assert self._seen is not None
        configuration = configuration_of(document, vrrp_secret(self._seen.network.vpc_id))
        mine = {each.havip_id for each in configuration.instances}
        taken = {number for havip, number in self._seen.router_ids.items() if havip not in mine}
        expectation = expectation_of(configuration, taken_virtual_router_ids=frozenset(taken))
        text = render(configuration)
        others = {
            havip.resource_id: {node.instance_id for node in havip.nodes if node.instance_id}
            for havip in self._seen.havips
        }
        return NodeFile(
            instance_id=document.instance_id,
            name=self.name_of(document.instance_id),
            configuration=configuration,
            expectation=expectation,
            text=text,
            findings=tuple(check(text, expectation=expectation)),
            lonely=tuple(
                each.address for each in configuration.instances if len(others[each.havip_id]) == 1
            ),
        )


def configuration_of(document: NodeDocument, secret: bytes) -> NodeConfiguration:
    """Return the facts of a node's document as a configuration that a person installs, with a notify script."""
    havips = _one_of_each(document.havips)
    own = {card.private_ip for card in document.interfaces}
    return NodeConfiguration(
        name=safe_name(document.name, fallback=document.instance_id),
        private_address=havips[0].own_address,
        interface=havips[0].device,
        instances=tuple(
            VrrpInstance(
                havip_id=havip.id,
                address=havip.address,
                virtual_router_id=havip.virtual_router_id,
                priority=havip.priority,
                peers=tuple(peer for peer in havip.peers if peer not in own),
                profile=PROFILES[document.profile],
                interface=havip.device,
                own_address=havip.own_address,
                prefix_length=havip.prefix_length,
            )
            for havip in havips
        ),
        secret=secret,
        notify_script=NOTIFY_SCRIPT_PATH,
    )


def _one_of_each(havips: Iterable[NodeHaVip]) -> list[NodeHaVip]:
    """Return one entry for each HaVip: where two cards of a node are bound to it, the lowest slot announces."""
    chosen: dict[str, NodeHaVip] = {}
    for havip in sorted(havips, key=lambda each: each.slot):
        chosen.setdefault(havip.id, havip)
    return sorted(chosen.values(), key=lambda each: each.id)


@dataclass(frozen=True, slots=True)
class NodeAgent:
    """What is known of the agent of a node. `state`: "none", "silent", "failed", "behind" or "applied"."""

    state: str
    error: str = ""
    keepalived_version: str = ""
    last_seen: dt.datetime | None = None


_NO_AGENT = NodeAgent("none")


def node_agents(instance_ids: Iterable[str]) -> Mapping[str, NodeAgent]:
    """Return how far the agent of each node is; two queries, however many there are."""
    wanted = list(instance_ids)
    scopes = [scope_of(Role.NODE, each) for each in wanted]
    versions = dict(WantedState.objects.filter(scope__in=scopes).values_list("scope", "version"))
    living = Agent.objects.filter(scope__in=scopes, revoked_at__isnull=True)
    found = {subject_of(agent.scope): _state(agent, versions) for agent in living}
    return {each: found.get(each, _NO_AGENT) for each in wanted}


def _state(agent: Agent, versions: Mapping[str, int]) -> NodeAgent:
    version = versions.get(agent.scope, 0)
    state = "applied"
    if agent.last_seen is None or agent.last_seen < silent_since(timezone.now()):
        state = "silent"
    elif agent.error and agent.attempted_version == version:
        state = "failed"
    elif version == 0 or agent.applied_version < version:
        state = "behind"
    return NodeAgent(state, agent.error, agent.keepalived_version, agent.last_seen)

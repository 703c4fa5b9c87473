"""Jobs over agents: nobody sits waiting, a report advances them, an error or silence ends them and puts everything back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from console.jobs.models import Job, JobState
from havip.fabric.base import FabricBusy
from havip.fabric.linux import store, tasks
from havip.fabric.linux.fabric import LinuxFabric
from havip.fabric.linux.models import Agent, TimerChoice, VirtualRouter, WantedState
from havip.fabric.linux.protocol import GatewayDocument, HostDocument, NodeDocument
from havip.models import HaVip
from tests.cast import World, carry_out_jobs
from tests.havip.fabric.linux.binding import begin_bind
from tests.havip.fabric.linux.conftest import Agents, Committed, bound_havip
from tests.havip.fabric.linux.scripted import ScriptedAgent

pytestmark = pytest.mark.slow


def wanted_version(scope: str) -> int:
    return WantedState.objects.get(scope=scope).version


def last_words(job: Job) -> str:
    return job.explanation % job.explanation_parameters


# --- The way to success -----------------------------------------------------------------------------------------------


def test_a_bind_waits_for_its_agents_and_is_advanced_by_their_reports(
    agents: Agents, unbound: str, committed: Committed, monkeypatch: Any
) -> None:
    job = begin_bind(agents, unbound, agents.world.ecs1)
    assert agents.world.status(unbound) == "Associating"
    sent: list[int] = []
    monkeypatch.setattr("havip.fabric.linux.waking.send", sent.append)
    with committed():
        agents.gateway.obey()
    assert sent == [job.pk]
    carry_out_jobs()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    with committed():
        agents.ecs1.obey()
    carry_out_jobs()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert agents.world.status(unbound) == "InUse"
    assert job.attempt == 1


def test_a_report_without_news_sends_nobody(
    agents: Agents, unbound: str, committed: Committed, monkeypatch: Any
) -> None:
    begin_bind(agents, unbound, agents.world.ecs1)
    sent: list[int] = []
    monkeypatch.setattr("havip.fabric.linux.waking.send", sent.append)
    with committed():
        agents.gateway.report()
        agents.gateway.report()
    assert sent == []


def test_another_network_s_agent_sends_nobody(
    agents: Agents, unbound: str, committed: Committed, monkeypatch: Any
) -> None:
    world = agents.world
    other = world.act("vpc.create", name="other", cidr_block="10.0.0.0/16").object_id
    carry_out_jobs()
    begin_bind(agents, unbound, world.ecs1)
    sent: list[int] = []
    monkeypatch.setattr("havip.fabric.linux.waking.send", sent.append)
    with committed():
        ScriptedAgent(f"gateway:{other}").obey()
    assert [Job.objects.get(pk=pk).kind for pk in sent] == ["vpc.create"]


def test_the_documents_of_a_bound_havip(agents: Agents, havip: str) -> None:
    world = agents.world
    gateway = agents.gateway.document()
    assert isinstance(gateway, GatewayDocument)
    (vip,) = gateway.havips
    assert (vip.id, vip.address, vip.eip) == (havip, "192.168.0.88", "")
    assert set(vip.holders.values()) == {world.ecs1, world.ecs2}
    first, second = agents.ecs1.document(), agents.ecs2.document()
    assert isinstance(first, NodeDocument)
    assert isinstance(second, NodeDocument)
    assert [card.device for card in first.interfaces] == ["eth0", "eth1"]
    (one,), (two,) = first.havips, second.havips
    assert (one.own_address, one.peers) == ("192.168.0.209", ("192.168.0.210",))
    assert (two.own_address, two.peers) == ("192.168.0.210", ("192.168.0.209",))
    assert (one.slot, one.priority, two.slot, two.priority) == (1, 250, 2, 240)
    assert one.virtual_router_id == two.virtual_router_id == 51
    assert one.auth_secret == two.auth_secret


def test_a_node_that_is_alone_tells_the_gateway(agents: Agents) -> None:
    bound_havip(agents, agents.world.ecs1)
    document = agents.ecs1.document()
    assert isinstance(document, NodeDocument)
    assert document.havips[0].peers == ("192.168.0.253",)


def test_interfaces_are_bound_on_their_own_device(agents: Agents) -> None:
    world = agents.world
    bound_havip(agents, world.card1, world.card2)
    document = agents.ecs1.document()
    assert isinstance(document, NodeDocument)
    (part,) = document.havips
    assert (part.device, part.own_address, part.peers) == (
        "eth1",
        "192.168.0.219",
        ("192.168.0.220",),
    )


def test_two_cards_of_one_instance_are_one_node(agents: Agents) -> None:
    world = agents.world
    primary = world.get(world.ecs1).interfaces.get(interface_type="Primary").resource_id
    bound_havip(agents, primary, world.card1)
    document = agents.ecs1.document()
    assert isinstance(document, NodeDocument)
    (part,) = document.havips
    assert (part.device, part.peers) == ("eth0", ("192.168.0.253",))


def test_versions_rise_with_changes_and_only_then(agents: Agents, havip: str) -> None:
    world = agents.world
    gateway, node = agents.gateway.scope, agents.ecs1.scope
    before = wanted_version(gateway), wanted_version(node)
    store.refresh_vpc(world.region, world.vpc)
    store.refresh_vpc(world.region, world.vpc)
    assert before == (wanted_version(gateway), wanted_version(node))
    TimerChoice.objects.create(vpc=world.get(world.vpc), profile="fast")
    store.refresh_vpc(world.region, world.vpc)
    assert wanted_version(gateway) == before[0]
    assert wanted_version(node) > before[1]


def test_router_identifiers_are_unique_in_the_vpc_and_stay(agents: Agents, havip: str) -> None:
    world = agents.world
    other = world.act("havip.create", vswitch_id=world.vswitch).object_id
    carry_out_jobs()
    numbers = dict(VirtualRouter.objects.values_list("havip__resource_id", "number"))
    assert numbers == {havip: 51, other: 52}


def test_unbinding_a_silent_node_does_not_wait_for_it(agents: Agents, havip: str) -> None:
    world = agents.world
    long_ago = timezone.now() - timedelta(minutes=5)
    Agent.objects.filter(scope=agents.ecs2.scope).update(last_seen=long_ago)
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs2, force=True)
    carry_out_jobs()
    agents.gateway.obey()
    agents.ecs1.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    (job,) = carry_out_jobs()
    assert job.state == JobState.SUCCEEDED
    gateway = agents.gateway.document()
    assert isinstance(gateway, GatewayDocument)
    assert set(gateway.havips[0].holders.values()) == {world.ecs1}
    node = agents.ecs2.document()
    assert isinstance(node, NodeDocument)
    assert node.havips == ()


def test_unbinding_a_living_node_waits_for_it(agents: Agents, havip: str) -> None:
    world = agents.world
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs2, force=True)
    carry_out_jobs()
    agents.gateway.obey()
    agents.ecs1.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    (job,) = carry_out_jobs()
    assert job.state == JobState.RUNNING
    agents.ecs2.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    (job,) = carry_out_jobs()
    assert job.state == JobState.SUCCEEDED


def test_a_stopped_node_is_not_waited_for(agents: Agents, unbound: str) -> None:
    world = agents.world
    world.act("instance.stop", instance_id=world.ecs1)
    carry_out_jobs()
    world.act("havip.bind_instance", havip_id=unbound, instance_id=world.ecs1)
    carry_out_jobs()
    agents.gateway.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    carry_out_jobs()
    assert world.status(unbound) == "InUse"


def test_eip_and_route_reach_the_gateway(agents: Agents, havip: str) -> None:
    world = agents.world
    world.act("havip.bind_eip", havip_id=havip, eip_id=world.eip1)
    carry_out_jobs()
    agents.gateway.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    carry_out_jobs()
    world.act(
        "route.create", havip_id=havip, vpc_id=world.vpc, destination_cidr_block="10.9.0.0/16"
    )
    carry_out_jobs()
    document = agents.gateway.document()
    assert isinstance(document, GatewayDocument)
    assert document.havips[0].eip == str(world.get(world.eip1).ip_address)
    assert [(each.destination, each.next_hop) for each in document.routes] == [
        ("10.9.0.0/16", "192.168.0.88")
    ]


# --- The ways to failure ----------------------------------------------------------------------------------------------


def test_an_agent_s_error_fails_the_job_with_its_sentence_and_all_is_put_back(
    agents: Agents, unbound: str, committed: Committed
) -> None:
    world = agents.world
    job = begin_bind(agents, unbound, world.ecs1)
    during = wanted_version(agents.gateway.scope)
    with committed():
        agents.ecs1.fail("keepalived does not accept the file: line 7.")
    carry_out_jobs()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert last_words(job) == "The node ecs1 reported: keepalived does not accept the file: line 7."
    assert world.status(unbound) == "Available"
    gateway = agents.gateway.document()
    assert isinstance(gateway, GatewayDocument)
    assert gateway.version > during
    assert gateway.havips[0].ports == ()


def test_an_older_error_fails_nobody(agents: Agents, unbound: str) -> None:
    agents.gateway.applied = 0
    agents.gateway.report(attempted_version=1, error="an old story")
    job = begin_bind(agents, unbound, agents.world.ecs1)
    assert job.state == JobState.RUNNING


def test_a_silent_agent_fails_the_job_at_its_deadline_and_is_named(
    agents: Agents, unbound: str, settings: Any
) -> None:
    world = agents.world
    job = begin_bind(agents, unbound, world.ecs1)
    agents.ecs1.obey()
    heard = timezone.now().replace(hour=10, minute=42, second=7)
    Agent.objects.filter(scope=agents.gateway.scope).update(last_seen=heard)
    later = timezone.now() + timedelta(seconds=settings.HAVIP_JOB_DEADLINE_SECONDS + 5)
    with time_machine.travel(later):
        carry_out_jobs()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "the gateway of vpc has not answered since 10:42:07" in last_words(job)
    assert "ecs1" not in last_words(job)
    assert world.status(unbound) == "Available"
    node = agents.ecs1.document()
    assert isinstance(node, NodeDocument)
    assert node.havips == ()


def test_without_any_agent_the_sentence_says_who_is_missing(world: World) -> None:
    world.act("havip.create", vswitch_id=world.vswitch)
    (job,) = carry_out_jobs()
    later = timezone.now() + timedelta(hours=1)
    with time_machine.travel(later):
        carry_out_jobs()
    job.refresh_from_db()
    assert "no agent is enrolled as the gateway of vpc" in last_words(job)
    assert not HaVip.objects.exists()


def test_a_failed_creation_is_told_as_gone(agents: Agents) -> None:
    agents.world.act("havip.create", vswitch_id=agents.world.vswitch)
    carry_out_jobs()
    agents.gateway.fail("no room.")
    Job.objects.filter(state="running").update(due_at=timezone.now())
    carry_out_jobs()
    document = agents.gateway.document()
    assert isinstance(document, GatewayDocument)
    assert document.havips == ()


def test_a_revoked_agent_is_awaited_like_one_that_is_missing(agents: Agents, unbound: str) -> None:
    world = agents.world
    world.act("agent.revoke", by=world.owner, agent_id=agents.gateway.agent_id)
    begin_bind(agents, unbound, world.ecs1)
    answer = LinuxFabric()._judge(world.region, [agents.gateway.scope])
    assert "no agent is enrolled" in getattr(answer, "note", "")


# --- The lab's host ---------------------------------------------------------------------------------------------------


def test_in_the_lab_the_host_is_told_and_awaited(agents: Agents) -> None:
    world = agents.world
    host = ScriptedAgent(f"host:{world.region}")
    host.obey()
    vswitch = world.act(
        "vswitch.create", name="more", vpc_id=world.vpc, cidr_block="192.168.1.0/24"
    ).object_id
    carry_out_jobs()
    agents.gateway.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    (job,) = carry_out_jobs()
    assert job.state == JobState.RUNNING
    document = host.document()
    assert isinstance(document, HostDocument)
    (vpc,) = document.vpcs
    assert {each.id for each in vpc.vswitches} == {world.vswitch, vswitch}
    assert {each.name for each in vpc.instances} == {"ecs1", "ecs2", "spare"}
    loose = next(each for each in vpc.interfaces if each.id == world.loose)
    assert (loose.instance_id, loose.device) == ("", "")
    host.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    (job,) = carry_out_jobs()
    assert job.state == JobState.SUCCEEDED


def test_devices_keep_their_names_while_attached(agents: Agents) -> None:
    world = agents.world
    host = ScriptedAgent(f"host:{world.region}")

    def devices() -> dict[str, str]:
        store.refresh_vpc(world.region, world.vpc)
        document = host.document()
        assert isinstance(document, HostDocument)
        return {card.id: card.device for card in document.vpcs[0].interfaces if card.device}

    assert devices()[world.card1] == "eth1"
    loose, card1 = world.get(world.loose), world.get(world.card1)
    loose.instance, loose.status = world.get(world.ecs1), "InUse"
    loose.save()
    assert devices()[world.loose] == "eth2"
    card1.instance, card1.status = None, "Available"
    card1.save()
    assert devices()[world.loose] == "eth2"
    assert world.card1 not in devices()


def test_a_vpc_that_is_gone_takes_its_agent_s_key_with_it(agents: Agents) -> None:
    world = agents.world
    vpc = world.act("vpc.create", name="short", cidr_block="10.0.0.0/16").object_id
    carry_out_jobs()
    gateway = ScriptedAgent(f"gateway:{vpc}")

    def settle() -> None:
        gateway.obey()
        Job.objects.filter(state="running").update(due_at=timezone.now())
        carry_out_jobs()

    settle()
    world.act("vpc.delete", vpc_id=vpc)
    carry_out_jobs()
    assert world.status(vpc) == "gone"
    assert gateway.ask().status_code == 401


def test_an_instance_that_is_gone_takes_its_agent_s_key_with_it(agents: Agents) -> None:
    world = agents.world
    agent = ScriptedAgent(f"node:{world.spare}")
    agent.obey()
    assert store.forget_gone() == 0
    world.act("instance.delete", instance_id=world.spare)
    carry_out_jobs()
    agents.gateway.obey()
    Job.objects.filter(state="running").update(due_at=timezone.now())
    carry_out_jobs()
    assert world.status(world.spare) == "gone"
    tasks.look_for_silence()
    assert agent.ask().status_code == 401
    assert not WantedState.objects.filter(scope=agent.scope).exists()


# --- Observing --------------------------------------------------------------------------------------------------------


def test_observe_says_who_holds_and_refuses_while_the_gateway_is_silent(
    agents: Agents, havip: str
) -> None:
    fabric = LinuxFabric()
    assert fabric.observe(havip).holder_id is None
    agents.gateway.see(havip, agents.world.ecs2)
    assert fabric.observe(havip).holder_id == agents.world.ecs2
    with time_machine.travel(timezone.now() + timedelta(minutes=5)), pytest.raises(FabricBusy):
        fabric.observe(havip)

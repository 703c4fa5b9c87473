"""The agents' pages and the part of a HaVip's page that shows its holders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.audit.models import AuditEvent
from havip.fabric.linux.models import Agent, EnrolmentToken
from havip.keepalived.installation import is_old
from tests.conftest import SignIn
from tests.havip.fabric.linux.conftest import Agents
from tests.havip.fabric.linux.scripted import ScriptedAgent

pytestmark = [pytest.mark.slow, pytest.mark.urls("tests.havip.fabric.linux.urls")]


def url(name: str, agents: Agents, *more: str) -> str:
    return reverse(f"web:{name}", args=[agents.world.team.slug, *more])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_list_says_who_serves_what(agents: Agents, viewer_client: Client) -> None:
    agents.gateway.obey()
    agents.ecs1.report(software={"agent": "1.0", "keepalived": "1.2.13"})
    agents.ecs2.document()
    shown = text(viewer_client.get(url("agent-list", agents)))
    for words in ("Gateway", "Node", "ecs1", "keepalived 2.2.7", "older than 1.2.15", "up to date"):
        assert words in shown
    assert shown.count("older than 1.2.15") == 1
    assert "behind" in shown


def test_errors_silence_and_revocation_are_shown(agents: Agents, viewer_client: Client) -> None:
    agents.gateway.fail("nft says no <b>.")
    Agent.objects.filter(scope=agents.ecs1.scope).update(
        last_seen=timezone.now() - timedelta(minutes=1)
    )
    Agent.objects.filter(scope=agents.ecs2.scope).update(revoked_at=timezone.now())
    shown = text(viewer_client.get(url("agent-list", agents)))
    for words in ("nft says no &lt;b&gt;.", "Error", "Silent", "Revoked"):
        assert words in shown
    # What a silent agent said last is old, and an instance that does not run has no agent that could answer.
    Agent.objects.filter(scope=agents.gateway.scope).update(
        last_seen=timezone.now() - timedelta(minutes=1)
    )
    instance = agents.world.get(agents.world.ecs1)
    instance.status = "Stopped"
    instance.save()
    shown = text(viewer_client.get(url("agent-list", agents)))
    for words in ("Said last: nft says no", "Silent", "Instance does not run"):
        assert words in shown
    assert "Error" not in shown


def test_the_list_costs_the_same_for_many(
    agents: Agents, viewer_client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        ScriptedAgent(f"node:{agents.world.spare}")
    with django_assert_max_num_queries(14):
        viewer_client.get(url("agent-list", agents))
    with django_assert_max_num_queries(14):
        viewer_client.get(url("agent-rows", agents))


def test_rows_are_304_while_nothing_changes(agents: Agents, viewer_client: Client) -> None:
    first = viewer_client.get(url("agent-rows", agents) + "?size=50")
    assert first["ETag"]


def test_a_token_is_shown_once_and_works(agents: Agents, owner_client: Client) -> None:
    scope = f"node:{agents.world.spare}"
    answer = owner_client.post(url("agent-token", agents), {"scope": scope})
    token = answer.context["token"]
    assert token in text(answer)
    for words in (f"SCOPE={scope}", "requirements/agent.txt", "havip-agent@node"):
        assert words in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert ScriptedAgent(scope, token=token).ask().status_code == 200
    event = AuditEvent.objects.get(action="agent.issue_token")
    assert token not in str(event.after) + str(event.before)
    assert token not in text(owner_client.get(url("agent-token", agents)))


@pytest.mark.parametrize("scope", ["", "gateway:vpc-nowhere", "host:cn-hangzhou", "x"])
def test_a_token_for_what_is_not_the_team_s(
    agents: Agents, owner_client: Client, scope: str
) -> None:
    before = EnrolmentToken.objects.count()
    answer = owner_client.post(url("agent-token", agents), {"scope": scope})
    assert answer.status_code == 422
    assert EnrolmentToken.objects.count() == before


@pytest.mark.parametrize("who", ["operator", "viewer", "auditor"])
def test_only_owners_enrol_and_revoke(agents: Agents, sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.get(url("agent-token", agents)).status_code == 403
    scope = f"node:{agents.world.spare}"
    assert client.post(url("agent-token", agents), {"scope": scope}).status_code == 403
    client.post(url("agent-revoke", agents, agents.gateway.agent_id))
    assert agents.gateway.ask().status_code == 200
    refused = AuditEvent.objects.filter(result="refused").values_list("action", flat=True)
    assert set(refused) == {"agent.issue_token", "agent.revoke"}


def test_revoking(agents: Agents, owner_client: Client) -> None:
    target = url("agent-revoke", agents, agents.gateway.agent_id)
    assert owner_client.get(target).status_code == 405
    assert owner_client.post(target).status_code == 302
    assert agents.gateway.ask().status_code == 401
    assert owner_client.post(target).status_code == 404


def test_strangers_see_and_revoke_nothing(agents: Agents, stranger_client: Client) -> None:
    for name in ("agent-list", "agent-rows", "agent-token"):
        assert stranger_client.get(url(name, agents)).status_code == 404
    theirs = reverse("web:agent-revoke", args=["beta", agents.gateway.agent_id])
    assert stranger_client.post(theirs).status_code == 404
    own = text(stranger_client.get(reverse("web:agent-list", args=["beta"])))
    assert "ecs1" not in own
    assert agents.gateway.ask().status_code == 200


def test_a_host_is_shown_and_no_team_can_revoke_it(agents: Agents, owner_client: Client) -> None:
    host = ScriptedAgent(f"host:{agents.world.region}")
    assert "Host of the lab" in text(owner_client.get(url("agent-list", agents)))
    assert owner_client.post(url("agent-revoke", agents, host.agent_id)).status_code == 404
    assert host.ask().status_code == 200


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("1.2.13", True),
        ("v1.2.14", True),
        ("1.2.15", False),
        ("2.2.7", False),
        ("", False),
        ("?", False),
    ],
)
def test_what_an_old_keepalived_is(version: str, old: bool) -> None:
    assert is_old(version) is old


def test_holders_and_alerts_of_a_havip(
    agents: Agents, havip: str, viewer_client: Client, stranger_client: Client
) -> None:
    agents.gateway.see(havip, agents.world.ecs1)
    agents.gateway.see(havip, agents.world.ecs1, agents.world.ecs2)
    target = url("havip-holders", agents, agents.world.region, havip)
    first = viewer_client.get(target)
    shown = text(first)
    for words in ("First start", "Split brain", "ecs1, ecs2 announce", 'data-tone="a"'):
        assert words in shown
    assert 'every 1s"' not in shown
    assert stranger_client.get(target).status_code == 404
    with time_machine.travel(timezone.now(), tick=False):  # in five seconds there is an alert
        agents.gateway.see(havip)
        assert "every 1s" in text(viewer_client.get(target))


def test_a_region_that_announces_nothing_says_so(
    agents: Agents, havip: str, viewer_client: Client, settings: Any
) -> None:
    settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    shown = text(viewer_client.get(url("havip-holders", agents, agents.world.region, havip)))
    assert "recorded, not announced" in shown

"""The agent API: enrolment once, keys that open nothing else, and requests that are not what they should be."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.audit.models import AuditEvent
from console.secrets import new_secret
from console.settings import storage
from havip.fabric.linux import api, enrolment, waking
from havip.fabric.linux.models import Agent, EnrolmentToken
from havip.fabric.linux.protocol import MAXIMUM_REPORT_BYTES
from tests.cast import World
from tests.havip.fabric.linux.conftest import Agents
from tests.havip.fabric.linux.scripted import ScriptedAgent

pytestmark = pytest.mark.slow


def token_for(scope: str, **options: Any) -> str:
    token = enrolment.new_token(scope, created_by="a test", **options)
    assert token is not None
    return token


# --- Enrolment --------------------------------------------------------------------------------------------------------


def test_enrolment_gives_a_key_and_keeps_only_digests(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    token = token_for(scope)
    agent = ScriptedAgent(scope, token=token)
    row = Agent.objects.get(resource_id=agent.agent_id)
    assert (row.team, row.region, row.hostname) == (world.team, world.region, "router-1")
    kept = [str(value) for model in (Agent, EnrolmentToken) for value in model.objects.values()]
    assert not any(agent.key in text or token in text for text in kept)
    event = AuditEvent.objects.get(action="agent.enrol")
    assert (event.actor_kind, event.channel, event.object_id) == ("agent", "agent", agent.agent_id)
    assert agent.ask().status_code == 200


def test_a_token_is_good_once(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    token = token_for(scope)
    agent = ScriptedAgent(scope, token=token)
    again = agent.enrol(token, key=new_secret())
    assert again.status_code == 401
    assert "error" in again.json()
    assert agent.ask().status_code == 200


def test_the_same_words_are_answered_again(world: World) -> None:
    """The first answer may have been lost: who has the token and the key that came with it is the same agent."""
    scope = f"gateway:{world.vpc}"
    token = token_for(scope)
    agent = ScriptedAgent(scope, token=token)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        again = agent.enrol(token)
        assert (again.status_code, again.json()) == (201, {"agent_id": agent.agent_id})
        assert agent.ask().status_code == 200
    assert AuditEvent.objects.filter(action="agent.enrol").count() == 1
    Agent.objects.update(revoked_at=timezone.now())
    assert agent.enrol(token).status_code == 401


def test_a_key_is_one_agent_s_alone(world: World) -> None:
    gateway, scope = ScriptedAgent(f"gateway:{world.vpc}"), f"node:{world.ecs1}"
    token = token_for(scope)
    other = {"scope": scope, "role": "node"}
    assert gateway.enrol(token, **other).status_code == 401
    for key in ("", "k" * 42, "k" * 42 + " "):
        assert gateway.enrol(token, key=key, **other).status_code == 400
    assert gateway.ask().status_code == 200
    assert gateway.enrol(token, key=new_secret(), **other).status_code == 201


def test_a_token_is_good_for_its_scope_alone_and_survives_a_mistake(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    token = token_for(scope)
    agent = ScriptedAgent(f"node:{world.ecs1}")
    assert agent.enrol(token).status_code == 401
    assert agent.enrol(token, scope=scope).status_code == 400  # its role is still that of a node
    answer = agent.enrol(token, scope=scope, role="gateway", key=new_secret())
    assert answer.status_code == 201


def test_a_token_expires(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    token = token_for(scope, lifetime=timedelta(minutes=10))
    other = ScriptedAgent(f"node:{world.ecs1}")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert other.enrol(token, scope=scope, role="gateway").status_code == 401


def test_an_unknown_token_is_refused(world: World) -> None:
    agent = ScriptedAgent(f"node:{world.ecs1}")
    assert agent.enrol("x" * 43).status_code == 401
    assert agent.enrol("short").status_code == 400


def test_agents_are_heard_without_the_cache(agents: Agents, havip: str, settings: Any) -> None:
    """Also where somebody has to be asked whether he still lives: two say that they are masters."""
    settings.CACHES = {"default": storage.redis_cache("redis://127.0.0.1:1/0")}
    for each in (agents.ecs1, agents.ecs2):
        each.applied = each.document().version
        assert each.is_in(havip, "MASTER").status_code == 200
    for each in (agents.gateway, agents.ecs1, agents.ecs2):
        assert each.ask(after=0).status_code == 200
        assert ScriptedAgent(each.scope).ask(after=0).status_code == 200


def test_enrolling_anew_replaces_the_former_agent(world: World) -> None:
    scope = f"gateway:{world.vpc}"
    first = ScriptedAgent(scope)
    second = ScriptedAgent(scope)
    assert first.ask().status_code == 401
    assert second.ask().status_code == 200
    assert Agent.objects.filter(scope=scope, revoked_at__isnull=True).count() == 1


def test_tokens_are_only_for_what_exists_in_a_region_of_this_fabric(
    world: World, settings: Any
) -> None:
    assert enrolment.new_token("gateway:vpc-nowhere", created_by="a test") is None
    assert enrolment.new_token("host:dc-nowhere", created_by="a test") is None
    settings.HAVIP_FABRICS = {"*": "havip.fabric.record.RecordFabric"}
    assert enrolment.new_token(f"gateway:{world.vpc}", created_by="a test") is None


def test_a_token_by_command(world: World, capsys: Any) -> None:
    call_command("create_agent_token", f"node:{world.ecs1}")
    token = capsys.readouterr().out.strip()
    assert ScriptedAgent(f"node:{world.ecs1}", token=token).ask().status_code == 200
    call_command("create_agent_token", f"host:{world.region}", "--json", "--minutes", "5")
    assert '"token"' in capsys.readouterr().out
    for wrong in ("gateway:vpc-nowhere", "shell:root", "node:../x"):
        with pytest.raises(CommandError):
            call_command("create_agent_token", wrong)


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_only_a_known_key_opens(agents: Agents) -> None:
    for header in ("", "Bearer", "Bearer x", "Bearer " + "x" * 43, f"Basic {agents.gateway.key}"):
        for call in ("wanted", "report", "tokens"):
            client = Client(headers={"Authorization": header} if header else {})
            method = client.get if call == "wanted" else client.post
            answer = method(f"/agent/v1/{call}")
            assert answer.status_code == 401, (header, call)
            assert answer.json()["error"]
            assert answer["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_opens_nothing(agents: Agents) -> None:
    Agent.objects.filter(resource_id=agents.gateway.agent_id).update(revoked_at=timezone.now())
    assert agents.gateway.ask().status_code == 401
    assert agents.gateway.report().status_code == 401


def test_a_key_opens_no_page(agents: Agents) -> None:
    answer = agents.gateway.http.get(
        f"/t/{agents.world.team.slug}/pulse/", headers=agents.gateway.headers
    )
    assert answer.status_code == 302


def test_an_agent_gets_its_own_document_only(agents: Agents) -> None:
    assert agents.gateway.document().scope == agents.gateway.scope
    assert agents.ecs1.document().scope == agents.ecs1.scope


def test_keys_survive_a_new_secret_key(agents: Agents, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that only this test knows"
    assert agents.gateway.ask().status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert agents.gateway.ask().status_code == 401


# --- Hosts ------------------------------------------------------------------------------------------------------------


def test_a_host_gets_tokens_for_its_region_alone(world: World, settings: Any) -> None:
    host = ScriptedAgent(f"host:{world.region}")
    scope = f"node:{world.ecs1}"
    answer = host.post("tokens", {"protocol": 1, "scope": scope})
    assert answer.status_code == 201
    assert ScriptedAgent(scope, token=answer.json()["token"]).ask().status_code == 200
    for other in ("node:i-nobody", f"host:{world.region}"):
        assert host.post("tokens", {"protocol": 1, "scope": other}).status_code == 404
    far = ScriptedAgent("host:cn-shanghai")
    assert far.post("tokens", {"protocol": 1, "scope": scope}).status_code == 404


def test_nobody_but_a_host_gets_tokens(agents: Agents) -> None:
    for agent in (agents.gateway, agents.ecs1):
        answer = agent.post("tokens", {"protocol": 1, "scope": agents.ecs2.scope})
        assert answer.status_code == 403


# --- What is not as it should be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"x"', '{"protocol": 1}', '{"a": 1, "a": 1}', "[" * 2000, "\0"]
)
@pytest.mark.parametrize("call", ["enrol", "report", "tokens"])
def test_garbage_is_answered_with_what_is_wrong(agents: Agents, call: str, body: str) -> None:
    answer = agents.gateway.http.post(
        f"/agent/v1/{call}", body, content_type="application/json", headers=agents.gateway.headers
    )
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("call", ["enrol", "report", "tokens"])
def test_an_oversize_body_is_not_read(agents: Agents, call: str) -> None:
    body = '"' + "x" * MAXIMUM_REPORT_BYTES + '"'
    answer = agents.gateway.http.post(
        f"/agent/v1/{call}", body, content_type="application/json", headers=agents.gateway.headers
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=-1",
        "after=1.5",
        "wait=26",
        "wait=99999999999999999999",
        "after=٣",
        "wait=",
    ],
)
def test_wrong_numbers(agents: Agents, query: str) -> None:
    answer = agents.gateway.http.get(f"/agent/v1/wanted?{query}", headers=agents.gateway.headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["", "v1/", "v1/nothing", "v2/wanted", "v1/wanted/"])
def test_other_calls_do_not_exist(db: None, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(enforce_csrf_checks=True), method)(f"/agent/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


def test_other_methods_are_refused(agents: Agents) -> None:
    headers = agents.gateway.headers
    assert Client().post("/agent/v1/wanted", headers=headers).status_code == 405
    assert Client().get("/agent/v1/report", headers=headers).status_code == 405


def test_no_csrf_token_and_no_cookie_is_needed_or_given(agents: Agents) -> None:
    client = Client(enforce_csrf_checks=True, headers=agents.gateway.headers)
    answer = client.post("/agent/v1/report", "{}", content_type="application/json")
    assert answer.status_code == 400
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"


def test_wrong_keys_are_slowed_down_and_right_ones_never(agents: Agents, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "FAILURES_PER_MINUTE", 3)
    stranger = Client(headers={"Authorization": "Bearer " + "x" * 43})
    statuses = [stranger.get("/agent/v1/wanted").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert agents.gateway.ask().status_code == 200
    monkeypatch.setattr(api, "REQUESTS_PER_MINUTE", 2)
    assert agents.gateway.ask().status_code == 200
    assert agents.gateway.ask().status_code == 429


# --- The long poll ----------------------------------------------------------------------------------------------------


def test_nothing_new_is_204_after_the_wait(agents: Agents) -> None:
    agents.gateway.obey()
    begin = time.monotonic()
    assert agents.gateway.ask(wait=1).status_code == 204
    assert 0.9 < time.monotonic() - begin < 15  # the longest wait is 25 s


def test_a_version_of_another_console_is_replaced(agents: Agents) -> None:
    agents.gateway.obey()
    assert agents.gateway.ask(after=2**50).status_code == 200
    agents.gateway.applied = 2**50
    answer = agents.gateway.report()
    assert answer.json()["wanted_version"] < 2**50
    assert Agent.objects.get(resource_id=agents.gateway.agent_id).applied_version == 0


@pytest.mark.django_db(transaction=True)
def test_a_change_ends_the_wait_at_once_and_so_does_revocation(world: World) -> None:
    network = world
    agent = ScriptedAgent(f"gateway:{network.vpc}")
    agent.obey()
    answers: list[tuple[int, float]] = []

    def ask() -> None:
        begin = time.monotonic()
        status = agent.ask(wait=25).status_code
        answers.append((status, time.monotonic() - begin))
        connection.close()

    def meanwhile(act: Any) -> tuple[int, float]:
        waiting = threading.Thread(target=ask)
        waiting.start()
        time.sleep(0.5)
        act()
        waiting.join(timeout=60)
        return answers[-1]

    status, seconds = meanwhile(lambda: network.done("havip.create", vswitch_id=network.vswitch))
    assert status == 200
    assert seconds < 15
    agent.obey()
    status, seconds = meanwhile(
        lambda: network.act("agent.revoke", by=network.owner, agent_id=agent.agent_id)
    )
    assert status == 401
    assert seconds < 15


def test_too_many_waiting_agents_are_sent_away(agents: Agents, monkeypatch: Any) -> None:
    agents.gateway.obey()
    monkeypatch.setattr(waking, "_waiting", threading.BoundedSemaphore(1))
    with waking._waiting:
        answer = agents.gateway.ask(wait=20)
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_the_wait_holds_without_a_cache(agents: Agents, monkeypatch: Any) -> None:
    agents.gateway.obey()
    monkeypatch.setattr(waking, "_WITHOUT_CACHE_SECONDS", 0.1)
    monkeypatch.setattr(waking, "mark_of", lambda scope: None)
    begin = time.monotonic()
    assert agents.gateway.ask(wait=20).status_code == 204
    assert time.monotonic() - begin < 10

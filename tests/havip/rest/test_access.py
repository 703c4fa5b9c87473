"""Every operation of the interface, for a key of every role, with the team's own identifiers and with those of another team.

The operations come from the description itself; one without a recipe here fails the first test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction

from console.teams.roles import Permission, Role, role_permits
from havip.fabric.linux.models import Agent
from havip.models import BetaApplication
from havip.rest.documented import SPECS
from havip.rest.views.schema import schema
from tests.cast import REGION, World, digest
from tests.havip.rest.asking import Script

READ, OPERATE = Permission.READ, Permission.OPERATE
AUDIT, MANAGE = Permission.READ_AUDIT, Permission.MANAGE_TEAM


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to call an operation so that it succeeds: what stands in its address, its query and its body; braces name the scene's."""

    needs: Permission = READ
    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: dict[str, Any] | None = None


def _reads(**path: str) -> Recipe:
    return Recipe(READ, path)


def _acts(body: dict[str, Any] | None = None, /, **path: str) -> Recipe:
    return Recipe(OPERATE, path, body=body)


HAVIP = {"havip_id": "{havip}"}
RECIPES: dict[str, Recipe] = {
    "getKey": _reads(),
    "listRegions": _reads(),
    "getRegion": _reads(),
    "listHaVips": _reads(),
    "createHaVip": _acts({"vswitch_id": "{vswitch}"}),
    "getHaVip": _reads(**HAVIP),
    "modifyHaVip": _acts({"name": "renamed"}, **HAVIP),
    "deleteHaVip": _acts(havip_id="{idle_havip}"),
    "bindInstance": _acts({"instance_id": "{ecs2}"}, **HAVIP),
    "unbindInstance": _acts({"instance_id": "{ecs1}"}, **HAVIP),
    "bindInterface": _acts({"interface_id": "{card1}"}, havip_id="{idle_havip}"),
    "unbindInterface": _acts({"interface_id": "{card2}"}, havip_id="{card_havip}"),
    "bindEip": _acts({"eip_id": "{eip2}"}, havip_id="{idle_havip}"),
    "unbindEip": _acts({"eip_id": "{eip1}"}, **HAVIP),
    "listCandidates": Recipe(READ, HAVIP, "kind=instance"),
    "getHolders": _reads(**HAVIP),
    "setHaVipTags": _acts({"tags": {"a": "b"}}, **HAVIP),
    "listNodeConfigurations": _reads(**HAVIP),
    "getNodeConfiguration": _acts(instance_id="{ecs1}", **HAVIP),
    "checkConfiguration": Recipe(
        READ, body={"text": "x", "havip_id": "{havip}", "instance_id": "{ecs1}"}
    ),
    "listDrills": _reads(**HAVIP),
    "getDrillOptions": _reads(**HAVIP),
    "listVpcs": _reads(),
    "createVpc": _acts({"cidr_block": "10.0.0.0/8"}),
    "getVpc": _reads(vpc_id="{vpc}"),
    "deleteVpc": _acts(vpc_id="{empty_vpc}"),
    "getTimers": _reads(vpc_id="{vpc}"),
    "chooseTimers": _acts({"profile": "fast"}, vpc_id="{vpc}"),
    "setVpcTags": _acts({"tags": {"a": "b"}}, vpc_id="{vpc}"),
    "listVSwitches": _reads(),
    "createVSwitch": _acts({"vpc_id": "{vpc}", "cidr_block": "192.168.7.0/24"}),
    "getVSwitch": _reads(vswitch_id="{vswitch}"),
    "deleteVSwitch": _acts(vswitch_id="{empty_vswitch}"),
    "getNextAddress": _reads(vswitch_id="{vswitch}"),
    "checkAddress": Recipe(READ, {"vswitch_id": "{vswitch}"}, "ip_address=192.168.0.9"),
    "setVSwitchTags": _acts({"tags": {"a": "b"}}, vswitch_id="{vswitch}"),
    "listRouteEntries": _reads(),
    "createRouteEntry": _acts(
        {
            "vpc_id": "{vpc}",
            "destination_cidr_block": "172.16.0.0/12",
            "havip_id": "{havip}",
        }
    ),
    "getRouteEntry": _reads(route_id="{route}"),
    "deleteRouteEntry": _acts(route_id="{route}"),
    "listInstances": _reads(),
    "createInstance": _acts({"vswitch_id": "{vswitch}"}),
    "getInstance": _reads(instance_id="{ecs1}"),
    "deleteInstance": _acts(instance_id="{spare}"),
    "startInstance": _acts(instance_id="{spare}"),
    "stopInstance": _acts(instance_id="{ecs1}"),
    "setInstanceTags": _acts({"tags": {"a": "b"}}, instance_id="{ecs1}"),
    "listInterfaces": _reads(),
    "createInterface": _acts({"vswitch_id": "{vswitch}"}),
    "getInterface": _reads(interface_id="{card1}"),
    "deleteInterface": _acts(interface_id="{loose}"),
    "attachInterface": _acts({"instance_id": "{ecs2}"}, interface_id="{loose}"),
    "detachInterface": _acts(interface_id="{card1}"),
    "listEips": _reads(),
    "allocateEip": _acts({}),
    "getEip": _reads(eip_id="{eip1}"),
    "modifyEip": _acts({"name": "renamed"}, eip_id="{eip1}"),
    "releaseEip": _acts(eip_id="{eip2}"),
    "setEipTags": _acts({"tags": {"a": "b"}}, eip_id="{eip1}"),
    "tagResources": _acts({"kind": "vpc", "resource_ids": ["{vpc}"], "tags": {"a": "b"}}),
    "untagResources": _acts({"kind": "vpc", "resource_ids": ["{vpc}"], "keys": ["stage"]}),
    "listTagKeys": Recipe(READ, query="kind=vpc"),
    "listJobs": _reads(),
    "getJob": _reads(job_id="{job}"),
    "getJobLog": _reads(job_id="{job}"),
    "cancelJob": _acts(job_id="{job}"),
    "retryJob": _acts(job_id="{cancelled_job}"),
    "listAuditEvents": Recipe(AUDIT),
    "getAuditEvent": Recipe(AUDIT, {"sequence": "1"}),
    "exportAuditLog": Recipe(AUDIT),
    "verifyAuditLog": Recipe(AUDIT),
    "listAgents": _reads(),
    "getAgent": _reads(agent_id="{agent}"),
    "revokeAgent": Recipe(MANAGE, {"agent_id": "{agent}"}),
    "listAgentScopes": _reads(),
    "createAgentToken": Recipe(MANAGE, body={"scope": "gateway:{vpc}"}),
    "listQuotas": _reads(),
    "getQuota": _reads(quota="havips_per_vpc"),
    "requestQuota": Recipe(
        MANAGE, {"quota": "havips_per_vpc"}, body={"value": 99, "reason": "more"}
    ),
    "getBeta": _reads(),
    "applyForBeta": _acts({"reason": "to try it"}),
}
# A drill needs a network whose agents answer: what refuses one is tried here, the rest in the laboratory.
DRILLS = {"startDrill", "getDrill", "getDrillAnswers", "stopDrill"}


def test_every_operation_has_its_recipe() -> None:
    assert set(RECIPES) | DRILLS == set(SPECS)


@pytest.fixture
def scene(world: World) -> dict[str, str]:
    """Alpha's network with something for every operation to show, and to change."""
    world.settings.HAVIP_BETA_GATE = False
    BetaApplication.objects.update(state="declined")
    havip = world.havip(world.ecs1, eip=world.eip1, name="web")
    havips = {"havip": havip, "idle_havip": world.havip(), "card_havip": world.havip(world.card2)}
    block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip}
    route = world.done("route.create", **block).object_id
    empty_vpc = world.done("vpc.create", cidr_block="172.16.0.0/16").object_id
    narrow = {"vpc_id": world.vpc, "cidr_block": "192.168.6.0/24"}
    empty_vswitch = world.done("vswitch.create", **narrow).object_id
    world.done("instance.stop", instance_id=world.spare)
    world.act("resource.set_tags", kind="vpc", resource_id=world.vpc, tags={"stage": "test"})
    cancelled = world.act("havip.create", vswitch_id=world.vswitch).job_id
    world.act("job.cancel", job_id=cancelled)
    queued = world.act("havip.create", vswitch_id=world.vswitch).job_id
    world.raise_quota("havips_per_team", 20)
    world.raise_quota("havips_per_vpc", 20)
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.linux.fabric.LinuxFabric"}
    agent = Agent.objects.create(
        team=world.team, region=REGION, scope=f"gateway:{world.vpc}", key_digest="0" * 64
    )
    return {
        **{name: getattr(world, name) for name in World.NAMES},
        **havips,
        "route": route,
        "empty_vpc": empty_vpc,
        "empty_vswitch": empty_vswitch,
        "job": queued,
        "cancelled_job": cancelled,
        "agent": agent.resource_id,
    }


def _filled(value: Any, scene: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: scene[match[1]], value)
    if isinstance(value, dict):
        return {key: _filled(inner, scene) for key, inner in value.items()}
    return [_filled(inner, scene) for inner in value] if isinstance(value, list) else value


def _addresses() -> dict[str, tuple[str, str]]:
    """Return method and address of each operation."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    }


def ask_all(script: Script, scene: dict[str, str]) -> dict[str, tuple[Any, bool]]:
    """Call every operation, undo it, and tell what was answered and whether anything changed."""
    script.get("/api/v1/key")  # notes when the key was used
    before = digest()
    found = {}
    for name, (method, path) in _addresses().items():
        if name in DRILLS:
            continue
        recipe = RECIPES[name]
        parts = {"region": REGION, **_filled(recipe.path, scene)}
        address = path.format(**parts) + (f"?{recipe.query}" if recipe.query else "")
        with transaction.atomic():
            answer = script.ask(method, address, _filled(recipe.body, scene))
            if answer.streaming:
                b"".join(answer)
            changed = digest() != before
            transaction.set_rollback(changed)
        found[name] = (answer, changed)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_keys_of_the_team(scripts: dict[str, Script], scene: dict[str, str], role: Role) -> None:
    for name, (answer, changed) in ask_all(scripts[role.value], scene).items():
        allowed = role_permits(role, RECIPES[name].needs)
        told = (name, answer.status_code, b"" if answer.streaming else answer.content)
        assert (answer.status_code < 300) == allowed, told
        if not allowed:
            assert answer.status_code == 403, told
            assert answer.json()["rule"] == "A1", told
        writes = SPECS[name].writes and allowed
        assert changed == writes, told


@pytest.mark.slow
def test_a_key_of_another_team(scripts: dict[str, Script], scene: dict[str, str]) -> None:
    """Alpha's identifiers, asked for by an owner of Beta: not there, nowhere in an answer, and nothing of Alpha's changes."""
    secrets = {value for key, value in scene.items() if not key.endswith("eip")}
    for name, (answer, changed) in ask_all(scripts["stranger"], scene).items():
        recipe = RECIPES[name]
        named = set(re.findall(r"\{(\w+)\}", f"{recipe.path} {recipe.body}"))
        content = b"" if answer.streaming else answer.content
        if named:
            assert answer.status_code == 404, (name, answer.status_code, content)
            assert not changed, name
        told = answer.json().get("items") if content and name.startswith("list") else None
        if told is not None and name not in ("listRegions", "listQuotas", "listAuditEvents"):
            assert told == [], name
        # Beta's own log tells of its own refused attempts, and so of what they named.
        if not named and RECIPES[name].needs != AUDIT:
            assert not [each for each in secrets if each.encode() in content], name


@pytest.mark.slow
def test_without_a_key(scene: dict[str, str]) -> None:
    for name, (method, path) in _addresses().items():
        parts = {**scene, "region": REGION, "quota": "x", "sequence": "1"}
        parts |= {key: "x" for key in re.findall(r"\{(\w+)\}", path) if key not in parts}
        assert Script().ask(method, path.format(**parts), {}).status_code == 401, name


def test_drills_are_refused_where_nothing_is_announced(api: Script, world: World) -> None:
    havip = world.havip(world.ecs1)
    answer = api.post(f"havips/{havip}/drills", {"kind": "link_down"})
    assert (answer.status_code, answer.json()["rule"]) == (400, "X1")
    assert api.get(f"havips/{havip}/drills").json()["items"] == []
    options = api.get(f"havips/{havip}/drill-options").json()
    assert options["start"]["refusals"][0]["rule"] == "X1"
    for path in ("", "/answers"):
        answer = api.get(f"drills/drill-{'0' * 20}{path}")
        assert (answer.status_code, answer.json()["rule"]) == (404, "X0")
    assert api.post(f"drills/drill-{'0' * 20}/stop").status_code == 404

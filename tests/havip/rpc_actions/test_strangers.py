"""Every action with every role, asked about another team's resources: nothing is readable, and nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.teams.roles import Role
from havip.rpc.dispatch import ACTIONS
from tests.cast import MODELS, Cast, World, contents
from tests.havip.rpc_actions.client import ECS, VPC, Answer, api_of

pytestmark = pytest.mark.slow

READING = ("Describe", "List")
NO_SUCH = {
    "CreateHaVip": "InvalidVSwitchId.NotFound",
    "CreateVSwitch": "InvalidVpcId.NotFound",
    "CreateRouteEntry": "InvalidRouteTableId.NotFound",
    "RunInstances": "InvalidVSwitchId.NotFound",
    "CreateNetworkInterface": "InvalidVSwitchId.NotFound",
    "DeleteHaVip": "InvalidHaVipId.NotFound",
    "ModifyHaVipAttribute": "InvalidHaVipId.NotFound",
    "AssociateHaVip": "InvalidHaVipId.NotFound",
    "UnassociateHaVip": "InvalidHaVipId.NotFound",
    "AssociateEipAddress": "InvalidInstanId.NotFound",
    "UnassociateEipAddress": "InvalidAllocationId.NotFound",
    "ReleaseEipAddress": "InvalidAllocationId.NotFound",
    "DeleteVpc": "InvalidVpcId.NotFound",
    "DeleteVSwitch": "InvalidVSwitchId.NotFound",
    "DeleteRouteEntry": "InvalidRouteEntry.NotFound",
    "StartInstance": "InvalidInstanceId.NotFound",
    "StopInstance": "InvalidInstanceId.NotFound",
    "DeleteInstance": "InvalidInstanceId.NotFound",
    "AttachNetworkInterface": "InvalidEniId.NotFound",
    "DetachNetworkInterface": "InvalidEniId.NotFound",
    "DeleteNetworkInterface": "InvalidEniId.NotFound",
    "TagResources": "InvalidResourceId.NotFound",
    "UnTagResources": "InvalidResourceId.NotFound",
    "UntagResources": "InvalidResourceId.NotFound",
}
# Makes something new of the caller's own, whatever exists elsewhere.
HARMLESS = {"AllocateEipAddress", "CreateVpc", "DescribeRegions", "DescribeZones"}


def _asked(version: str, action: str, theirs: dict[str, str]) -> dict[str, Any]:
    """Return the action's parameters, all of them about the other team's resources."""
    kind = ("instance", theirs["ecs1"]) if version == ECS else ("HAVIP", theirs["havip"])
    tags = {"ResourceType": kind[0], "ResourceId.1": kind[1], "Tag.1.Key": "mine"}
    card = {"NetworkInterfaceId": theirs["card1"], "InstanceId": theirs["ecs1"]}
    bind = {"HaVipId": theirs["havip"], "InstanceId": theirs["ecs1"], "Force": "True"}
    place = {"ZoneId": "cn-hangzhou-a", "CidrBlock": "192.168.77.0/24"}
    table: dict[str, dict[str, Any]] = {
        "CreateHaVip": {"VSwitchId": theirs["vswitch"]},
        "DeleteHaVip": {"HaVipId": theirs["havip"]},
        "ModifyHaVipAttribute": {"HaVipId": theirs["havip"], "Name": "mine"},
        "AssociateHaVip": bind,
        "UnassociateHaVip": bind,
        "DescribeHaVips": {"Filter.1.Key": "HaVipId", "Filter.1.Value.1": theirs["havip"]},
        "ReleaseEipAddress": {"AllocationId": theirs["eip2"]},
        "AssociateEipAddress": {
            "AllocationId": theirs["eip2"],
            "InstanceId": theirs["havip"],
            "InstanceType": "HaVip",
        },
        "UnassociateEipAddress": {"AllocationId": theirs["eip1"]},
        "DescribeEipAddresses": {"AllocationId": f"{theirs['eip1']},{theirs['eip2']}"},
        "DeleteVpc": {"VpcId": theirs["vpc"]},
        "DescribeVpcs": {"VpcId": theirs["vpc"]},
        "CreateVSwitch": {"VpcId": theirs["vpc"], **place},
        "DeleteVSwitch": {"VSwitchId": theirs["vswitch"]},
        "DescribeVSwitches": {"VpcId": theirs["vpc"]},
        "CreateRouteEntry": {
            "RouteTableId": theirs["table"],
            "DestinationCidrBlock": "172.30.0.0/16",
            "NextHopType": "HaVip",
            "NextHopId": theirs["havip"],
        },
        "DeleteRouteEntry": {"RouteEntryId": theirs["route"]},
        "DescribeRouteTableList": {"VpcId": theirs["vpc"]},
        "DescribeRouteEntryList": {"RouteTableId": theirs["table"]},
        "TagResources": tags,
        "UnTagResources": {**tags, "TagKey.1": "use"},
        "UntagResources": {**tags, "TagKey.1": "use"},
        "ListTagResources": tags,
        "RunInstances": {"VSwitchId": theirs["vswitch"]},
        "StartInstance": {"InstanceId": theirs["ecs2"]},
        "StopInstance": {"InstanceId": theirs["ecs1"]},
        "DeleteInstance": {"InstanceId": theirs["ecs1"], "Force": "true"},
        "DescribeInstances": {"InstanceIds": json.dumps([theirs["ecs1"]])},
        "CreateNetworkInterface": {"VSwitchId": theirs["vswitch"]},
        "AttachNetworkInterface": {**card, "NetworkInterfaceId": theirs["loose"]},
        "DetachNetworkInterface": card,
        "DeleteNetworkInterface": card,
        "DescribeNetworkInterfaces": {"NetworkInterfaceId.1": theirs["card1"]},
    }
    return table[action]


@pytest.fixture
def theirs(cast: Cast) -> dict[str, str]:
    """What Beta owns, of every kind."""
    beta = World(cast.beta, role=Role.OWNER)
    havip = beta.havip(beta.ecs1, eip=beta.eip1, tags={"use": "secret"})
    block = {"vpc_id": beta.vpc, "destination_cidr_block": "172.20.0.0/16"}
    return {
        **{name: getattr(beta, name) for name in World.NAMES},
        "havip": havip,
        "route": beta.done("route.create", havip_id=havip, **block).object_id,
        "table": beta.get(beta.vpc).route_table_id,
    }


def _domain() -> dict[str, Any]:
    return {name: rows for name, rows in contents().items() if name.startswith("havip_")}


@pytest.mark.parametrize("role", Role)
def test_another_teams_resources_do_not_exist(
    cast: Cast, theirs: dict[str, str], role: Role
) -> None:
    api = api_of(cast.alpha, role)
    owned = _everything_of(cast)
    before = _domain()
    asked = [key for key in sorted(ACTIONS) if key[1] not in HARMLESS]
    assert len(asked) >= 34
    for version, action in asked:
        answer = api(action, version, **_asked(version, action, theirs))
        _check(action, answer, role, owned)
    assert _domain() == before


def _check(action: str, answer: Answer, role: Role, owned: set[str]) -> None:
    if action == "DescribeRouteEntryList":
        assert (answer.status, answer.code) == (404, "InvalidRouteTableId.NotFound")
    elif action.startswith(READING):
        assert answer.status == 200, (action, answer)
        assert answer.body.get("TotalCount", 0) == 0
        said = json.dumps(answer.body)
        assert not [each for each in owned if each in said], action
    elif role in (Role.OWNER, Role.OPERATOR):
        assert (answer.status, answer.code) == (404, NO_SUCH[action]), (action, answer)
    else:
        assert (answer.status, answer.code) == (403, "Forbidden"), (action, answer)


def _everything_of(cast: Cast) -> set[str]:
    """Return every identifier that Beta has."""
    return {
        identifier
        for model in MODELS.values()
        for identifier in model.objects.filter(team=cast.beta).values_list("resource_id", flat=True)
    }


@pytest.mark.parametrize("role", Role)
def test_no_list_shows_them(cast: Cast, theirs: dict[str, str], role: Role) -> None:
    api = api_of(cast.alpha, role)
    owned = _everything_of(cast)
    lists = [key for key in ACTIONS if key[1].startswith("Describe") and key[1] not in HARMLESS]
    for version, action in lists:
        if action != "DescribeRouteEntryList":
            said = json.dumps(api.ok(action, version).body)
            assert not [each for each in owned if each in said], action
    for version, kind in ((VPC, "HAVIP"), (ECS, "instance")):
        listed = api.ok("ListTagResources", version, ResourceType=kind)
        assert listed["TagResources"] == {"TagResource": []}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
@pytest.mark.parametrize("action", ["AllocateEipAddress", "CreateVpc"])
def test_who_may_only_read_makes_nothing(cast: Cast, role: Role, action: str) -> None:
    before = _domain()
    answer = api_of(cast.alpha, role)(action)
    assert (answer.status, answer.code) == (403, "Forbidden")
    assert _domain() == before

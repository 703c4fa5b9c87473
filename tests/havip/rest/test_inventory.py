"""The lives of networks, instances, interfaces, EIPs, route entries and tags through the REST API."""

from __future__ import annotations

import pytest

from tests.cast import REGION, World, carry_out_jobs
from tests.havip.rest.asking import HERE, Script, problem


def test_networks(api: Script, world: World) -> None:
    made = api.post("vpcs", {"cidr_block": "10.0.0.0/8", "name": "new", "tags": {"stage": "test"}})
    assert made.status_code == 202
    vpc = made.json()["id"]
    carry_out_jobs()
    seen = api.get(f"vpcs/{vpc}").json()
    assert (seen["status"], seen["tags"], seen["vswitch_count"]) == (
        "Available",
        {"stage": "test"},
        0,
    )
    made = api.post("vswitches", {"vpc_id": vpc, "cidr_block": "10.1.0.0/24"})
    assert made.status_code == 202
    vswitch = made.json()["id"]
    carry_out_jobs()
    seen = api.get(f"vswitches/{vswitch}").json()
    assert (seen["zone"], seen["available_address_count"]) == (f"{REGION}-a", 252)
    assert api.get(f"vswitches/{vswitch}/next-address").json() == {
        "ip_address": "10.1.0.1",
        "available_address_count": 252,
    }
    problem(api.delete(f"vpcs/{vpc}"), 400, "DependencyViolation.VSwitch", "F5")
    assert api.delete(f"vswitches/{vswitch}").status_code == 202
    carry_out_jobs()
    assert api.delete(f"vpcs/{vpc}").status_code == 202
    carry_out_jobs()
    problem(api.get(f"vpcs/{vpc}"), 404, "InvalidVpcId.NotFound", "C3")
    problem(api.get(f"vswitches/{vswitch}"), 404, "InvalidVSwitchId.NotFound", "C4")


@pytest.mark.parametrize(
    ("address", "available", "rule"),
    [
        ("192.168.0.5", True, ""),
        ("192.168.0.0", False, "C6"),
        ("192.168.0.209", False, "C7"),
        ("10.0.0.1", False, "C5"),
    ],
)
def test_an_address_is_checked(
    api: Script, world: World, address: str, available: bool, rule: str
) -> None:
    seen = api.get(f"vswitches/{world.vswitch}/address-check?ip_address={address}").json()
    assert seen["available"] is available
    assert [each["rule"] for each in seen["refusals"]] == ([rule] if rule else [])


def test_what_is_no_address_is_refused(api: Script, world: World) -> None:
    told = problem(
        api.get(f"vswitches/{world.vswitch}/address-check?ip_address=192.168.0.999"),
        400,
        "InvalidIPAddress.Malformed",
        "C5",
    )
    assert told["field"] == "ip_address"
    told = problem(api.get(f"vswitches/{world.vswitch}/address-check"), 400, "MissingParameter")
    assert told["errors"][0]["parameter"] == "ip_address"


def test_timers(api: Script, world: World) -> None:
    timers = f"vpcs/{world.vpc}/timers"
    assert api.get(timers).json()["profile"] == "documented"
    assert api.put(timers, {"profile": "fast"}).status_code == 202
    carry_out_jobs()
    assert api.get(timers).json()["profile"] == "fast"
    again = api.put(timers, {"profile": "fast"})
    assert (again.status_code, again.json()["job"]) == (200, None)
    problem(api.put(timers, {"profile": "slow"}), 400, "InvalidTimerProfile.NotFound", "T1")


def test_route_entries(api: Script, world: World) -> None:
    havip = world.havip()
    made = api.post(
        "route-entries",
        {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip},
    )
    assert made.status_code == 202
    carry_out_jobs()
    route = made.json()["id"]
    assert api.get(f"route-entries/{route}").json()["havip_id"] == havip
    assert api.get(f"route-entries?vpc={world.vpc}").json()["items"][0]["id"] == route
    assert api.delete(f"route-entries/{route}").status_code == 202
    carry_out_jobs()
    problem(api.get(f"route-entries/{route}"), 404, rule="R0")


def test_instances_and_their_cards(api: Script, world: World) -> None:
    made = api.post("instances", {"vswitch_id": world.vswitch, "private_ip": "192.168.0.30"})
    assert made.status_code == 202
    carry_out_jobs()
    instance = f"instances/{made.json()['id']}"
    seen = api.get(instance).json()
    assert (seen["status"], seen["private_ip"]) == ("Running", "192.168.0.30")
    assert seen["interfaces"][0]["interface_type"] == "Primary"
    assert seen["capabilities"]["start"]["refusals"][0]["rule"] == "I1"
    assert api.post(f"{instance}/stop").status_code == 202
    carry_out_jobs()
    assert api.post(f"{instance}/start").status_code == 202
    carry_out_jobs()
    card = f"interfaces/{world.loose}"
    attached = api.post(f"{card}/attach", {"instance_id": made.json()["id"]})
    assert attached.status_code == 202
    carry_out_jobs()
    assert api.get(card).json()["instance_id"] == made.json()["id"]
    assert api.post(f"{card}/detach").status_code == 202
    carry_out_jobs()
    assert api.delete(card).status_code == 202
    assert api.delete(instance).status_code == 202
    carry_out_jobs()
    problem(api.get(card), 404, "InvalidEniId.NotFound", "W0")
    problem(api.get(instance), 404, "InvalidInstanceId.NotFound", "I0")


def test_a_field_of_a_rule_is_called_as_in_the_body(api: Script, world: World) -> None:
    told = problem(
        api.post("instances", {"vswitch_id": world.vswitch, "private_ip": "192.168.0.0"}),
        400,
        rule="C6",
    )
    assert told["field"] == "private_ip"
    assert told["errors"][0]["pointer"] == "#/private_ip"
    told = problem(
        api.post(f"havips/{world.havip()}/bind-instance", {"instance_id": "i-" + "0" * 20}), 404
    )
    assert told["field"] == "instance_id"


def test_eips(api: Script, world: World) -> None:
    made = api.post("eips", {"bandwidth_mbps": 20, "name": "door"})
    assert made.status_code == 201
    eip = made.json()
    assert made["Location"] == f"{HERE}/eips/{eip['id']}"
    assert (eip["status"], eip["bandwidth_mbps"], eip["havip_id"]) == ("Available", 20, None)
    changed = api.patch(f"eips/{eip['id']}", {"description": "the way in"})
    assert (changed.json()["name"], changed.json()["description"]) == ("door", "the way in")
    assert api.delete(f"eips/{eip['id']}").status_code == 204
    problem(api.get(f"eips/{eip['id']}"), 404, "InvalidAllocationId.NotFound")
    problem(api.post("eips", {"bandwidth_mbps": 501}), 400, rule="P2")


def test_tags(api: Script, world: World) -> None:
    havip = world.havip()
    resources = {
        "havips": havip,
        "vpcs": world.vpc,
        "vswitches": world.vswitch,
        "instances": world.ecs1,
        "eips": world.eip1,
    }
    for plural, identifier in resources.items():
        answer = api.put(f"{plural}/{identifier}/tags", {"tags": {"stage": plural, "empty": ""}})
        assert answer.status_code == 200
        assert answer.json()["tags"] == {"stage": plural, "empty": ""}
        listed = api.get(f"{plural}?tag=stage={plural}&tag=empty").json()["items"]
        assert [each["id"] for each in listed] == [identifier]
        assert api.get(f"{plural}?tag=stage=other").json()["items"] == []
    both = {"kind": "instance", "resource_ids": [world.ecs1, world.ecs2]}
    assert api.post("tag", {**both, "tags": {"tier": "web"}}).status_code == 200
    assert api.get(f"instances/{world.ecs1}").json()["tags"]["tier"] == "web"
    assert api.get("tag-keys?kind=instance").json() == {"items": ["empty", "stage", "tier"]}
    assert api.post("untag", {**both, "keys": ["tier", "stage"]}).status_code == 200
    assert api.get(f"instances/{world.ecs1}").json()["tags"] == {"empty": ""}
    problem(api.put(f"havips/{havip}/tags", {"tags": {"": "x"}}), 400, rule="G1")
    problem(api.post("tag", {**both, "tags": {}}), 400, rule="G3")

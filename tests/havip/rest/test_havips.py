"""The life of a HaVip through the REST API."""

from __future__ import annotations

from tests.cast import World, carry_out_jobs
from tests.havip.rest.asking import HERE, Script, problem


def test_a_whole_life(api: Script, world: World) -> None:
    made = api.post(
        "havips", {"vswitch_id": world.vswitch, "ip_address": "192.168.0.88", "name": "web"}
    )
    assert made.status_code == 202, made.content
    havip = made.json()
    assert (havip["status"], havip["ip_address"]) == ("Creating", "192.168.0.88")
    assert made["Location"] == havip["job"]["url"] == f"/api/v1/jobs/{havip['job']['id']}"
    carry_out_jobs()
    here = f"havips/{havip['id']}"
    seen = api.get(here)
    assert seen.json()["status"] == "Available"
    assert seen.json()["capabilities"]["delete"] == {"allowed": True, "refusals": []}

    for instance in (world.ecs1, world.ecs2):
        bound = api.post(f"{here}/bind-instance", {"instance_id": instance})
        assert (bound.status_code, bound.json()["status"]) == (202, "Associating")
        carry_out_jobs()
    assert api.post(f"{here}/bind-eip", {"eip_id": world.eip1}).status_code == 202
    carry_out_jobs()
    havip = api.get(here).json()
    assert havip["status"] == "InUse"
    assert [each["role"] for each in havip["bindings"]] == ["primary", "standby"]
    assert [each["resource_id"] for each in havip["bindings"]] == [world.ecs1, world.ecs2]
    assert havip["eip"]["id"] == world.eip1
    refusals = havip["capabilities"]["delete"]["refusals"]
    assert [each["rule"] for each in refusals] == ["D1", "D2"]

    problem(api.delete(here), 400, "DependencyViolation.HaVipAssociatedWithEIP", "D1")
    assert api.post(f"{here}/unbind-eip", {"eip_id": world.eip1}).status_code == 202
    carry_out_jobs()
    for instance in (world.ecs1, world.ecs2):
        assert api.post(f"{here}/unbind-instance", {"instance_id": instance}).status_code == 202
        carry_out_jobs()
    gone = api.delete(here)
    assert (gone.status_code, gone.json()["status"]) == (202, "Deleting")
    carry_out_jobs()
    problem(api.get(here), 404, "InvalidHaVipId.NotFound")
    listed = api.get(f"{HERE}/havips").json()
    assert listed == {
        "items": [],
        "next": None,
        "next_cursor": None,
        "previous": None,
        "previous_cursor": None,
    }

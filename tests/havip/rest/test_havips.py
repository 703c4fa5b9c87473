"""The life of a HaVip through the REST API."""

from __future__ import annotations

from typing import Any

from havip.models import HaVip
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


def test_what_could_be_bound_and_why_not(api: Script, world: World) -> None:
    havip = world.havip(world.ecs1)
    found = {each["id"]: each for each in _candidates(api, havip, "instance")}
    assert found[world.ecs2]["allowed"]
    assert [each["rule"] for each in found[world.ecs1]["refusals"]] == ["B5"]
    cards = {each["id"]: each for each in _candidates(api, havip, "interface")}
    assert [each["rule"] for each in cards[world.card2]["refusals"]] == ["B4"]
    eips = {each["id"]: each for each in _candidates(api, havip, "eip")}
    assert eips[world.eip1]["allowed"]
    assert world.far_eip not in eips
    problem(api.get(f"havips/{havip}/candidates?kind=disk"), 400)
    problem(api.get(f"havips/{havip}/candidates"), 400, "MissingParameter")


def _candidates(api: Script, havip: str, kind: str) -> list[dict[str, Any]]:
    return list(api.get(f"havips/{havip}/candidates?kind={kind}").json()["items"])


def test_node_configurations(api: Script, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    listed = api.get(f"havips/{havip}/node-configurations").json()
    assert [each["instance_id"] for each in listed["items"]] == [world.ecs1, world.ecs2]
    file = api.get(listed["items"][0]["url"])
    text = file.content.decode()
    assert "unicast_peer" in text
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Cache-Control"] == "no-store"
    checked = {"text": text, "havip_id": havip, "instance_id": world.ecs1}
    assert api.post("configuration-check", checked).json() == {
        "compared": True,
        "errors": 0,
        "warnings": 0,
        "items": [],
    }
    other = api.post("configuration-check", {**checked, "instance_id": world.ecs2}).json()
    assert other["errors"]
    alone = api.post("configuration-check", {"text": "vrrp_instance a {"}).json()
    assert (alone["compared"], alone["errors"] > 0) == (False, True)
    problem(api.get(f"havips/{havip}/node-configurations/{world.spare}"), 404)
    problem(api.post("configuration-check", {"text": ""}), 400)


def test_holders_where_nothing_is_announced(api: Script, world: World) -> None:
    seen = api.get(f"havips/{world.havip()}/holders").json()
    assert seen == {
        "observed": False,
        "holder_id": None,
        "holder_since": None,
        "observed_at": None,
        "alerts": [],
        "intervals": [],
    }


def test_the_node_that_holds_the_address(api: Script, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
    bindings = api.get(f"havips/{havip}").json()["bindings"]
    assert [each["holds_address"] for each in bindings] == [True, False]
    body = {"instance_id": world.ecs1}
    told = problem(
        api.post(f"havips/{havip}/unbind-instance", body), 400, "Forbidden.UnassociateMaster", "U3"
    )
    assert told["field"] == "force"
    forced = api.post(f"havips/{havip}/unbind-instance", {**body, "force": True})
    assert forced.status_code == 202


def test_heads_have_no_body(api: Script, world: World) -> None:
    got = api.get(f"havips/{world.havip()}")
    answer = api.client.head(
        got.request["PATH_INFO"], headers={"Authorization": f"Bearer {api.token}"}
    )
    assert (answer.status_code, answer.content, answer["ETag"]) == (200, b"", got["ETag"])

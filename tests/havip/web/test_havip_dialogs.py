"""The drawers and dialogs of the HaVip pages: creating, binding, unbinding, deleting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.audit.models import AuditEvent
from havip.models import HaVip
from tests.cast import REGION, World, carry_out_jobs, digest

HTMX = {"HX-Request": "true"}


def url(name: str, *arguments: str, team: str = "alpha", region: str = REGION) -> str:
    return reverse(f"web:{name}", args=[team, region, *arguments])


def text(response: Any) -> str:
    return str(response.content.decode())


# --- Creating -------------------------------------------------------------------------------------------------


def test_create_panel_is_a_page_and_a_drawer(operator_client: Client, world: World) -> None:
    whole = text(operator_client.get(url("havip-create")))
    assert "<html" in whole
    drawer = text(operator_client.get(url("havip-create"), headers=HTMX))
    assert "<dialog" in drawer
    assert "192.168.0.0/24" in drawer  # the only vSwitch is chosen already


def test_create_and_watch_it_become_available(operator_client: Client, world: World) -> None:
    answer = operator_client.post(
        url("havip-create"),
        {"vswitch_id": world.vswitch, "ip_address": "192.168.0.88", "name": "web-vip"},
        headers=HTMX,
    )
    assert answer.status_code == 204
    assert json.loads(answer["HX-Trigger"]) == {"havip:changed": None, "overlay:close": None}
    rows = text(operator_client.get(url("havip-rows"), headers=HTMX))
    assert "Creating" in rows
    assert "HaVip 192.168.0.88 is being created." in rows
    carry_out_jobs()
    assert "Available" in text(operator_client.get(url("havip-rows"), headers=HTMX))


def test_create_without_script_leads_to_the_list(operator_client: Client, world: World) -> None:
    answer = operator_client.post(url("havip-create"), {"vswitch_id": world.vswitch}, follow=True)
    assert answer.redirect_chain == [(url("havip-list"), 302)]
    assert "is being created" in text(answer)


@pytest.mark.parametrize(
    ("values", "field", "number"),
    [
        ({"ip_address": "192.168.1.8"}, "ip_address", "C5"),
        ({"ip_address": "192.168.0"}, "ip_address", "C5"),
        ({"ip_address": "192.168.0.255"}, "ip_address", "C6"),
        ({"ip_address": "192.168.0.209"}, "ip_address", "C7"),
        ({"vswitch_id": "vsw-nobodys"}, "vswitch_id", "C4"),
        ({"vpc_id": "vpc-nobodys"}, "vpc_id", "C3"),
        ({"name": "http://example.org"}, "name", "M1"),
        ({"description": "x" * 257}, "description", "M2"),
    ],
)
def test_create_errors_stand_at_their_field(
    operator_client: Client, world: World, values: dict[str, str], field: str, number: str
) -> None:
    before = digest()
    answer = operator_client.post(
        url("havip-create"), {"vswitch_id": world.vswitch, **values}, headers=HTMX
    )
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert f"({number} ·" in form.errors[field][0]
    assert f'id="id_{field}-error"' in text(answer)
    assert digest() == before


def test_missing_vswitch_is_asked_for(operator_client: Client, world: World) -> None:
    answer = operator_client.post(url("havip-create"), {})
    assert answer.status_code == 422
    assert "vswitch_id" in answer.context["form"].errors


def test_full_team_sees_why_it_cannot_create(operator_client: Client, world: World) -> None:
    for _ in range(5):
        world.act("havip.create", vswitch_id=world.vswitch)
    carry_out_jobs()
    page = text(operator_client.get(url("havip-create")))
    assert "The team has 5 of at most 5 HaVips." in page
    assert '<button type="button" class="btn btn--primary" aria-disabled="true">' in page
    answer = operator_client.post(url("havip-create"), {"vswitch_id": world.vswitch})
    assert answer.status_code == 422
    assert answer.context["form"].refusal.number == "C9"
    refused = AuditEvent.objects.for_team(world.team).latest("sequence")
    assert (refused.action, refused.result, refused.rule) == ("havip.create", "refused", "C9")


def test_region_without_havip_is_shown_and_refused(
    operator_client: Client, world: World, own_region: str
) -> None:
    page = text(operator_client.get(url("havip-list", region=own_region)))
    assert "does not support HaVip" in page


def test_one_submission_sent_twice_has_one_effect(operator_client: Client, world: World) -> None:
    values = {"vswitch_id": world.vswitch, "client_token": "the-same"}
    for _ in range(2):
        operator_client.post(url("havip-create"), values)
    assert HaVip.objects.for_team(world.team).count() == 1


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("192.168.0.88", "free"),
        ("192.168.0.209", "taken"),
        ("192.168.1.1", "outside"),
        ("192.168.0.254", "reserved"),
        ("192.168.", "malformed"),
    ],
)
def test_address_is_judged_while_it_is_typed(
    operator_client: Client, world: World, address: str, verdict: str
) -> None:
    query = {"vswitch_id": world.vswitch, "ip_address": address}
    answer = text(operator_client.get(url("address-check"), query, headers=HTMX))
    assert f'data-verdict="{verdict}"' in answer


def test_address_check_knows_no_foreign_vswitch(stranger_client: Client, world: World) -> None:
    query = {"vswitch_id": world.vswitch, "ip_address": "192.168.0.209"}
    answer = stranger_client.get(url("address-check", team="beta"), query, headers=HTMX)
    assert 'data-verdict="unknown"' in text(answer)


def test_lowest_free_address_is_suggested(operator_client: Client, world: World) -> None:
    query = {"vswitch_id": world.vswitch}
    assert 'value="192.168.0.1"' in text(operator_client.get(url("address-suggest"), query))
    page = operator_client.post(
        url("havip-create"), {**query, "suggest": "1", "name": "kept as typed"}
    )
    assert page.status_code == 200
    assert 'value="192.168.0.1"' in text(page)
    assert "kept as typed" in text(page)


def test_vswitches_follow_the_vpc(operator_client: Client, world: World) -> None:
    other = world.done("vpc.create", name="second", cidr_block="10.0.0.0/16").object_id
    far = world.done("vswitch.create", name="far", vpc_id=other, cidr_block="10.0.1.0/24").object_id
    near = operator_client.get(
        url("vswitch-options"),
        {"vpc_id": other, "vswitch_id": world.vswitch},
        headers={**HTMX, "HX-Trigger-Name": "vpc_id"},
    )
    assert f'value="{far}" selected' in text(near)
    assert world.vswitch not in text(near)
    back = operator_client.get(
        url("vswitch-options"),
        {"vpc_id": other, "vswitch_id": world.vswitch},
        headers={**HTMX, "HX-Trigger-Name": "vswitch_id"},
    )
    assert f'value="{world.vpc}" selected' in text(back)


# --- Dialogs --------------------------------------------------------------------------------------------------


def test_bind_dialog_lists_everything_with_reasons(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1)
    answer = operator_client.get(url("havip-bind", havip), headers=HTMX)
    choices = {choice["name"]: choice["refusal"] for choice in answer.context["choices"]}
    assert choices["ecs2"] is None
    assert choices["ecs1"].number == "B5"
    other = operator_client.get(url("havip-bind", havip), {"kind": "NetworkInterface"})
    assert {choice["refusal"].number for choice in other.context["choices"]} == {"B4"}
    assert "Nothing in the list can be bound now" in text(other)


@pytest.mark.parametrize(
    ("kind", "field", "name"),
    [("EcsInstance", "instance_id", "ecs1"), ("NetworkInterface", "interface_id", "card2")],
)
def test_bind_by_dialog(
    operator_client: Client, world: World, kind: str, field: str, name: str
) -> None:
    havip = world.havip()
    values = {"kind": kind, field: getattr(world, name)}
    answer = operator_client.post(url("havip-bind", havip), values, headers=HTMX)
    assert answer.status_code == 204
    carry_out_jobs()
    assert world.status(havip) == "InUse"


def test_bind_refusal_stands_at_the_list(operator_client: Client, world: World) -> None:
    havip = world.havip()
    values = {"kind": "NetworkInterface", "interface_id": world.loose}
    answer = operator_client.post(url("havip-bind", havip), values, headers=HTMX)
    assert answer.status_code == 422
    assert "B7" in answer.context["form"].errors["interface_id"][0]
    nothing = operator_client.post(url("havip-bind", havip), {"kind": "EcsInstance"})
    assert nothing.context["form"].errors["instance_id"] == ["Choose what to bind."]


def test_unbind_by_dialog(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    dialog = url("havip-unbind", havip, world.ecs1)
    assert 'type="checkbox"' not in text(operator_client.get(dialog, headers=HTMX))
    assert operator_client.post(dialog, headers=HTMX).status_code == 204
    carry_out_jobs()
    assert world.get(havip).bindings.count() == 1


def test_holder_is_unbound_only_with_a_tick(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
    dialog = url("havip-unbind", havip, world.ecs1)
    assert 'type="checkbox"' in text(operator_client.get(dialog, headers=HTMX))
    refused = operator_client.post(dialog, headers=HTMX)
    assert refused.status_code == 422
    assert "U3" in refused.context["form"].errors["force"][0]
    assert operator_client.post(dialog, {"force": "on"}, headers=HTMX).status_code == 204


def test_unbind_of_what_is_not_bound(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1)
    refused = operator_client.post(url("havip-unbind", havip, world.ecs2), headers=HTMX)
    assert refused.status_code == 422
    assert "U1" in text(refused)
    assert operator_client.get(url("havip-unbind", havip, "i-nobodys")).status_code == 404


def test_eip_is_bound_and_unbound(operator_client: Client, world: World) -> None:
    havip = world.havip()
    dialog = operator_client.get(url("havip-bind-eip", havip), headers=HTMX)
    assert {choice["name"] for choice in dialog.context["choices"]} == {"eip1", "eip2"}
    answer = operator_client.post(
        url("havip-bind-eip", havip), {"eip_id": world.eip1}, headers=HTMX
    )
    assert answer.status_code == 204
    carry_out_jobs()
    twice = operator_client.post(url("havip-bind-eip", havip), {"eip_id": world.eip2}, headers=HTMX)
    assert "E3" in twice.context["form"].errors["eip_id"][0]
    page = operator_client.get(url("havip-unbind-eip", havip), headers=HTMX)
    assert world.eip1 in text(page)
    answer = operator_client.post(
        url("havip-unbind-eip", havip), {"eip_id": world.eip1}, headers=HTMX
    )
    assert answer.status_code == 204
    carry_out_jobs()
    assert world.status(world.eip1) == "Available"


def test_delete_lists_every_obstacle_with_its_link(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    world.done(
        "route.create", vpc_id=world.vpc, destination_cidr_block="10.9.0.0/16", havip_id=havip
    )
    answer = operator_client.get(url("havip-delete", havip), headers=HTMX)
    obstacles = [(each.refusal.number, each.url) for each in answer.context["obstacles"]]
    assert [number for number, _url in obstacles] == ["D1", "D2", "D2", "D4"]
    assert obstacles[0][1] == url("havip-unbind-eip", havip)
    assert obstacles[1][1] == url("havip-unbind", havip, world.ecs1)
    assert obstacles[3][1].startswith(url("route-list"))
    refused = operator_client.post(url("havip-delete", havip), headers=HTMX)
    assert refused.status_code == 422
    assert world.status(havip) == "InUse"


def test_delete_under_way_links_its_job(operator_client: Client, world: World) -> None:
    havip = world.act("havip.create", vswitch_id=world.vswitch)
    answer = operator_client.get(url("havip-delete", havip.object_id), headers=HTMX)
    (obstacle,) = answer.context["obstacles"]
    assert obstacle.url == reverse("jobs:detail", args=["alpha", havip.job_id])


def test_delete_asks_for_the_address_where_the_team_wants_that(
    operator_client: Client, world: World
) -> None:
    havip = world.havip(ip_address="192.168.0.88")
    world.team.confirm_deletion_by_typing = True
    world.team.save()
    wrong = operator_client.post(
        url("havip-delete", havip), {"typed_address": "192.168.0.8"}, headers=HTMX
    )
    assert wrong.status_code == 422
    assert "type 192.168.0.88" in text(wrong)
    right = operator_client.post(
        url("havip-delete", havip), {"typed_address": "192.168.0.88"}, headers=HTMX
    )
    assert right.status_code == 204
    carry_out_jobs()
    assert world.status(havip) == "gone"


def test_delete_without_script_leads_to_the_list(operator_client: Client, world: World) -> None:
    havip = world.havip()
    answer = operator_client.post(url("havip-delete", havip), follow=True)
    assert answer.redirect_chain == [(url("havip-list"), 302)]
    assert "is being deleted" in text(answer)


# --- The same as a script -------------------------------------------------------------------------------------


def test_the_create_panel_shows_the_same_as_a_script(operator_client: Client, world: World) -> None:
    panel = text(operator_client.get(url("havip-create"), headers=HTMX))
    assert f"&quot;vswitch_id&quot;: &quot;{world.vswitch}&quot;" in panel
    chosen = {"vswitch_id": world.vswitch, "ip_address": "192.168.0.88", "name": "<b>it's</b>"}
    follows = text(operator_client.get(url("create-snippets"), chosen, headers=HTMX))
    for language in ("curl", "alibabacloud_vpc20160428", "alicloud_vpc_ha_vip"):
        assert language in follows
    assert "http://testserver/api/v1/" in follows
    assert "192.168.0.88" in follows
    assert "<b>" not in follows


def test_the_bind_dialogs_show_the_same_as_a_script(operator_client: Client, world: World) -> None:
    havip = world.havip()
    assert "INSTANCE_ID" in text(operator_client.get(url("havip-bind", havip)))
    interfaces = operator_client.get(url("havip-bind", havip) + "?kind=NetworkInterface")
    assert "INTERFACE_ID" in text(interfaces)
    chosen = {"kind": "EcsInstance", "instance_id": world.ecs2}
    follows = text(operator_client.get(url("bind-snippets", havip), chosen))
    assert world.ecs2 in follows
    assert "INSTANCE_ID" not in follows
    eip = operator_client.get(url("bind-eip-snippets", havip), {"eip_id": world.eip1})
    assert world.eip1 in text(eip)


def test_the_page_of_a_havip_shows_how_to_take_it_over(viewer_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1)
    for name in ("havip-detail", "havip-snippets"):
        assert f"{havip}:{world.ecs1}" in text(viewer_client.get(url(name, havip)))

"""The inventory's drawers, dialogs and object pages: what they offer, what they refuse and why, and what they cause."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from console.audit.models import AuditEvent, AuditResult
from havip.models import (
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    NetworkStatus,
    Vpc,
    VSwitch,
)
from tests.cast import OTHER_REGION, REGION, World, carry_out_jobs, digest

HOME = f"/t/alpha/{REGION}"
HTMX = {"HX-Request": "true"}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def last_refusal() -> AuditEvent:
    return AuditEvent.objects.filter(result=AuditResult.REFUSED).latest("pk")


def resources(world: World) -> list[str]:
    """The address of one resource of every kind."""
    havip = HaVip.objects.filter(team=world.team).first()
    route = world.done(
        "route.create",
        vpc_id=world.vpc,
        destination_cidr_block="10.8.0.0/16",
        havip_id=havip.resource_id if havip else world.havip(),
    ).object_id
    return [
        f"vpcs/{world.vpc}",
        f"vswitches/{world.vswitch}",
        f"routes/{route}",
        f"instances/{world.ecs1}",
        f"interfaces/{world.card1}",
        f"eips/{world.eip1}",
    ]


VERBS = {
    "vpcs": ("delete", "", "panel", "row"),
    "vswitches": ("delete", "", "panel", "row"),
    "routes": ("delete", "row"),
    "instances": ("delete", "start", "stop", "", "panel", "row"),
    "interfaces": ("delete", "attach", "detach", "", "panel", "row"),
    "eips": ("delete", "edit", "row"),
}


def addresses_of(place: str) -> list[str]:
    """Every address below one resource."""
    return [f"{place}/{verb}/" if verb else f"{place}/" for verb in VERBS[place.partition("/")[0]]]


# --- Who may see and do what --------------------------------------------------------------------------------------


def test_every_page_of_a_resource_is_drawn(world: World, operator_client: Client) -> None:
    for place in resources(world):
        for address in addresses_of(place):
            assert operator_client.get(f"{HOME}/{address}").status_code == 200, address


def test_what_is_another_teams_or_regions_does_not_exist(
    world: World, operator_client: Client, stranger_client: Client
) -> None:
    for place in resources(world):
        for address in addresses_of(place):
            elsewhere = f"/t/alpha/{OTHER_REGION}/{address}"
            missing = 204 if address.endswith("/row/") else 404
            assert operator_client.get(elsewhere).status_code == missing, elsewhere
            assert stranger_client.get(f"/t/beta/{REGION}/{address}").status_code == missing
            assert stranger_client.get(f"{HOME}/{address}").status_code == 404
        before = digest()
        assert stranger_client.post(f"/t/beta/{REGION}/{place}/delete/").status_code == 404
        assert digest() == before


def test_no_page_is_in_a_region_that_nobody_knows(operator_client: Client) -> None:
    for name in VERBS:
        assert operator_client.get(f"/t/alpha/cn-nowhere/{name}/").status_code == 404


def test_a_viewer_reads_and_is_told_why_not_more(world: World, viewer_client: Client) -> None:
    for place in resources(world):
        name = place.partition("/")[0]
        page = text(viewer_client.get(f"{HOME}/{name}/"))
        assert "Your role in this team does not allow this." in page
        assert f"{place}/delete/" not in page
        assert viewer_client.get(f"{HOME}/{name}/create/").status_code == 403
        assert viewer_client.get(f"{HOME}/{place}/delete/").status_code == 403


def test_a_viewers_attempt_is_refused_and_recorded(world: World, viewer_client: Client) -> None:
    before = digest()
    answer = viewer_client.post(f"{HOME}/instances/{world.ecs1}/stop/")
    assert answer.status_code == 403
    assert digest() == before
    event = last_refusal()
    assert (event.action, event.rule, event.object_kind) == ("instance.stop", "A1", "")


# --- Creating -----------------------------------------------------------------------------------------------------


def test_a_vpc_is_created_once_however_often_it_is_sent(
    world: World, operator_client: Client
) -> None:
    sent = {"name": "new", "cidr_block": "10.0.0.0/8", "client_token": str(uuid.uuid4())}
    for _ in range(2):
        answer = operator_client.post(f"{HOME}/vpcs/create/", sent)
        assert answer.status_code == 302
        assert answer["Location"] == f"{HOME}/vpcs/"
    assert Vpc.objects.filter(name="new").count() == 1


def test_over_htmx_a_drawer_closes_and_the_list_looks_again(operator_client: Client) -> None:
    sent = {"cidr_block": "10.0.0.0/8"}
    answer = operator_client.post(f"{HOME}/vpcs/create/", sent, headers=HTMX)
    assert answer.status_code == 204
    assert "overlay:close" in answer["HX-Trigger"]
    assert "havip:changed" in answer["HX-Trigger"]


def test_all_errors_stand_at_their_fields(world: World, operator_client: Client) -> None:
    before = digest()
    sent = {"name": "http://x", "description": "d" * 300, "cidr_block": "10.0.0.0/33"}
    answer = operator_client.post(f"{HOME}/vpcs/create/", sent, headers=HTMX)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert {name: "(N1" in str(errors) for name, errors in form.errors.items()} == {
        "name": False,
        "description": False,
        "cidr_block": True,
    }
    assert digest() == before
    assert last_refusal().rule == "M1"


@pytest.mark.parametrize(
    ("name", "sent", "field", "number"),
    [
        ("vswitches", {"cidr_block": "10.0.0.0/24"}, "cidr_block", "N3"),
        ("vswitches", {"cidr_block": "192.168.0.128/25"}, "cidr_block", "N4"),
        ("vswitches", {"cidr_block": "192.168.9.0/24", "zone": "z"}, "zone", "N6"),
        ("vswitches", {"cidr_block": "192.168.9.0/24", "vpc_id": "vpc-x"}, "vpc_id", "C3"),
        ("instances", {"private_ip": "192.168.0.209"}, "private_ip", "C7"),
        ("instances", {"private_ip": "192.168.0.300"}, "private_ip", "C5"),
        ("instances", {"vswitch_id": "vsw-unknown"}, "vswitch_id", "C4"),
        ("instances", {"network_type": "classic"}, "vswitch_id", "I3"),
        ("interfaces", {"private_ip": "192.168.0.255"}, "private_ip", "C6"),
        ("interfaces", {"private_ip": "10.0.0.1"}, "private_ip", "C5"),
        ("routes", {"destination_cidr_block": "nonsense"}, "destination_cidr_block", "N1"),
        ("routes", {"destination_cidr_block": "192.168.0.0/24"}, "destination_cidr_block", "R1"),
        ("routes", {"havip_id": "havip-unknown"}, "havip_id", "H1"),
        ("eips", {"bandwidth_mbps": "501"}, "bandwidth_mbps", "P2"),
        ("eips", {"name": "n" * 129}, "name", "M1"),
    ],
)
def test_a_refusal_stands_at_its_field(
    world: World, operator_client: Client, name: str, sent: dict[str, str], field: str, number: str
) -> None:
    filled = {
        "vswitches": {"vpc_id": world.vpc, "zone": f"{REGION}-a"},
        "instances": {"vswitch_id": world.vswitch, "network_type": "vpc"},
        "interfaces": {"vswitch_id": world.vswitch},
        "routes": {
            "vpc_id": world.vpc,
            "havip_id": world.havip(),
            "destination_cidr_block": "10.9.0.0/16",
        },
        "eips": {"bandwidth_mbps": "5"},
    }[name]
    before = digest()
    answer = operator_client.post(f"{HOME}/{name}/create/", {**filled, **sent})
    assert answer.status_code == 422
    assert f"({number} " in str(answer.context["form"].errors[field])
    assert digest() == before
    assert last_refusal().rule == number


def test_required_fields_say_what_is_missing(world: World, operator_client: Client) -> None:
    for name, field in (
        ("vswitches", "vpc_id"),
        ("instances", "vswitch_id"),
        ("routes", "havip_id"),
    ):
        sent = {"network_type": "vpc"}
        answer = operator_client.post(f"{HOME}/{name}/create/", sent)
        assert answer.status_code == 422
        assert "Choose the" in str(answer.context["form"].errors[field])


def test_a_vswitch_is_offered_the_next_free_block(world: World, operator_client: Client) -> None:
    page = text(operator_client.get(f"{HOME}/vswitches/create/?vpc_id={world.vpc}"))
    assert 'value="192.168.1.0/24"' in page


def test_classic_instances_have_no_vswitch(world: World, operator_client: Client) -> None:
    drawer = operator_client.get(f"{HOME}/instances/create/?network_type=classic")
    assert "vswitch_id" not in drawer.context["form"].fields
    sent = {"network_type": "classic", "name": "old"}
    assert operator_client.post(f"{HOME}/instances/create/", sent).status_code == 302
    instance = Instance.objects.get(name="old")
    assert instance.vswitch is None
    page = text(operator_client.get(f"{HOME}/instances/{instance.resource_id}/"))
    assert "Cannot be bound to a HaVip" in page


# --- Deleting, and what follows from it ----------------------------------------------------------------------------


def test_f5_a_network_that_contains_things_lists_them(
    world: World, operator_client: Client
) -> None:
    world.havip(world.ecs1)
    dialog = text(operator_client.get(f"{HOME}/vpcs/{world.vpc}/delete/"))
    assert "F5" in dialog
    assert "1 vSwitch: vswitch" in dialog
    assert f"{HOME}/vswitches/?vpc={world.vpc}" in dialog
    dialog = text(operator_client.get(f"{HOME}/vswitches/{world.vswitch}/delete/"))
    assert "3 instances: ecs1, ecs2, spare" in dialog
    assert "3 network interfaces: card1, card2, loose" in dialog
    assert 'type="submit" class="btn btn--destroy"' not in dialog
    answer = operator_client.post(f"{HOME}/vswitches/{world.vswitch}/delete/")
    assert answer.status_code == 422
    assert last_refusal().rule == "F5"
    assert VSwitch.objects.get(resource_id=world.vswitch).status == NetworkStatus.AVAILABLE


def test_f1_deleting_an_instance_names_the_bindings_that_go(
    world: World, operator_client: Client
) -> None:
    havip = world.havip(world.ecs1, world.ecs2)
    stays = world.havip(world.card1)
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
    dialog = text(operator_client.get(f"{HOME}/instances/{world.ecs1}/delete/"))
    assert f"The binding to HaVip {world.get(havip).label} is removed." in dialog
    assert f"HaVip {world.get(stays).label} is removed" not in dialog
    assert "card1 (192.168.0.219) is detached and stays." in dialog
    assert f"It holds {world.get(havip).ip_address} now" in dialog
    operator_client.post(f"{HOME}/instances/{world.ecs1}/delete/")
    carry_out_jobs()
    assert world.status(world.ecs1) == "gone"
    assert world.get(havip).bindings.count() == 1
    assert world.get(stays).bindings.count() == 1


def test_f2_detaching_says_that_the_binding_stays(world: World, operator_client: Client) -> None:
    havip = world.havip(world.card1)
    dialog = text(operator_client.get(f"{HOME}/interfaces/{world.card1}/detach/"))
    assert f"The binding to HaVip {world.get(havip).label} stays" in dialog
    operator_client.post(f"{HOME}/interfaces/{world.card1}/detach/")
    carry_out_jobs()
    page = text(operator_client.get(f"{HOME}/interfaces/{world.card1}/"))
    assert "bound but attached to no instance" in page


def test_f3_deleting_an_interface_says_that_the_binding_goes(
    world: World, operator_client: Client
) -> None:
    havip = world.havip(world.card1)
    dialog = text(operator_client.get(f"{HOME}/interfaces/{world.card1}/delete/"))
    assert f"The binding to HaVip {world.get(havip).label} is removed." in dialog
    operator_client.post(f"{HOME}/interfaces/{world.card1}/delete/")
    carry_out_jobs()
    assert world.status(world.card1) == "gone"
    assert world.get(havip).status == HaVipStatus.AVAILABLE


def test_f4_a_bound_eip_is_not_released(world: World, operator_client: Client) -> None:
    havip = world.havip(eip=world.eip1)
    dialog = text(operator_client.get(f"{HOME}/eips/{world.eip1}/delete/"))
    assert "F4" in dialog
    assert f"{HOME}/havips/{havip}/" in dialog
    assert operator_client.post(f"{HOME}/eips/{world.eip1}/delete/").status_code == 422
    assert operator_client.post(f"{HOME}/eips/{world.eip2}/delete/").status_code == 302
    assert world.status(world.eip2) == "gone"


def test_an_eips_name_is_edited(world: World, operator_client: Client) -> None:
    sent = {"name": "front", "description": "the shop's"}
    assert operator_client.post(f"{HOME}/eips/{world.eip1}/edit/", sent).status_code == 302
    eip = world.get(world.eip1)
    assert (eip.name, eip.description) == ("front", "the shop's")


def test_an_interface_is_attached_to_a_chosen_instance(
    world: World, operator_client: Client
) -> None:
    url = f"{HOME}/interfaces/{world.loose}/attach/"
    Instance.objects.filter(resource_id=world.spare).update(status=InstanceStatus.STARTING)
    choices = operator_client.get(url).context["dialog"].choices
    assert [(each.instance.name, each.refusal is None) for each in choices] == [
        ("ecs1", True),
        ("ecs2", True),
        ("spare", False),
    ]
    assert "Choose an instance." in text(operator_client.post(url, {}))
    refused = operator_client.post(url, {"instance_id": world.spare})
    assert refused.status_code == 422
    assert "(I1 " in str(refused.context["form"].errors["instance_id"])
    assert operator_client.post(url, {"instance_id": world.ecs1}).status_code == 302
    carry_out_jobs()
    assert world.get(world.loose).instance.resource_id == world.ecs1


def test_the_open_page_of_what_is_gone_leads_to_the_list(
    world: World, operator_client: Client
) -> None:
    panel = f"{HOME}/instances/i-gone/panel/"
    answer = operator_client.get(panel, headers=HTMX)
    assert answer.status_code == 404
    assert answer["HX-Redirect"] == f"{HOME}/instances/"
    assert "HX-Redirect" not in operator_client.get(panel)


def test_a_vswitchs_page_says_who_has_which_address(world: World, operator_client: Client) -> None:
    havip = world.havip(ip_address="192.168.0.88")
    page = operator_client.get(f"{HOME}/vswitches/{world.vswitch}/")
    assert (page.context["taken"], page.context["free"]) == (11, 245)
    assert (page.context["gateway"], page.context["lowest_free"]) == (
        "192.168.0.253",
        "192.168.0.1",
    )
    shown = text(page)
    assert f"{HOME}/havips/{havip}/" in shown
    assert f"{HOME}/instances/{world.ecs1}/" in shown
    assert f"{HOME}/interfaces/{world.loose}/" in shown

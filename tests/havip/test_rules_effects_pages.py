"""F1 to F3 through the pages, which say beforehand what follows; and limits that are raised from page to page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from havip.models import Binding, HaVip, NetworkInterface, QuotaName, QuotaRequest, RouteEntry
from tests.cast import REGION, World, carry_out_jobs
from tests.havip.cases_havips import many_havips
from tests.havip.test_rules_effects import LIMITS
from tests.havip.test_rules_pages import text_of
from tests.havip.web.forms import fields_for, page_for


def rule(number: str) -> pytest.MarkDecorator:
    return pytest.mark.rule(number, through="page")


def post(browser: Client, operation: str, **arguments: Any) -> int:
    """Send the page's form, and carry out what it queued."""
    answer = browser.post(page_for(operation, arguments), fields_for(operation, arguments))
    carry_out_jobs()
    return answer.status_code


def shown(browser: Client, operation: str, **arguments: Any) -> str:
    return text_of(browser.get(page_for(operation, arguments)).content)


@rule("F1")
class TestDeletedInstance:
    def test_its_bindings_are_announced_and_removed(
        self, world: World, operator_client: Client
    ) -> None:
        havip = world.havip(world.ecs1, world.ecs2, ip_address="192.168.0.88")
        dialog = shown(operator_client, "instance.delete", instance_id=world.ecs1)
        assert "The binding to HaVip 192.168.0.88 is removed." in dialog
        assert post(operator_client, "instance.delete", instance_id=world.ecs1) == 302
        assert [each.resource.resource_id for each in Binding.objects.all()] == [world.ecs2]
        assert (world.status(world.ecs1), world.status(havip)) == ("gone", "InUse")

    def test_those_of_its_primary_interface_too(
        self, world: World, operator_client: Client
    ) -> None:
        primary = NetworkInterface.objects.get(
            instance__resource_id=world.ecs1, interface_type="Primary"
        )
        havip = world.havip(primary.resource_id, ip_address="192.168.0.88")
        dialog = shown(operator_client, "instance.delete", instance_id=world.ecs1)
        assert "The binding to HaVip 192.168.0.88 is removed." in dialog
        post(operator_client, "instance.delete", instance_id=world.ecs1)
        assert not Binding.objects.exists()
        assert world.status(havip) == "Available"


@rule("F2")
class TestDetachedInterface:
    def test_its_binding_stays_and_the_dialog_says_so(
        self, world: World, operator_client: Client
    ) -> None:
        havip = world.havip(world.card1, ip_address="192.168.0.88")
        dialog = shown(operator_client, "interface.detach", interface_id=world.card1)
        assert "The binding to HaVip 192.168.0.88 stays" in dialog
        assert post(operator_client, "interface.detach", interface_id=world.card1) == 302
        assert Binding.objects.get().interface.resource_id == world.card1
        assert (world.status(world.card1), world.status(havip)) == ("Available", "InUse")


@rule("F3")
class TestDeletedInterface:
    def test_its_binding_is_announced_and_removed(
        self, world: World, operator_client: Client
    ) -> None:
        havip = world.havip(world.card1, world.card2, ip_address="192.168.0.88")
        dialog = shown(operator_client, "interface.delete", interface_id=world.card1)
        assert "The binding to HaVip 192.168.0.88 is removed." in dialog
        assert post(operator_client, "interface.delete", interface_id=world.card1) == 302
        assert Binding.objects.get().interface.resource_id == world.card2
        assert (world.status(world.card1), world.status(havip)) == ("gone", "InUse")


def ask_for(owner: Client, name: str, value: int) -> int:
    """Ask on the quotas page; return the request's key."""
    assert post(owner, "quota.request", name=name, value=value, reason="we grow") == 302
    return QuotaRequest.objects.latest("pk").pk


@pytest.mark.parametrize(
    ("number", "name"),
    [pytest.param(number, name, marks=rule(number)) for number, name in LIMITS.items()],
)
def test_a_limit_is_raised_from_page_to_page(
    world: World,
    owner_client: Client,
    administrator_client: Client,
    number: str,
    name: QuotaName,
) -> None:
    """The owner asks, the site administrator approves, and the sixth is accepted at once."""
    for other in QuotaName:
        if other != name:
            world.raise_quota(other, 20)
    sixth = _sixth(world, name)
    assert post(owner_client, **sixth) == 422
    request = ask_for(owner_client, name.value, 6)
    assert post(owner_client, **sixth) == 422, "asking alone raises nothing"
    listed = text_of(administrator_client.get(reverse("web:site-requests")).content)
    assert "we grow" in listed
    decision = {"request_pk": request, "approve": True}
    assert post(administrator_client, "quota.decide", **decision) == 302
    assert post(owner_client, **sixth) == 302


def _sixth(world: World, name: QuotaName) -> dict[str, Any]:
    """Use a quota up, and return the attempt that goes beyond."""
    if name == QuotaName.HAVIPS_PER_INSTANCE:
        *five, sixth = many_havips(world, 6)
        for havip in five:
            world.bind(havip, world.ecs1)
        return {
            "operation": "havip.bind_instance",
            "havip_id": sixth,
            "instance_id": world.ecs1,
        }
    if name == QuotaName.ROUTES_PER_VPC:
        route = {"vpc_id": world.vpc, "havip_id": world.havip()}
        for number in range(5):
            world.done("route.create", destination_cidr_block=f"10.{number}.0.0/16", **route)
        return {"operation": "route.create", "destination_cidr_block": "10.6.0.0/16", **route}
    many_havips(world, 5)
    return {"operation": "havip.create", "vswitch_id": world.vswitch}


@rule("L3")
def test_no_page_asks_for_more_slots(world: World, owner_client: Client) -> None:
    assert "2" in text_of(owner_client.get(reverse("web:quotas", args=["alpha"])).content)
    address = reverse("web:quota-request", args=["alpha", "binding_slots"])
    assert owner_client.get(address).status_code == 404
    assert owner_client.post(address, {"value": "3", "reason": "more"}).status_code == 404


def test_the_documented_workflow_from_page_to_page(world: World, operator_client: Client) -> None:
    """Create, bind both, bind the EIP, add a route, and take all apart again."""
    address = "192.168.0.88"
    create = {"vpc_id": world.vpc, "vswitch_id": world.vswitch, "ip_address": address}
    assert post(operator_client, "havip.create", **create, name="web", description="") == 302
    havip = HaVip.objects.get(ip_address=address).resource_id
    for instance in (world.ecs1, world.ecs2):
        tie = {"havip_id": havip, "instance_id": instance}
        assert post(operator_client, "havip.bind_instance", **tie) == 302
    eip = {"havip_id": havip, "eip_id": world.eip1}
    assert post(operator_client, "havip.bind_eip", **eip) == 302
    route = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip}
    assert post(operator_client, "route.create", **route) == 302
    assert world.status(havip) == "InUse"
    page = reverse("web:havip-detail", args=["alpha", REGION, havip])
    assert address in text_of(operator_client.get(page).content)

    entry = RouteEntry.objects.get().resource_id
    assert post(operator_client, "route.delete", route_id=entry) == 302
    assert post(operator_client, "havip.unbind_eip", **eip) == 302
    for instance in (world.ecs1, world.ecs2):
        tie = {"havip_id": havip, "instance_id": instance}
        assert post(operator_client, "havip.unbind_instance", **tie) == 302
    assert world.status(havip) == "Available"
    assert post(operator_client, "havip.delete", havip_id=havip) == 302
    assert world.status(havip) == "gone"
    assert world.status(world.eip1) == "Available"


def test_a_form_that_is_sent_twice_has_one_effect(world: World, operator_client: Client) -> None:
    fields = {"vswitch_id": world.vswitch, "client_token": "the-same-form"}
    for _ in range(2):
        assert post(operator_client, "havip.create", **fields) == 302
    assert HaVip.objects.count() == 1

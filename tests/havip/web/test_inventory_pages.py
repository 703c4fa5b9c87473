"""The inventory's pages: lists, drawers, dialogs and object pages, as a browser gets them."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import REGION, World

HOME = f"/t/alpha/{REGION}"
LISTS = ("vpcs", "vswitches", "routes", "instances", "interfaces", "eips")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_its_rows(world: World, operator_client: Client, name: str) -> None:
    world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    page = operator_client.get(f"{HOME}/{name}/")
    assert page.status_code == 200
    assert operator_client.get(f"{HOME}/{name}/rows/").status_code == 200
    assert operator_client.get(f"{HOME}/{name}/create/").status_code == 200


def test_detail(world: World, operator_client: Client) -> None:
    world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    for p, i in (("vpcs", world.vpc), ("vswitches", world.vswitch), ("instances", world.ecs1), ("interfaces", world.card1)):
        for tail in ("", "panel/", "row/", "delete/"):
            assert operator_client.get(f"{HOME}/{p}/{i}/{tail}").status_code == 200, (p, tail)

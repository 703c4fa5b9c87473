"""Pages by number and by token: every row once, in the same order, and a plain no to what is no page."""

from __future__ import annotations

import pytest

from tests.cast import OTHER_REGION, World
from tests.havip.rpc_actions.client import ECS, Api
from tests.havip.rpc_actions.lists import LISTS, described, rows_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("action", LISTS)
class TestPages:
    def test_every_row_once(self, api: Api, world: World, action: str) -> None:
        _some_of_all(world)
        whole = described(api, action, PageSize=50)
        assert len(whole) > 2
        for size in (1, 2):
            seen: list[str] = []
            for number in range(1, len(whole) // size + 3):
                answer = api.ok(action, LISTS[action][0], PageNumber=number, PageSize=size)
                assert (answer["PageNumber"], answer["PageSize"]) == (number, size)
                assert answer["TotalCount"] == len(whole)
                page = [row[LISTS[action][3]] for row in rows_of(answer, action)]
                assert len(page) <= size
                seen += page
            assert seen == whole

    def test_ten_to_a_page(self, api: Api, action: str) -> None:
        answer = api.ok(action, LISTS[action][0])
        assert (answer["PageNumber"], answer["PageSize"]) == (1, 10)

    @pytest.mark.parametrize(
        ("parameter", "value", "code"),
        [
            ("PageNumber", "0", "InvalidParameter"),
            ("PageNumber", "-1", "InvalidParameter"),
            ("PageNumber", "two", "InvalidParameter.Format"),
            ("PageNumber", "9999999999", "InvalidParameter"),
            ("PageSize", "0", "InvalidParameter"),
            ("PageSize", "101", "InvalidParameter"),
            ("RegionId", "cn-mars", "InvalidRegionId.NotFound"),
        ],
    )
    def test_what_is_no_page(
        self, api: Api, action: str, parameter: str, value: str, code: str
    ) -> None:
        assert api(action, LISTS[action][0], **{parameter: value}).code == code

    def test_far_beyond_the_last_page(self, api: Api, action: str) -> None:
        assert described(api, action, PageNumber=1_000_000) == []

    def test_another_region_has_others(self, api: Api, action: str) -> None:
        here = set(described(api, action, PageSize=50))
        assert not here & set(described(api, action, PageSize=50, RegionId=OTHER_REGION))


def _some_of_all(world: World) -> None:
    """Have three of everything that a list may show."""
    for number in range(3):
        world.havip()
        world.done("vpc.create", cidr_block=f"10.{number}.0.0/16")
        world.done("vswitch.create", vpc_id=world.vpc, cidr_block=f"192.168.{10 + number}.0/24")
        world.act("eip.allocate")


class TestTokens:
    @pytest.mark.parametrize("action", ["DescribeInstances", "DescribeNetworkInterfaces"])
    def test_every_row_once(self, api: Api, action: str) -> None:
        whole = described(api, action, PageSize=50)
        seen, token = [], ""
        for _ in range(len(whole)):
            answer = api.ok(action, ECS, MaxResults=2, NextToken=token)
            assert answer["TotalCount"] == len(whole)
            seen += [row[LISTS[action][3]] for row in rows_of(answer, action)]
            token = answer["NextToken"]
            if not token:
                break
        assert seen == whole

    def test_of_route_entries(self, api: Api, world: World) -> None:
        havip = world.havip()
        for number in range(3):
            block = f"172.20.{number}.0/24"
            world.done(
                "route.create", vpc_id=world.vpc, havip_id=havip, destination_cidr_block=block
            )
        table = world.get(world.vpc).route_table_id
        first = api.ok("DescribeRouteEntryList", RouteTableId=table, MaxResult=2)
        rest = api.ok(
            "DescribeRouteEntryList", RouteTableId=table, MaxResult=2, NextToken=first["NextToken"]
        )
        blocks = [
            entry["DestinationCidrBlock"]
            for answer in (first, rest)
            for entry in answer["RouteEntrys"]["RouteEntry"]
        ]
        assert blocks == [f"172.20.{number}.0/24" for number in (2, 1, 0)]
        assert (first["TotalCount"], rest["NextToken"]) == (3, "")

    @pytest.mark.parametrize("token", ["1", "bogus", "YWZ0ZXIgeA==", "%00", "é", "a" * 5000])
    def test_a_token_that_was_never_given_out(self, api: Api, token: str) -> None:
        answer = api.ecs("DescribeInstances", NextToken=token)
        assert answer.status == 400
        assert answer.code.startswith("InvalidParameter")

"""Lists among 100,000 rows: as many queries as among ten, and each of them finds its rows by an index, the last page like the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.teams.roles import Role
from havip.models import Eip, HaVip, VSwitch
from tests.cast import World
from tests.crowds import Crowd, cursor_after
from tests.havip.rest.asking import Script, script_of
from tests.havip.rpc_actions.client import Api, api_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]

# HaVips, and vSwitches and EIPs.
SIZES = ((10, 10), (1_000, 200), (100_000, 2_000))
PAGE = 50
DEEPEST = 1_000
MOST_QUERIES_OF_REST = 6
MOST_QUERIES_OF_RPC = 16
Queries = list[str]


class Lists:
    """The lists that are asked, each for one page."""

    def __init__(self, world: World, rest: Script, rpc: Api) -> None:
        self.world, self.rest, self.rpc = world, rest, rpc
        self.queries: dict[str, dict[int, Queries]] = defaultdict(dict)
        self.size = 0

    def items(self, path: str, **parameters: Any) -> int:
        """Ask a list of REST; return how many items came."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return len(self.rest.get(f"{path}?page_size={PAGE}&{query}".rstrip("&")).json()["items"])

    def rows(self, action: str, wrapper: str, item: str, number: int) -> int:
        """Ask an action of RPC; return how many rows came."""
        answer = self.rpc.ok(action, PageSize=PAGE, PageNumber=number)
        return len(answer[wrapper][item])

    def observe(self, name: str, ask: Callable[[], int], expected: int) -> None:
        """Ask, check that a whole page came, and note the queries."""
        with CaptureQueriesContext(connection) as asked:
            assert ask() == expected, name
        self.queries[name][self.size] = [each["sql"] for each in asked]

    def observe_all(self, havips: int, others: int) -> None:
        """Ask for the first page of every list, and for one far down where there is one."""
        self.size = havips
        # Whatever is noted once a minute is noted now.
        self.items("havips"), self.rows("DescribeHaVips", "HaVips", "HaVip", 1)
        page = min(PAGE, havips)
        for ordering in ("-created", "created", "name", "status"):
            self.observe(
                f"REST havips {ordering}",
                lambda ordering=ordering: self.items("havips", ordering=ordering),  # type: ignore[misc]
                page,
            )
        self.observe("REST eips", lambda: self.items("eips"), min(PAGE, others + 2))
        self.observe("REST vswitches", lambda: self.items("vswitches"), min(PAGE, others + 1))
        described = (
            ("DescribeHaVips", "HaVips", "HaVip", havips),
            ("DescribeEipAddresses", "EipAddresses", "EipAddress", others + 2),
            ("DescribeVSwitches", "VSwitches", "VSwitch", others + 1),
        )
        for action, wrapper, item, count in described:
            self.observe(
                f"RPC {action}",
                lambda words=(action, wrapper, item): self.rows(*words, 1),  # type: ignore[misc]
                min(PAGE, count),
            )
        if havips >= 2 * PAGE:
            self.observe_far_down(havips, others)

    def observe_far_down(self, havips: int, others: int) -> None:
        """Ask for page 1,000, or the last whole one."""
        last = min(DEEPEST, havips // PAGE)
        for column in ("pk", "name"):
            cursor = cursor_after(HaVip, (last - 1) * PAGE, column)
            ordering = "-created" if column == "pk" else column
            self.observe(
                f"REST havips {ordering}, far down",
                lambda cursor=cursor, ordering=ordering: self.items(  # type: ignore[misc]
                    "havips", ordering=ordering, cursor=cursor
                ),
                PAGE,
            )
        for path, model in (("eips", Eip), ("vswitches", VSwitch)):
            cursor = cursor_after(model, others - PAGE)
            self.observe(
                f"REST {path}, far down",
                lambda path=path, cursor=cursor: self.items(path, cursor=cursor),  # type: ignore[misc]
                PAGE,
            )
        number = others // PAGE
        for action, wrapper, item, page in (
            ("DescribeHaVips", "HaVips", "HaVip", last),
            ("DescribeEipAddresses", "EipAddresses", "EipAddress", number),
            ("DescribeVSwitches", "VSwitches", "VSwitch", number),
        ):
            self.observe(
                f"RPC {action}, far down",
                lambda words=(action, wrapper, item, page): self.rows(*words),  # type: ignore[misc]
                PAGE,
            )


@pytest.fixture
def lists(world: World, settings: Any) -> Lists:
    """Lists asked with keys of Alpha's operator; nothing limits how often."""
    settings.HAVIP_RPC_REQUESTS_PER_MINUTE = settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = 0
    return Lists(world, script_of(world.team, Role.OPERATOR), api_of(world.team))


def test_a_cursor_made_here_is_one_that_pages_give(lists: Lists) -> None:
    Crowd(lists.world).grow(havips=120, others=2)
    for ordering, column in (("-created", "pk"), ("name", "name")):
        page = lists.rest.get(f"havips?page_size={PAGE}&ordering={ordering}").json()
        assert page["next_cursor"] == cursor_after(HaVip, PAGE, column)


def test_lists_cost_the_same_among_100_000(lists: Lists) -> None:
    crowd = Crowd(lists.world)
    for havips, others in SIZES:
        crowd.grow(havips=havips, others=others)
        assert HaVip.objects.count() == havips
        with time_machine.travel(timezone.now(), tick=False):  # no minute passes in between
            lists.observe_all(havips, others)
    for name, by_size in lists.queries.items():
        counts = {size: len(queries) for size, queries in by_size.items()}
        assert len(set(counts.values())) == 1, (name, counts)
        most = MOST_QUERIES_OF_REST if name.startswith("REST") else MOST_QUERIES_OF_RPC
        assert max(counts.values()) <= most, (name, counts)
    first = {name: queries for name, queries in lists.queries.items() if "far down" not in name}
    for name in first:
        deep = lists.queries.get(f"{name}, far down") or lists.queries.get(name)
        assert deep is not None
        largest = SIZES[-1][0]
        assert len(deep[largest]) == len(first[name][largest]), name
    if connection.vendor == "sqlite":
        for name, by_size in lists.queries.items():
            queries = by_size[SIZES[-1][0]]
            assert name.startswith("RPC") or any(map(is_of_the_page, queries))
            for query in queries:
                check_plan(name, query)


def is_of_the_page(query: str) -> bool:
    """Tell whether a query is the one that finds a page of REST: one row more than is shown."""
    return f" LIMIT {PAGE + 1}" in query


def check_plan(name: str, query: str) -> None:
    """Fail where SQLite would read a whole table, or sort what it found before it takes a page of it."""
    if not query.startswith("SELECT"):
        return
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + query.replace("%", "%%"))
        plan = [row[3] for row in cursor.fetchall()]
    for step in plan:
        # A table that is read from its one end to the other; one that an index names by team is a SEARCH.
        whole = step.startswith("SCAN ") and any(
            f"SCAN {model._meta.db_table}" in step for model in (HaVip, Eip, VSwitch)
        )
        assert not whole, (name, query, plan)
        if is_of_the_page(query):
            assert "TEMP B-TREE FOR ORDER BY" not in step, (name, query, plan)

"""Keyset paging: every row once, in order, forwards and backwards, whatever cursor somebody sends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.paging import DEFAULT_SIZE, Page, page_size, paginate
from havip.models import Eip
from tests.cast import Cast

ORDERINGS = {"name": "name", "address": "ip_address", "bandwidth": "bandwidth_mbps", "new": "pk"}
ALL_ORDERINGS = [sign + name for name in ORDERINGS for sign in ("", "-")]


@pytest.fixture
def rows(cast: Cast) -> list[Eip]:
    """45 rows with many equal names and bandwidths."""
    return Eip.objects.bulk_create(
        Eip(
            resource_id=f"eip-{number}",
            team=cast.beta,
            region="cn-hangzhou",
            name=f"n{number * 7 % 5}",
            ip_address=f"198.51.100.{number * 11 % 45}",
            bandwidth_mbps=number % 3,
        )
        for number in range(45)
    )


def page(cast: Cast, **options: Any) -> Page[Eip]:
    options.setdefault("size", 10)
    return paginate(
        Eip.objects.filter(team=cast.beta), orderings=ORDERINGS, default="-new", **options
    )


def walk(cast: Cast, first: Page[Eip], direction: str, **options: Any) -> list[Page[Eip]]:
    pages = [first]
    while cursor := getattr(pages[-1], f"{direction}_cursor"):
        pages.append(page(cast, cursor=cursor, **options))
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize("ordering", ALL_ORDERINGS)
class TestWalk:
    def test_forwards_every_row_once_in_order(
        self, cast: Cast, rows: list[Eip], ordering: str
    ) -> None:
        pages = walk(cast, page(cast, ordering=ordering), "next", ordering=ordering)
        assert [len(each) for each in pages] == [10, 10, 10, 10, 5]
        seen = [row for each in pages for row in each]
        column = ORDERINGS[ordering.removeprefix("-")]
        reverse = ordering.startswith("-")
        database = Eip.objects.filter(team=cast.beta)
        keys = (column,) if column == "pk" else (column, "pk")
        expected = database.order_by(*(f"-{key}" if reverse else key for key in keys))
        assert seen == list(expected)

    def test_backwards_the_same_pages(self, cast: Cast, rows: list[Eip], ordering: str) -> None:
        forwards = walk(cast, page(cast, ordering=ordering), "next", ordering=ordering)
        backwards = walk(cast, forwards[-1], "previous", ordering=ordering)
        assert [each.rows for each in reversed(backwards)] == [each.rows for each in forwards]
        assert not forwards[0].previous_cursor
        assert not forwards[-1].next_cursor

    def test_a_new_row_moves_no_other_to_another_page(
        self, cast: Cast, rows: list[Eip], ordering: str
    ) -> None:
        first = page(cast, ordering=ordering)
        Eip.objects.create(
            team=cast.beta, region="cn-hangzhou", name="n0", ip_address="198.51.100.200"
        )
        rest = page(cast, ordering=ordering, cursor=first.next_cursor)
        assert not set(first.rows) & set(rest.rows)

    def test_a_page_is_one_query(self, cast: Cast, rows: list[Eip], ordering: str) -> None:
        cursor = page(cast, ordering=ordering).next_cursor
        with CaptureQueriesContext(connection) as queries:
            page(cast, ordering=ordering, cursor=cursor)
        assert len(queries) == 1
        assert "OFFSET" not in queries.captured_queries[0]["sql"]


class TestEdges:
    def test_nothing_at_all(self, cast: Cast) -> None:
        empty = page(cast)
        assert (empty.rows, empty.next_cursor, empty.previous_cursor) == ([], "", "")

    def test_exactly_one_page(self, cast: Cast, rows: list[Eip]) -> None:
        whole = page(cast, size=45)
        assert (len(whole), whole.next_cursor, whole.previous_cursor) == (45, "", "")

    def test_an_ordering_that_is_not_offered_is_the_default(
        self, cast: Cast, rows: list[Eip]
    ) -> None:
        for ordering in ("team__name", "--name", "name; DROP TABLE", "-"):
            chosen = page(cast, ordering=ordering)
            assert (chosen.ordering, chosen.rows) == ("-new", page(cast).rows)

    @pytest.mark.parametrize(
        ("asked", "given"),
        [("20", 20), ("50", 50), ("100", 100), ("", 20), ("7", 20), ("1000000", 20), ("²0", 20)],
    )
    def test_only_offered_sizes_are_given(self, asked: str, given: int) -> None:
        assert page_size(asked) == given
        assert DEFAULT_SIZE == 20


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.slow
class TestBrokenCursors:
    """Whatever a stranger sends as a cursor: a page, never an error."""

    @pytest.mark.parametrize("ordering", ALL_ORDERINGS)
    @pytest.mark.parametrize(
        "cursor",
        [
            "x",
            "%00",
            "=" * 10,
            "a" * 2000,
            "é",
            encoded(None),
            encoded([0, 1]),
            encoded([0, {"a": 1}, 1]),
            encoded([0, "a", "b"]),
            encoded([0, "a\0b", 1]),
            encoded([0, "\ud800", 1]),
            encoded([0, None, 1]),
            encoded([0, True, True]),
            encoded([0, "x", 2**70]),
            encoded([0, 2**70, 1]),
            encoded([0, 1e400, 1]),
            encoded([0, "999.1.1.1", 1]),
        ],
    )
    def test_a_page_and_no_error(
        self, cast: Cast, rows: list[Eip], cursor: str, ordering: str
    ) -> None:
        assert len(page(cast, cursor=cursor, ordering=ordering)) <= 10

    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cursor=st.text(max_size=80), ordering=st.sampled_from(ALL_ORDERINGS))
    def test_any_text(self, cast: Cast, rows: list[Eip], cursor: str, ordering: str) -> None:
        assert len(page(cast, cursor=cursor, ordering=ordering)) == 10

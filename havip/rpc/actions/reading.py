"""What actions that read have in common: pages, regions, and how values look on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from havip.models.base import Resource
from havip.operations.finding import the_region
from havip.rpc.dispatch import Call
from havip.rpc.errors import RpcError, malformed_parameter
from havip.rpc.parameters import Parameter, integer, text
from havip.selectors import described
from havip.selectors.described import Rows
from havip.selectors.tags import tag_list

Row = TypeVar("Row", bound=Resource)
Record = TypeVar("Record", bound=Model)
REGION = text("RegionId", required=True)
MAXIMUM_PAGE_NUMBER = 1_000_000
# There are none here: what is filtered by one is not narrowed, what is created in one is created all the same.
GROUPS = "There are no resource groups here."


def pages(*, largest: int) -> list[Parameter]:
    """Declare PageNumber and PageSize: 10 rows to a page, at most `largest`."""
    return [
        integer("PageNumber", default=1, minimum=1, maximum=MAXIMUM_PAGE_NUMBER),
        integer("PageSize", default=10, minimum=1, maximum=largest),
    ]


def tokens(name: str, *, default: int = 10, largest: int = 100) -> list[Parameter]:
    """Declare NextToken with the parameter that says how many rows come at once."""
    return [text("NextToken"), integer(name, default=default, minimum=1, maximum=largest)]


def region_of(call: Call) -> str:
    """Return the region that is read. Raises Refusal C2."""
    return the_region(call["RegionId"]).identifier


def numbered_page(call: Call, found: QuerySet[Row]) -> tuple[dict[str, Any], list[Row]]:
    """Return the page that PageNumber and PageSize ask for: the answer's head, and the rows."""
    number, size = call["PageNumber"], call["PageSize"]
    page = described.numbered_page(found, number=number, size=size)
    return {"PageNumber": number, "PageSize": size, "TotalCount": page.total}, page.rows


def token_page(
    call: Call, found: QuerySet[Record], size: str, *, oldest_first: bool = False
) -> Rows[Record]:
    """Return the page after NextToken. Raises RpcError for a token that was never given out."""
    page = described.page_after(
        found, token=call["NextToken"], size=call[size], oldest_first=oldest_first
    )
    if page is None:
        raise malformed_parameter("NextToken", "the NextToken of an earlier answer")
    return page


def any_page(call: Call, found: QuerySet[Row]) -> tuple[dict[str, Any], list[Row]]:
    """Return the page after NextToken where that or MaxResults is sent, else the one of PageNumber and PageSize."""
    if not call.get("NextToken") and "MaxResults" not in call:
        head, rows = numbered_page(call, found)
        return {**head, "NextToken": ""}, rows
    page = token_page(call, found, "MaxResults")
    head = {"PageNumber": 1, "PageSize": call["MaxResults"], "TotalCount": page.total}
    return {**head, "NextToken": page.next_token}, page.rows


def one_of(call: Call, name: str, choices: Mapping[str, str], code: str) -> str:
    """Return what a parameter's text stands for, in any case of letters. Raises RpcError with `code` for any other text."""
    found = choices.get(call[name].lower())
    if found is None:
        known = ", ".join(choices.values())
        raise RpcError(
            code, f'The specified value of "{name}" is not supported.', recommend=f"One of {known}."
        )
    return found


def given(call: Call, name: str) -> list[str] | None:
    """Return the values of a filter, or None where it asks for nothing: absent, or empty."""
    value = call.get(name)
    if not value:
        return None
    return [value] if isinstance(value, str) else list(value)


def unless(condition: object, found: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows, or none of them where the condition holds: a filter asks for what no resource here has."""
    return found.none() if condition else found


def moment(when: datetime | None, *, seconds: bool = True) -> str:
    """Return a time as the cloud writes it, such as 2018-07-03T14:25:26Z; ECS leaves out the seconds of instances."""
    if when is None:
        return ""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ" if seconds else "%Y-%m-%dT%H:%MZ")


def parsed_moment(name: str, value: str) -> datetime:
    """Return the time that a text in the cloud's form means. Raises RpcError."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"):
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise malformed_parameter(name, "a time such as 2018-07-03T14:25:26Z")


def tags_of(record: Resource) -> dict[str, Any]:
    """Return a resource's tags as the VPC product writes them."""
    return {"Tag": [{"Key": tag.key, "Value": tag.value} for tag in tag_list(record)]}


def ecs_tags_of(record: Resource) -> dict[str, Any]:
    """Return a resource's tags as the ECS product writes them."""
    return {"Tag": [{"TagKey": tag.key, "TagValue": tag.value} for tag in tag_list(record)]}


def empty(**names: str) -> dict[str, Any]:
    """Return wrappers around nothing: `empty(NatGatewayIds="NatGatewayIds")`; clients read into them."""
    return {outer: {inner: []} for outer, inner in names.items()}

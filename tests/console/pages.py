"""Reading pages in tests."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.audit.log import AuditEntry, record
from console.audit.models import AuditEvent
from console.operations.refusal import Refusal
from tests.cast import World

JOBS = "/t/alpha/jobs/"
AUDIT = "/t/alpha/audit/"


def page_of(client: Client, url: str) -> str:
    """Return a page as its reader sees it, entities resolved."""
    response = client.get(url)
    assert response.status_code == 200, response
    return unescape(response.content.decode())


def page_after(client: Client, url: str, **data: Any) -> str:
    """Return the page to which a POST leads."""
    response = client.post(url, data, follow=True)
    assert response.status_code == 200, response
    return unescape(response.content.decode())


def buttons(page: str, label: str) -> list[str]:
    """Return the buttons that bear this word: their attributes and their text."""
    found = re.findall(r"<button ([^>]*)>(.*?)</button>", page, re.DOTALL)
    return [" ".join(parts) for parts in found if label in parts[1]]


def link_to(page: str, direction: str) -> str:
    """Return the address behind "next" or "prev"; empty when there is none."""
    found = re.search(rf'href="([^"]*)" rel="{direction}"', page)
    return found[1] if found else ""


def entries_of(page: str) -> list[int]:
    """Return the numbers of the audit entries in the order of their rows."""
    return [int(number) for number in re.findall(r'<tr id="entry-(\d+)"', page)]


def body_of(response: Any) -> str:
    """Return what a streamed answer holds."""
    return b"".join(response.streaming_content).decode()


def count_queries(client: Client, url: str) -> int:
    """Return how many queries a page takes once its session is warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def newest(world: World, **wanted: Any) -> AuditEvent:
    """Return the team's newest audit entry of this kind."""
    return AuditEvent.objects.for_team(world.team).filter(**wanted).latest("sequence")


def refused(world: World, operation: str, **arguments: Any) -> AuditEvent:
    """Have an operation refused, and return its entry."""
    with pytest.raises(Refusal):
        world.act(operation, **arguments)
    return newest(world)


def write_entries(world: World, number: int) -> None:
    """Write so many entries, on objects of several kinds."""
    kinds = [("havip", "havip-x"), ("vpc", "vpc-x"), ("eip", "eip-x"), ("job", "job-x")]
    for index in range(number):
        kind, identifier = kinds[index % 4]
        record(
            world.principal,
            AuditEntry(
                action="havip.modify",
                object_kind=kind,
                object_id=identifier,
                object_label=f"=row {index}",
            ),
        )

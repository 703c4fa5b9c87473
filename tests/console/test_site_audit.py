"""What happens outside of any team, for site administrators."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.urls import path

from console import urls
from console.audit.views import site_audit
from tests.cast import PASSWORD, Cast
from tests.console.pages import count_queries, entries_of, page_of

URL = "/site/audit/"


@pytest.fixture(autouse=True)
def _mounted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the page at its address, whether or not this deployment shows it."""
    module = ModuleType("tests_site_urls")
    module.urlpatterns = [path("site/audit/", site_audit), *urls.urlpatterns]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.ROOT_URLCONF = module.__name__


def test_site_administrators_read_who_signed_in(administrator_client: Client, cast: Cast) -> None:
    for password in ("wrong", PASSWORD):
        Client().post("/sign-in/", {"username": "owner", "password": password})
    page = page_of(administrator_client, URL)
    assert "Signed in as owner" in page
    assert "Tried to sign in as owner" in page
    assert "InvalidCredentials" in page
    assert "Check now" not in page
    refused = page_of(administrator_client, f"{URL}?result=refused")
    assert len(entries_of(refused)) == 1


def test_queries_do_not_grow_with_the_rows(administrator_client: Client, cast: Cast) -> None:
    few = count_queries(administrator_client, URL)
    for _ in range(3):
        Client().post("/sign-in/", {"username": "owner", "password": PASSWORD})
    assert count_queries(administrator_client, URL) == few <= 12


@pytest.mark.parametrize("who", ["owner", "auditor", "stranger"])
def test_to_others_the_page_does_not_exist(sign_in: Any, who: str) -> None:
    assert sign_in(who).get(URL).status_code == 404


def test_signed_out_readers_are_led_to_the_sign_in(client: Client, cast: Cast) -> None:
    assert client.get(URL)["Location"].startswith("/sign-in/")

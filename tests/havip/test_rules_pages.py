"""Every numbered rule through its page: the same cases as through the operations, sent as a browser does."""

from __future__ import annotations

import html
import re

import pytest

from console.audit.models import AuditEvent
from tests.cast import World, digest
from tests.conftest import SignIn
from tests.havip import cases_drills, cases_havips, cases_inventory, cases_tags
from tests.havip.cases import CASES, Case, parameters
from tests.havip.web.forms import fields_for, page_for

pytestmark = pytest.mark.slow

assert cases_drills
assert cases_havips
assert cases_inventory
assert cases_tags


def text_of(content: bytes) -> str:
    """Return what a reader of the page sees, in one line."""
    words = html.unescape(re.sub(r"<[^>]*>", " ", content.decode()))
    return " ".join(words.split())


def cases(page: str) -> list[Case]:
    return [case for case in CASES if case.page == page]


def one_for_each_operation() -> list[Case]:
    return list({case.operation: case for case in reversed(cases("form"))}.values())


def attempt(case: Case, world: World, sign_in: SignIn, **headers: str) -> str:
    """Send the form, show that it was refused by the rule and that nothing changed; return the page."""
    arguments = case.arrange(world)
    browser = sign_in(case.who)
    address = page_for(case.operation, arguments)
    before, events = digest(), AuditEvent.objects.count()
    answer = browser.post(address, fields_for(case.operation, arguments), headers=headers)
    assert answer.status_code == 422
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == events + 1
    assert (event.result, event.rule, event.code) == ("refused", case.rule.number, case.rule.code)
    assert (event.action, event.channel) == (case.operation, "page")
    shown = text_of(answer.content)
    assert event.sentence in shown
    assert f"{case.rule.number} · {case.rule.code}" in shown
    assert digest() == before
    return answer.content.decode()


@pytest.mark.parametrize("case", parameters("page", cases("form")))
def test_the_page_says_which_rule_and_why(
    case: Case, world: World, own_region: str, sign_in: SignIn
) -> None:
    assert "<html" in attempt(case, world, sign_in)


@pytest.mark.parametrize("case", parameters("page", one_for_each_operation()))
def test_an_overlay_says_it_without_its_page(
    case: Case, world: World, own_region: str, sign_in: SignIn
) -> None:
    shown = attempt(case, world, sign_in, **{"HX-Request": "true"})
    if not case.operation.endswith(".decide"):  # the list of requests has no overlay
        assert "<html" not in shown


@pytest.mark.parametrize("case", parameters("page", cases("no page")))
def test_there_is_no_page_for_what_is_not_there(
    case: Case, world: World, own_region: str, sign_in: SignIn
) -> None:
    arguments = case.arrange(world)
    browser = sign_in(case.who)
    address = page_for(case.operation, arguments)
    before = digest()
    assert browser.get(address).status_code == 404
    assert browser.post(address, fields_for(case.operation, arguments)).status_code == 404
    assert digest() == before


@pytest.mark.parametrize("case", parameters("page", cases("own words")))
def test_a_form_asks_for_what_is_missing(case: Case, world: World, sign_in: SignIn) -> None:
    arguments = case.arrange(world)
    browser = sign_in(case.who)
    before = digest()
    answer = browser.post(
        page_for(case.operation, arguments), fields_for(case.operation, arguments)
    )
    assert answer.status_code == 422
    assert "Say why" in text_of(answer.content)
    assert digest() == before

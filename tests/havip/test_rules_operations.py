"""Every numbered rule through its operation: who breaks it is refused by that rule, and nothing changes."""

from __future__ import annotations

import inspect

import pytest
from django.utils import translation

from console.audit.models import AuditEvent
from console.operations.framework import OPERATIONS
from console.operations.refusal import Refusal
from console.teams.principal import Principal
from havip.rules.catalogue import CATALOGUE
from tests.cast import World, digest
from tests.havip import cases_drills, cases_havips, cases_inventory, cases_tags
from tests.havip.cases import CASES, Case, parameters

pytestmark = pytest.mark.slow

assert cases_drills
assert cases_havips
assert cases_inventory
assert cases_tags


def who(world: World, case: Case) -> Principal:
    return {
        "operator": world.principal,
        "owner": world.owner,
        "administrator": world.administrator,
    }[case.who]


@pytest.mark.parametrize("case", parameters("operation", CASES))
def test_refused_by_its_rule(case: Case, world: World, own_region: str) -> None:
    arguments = case.arrange(world)
    before, events = digest(), AuditEvent.objects.count()
    with pytest.raises(Refusal) as caught:
        world.act(case.operation, by=who(world, case), **arguments)
    refusal = caught.value
    assert refusal.rule is case.rule, f"refused by {refusal}"
    assert digest() == before
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == events + 1
    assert (event.result, event.action) == ("refused", case.operation)
    assert (event.rule, event.code) == (refusal.number, refusal.code)
    assert event.sentence == refusal.message
    assert "%(" not in refusal.message + refusal.remedy


@pytest.mark.parametrize("rule", {case.rule.code: case.rule for case in CASES}.values(), ids=str)
def test_a_refusal_names_an_argument_of_its_operation(rule: object) -> None:
    for case in CASES:
        if case.rule is rule and case.rule.field:
            names = inspect.signature(OPERATIONS[case.operation]).parameters
            # "resource_id" stands for the instance or the interface: one rule guards both operations.
            assert case.rule.field in names or case.rule.field == "resource_id"


@pytest.mark.parametrize("number", CATALOGUE)
def test_every_rule_of_a_number_has_a_case(number: str) -> None:
    tried = {id(case.rule) for case in CASES if number in case.numbers}
    for rule in CATALOGUE[number].rules:
        assert id(rule) in tried, rule.code


def test_messages_are_stored_in_english_and_read_in_any_language(world: World) -> None:
    with translation.override("zh-hans"), pytest.raises(Refusal):
        world.act("havip.create", vswitch_id=world.vswitch, ip_address="192.168.0.255")
    event = AuditEvent.objects.latest("pk")
    assert event.message.startswith("%(address)s is reserved")
    assert event.message_parameters == {"address": "192.168.0.255"}

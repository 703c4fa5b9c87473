"""What docs/rpc.md says of the documented codes is so: by the rules, by the interface, and as the SDKs are refused."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import havip.rules
from console.operations import refusal
from console.operations.refusal import Rule
from havip.rpc.dispatch import ACTIONS
from tests.contract.refused_havips import HAVIPS
from tests.contract.refused_networks import NETWORKS
from tests.documented_codes import DOCUMENTED, EVERY_ACTION, INTERFACE, Given

PROJECT = Path(__file__).resolve().parents[3]
RULES = [
    rule
    for module in (
        refusal,
        *(
            import_module(f"havip.rules.{each.name}")
            for each in pkgutil.iter_modules(havip.rules.__path__)
        ),
    )
    for rule in vars(module).values()
    if isinstance(rule, Rule)
]
_INTERFACE = (*(PROJECT / "havip" / "rpc").rglob("*.py"), PROJECT / "console" / "teams" / "keys.py")
WORDS_OF_THE_INTERFACE = " ".join(path.read_text(encoding="utf-8") for path in _INTERFACE)
REFUSED = {(each.action, each.code, each.status) for each in (*HAVIPS, *NETWORKS)}
# What needs a situation of its own, or what no SDK sends: the tests that show it.
_BY_SDKS, _BY_HAND = "tests/contract/test_refusals.py", "tests/havip/rpc/test_signatures.py"
SHOWN_IN = {
    "Forbidden": _BY_SDKS,
    "Forbidden.HaVip": _BY_SDKS,
    "IdempotentParameterMismatch": _BY_SDKS,
    "InvalidApi.NotFound": _BY_SDKS,
    "InvalidAccessKeyId.NotFound": _BY_SDKS,
    "InvalidAccessKeyId.Inactive": _BY_SDKS,
    "InvalidTimeStamp.Expired": _BY_SDKS,
    "SignatureDoesNotMatch": _BY_SDKS,
    "Throttling.User": _BY_SDKS,
    "Throttling.Api": _BY_SDKS,
    "ServiceUnavailable": _BY_SDKS,
    "ReserveIpFail": _BY_SDKS,
    "SignatureNonceUsed": "tests/contract/test_tokens.py",
    "InvalidTimeStamp.Format": _BY_HAND,
    "IncompleteSignature": _BY_HAND,
    "UnsupportedHTTPMethod": "tests/havip/rpc/test_requests.py",
    "InternalError": "tests/havip/rpc/test_requests.py",
}


GIVEN = [
    pytest.param(action, each, id=f"{action}-{each.code}")
    for action, (given, _never) in DOCUMENTED.items()
    for each in given
]


def _spelt_out(code: str) -> bool:
    return f'"{code}"' in WORDS_OF_THE_INTERFACE


@pytest.mark.parametrize(("action", "given"), GIVEN)
def test_what_is_given_is_given_by_that(action: str, given: Given) -> None:
    for number in given.numbers:
        if number == INTERFACE:
            assert _spelt_out(given.code)
        else:
            mine = {(rule.code, int(rule.status)) for rule in RULES if rule.number == number}
            assert (given.code, given.status) in mine


@pytest.mark.parametrize(("action", "given"), GIVEN)
def test_what_is_given_is_shown_through_the_sdks(action: str, given: Given) -> None:
    """Or, where no SDK can bring it about, by a request that is made by hand."""
    if given.code in SHOWN_IN:
        shown = (PROJECT / SHOWN_IN[given.code]).read_text(encoding="utf-8")
        assert re.search(rf'"{re.escape(given.code)}"', shown)
    elif action == EVERY_ACTION:
        assert (given.code, given.status) in {(code, status) for _, code, status in REFUSED}
    else:
        assert (action, given.code, given.status) in REFUSED


def test_what_is_never_given_is_not() -> None:
    """A code that one action never gives may be another's; one that none gives stands in no rule and nowhere else."""
    somewhere = {each.code for given, _never in DOCUMENTED.values() for each in given}
    codes_of_rules = {rule.code for rule in RULES}
    refused = {(action, code) for action, code, _status in REFUSED}
    for action, (_given_ones, never) in DOCUMENTED.items():
        for code in (code for each in never for code in each.codes):
            assert (action, code) not in refused, (action, code)
            if code not in somewhere:
                assert code not in codes_of_rules, (action, code)
                assert not _spelt_out(code), (action, code)


def test_each_code_is_entered_once_and_for_actions_that_there_are() -> None:
    assert set(DOCUMENTED) - {EVERY_ACTION} <= {name for _version, name in ACTIONS}
    for action, (given, never) in DOCUMENTED.items():
        codes = [each.code for each in given] + [code for each in never for code in each.codes]
        assert len(set(codes)) == len(codes), action

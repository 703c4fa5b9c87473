"""Files against the records, and against each other."""

from __future__ import annotations

import pytest

from havip.keepalived import (
    DOCUMENTED,
    FAST,
    BindingKind,
    Expectation,
    ExpectedHaVip,
    Finding,
    InvalidValue,
    TimerProfile,
    check,
    check_pair,
    expectation_of,
    render,
)
from tests.havip.keepalived.broken import GOOD, SECOND
from tests.havip.keepalived.material import nodes_of

BOUND = Expectation(
    (ExpectedHaVip("192.168.0.88", "192.168.0.209", frozenset({"192.168.0.210"}), "eth0", 51),),
    taken_virtual_router_ids=frozenset({60}),
)
OTHER = GOOD.replace("192.168.0.209", "x").replace("192.168.0.210", "192.168.0.209")
OTHER = OTHER.replace("x", "192.168.0.210").replace("priority 100", "priority 10")


def codes(findings: list[Finding]) -> list[tuple[int, str]]:
    return [(finding.line, finding.code) for finding in findings]


@pytest.mark.parametrize("profile", [DOCUMENTED, FAST, TimerProfile("slow", 2, 300)])
@pytest.mark.parametrize("count", range(2, 11))
@pytest.mark.parametrize("havips", [("192.168.0.88",), ("192.168.0.88", "192.168.0.89")])
@pytest.mark.parametrize(
    ("kind", "interface"), [(BindingKind.INSTANCE, ""), (BindingKind.INTERFACE, "eth1")]
)
def test_what_is_written_has_no_findings(
    profile: TimerProfile, count: int, havips: tuple[str, ...], kind: BindingKind, interface: str
) -> None:
    nodes = nodes_of(
        tuple(f"192.168.0.{100 + number}" for number in range(count)),
        havips,
        profile=profile,
        kind=kind,
        interface=interface,
        notify_script="/usr/local/libexec/havip/notify.sh",
    )
    files = [render(node) for node in nodes]
    for node, file in zip(nodes, files, strict=True):
        assert check(file, expectation=expectation_of(node)) == []
    for other in files[1:]:
        assert check_pair(files[0], other) == ([], [])


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (GOOD.replace("192.168.0.210", "192.168.0.211"), 22, "peer-extra"),
        (GOOD.replace("192.168.0.210", "192.168.0.211"), 21, "peer-missing"),
        (GOOD.replace("_ip 192.168.0.209", "_ip 192.168.0.2"), 20, "source-not-own"),
        (GOOD.replace("        192.168.0.210", " 192.168.0.210\n 192.168.0.209"), 23, "peer-own-address"),
        (GOOD.replace("192.168.0.88", "192.168.0.87"), 25, "address-not-havip"),
        (GOOD.replace("192.168.0.88", "192.168.0.87"), 1, "havip-missing"),
        (GOOD.replace("eth0", "eth1"), 10, "interface-other"),
        (GOOD.replace("_id 51", "_id 60"), 11, "vrid-taken"),
        (GOOD.replace("_id 51", "_id 52"), 11, "vrid-differs"),
        (GOOD + SECOND, 41, "address-not-havip"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_bound(text: str, line: int, code: str) -> None:
    assert (line, code) in codes(check(text, expectation=BOUND))


def test_a_file_that_is_as_bound() -> None:
    assert check(GOOD, expectation=BOUND) == []


def test_what_was_not_read_is_not_missed() -> None:
    text = "include havips.d/*.conf\n"
    assert codes(check(text, expectation=BOUND)) == [(1, "include-not-read")]


def test_an_expectation_checks_its_own_values() -> None:
    with pytest.raises(InvalidValue):
        ExpectedHaVip("192.168.0.88\n", "192.168.0.209", frozenset())


def test_a_good_pair() -> None:
    assert check_pair(GOOD, OTHER) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("_id 51", "_id 52", 11, "pair-vrid"),
        ("priority 10\n", "priority 100\n", 12, "pair-priority"),
        ("advert_int 1\n", "advert_int 2\n", 13, "pair-interval"),
        ("abcd1234", "abcd1235", 16, "pair-authentication"),
        ("auth_type PASS", "auth_type AH", 16, "pair-authentication"),
        ("192.168.0.88", "192.168.0.87", 24, "pair-addresses"),
    ],
)
def test_what_must_be_alike_or_differ_is_told_in_both_files(
    old: str, new: str, line: int, code: str
) -> None:
    first, second = check_pair(GOOD, OTHER.replace(old, new))
    assert (line, code) in codes(first)
    assert (line, code) in codes(second)


def test_versions_must_be_alike() -> None:
    second = OTHER.replace("advert_int 1\n", "advert_int 1\n    version 3\n")
    first_found, second_found = check_pair(GOOD, second)
    assert (7, "pair-version") in codes(first_found)
    assert (14, "pair-version") in codes(second_found)
    everywhere = GOOD.replace("router_id ecs1", "vrrp_version 3")
    assert "pair-version" not in {code for _, code in codes(check_pair(everywhere, second)[0])}


def test_a_copied_file() -> None:
    first, second = check_pair(GOOD, GOOD)
    assert codes(first) == codes(second) == [(12, "pair-priority"), (20, "pair-source")]


def test_one_sided_differences() -> None:
    peerless = OTHER.replace("        192.168.0.209\n", "        192.168.0.200\n")
    assert check_pair(GOOD, peerless)[0] == []
    assert codes(check_pair(GOOD, peerless)[1]) == [(21, "pair-peer")]
    preempting = OTHER.replace("    nopreempt\n", "")
    assert codes(check_pair(GOOD, preempting)[1]) == [(7, "pair-nopreempt")]
    assert codes(check_pair(GOOD + SECOND, OTHER)[0]) == [(29, "pair-instance")]


def test_two_masters() -> None:
    files = [
        each.replace("    nopreempt\n", "").replace("BACKUP", "MASTER") for each in (GOOD, OTHER)
    ]
    assert codes(check_pair(*files)[0]) == [(8, "pair-masters")]


def test_matching_follows_the_addresses_not_the_order() -> None:
    swapped = SECOND.replace("192.168.0.209", "x").replace("192.168.0.210", "192.168.0.209")
    swapped = swapped.replace("x", "192.168.0.210").replace("priority 100", "priority 10")
    assert check_pair(GOOD + SECOND, swapped + OTHER) == ([], [])


def test_a_pair_with_something_that_is_no_file() -> None:
    first, second = check_pair(GOOD, b"\0")
    assert first == []
    assert codes(second) == [(1, "binary")]

"""Every kind of broken file is found, at its line, and nothing else is found in it."""

from __future__ import annotations

import pytest
from django.utils import translation

from havip.keepalived import Severity, check
from havip.keepalived.problems import FINDINGS_LIMIT, PROBLEMS
from tests.havip.keepalived.broken import BROKEN, GOOD, SECOND, Broken
from tests.havip.keepalived.conftest import Verdict


def codes(text: str | bytes) -> list[tuple[int, str]]:
    return [(finding.line, finding.code) for finding in check(text)]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_a_broken_file_has_its_one_finding(case: Broken) -> None:
    assert codes(case.text) == [(case.line, case.code)]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_keepalived_agrees(case: Broken, config_test: Verdict, card: str, keepalived: str) -> None:
    status, said = config_test(case.text.replace("eth0", card))
    if "2.2." not in said_version(keepalived):
        pytest.skip("measured with keepalived 2.2")
    assert (status != 0 or said != "") is case.seen_by_keepalived, said


def said_version(program: str) -> str:
    import subprocess

    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_there_is_enough_of_them() -> None:
    assert len(BROKEN) >= 25
    assert len({case.name for case in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + SECOND,
        GOOD.replace("    ", "\t"),
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace(" {", "{"),
        GOOD.replace(" {", "\n{"),
        GOOD.replace(
            "unicast_peer {\n        192.168.0.210\n    }", "unicast_peer { 192.168.0.210 }"
        ),
        GOOD.replace("priority 100", "priority 100 # first ! { node"),
        GOOD.replace("priority 100", "! priority 1\n    priority 100"),
        GOOD.replace("havip-1", '"the havip"'),
        GOOD.replace("abcd1234", '"a#c!1 {4"'),
        GOOD.replace("192.168.0.88", "192.168.0.88/24 dev eth0 label eth0:1"),
        GOOD.replace("192.168.0.210", "192.168.0.210 min_ttl 255"),
        GOOD.replace("auth_pass abcd1234", "auth_pass 12345678"),
        GOOD.replace("state BACKUP", "state MASTER").replace("    nopreempt\n", ""),
        GOOD.replace("advert_int 1", "advert_int 1.0"),
        GOOD.replace("    advert_int 1\n", ""),
        GOOD.replace("192.168.0.88", "192.168.0.88\n        192.168.0.90"),
        GOOD.replace('"/bin/true master"', '"/bin/true master" root').replace(
            "script_user root", ""
        ),
        GOOD.replace("    garp_master_refresh 5\n", "").replace(
            "router_id ecs1", "vrrp_garp_master_refresh 60"
        ),
        GOOD + "vrrp_sync_group g {\n group {\n havip-1\n }\n}\n",
        GOOD + 'vrrp_script chk {\n script "/bin/true"\n interval 2\n}\n',
        GOOD + "bfd_instance b {\n neighbor_ip 192.168.0.1\n}\n",
        GOOD + "static_ipaddress {\n 192.168.9.1 dev eth0\n}\n",
    ],
)
def test_a_good_file_has_none(text: str) -> None:
    assert codes(text) == []


def test_the_published_file_of_old_is_told_its_two_faults() -> None:
    published = (
        GOOD.replace("state BACKUP", "state MASTER")
        .replace("router_id ecs1", "vrrp_garp_interval 0\n    vrrp_gna_interval 0")
        .replace("    nopreempt", "    nopreempt\n    track_interface {\n        eth0\n    }")
    )
    assert codes(published) == [
        (2, "garp-interval-zero"),
        (3, "garp-interval-zero"),
        (9, "state-master-nopreempt"),
        (12, "track-own-interface"),
    ]


def test_a_missing_brace_is_told_where_the_next_block_begins() -> None:
    text = GOOD.replace('master"\n}\n', 'master"\n') + SECOND
    assert (28, "block-misplaced") in codes(text)


def test_lines_for_other_nodes_are_not_believed() -> None:
    from havip.keepalived import Expectation

    text = GOOD.replace("    priority 100\n", "    @ecs1 priority 300\n    @^ecs1 priority 10\n")
    assert codes(text) == [(12, "condition-not-followed"), (13, "condition-not-followed")]
    for name, expected in (("ecs1", {"priority-range"}), ("ecs2", set())):
        found = check(text, expectation=Expectation((), config_id=name))
        assert {f.code for f in found} - {"address-not-havip"} == expected


def test_substituted_values_are_not_judged() -> None:
    text = "$PRIO=100\n$MANY= \\\n  a { \\\n  b\n" + GOOD.replace("priority 100", "priority $PRIO")
    assert codes(text) == [(1, "parameter-not-followed"), (2, "parameter-not-followed")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no-instance"),
        (b"\0\x01", "binary"),
        (GOOD.encode("utf-16"), "binary"),
        (GOOD.encode() + b"# " + b"x" * 65536, "too-large"),
        (GOOD.encode().replace(b"global_defs", "# é\nglobal_defs".encode("latin-1")), "not-utf8"),
        (b"{" * 65536, "nesting-too-deep"),
        (b"a {\n" * 16384, "nesting-too-deep"),
    ],
)
def test_whatever_is_no_configuration_is_told(content: bytes, code: str) -> None:
    assert code in {found for _, found in codes(content)}


def test_findings_are_bounded_and_short() -> None:
    found = check("\n".join(f"keyword{number:05d} x" for number in range(3000)))
    assert len(found) == FINDINGS_LIMIT + 1
    assert found[-1].code == "too-many"
    endless = check("vrrp_instance " + "n" * 1000 + " {\n" + "y\a" * 1000 + "\n}\n")
    assert all(len(each.message) < 400 and "\a" not in each.message for each in endless)


@pytest.mark.parametrize(
    "line", ["10.0.0.1\n", "a {\n", "vrrp_instance a {\n}\n", "vrrp_script {\n}\n", "${"]
)
def test_long_files_are_checked_in_no_time(line: str) -> None:
    import time

    block = GOOD.replace("        192.168.0.210\n", line * ((65536 - len(GOOD)) // len(line)))
    begun = time.thread_time()
    check(block)
    check(line * (65536 // len(line)))
    assert time.thread_time() - begun < 10


def test_every_problem_can_be_told() -> None:
    parameters = dict.fromkeys(
        [
            "text",
            "keyword",
            "block",
            "closest",
            "home",
            "value",
            "lowest",
            "highest",
            "name",
            "address",
            "expected",
            "other",
        ],
        "x",
    )
    for each in PROBLEMS.values():
        assert str(each.message) % parameters
        assert str(each.mend) % parameters
        assert each.severity in Severity


def test_texts_are_in_the_reader_s_language() -> None:
    finding = check(GOOD.replace("state BACKUP", "state MASTER"))[0]
    with translation.override("en"):
        assert "contradict" in finding.message
        assert "BACKUP" in finding.mend
    assert finding.severity == "error"


def test_no_password_is_ever_shown() -> None:
    text = GOOD.replace("abcd1234", "secretsecret").replace(
        "auth_type PASS", "auth_type secretsecret"
    )
    for finding in check(text):
        if finding.code != "auth-type-unknown":
            assert "secretsecret" not in finding.message + finding.mend

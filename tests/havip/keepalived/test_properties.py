"""For any node: what is written says what was meant. For any input: the checker answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from havip.keepalived import NodeConfiguration, check, check_pair, expectation_of, render
from havip.keepalived.allocation import password_of
from havip.keepalived.facts import read
from havip.keepalived.keywords import KNOWN, TOP
from havip.keepalived.problems import FINDINGS_LIMIT
from tests.havip.keepalived.broken import GOOD
from tests.havip.keepalived.material import configurations

pytestmark = pytest.mark.slow


@given(configurations())
def test_what_is_written_is_what_was_meant(node: NodeConfiguration) -> None:
    written = read(render(node))
    assert written.document.flaws == []
    assert written.global_defs is not None
    assert written.global_defs.text_of("router_id") == node.name
    assert written.global_defs.text_of("vrrp_notify_fifo") == (node.notify_fifo or "")
    assert len(written.instances) == len(node.instances)
    for said, meant in zip(written.instances, node.instances, strict=True):
        profile = meant.profile
        assert said.name == meant.havip_id
        assert said.virtual_router_id == meant.virtual_router_id
        assert said.priority == meant.priority
        assert said.version == profile.version
        assert said.interval == Decimal(profile.interval)
        assert said.text_of("interface") == node.interface_of(meant)
        assert said.source == node.own_address_of(meant)
        assert [peer.text for peer in said.peers] == list(meant.peers)
        assert said.havips == {meant.address}
        assert said.text_of("state") == "BACKUP"
        assert said.mentions("nopreempt")
        password = password_of(node.secret, meant.havip_id)
        wanted = ("PASS", password) if profile.version == 2 else ("", "")
        assert said.authentication == wanted
        tracked = [entry.text for entry in said.entries("track_interface")]
        assert tracked == list(meant.tracked_interfaces)
        notified = {state: said.text_of(f"notify_{state}") for state in ("master", "stop")}
        for state, command in notified.items():
            assert command.split() == (
                [node.notify_script, state, meant.havip_id, meant.address]
                if node.notify_script
                else []
            )


@given(configurations())
def test_what_is_written_has_no_findings(node: NodeConfiguration) -> None:
    assert check(render(node), expectation=expectation_of(node)) == []


_words = st.sampled_from(
    [
        *sorted(TOP),
        *sorted(set().union(*KNOWN.values())),
        *"{}{}{}\n\n\n#!\"'\\@$~",
        "${",
        "@a",
        "@^a",
        "~SEQ(",
        "$A=",
        "include",
        "PASS",
        "MASTER",
        "51",
        "-1",
        "9" * 50,
        "1e9",
        "0.05",
        "NaN",
        "192.168.0.88",
        "192.168.0.88/99",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "\ud800",
        "\0",
        "\r",
        "\f",
    ]
)
_soup = st.lists(_words, max_size=120).map(" ".join)
_near_misses = st.builds(
    lambda at, gone, put: GOOD[:at] + put + GOOD[at + gone :],
    st.integers(0, len(GOOD)),
    st.integers(0, 40),
    st.one_of(st.text(max_size=20), _soup),
)
_anything = st.one_of(st.text(), st.binary(), _soup, _near_misses)
_expectations = st.one_of(st.none(), configurations().map(expectation_of))


@given(_anything, _expectations)
@example("\ud800", None)
@example("\x1f", None)
@example("vrrp_instance { }", None)
@example("vrrp_instance a { priority ²\nvirtual_router_id ٣\n}", None)
def test_nothing_makes_the_checker_fail(text: str | bytes, expectation: object) -> None:
    found = check(text, expectation=expectation)  # type: ignore[arg-type]
    lines = (text.count(b"\n") if isinstance(text, bytes) else text.count("\n")) + 1
    assert len(found) <= FINDINGS_LIMIT + 1
    for each in found:
        assert 1 <= each.line <= lines
        assert each.message
        assert each.mend
        assert "\n" not in each.message + each.mend


@given(_anything, _anything)
def test_nothing_makes_the_comparison_fail(first: str | bytes, second: str | bytes) -> None:
    for found in check_pair(first, second):
        assert len(found) <= FINDINGS_LIMIT + 1
        assert all(each.message and each.mend for each in found)

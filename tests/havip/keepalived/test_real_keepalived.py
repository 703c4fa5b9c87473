"""What keepalived itself says to what is written: nothing. And it knows the keywords that the checker knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from havip.keepalived import DOCUMENTED, FAST, BindingKind, TimerProfile, fast_profile, render
from havip.keepalived.keywords import (
    AUTHENTICATION,
    GLOBAL_DEFS,
    RETIRED,
    VALUE_BLOCKS,
    VRRP_INSTANCE,
)
from tests.havip.keepalived.conftest import Verdict
from tests.havip.keepalived.material import nodes_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "profile", [DOCUMENTED, FAST, fast_profile(10), TimerProfile("slow", 2, 300)]
)
@pytest.mark.parametrize("count", [2, 3, 10])
@pytest.mark.parametrize("havips", [("192.168.0.88",), ("192.168.0.88", "192.168.0.89")])
@pytest.mark.parametrize("kind", list(BindingKind))
@pytest.mark.parametrize("script", [None, "/bin/true"])
def test_keepalived_has_nothing_to_say(
    profile: TimerProfile,
    count: int,
    havips: tuple[str, ...],
    kind: BindingKind,
    script: str | None,
    config_test: Verdict,
    card: str,
) -> None:
    nodes = nodes_of(
        tuple(f"192.168.0.{100 + number}" for number in range(count)),
        havips,
        profile=profile,
        kind=kind,
        interface=card,
        notify_script=script,
    )
    for node in nodes:
        assert config_test(render(node)) == (0, "")


def test_nor_to_five_havips_of_both_profiles_with_masks_and_a_fifo(
    config_test: Verdict, card: str
) -> None:
    first, _ = nodes_of(havips=tuple(f"192.168.0.{last}" for last in range(80, 85)), interface=card)
    mixed = tuple(
        replace(each, profile=FAST if number % 2 else DOCUMENTED, prefix_length=32 - number)
        for number, each in enumerate(first.instances)
    )
    node = replace(first, instances=mixed, notify_fifo="/run/havip-test.fifo")
    assert config_test(render(node)) == (0, "")


def test_its_complaints_are_heard_at_all(config_test: Verdict, card: str) -> None:
    text = render(nodes_of(interface=card)[0]).replace("state BACKUP", "state MASTER")
    status, said = config_test(text)
    assert status != 0
    assert "nopreempt" in said


BUILT_IN_SOMETIMES = {
    "dbus_service_name",
    "enable_dbus",
    "vrf",
    "use_ipvlan",
    "old_unicast_checksum",
}


def test_it_knows_the_keywords_that_the_checker_knows(config_test: Verdict) -> None:
    def unknown(said: str) -> set[str]:
        return {line.split("'")[1] for line in said.splitlines() if "Unknown keyword '" in line}

    retired = {keyword for _, keyword in RETIRED}
    for block, keywords in (
        ("global_defs", GLOBAL_DEFS),
        ("vrrp_instance a", VRRP_INSTANCE),
        ("vrrp_instance a {\nauthentication", AUTHENTICATION),
    ):
        plain = sorted(keywords - VALUE_BLOCKS - retired - {"tmp_config_directory", "umask"})
        ending = "\n}\n" * (block.count("{") + 1)
        body = "\n".join(f"{keyword} 1 1" for keyword in [*plain, "no_such_keyword"])
        _, said = config_test(f"{block} {{\n{body}{ending}")
        assert "no_such_keyword" in unknown(said)  # it read that far
        assert unknown(said) - {"no_such_keyword"} <= BUILT_IN_SOMETIMES

"""What is written: the published best practice, several HaVips, both profiles; and that nothing else can get in."""

from __future__ import annotations

import pytest

from havip.keepalived import (
    DOCUMENTED,
    FAST,
    BindingKind,
    InvalidValue,
    NodeConfiguration,
    TimerProfile,
    VirtualRouterIdsExhausted,
    VrrpInstance,
    allocate_virtual_router_id,
    fast_profile,
    password_of,
    priority_of_slot,
    render,
    safe_name,
)
from tests.havip.keepalived.material import ECS, HAVIP, SECRET, nodes_of

PUBLISHED = """\
# HaVip Console wrote this file; changes made here are overwritten.
# Node ecs1, 192.168.0.209

global_defs {
    router_id ecs1
    vrrp_check_unicast_src
    enable_script_security
    script_user root
}

vrrp_instance havip-0 {
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 51
    priority 250
    advert_int 1
    garp_master_delay 1
    garp_master_refresh 5
    authentication {
        auth_type PASS
        auth_pass %s
    }
    unicast_src_ip 192.168.0.209
    unicast_peer {
        192.168.0.210
    }
    virtual_ipaddress {
        192.168.0.88
    }
    notify_master "/etc/keepalived/notify.sh master havip-0 192.168.0.88"
    notify_backup "/etc/keepalived/notify.sh backup havip-0 192.168.0.88"
    notify_fault "/etc/keepalived/notify.sh fault havip-0 192.168.0.88"
    notify_stop "/etc/keepalived/notify.sh stop havip-0 192.168.0.88"
}
"""


def instance(**changes: object) -> VrrpInstance:
    facts = {
        "havip_id": "havip-1",
        "address": HAVIP,
        "virtual_router_id": 51,
        "priority": 100,
        "peers": (ECS[1],),
    }
    return VrrpInstance(**(facts | changes))  # type: ignore[arg-type]


def node(**changes: object) -> NodeConfiguration:
    facts = {
        "name": "ecs1",
        "private_address": ECS[0],
        "instances": (instance(),),
        "secret": SECRET,
    }
    return NodeConfiguration(**(facts | changes))  # type: ignore[arg-type]


def test_the_published_best_practice_comes_out() -> None:
    first, second = nodes_of(notify_script="/etc/keepalived/notify.sh")
    password = password_of(SECRET, "havip-0")
    assert render(first) == PUBLISHED % password
    changed = {
        line for line in render(second).splitlines() if line not in render(first).splitlines()
    }
    assert changed == {
        "# Node ecs2, 192.168.0.210",
        "    router_id ecs2",
        "    priority 240",
        "    unicast_src_ip 192.168.0.210",
        "        192.168.0.209",
    }


def test_the_same_facts_give_the_same_text() -> None:
    assert render(nodes_of()[0]) == render(nodes_of()[0])


def test_the_fast_profile_is_version_3_without_a_password() -> None:
    text = render(nodes_of(profile=FAST)[0])
    assert "    version 3\n" in text
    assert "    advert_int 0.03\n" in text
    assert "auth" not in text


def test_every_other_node_is_a_peer() -> None:
    addresses = tuple(f"10.0.0.{last}" for last in range(10, 20))
    for each in nodes_of(addresses):
        peers = set(addresses) - {each.private_address}
        block = render(each).split("unicast_peer {")[1].split("}")[0]
        assert set(block.split()) == peers


def test_an_interface_announces_from_its_own_address() -> None:
    bound = instance(kind=BindingKind.INTERFACE, interface="eth1", own_address="192.168.0.5")
    text = render(node(instances=(bound,)))
    assert "    interface eth1\n" in text
    assert "    unicast_src_ip 192.168.0.5\n" in text


def test_a_fifo_a_mask_and_further_interfaces() -> None:
    bound = instance(prefix_length=24, tracked_interfaces=("eth1",))
    text = render(node(instances=(bound,), notify_fifo="/run/havip/fifo"))
    assert "    vrrp_notify_fifo /run/havip/fifo\n" in text
    assert f"        {HAVIP}/24\n" in text
    assert "    track_interface {\n        eth1\n    }\n" in text


def test_the_secret_is_in_neither_text_nor_repr() -> None:
    configuration = node()
    assert SECRET.decode() not in repr(configuration) + render(configuration)


@pytest.mark.parametrize(
    ("interval", "text"),
    [(1, "0.01"), (3, "0.03"), (10, "0.1"), (100, "1"), (110, "1.1"), (4095, "40.95")],
)
def test_intervals_are_written_in_seconds(interval: int, text: str) -> None:
    assert fast_profile(interval).advert_int == text


def test_how_long_a_takeover_takes() -> None:
    assert DOCUMENTED.takeover_seconds(10) == pytest.approx(3.961, abs=0.001)
    assert DOCUMENTED.takeover_seconds(240) == pytest.approx(3.0625)
    assert FAST.takeover_seconds(240) == pytest.approx(0.091875)


def test_priorities_fall_and_never_meet() -> None:
    priorities = [priority_of_slot(slot) for slot in range(1, 12)]
    assert priorities[:3] == [250, 240, 230]
    assert priorities == sorted(set(priorities), reverse=True)
    assert min(priorities) == 150
    for slot in (0, 12):
        with pytest.raises(InvalidValue):
            priority_of_slot(slot)


def test_identifiers_begin_at_51_and_are_never_given_twice() -> None:
    assert allocate_virtual_router_id([]) == 51
    assert allocate_virtual_router_id([51, 52, 54]) == 53
    assert allocate_virtual_router_id(range(51, 256)) == 1
    taken: set[int] = set()
    while len(taken) < 255:
        taken.add(allocate_virtual_router_id(taken))
    assert taken == set(range(1, 256))
    with pytest.raises(VirtualRouterIdsExhausted) as refused:
        allocate_virtual_router_id(taken)
    assert "255" in str(refused.value)


def test_passwords_have_eight_plain_characters_and_differ() -> None:
    passwords = {password_of(SECRET, f"havip-{number}") for number in range(200)}
    assert len(passwords) == 200
    assert all(len(each) == 8 and each.isalnum() and each.isascii() for each in passwords)
    assert password_of(SECRET, "havip-1") != password_of(SECRET + b"!", "havip-1")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web 1", "web-1"),
        ("数据库主机", "i-1"),
        ("数据库-db1", "db1"),
        ("a\n}", "a"),
        ("x" * 99, "x" * 64),
    ],
)
def test_any_text_makes_a_name(text: str, name: str) -> None:
    assert safe_name(text, fallback="i-1") == name


EVIL = [
    "a\nvrrp_strict",
    "a\r\nb",
    "a\n",
    "a b",
    "a}",
    "{",
    "a#b",
    "a!b",
    '"',
    "'",
    "$A",
    "@main",
    "~SEQ(a,1,2)",
    "a\0b",
    "a\tb",
    "a\N{LINE SEPARATOR}b",
    "a;b",
    "`id`",
    "\\",
    "",
    "名",
    "x" * 300,
]


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_injects_anything(evil: str) -> None:
    for field in ("name", "private_address", "interface", "script_user"):
        with pytest.raises(InvalidValue):
            node(**{field: evil})
    for field in ("notify_script", "notify_fifo"):
        with pytest.raises(InvalidValue):
            node(**{field: f"/{evil}"})
    for field in ("havip_id", "address"):
        with pytest.raises(InvalidValue):
            instance(**{field: evil})
    for field in ("peers", "tracked_interfaces"):
        with pytest.raises(InvalidValue):
            instance(**{field: (evil,)})
    for field in ("interface", "own_address"):
        if evil:  # empty means: as the node
            with pytest.raises(InvalidValue):
                instance(**{field: evil})
    with pytest.raises(InvalidValue):
        TimerProfile(evil, 2, 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"virtual_router_id": 0},
        {"virtual_router_id": 256},
        {"virtual_router_id": "51"},
        {"virtual_router_id": True},
        {"priority": 0},
        {"priority": 255},
        {"priority": 10.0},
        {"prefix_length": 33},
        {"peers": ()},
        {"peers": (ECS[1], ECS[1])},
        {"peers": (HAVIP,)},
        {"peers": ("fd00::1",)},
        {"address": "fd00::1"},
        {"address": "224.0.0.18"},
        {"address": "127.0.0.1"},
        {"address": "0.0.0.0"},
        {"address": "255.255.255.255"},
        {"address": "192.168.0.088"},
        {"address": "١٩٢.168.0.1"},
        {"address": 3232235608},
        {"interface": "lo"},
        {"interface": "a" * 16},
        {"profile": "fast"},
        {"tracked_interfaces": ("eth1", "eth1")},
    ],
)
def test_what_an_instance_refuses(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refused:
        instance(**changes)
    assert refused.value.field in changes
    assert str(refused.value.message)


@pytest.mark.parametrize(
    "changes",
    [
        {"instances": ()},
        {"instances": (instance(), instance(address="192.168.0.89", virtual_router_id=52))},
        {"instances": (instance(), instance(havip_id="b", virtual_router_id=52))},
        {"instances": (instance(), instance(havip_id="b", address="192.168.0.89"))},
        {"instances": (instance(peers=(ECS[0],)),)},
        {"instances": (instance(own_address=HAVIP),)},
        {"instances": (instance(tracked_interfaces=("eth0",)),)},
        {"private_address": HAVIP},
        {"secret": b"short"},
        {"secret": "a text, not bytes, though long enough"},
        {"notify_script": "notify.sh"},
        {"notify_script": "/etc/../tmp/x"},
        {"notify_script": "/etc/"},
        {"notify_fifo": "/" + "x" * 300},
    ],
)
def test_what_a_node_refuses(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        node(**changes)


@pytest.mark.parametrize(
    ("version", "interval"), [(1, 100), (4, 100), (2, 5), (2, 150), (2, 25600), (3, 0), (3, 4096)]
)
def test_what_a_profile_refuses(version: int, interval: int) -> None:
    with pytest.raises(InvalidValue):
        TimerProfile("own", version, interval)

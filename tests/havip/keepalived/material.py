"""Nodes and files that the tests of keepalived's configuration are made of."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from havip.keepalived import (
    DOCUMENTED,
    BindingKind,
    NodeConfiguration,
    TimerProfile,
    VrrpInstance,
    fast_profile,
    priority_of_slot,
)

SECRET = b"a secret for tests, and long enough"
ECS = ("192.168.0.209", "192.168.0.210")
HAVIP = "192.168.0.88"


def nodes_of(
    addresses: tuple[str, ...] = ECS,
    havips: tuple[str, ...] = (HAVIP,),
    *,
    profile: TimerProfile = DOCUMENTED,
    kind: BindingKind = BindingKind.INSTANCE,
    interface: str = "",
    notify_script: str | None = None,
) -> list[NodeConfiguration]:
    """Return the configurations of all nodes of one or several HaVips."""
    return [
        NodeConfiguration(
            name=f"ecs{slot}",
            private_address=own,
            secret=SECRET,
            notify_script=notify_script,
            instances=tuple(
                VrrpInstance(
                    havip_id=f"havip-{index}",
                    address=havip,
                    virtual_router_id=51 + index,
                    priority=priority_of_slot(slot),
                    peers=tuple(each for each in addresses if each != own),
                    profile=profile,
                    kind=kind,
                    interface=interface,
                )
                for index, havip in enumerate(havips)
            ),
        )
        for slot, own in enumerate(addresses, start=1)
    ]


_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
_interfaces = st.from_regex(r"[a-z][a-z0-9_.-]{1,14}", fullmatch=True).filter(
    lambda name: name != "lo"
)
_addresses = st.integers(0x0A000001, 0x0AFFFFFE).map(
    lambda number: ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
)
_profiles = st.one_of(
    st.just(DOCUMENTED),
    st.integers(1, 4095).map(fast_profile),
    st.integers(1, 255).map(lambda seconds: TimerProfile("own", 2, seconds * 100)),
)


@st.composite
def configurations(draw: st.DrawFn) -> NodeConfiguration:
    """Any node of one to five HaVips with one to nine peers each."""
    count = draw(st.integers(1, 5))
    own, *rest = draw(st.lists(_addresses, min_size=count + 2, max_size=count + 11, unique=True))
    havips, peers = rest[:count], rest[count:]
    identifiers = draw(st.lists(st.integers(1, 255), min_size=count, max_size=count, unique=True))
    names = draw(st.lists(_names, min_size=count, max_size=count, unique=True))
    home, other, *tracked = draw(st.lists(_interfaces, min_size=2, max_size=4, unique=True))
    instances = [
        VrrpInstance(
            havip_id=names[index],
            address=havips[index],
            virtual_router_id=identifiers[index],
            priority=draw(st.integers(1, 254)),
            peers=tuple(draw(st.permutations(peers))),
            profile=draw(_profiles),
            kind=draw(st.sampled_from(BindingKind)),
            interface=draw(st.sampled_from(["", other])),
            prefix_length=draw(st.integers(8, 32)),
            tracked_interfaces=tuple(tracked),
        )
        for index in range(count)
    ]
    node = NodeConfiguration(draw(_names), own, tuple(instances), SECRET, interface=home)
    script = draw(st.sampled_from([None, "/usr/local/libexec/havip/notify.sh"]))
    fifo = draw(st.sampled_from([None, "/run/havip/notify.fifo"]))
    return replace(node, notify_script=script, notify_fifo=fifo)

"""The keepalived files that are compared: the published one, and what the console writes in each timer profile."""

from __future__ import annotations

from benchmarks.failover.network import HAVIP, Node
from havip.keepalived import PROFILES, NodeConfiguration, VrrpInstance, priority_of_slot, render

PUBLISHED = "published"
NAMES = (PUBLISHED, *PROFILES)
ROUTER_ID = 51
_SECRET = b"passwords of a network that lives for minutes"
_PUBLISHED = {1: ("MASTER", 100), 2: ("BACKUP", 10)}
"""Initial state and priority by slot."""


def file_of(profile: str, node: Node, other: Node) -> str:
    """Return the file of one node."""
    if profile == PUBLISHED:
        return _published(node, other)
    instance = VrrpInstance(
        havip_id="havip-measured",
        address=HAVIP,
        virtual_router_id=ROUTER_ID,
        priority=priority_of_slot(node.slot),
        peers=(other.address,),
        profile=PROFILES[profile],
    )
    return render(
        NodeConfiguration(
            name=node.name, private_address=node.address, instances=(instance,), secret=_SECRET
        )
    )


def _published(node: Node, other: Node) -> str:
    """Return the documented best practice with its values, less the two lines that keepalived 2 calls out of range."""
    state, priority = _PUBLISHED[node.slot]
    return f"""\
global_defs {{
    router_id LVS_DEVEL
    vrrp_skip_check_adv_addr
}}
vrrp_instance havip-measured {{
    state {state}
    interface eth0
    virtual_router_id {ROUTER_ID}
    nopreempt
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    unicast_src_ip {node.address}
    unicast_peer {{
        {other.address}
    }}
    virtual_ipaddress {{
        {HAVIP}
    }}
    garp_master_delay 1
    garp_master_refresh 5
    track_interface {{
        eth0
    }}
}}
"""

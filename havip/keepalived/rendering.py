"""From facts to the text of keepalived.conf.

Why it looks as it does:

- Peers are named one by one (`unicast_peer`): a cloud's network carries neither multicast nor broadcast.
- Every node starts as BACKUP with `nopreempt`, the first one, too. Then priorities decide who begins, and a node that comes
  back does not take the address away from the one that serves. The published file has `state MASTER` on the first node; with
  `nopreempt` that contradicts itself, and keepalived 2.x says so and drops `nopreempt`.
- `vrrp_garp_interval` and `vrrp_gna_interval` are left out: the published 0 is what keepalived does anyway, but 2.x calls
  it out of range when written down.
- Advertisements from anyone but a peer are dropped (`vrrp_check_unicast_src`), which matters most in version 3, where
  there is no password.
- Scripts run as a named user, and not at all when somebody else could have changed them (`enable_script_security`).

Only values that have been checked in values.py are put into the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from havip.keepalived.allocation import password_of
from havip.keepalived.configuration import NodeConfiguration, VrrpInstance

NOTIFICATIONS = ("master", "backup", "fault", "stop")


def render(node: NodeConfiguration) -> str:
    """Return the whole file for one node; the same facts always give the same text."""
    lines = [
        "# HaVip Console wrote this file; changes made here are overwritten.",
        f"# Node {node.name}, {node.private_address}",
        "",
        *_block("global_defs", _global_lines(node)),
    ]
    for instance in node.instances:
        lines += [
            "",
            *_block(f"vrrp_instance {instance.havip_id}", _instance_lines(node, instance)),
        ]
    return "\n".join(lines) + "\n"


def _block(head: str, body: Iterable[str]) -> Iterator[str]:
    yield f"{head} {{"
    for line in body:
        yield f"    {line}"
    yield "}"


def _global_lines(node: NodeConfiguration) -> Iterator[str]:
    yield f"router_id {node.name}"
    yield "vrrp_check_unicast_src"
    yield "enable_script_security"
    yield f"script_user {node.script_user}"
    if node.notify_fifo:
        yield f"vrrp_notify_fifo {node.notify_fifo}"


def _instance_lines(node: NodeConfiguration, instance: VrrpInstance) -> Iterator[str]:
    profile = instance.profile
    yield "state BACKUP"
    yield "nopreempt"
    yield f"interface {node.interface_of(instance)}"
    yield f"virtual_router_id {instance.virtual_router_id}"
    yield f"priority {instance.priority}"
    if profile.version != 2:
        yield f"version {profile.version}"
    yield f"advert_int {profile.advert_int}"
    yield f"garp_master_delay {profile.garp_delay}"
    yield f"garp_master_refresh {profile.garp_refresh}"
    if profile.authenticates:
        password = password_of(node.secret, instance.havip_id)
        yield from _block("authentication", ("auth_type PASS", f"auth_pass {password}"))
    yield f"unicast_src_ip {node.own_address_of(instance)}"
    yield from _block("unicast_peer", instance.peers)
    yield from _block("virtual_ipaddress", (_virtual_address(instance),))
    if instance.tracked_interfaces:
        yield from _block("track_interface", instance.tracked_interfaces)
    if node.notify_script:
        for state in NOTIFICATIONS:
            command = f"{node.notify_script} {state} {instance.havip_id} {instance.address}"
            yield f'notify_{state} "{command}"'


def _virtual_address(instance: VrrpInstance) -> str:
    if instance.prefix_length == 32:
        return instance.address
    return f"{instance.address}/{instance.prefix_length}"

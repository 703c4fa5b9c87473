"""keepalived.conf for the nodes of HaVips: writing it, and checking it whoever wrote it. No models, no queries, no Django.

- `NodeConfiguration`, `VrrpInstance` → `render` → the text of one node's file.
- `check`, `check_pair` → `Finding`s: line, severity, code, message, mend.
- `allocate_virtual_router_id`, `priority_of_slot`: the numbers that a HaVip's nodes share, or differ in.
- `installation_for`, `FAMILIES`: how the file gets onto a node.

RFC 3768 (VRRP 2), RFC 5798 (VRRP 3) and keepalived.conf(5) are what it goes by; docs/keepalived.md tells the reasons.
"""

from havip.keepalived.allocation import (
    VirtualRouterIdsExhausted,
    allocate_virtual_router_id,
    password_of,
    priority_of_slot,
)
from havip.keepalived.checker import check, check_pair
from havip.keepalived.configuration import BindingKind, NodeConfiguration, VrrpInstance
from havip.keepalived.expectation import Expectation, ExpectedHaVip, expectation_of
from havip.keepalived.installation import FAMILIES, Family, Installation, Step, installation_for
from havip.keepalived.problems import Finding, Severity
from havip.keepalived.profiles import DOCUMENTED, FAST, PROFILES, TimerProfile, fast_profile
from havip.keepalived.rendering import render
from havip.keepalived.values import InvalidValue, safe_name

__all__ = [
    "DOCUMENTED",
    "FAMILIES",
    "FAST",
    "PROFILES",
    "BindingKind",
    "Expectation",
    "ExpectedHaVip",
    "Family",
    "Finding",
    "Installation",
    "InvalidValue",
    "NodeConfiguration",
    "Severity",
    "Step",
    "TimerProfile",
    "VirtualRouterIdsExhausted",
    "VrrpInstance",
    "allocate_virtual_router_id",
    "check",
    "check_pair",
    "expectation_of",
    "fast_profile",
    "installation_for",
    "password_of",
    "priority_of_slot",
    "render",
    "safe_name",
]

"""The problems of one vrrp_instance."""

from __future__ import annotations

from havip.keepalived.problems import Severity, problem
from havip.keepalived.texts import gettext_lazy as _

E, W = Severity.ERROR, Severity.WARNING

# Settings.
problem(
    "interface-missing",
    E,
    _("The instance names no interface."),
    _("Add “interface” with the interface that is bound, such as eth0."),
)
problem(
    "interface-invalid",
    E,
    _("“%(text)s” cannot be the interface: a name has at most 15 characters, and lo is refused."),
    _("Name the interface that is bound, such as eth0."),
)
problem(
    "track-own-interface",
    W,
    _("keepalived watches %(text)s anyway; 2.x complains about this line."),
    _("Take it away."),
)
problem(
    "vrid-missing",
    E,
    _("The instance has no virtual_router_id."),
    _("Add one from 1 to 255, the same on all nodes of the HaVip."),
)
problem(
    "vrid-range",
    E,
    _("virtual_router_id must be from 1 to 255."),
    _("Choose one that no other HaVip of the VPC has."),
)
problem(
    "vrid-repeated",
    E,
    _("virtual_router_id %(value)s is also that of the instance “%(name)s”."),
    _("Give each HaVip one of its own."),
)
problem(
    "priority-missing",
    W,
    _("Without a priority every node has 100, and the election is left to chance."),
    _("Add a priority, another one on each node."),
)
problem(
    "priority-range",
    E,
    _("The priority must be from 1 to 254."),
    _("Write 100 on the first node and 10 on the second."),
)
problem(
    "priority-owner",
    E,
    _(
        "Priority 255 is for the owner of an address; a HaVip is owned by no node, and nopreempt is dropped."
    ),
    _("Write 100 on the first node and 10 on the second."),
)
problem("state-unknown", E, _("“%(text)s” is not a state."), _("Write BACKUP, in capital letters."))
problem(
    "state-master-nopreempt",
    E,
    _("state MASTER and nopreempt contradict each other; keepalived 2.x drops nopreempt."),
    _("Write state BACKUP on every node; the priorities decide who begins."),
)
problem(
    "preempt-delay-nopreempt",
    W,
    _("preempt_delay does nothing beside nopreempt."),
    _("Take one of them away."),
)
problem(
    "preempt-delay-master",
    W,
    _("preempt_delay does nothing with state MASTER."),
    _("Write state BACKUP."),
)
problem("version-range", E, _("VRRP has the versions 2 and 3."), _("Write 2 or 3."))
problem(
    "advert-range-2",
    E,
    _("In VRRP version 2 advert_int is a whole number of seconds from 1 to 255."),
    _("Write such a number, or add “version 3”."),
)
problem(
    "advert-range-3",
    E,
    _("In VRRP version 3 advert_int is from 0.01 to 40.95 seconds, in steps of 0.01."),
    _("Write such a number."),
)
problem(
    "garp-interval-zero",
    E,
    _("%(keyword)s 0 is out of range, and keepalived 2.x says so."),
    _("Take the line away: no pause is what keepalived does anyway."),
)
problem(
    "garp-refresh-missing",
    W,
    _(
        "The holder never repeats its gratuitous ARP; a neighbour that missed the first ones keeps the old node."
    ),
    _("Add garp_master_refresh 5."),
)
problem("auth-type-unknown", E, _("“%(text)s” is no way of authentication."), _("Write PASS."))
problem(
    "auth-pass-missing",
    E,
    _("The authentication has no password, and is ignored."),
    _("Add auth_pass, the same on all nodes of the HaVip."),
)
problem(
    "auth-pass-long",
    W,
    _("keepalived takes the first eight characters of the password only."),
    _("Shorten it to eight."),
)
problem(
    "auth-version-3",
    W,
    _("VRRP version 3 has no authentication; the block is ignored."),
    _("Take the block away, or use version 2."),
)
problem(
    "auth-ah",
    W,
    _("Authentication AH is another IP protocol (51), which security groups seldom let through."),
    _("Write PASS."),
)

# Addresses.
problem(
    "address-missing",
    E,
    _("The instance has no virtual_ipaddress."),
    _("Add virtual_ipaddress with the HaVip."),
)
problem(
    "address-malformed",
    E,
    _("“%(text)s” is not an IPv4 address."),
    _("Write the HaVip, such as 192.168.0.88."),
)
problem(
    "address-ipv6",
    E,
    _("%(address)s is an IPv6 address; HaVips and their nodes' addresses are IPv4."),
    _("Take it away."),
)
problem(
    "havip-repeated",
    E,
    _("%(address)s is already in the instance “%(name)s”."),
    _("Keep each HaVip in one instance."),
)

# Scripts.
problem(
    "script-path-relative",
    E,
    _("“%(text)s” is not an absolute path."),
    _("Write the path from “/” on."),
)
problem(
    "script-security-missing",
    W,
    _(
        "Scripts run without enable_script_security, and keepalived 2.x reports a security violation."
    ),
    _("Add enable_script_security to global_defs."),
)
problem(
    "script-user-missing",
    W,
    _(
        "Nothing says as which user scripts run; 2.x looks for keepalived_script, which is often missing."
    ),
    _("Add “script_user root”, or another user, to global_defs."),
)

"""The problems that only show against the records, or against another node's file."""

from __future__ import annotations

from havip.keepalived.problems import Severity, problem
from havip.keepalived.texts import gettext_lazy as _

E, W = Severity.ERROR, Severity.WARNING

# Compared with what is bound.
problem(
    "havip-missing",
    E,
    _("The HaVip %(address)s is bound to this node, but in no instance."),
    _("Add a vrrp_instance for it."),
)
problem(
    "address-not-havip",
    E,
    _("%(address)s is not a HaVip that is bound to this node; the network drops it."),
    _("Bind it first, or take it away."),
)
problem(
    "source-not-own", E, _("%(address)s is not this node's own address."), _("Write %(expected)s.")
)
problem(
    "peer-missing",
    E,
    _("The node %(address)s is bound to the HaVip, but is not a peer."),
    _("Add it to unicast_peer."),
)
problem(
    "peer-extra",
    E,
    _("%(address)s is not a node of this HaVip."),
    _("Take it away, or bind the node first."),
)
problem(
    "interface-other",
    W,
    _("The bound interface is %(expected)s, not %(text)s."),
    _("Write “interface %(expected)s”."),
)
problem(
    "vrid-taken",
    E,
    _("virtual_router_id %(value)s belongs to another HaVip of the VPC."),
    _("Choose one that is free."),
)
problem(
    "vrid-differs",
    E,
    _("This HaVip has the virtual_router_id %(expected)s on its other nodes."),
    _("Write virtual_router_id %(expected)s."),
)

# Compared with another node's file.
problem(
    "pair-vrid",
    E,
    _(
        "The other node has the virtual_router_id %(other)s for this HaVip: both would take the address."
    ),
    _("Write the same number on both."),
)
problem(
    "pair-interval", E, _("The other node has advert_int %(other)s."), _("Write the same on both.")
)
problem(
    "pair-authentication",
    E,
    _("The other node authenticates differently and drops what this one sends."),
    _("Write the same authentication on both."),
)
problem(
    "pair-version",
    E,
    _("The other node uses VRRP version %(other)s."),
    _("Use the same version on both."),
)
problem(
    "pair-priority",
    E,
    _("The other node has the priority %(other)s, too."),
    _("Give each node another one, such as 100 and 10."),
)
problem(
    "pair-addresses",
    E,
    _("The other node has other addresses with this virtual_router_id: %(other)s."),
    _("Write the same virtual_ipaddress on both."),
)
problem(
    "pair-source",
    E,
    _("The other node has the same unicast_src_ip; one file was copied without changing it."),
    _("Write each node's own address."),
)
problem(
    "pair-peer",
    E,
    _("The other node (%(other)s) is not a peer of this one."),
    _("Add it to unicast_peer."),
)
problem(
    "pair-masters",
    W,
    _("Both nodes start as MASTER."),
    _("Write state BACKUP with nopreempt on both."),
)
problem(
    "pair-nopreempt",
    W,
    _("The other node has nopreempt and this one has not: this one takes the address back."),
    _("Write nopreempt on both."),
)
problem(
    "pair-instance",
    W,
    _("The other node has no instance for this HaVip."),
    _("Add one, or unbind that node."),
)

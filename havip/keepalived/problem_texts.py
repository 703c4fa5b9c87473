"""The problems of a file's frame, and of unicast.

Each was either seen with keepalived 2.2 (`--config-test`), or follows from how a HaVip works.
"""

from __future__ import annotations

from havip.keepalived.problems import Severity, problem
from havip.keepalived.texts import gettext_lazy as _

E, W = Severity.ERROR, Severity.WARNING

# The text as such.
problem(
    "too-large",
    E,
    _("The file is larger than 64 KiB and was not read."),
    _("Check a smaller file; a HaVip takes about 1 KiB."),
)
problem("binary", E, _("This is not a text file."), _("Choose the file keepalived.conf."))
problem(
    "not-utf8",
    W,
    _("The file is not in UTF-8; some characters could not be read."),
    _("Save it in UTF-8, or in plain ASCII."),
)
problem(
    "byte-order-mark",
    W,
    _("The file begins with a byte order mark, which keepalived takes for a keyword."),
    _("Save it without one."),
)
problem(
    "too-many",
    W,
    _("There are more findings than can be shown."),
    _("Mend the first ones and check again."),
)
problem("brace-unclosed", E, _("The block “%(text)s” is never closed."), _("Put a “}” at its end."))
problem(
    "brace-extra",
    E,
    _("This “}” closes nothing."),
    _("Take it away, or find the “{” that is missing before it."),
)
problem(
    "brace-unexpected",
    E,
    _("A “{” without a keyword before it."),
    _("Put the block's keyword before it, or take it away."),
)
problem(
    "brace-missing",
    E,
    _("“%(text)s” is a block, and its “{” is missing."),
    _("Put a “{” behind it."),
)
problem(
    "block-unexpected",
    E,
    _("“%(text)s” is no block, but a “{” follows."),
    _("Take the braces away, or close the block before it."),
)
problem(
    "quote-unterminated",
    E,
    _("A quotation mark is never closed on this line."),
    _("Close it on the same line."),
)
problem(
    "nesting-too-deep",
    E,
    _("Blocks are nested deeper than keepalived knows any."),
    _("Close the blocks before this line."),
)
problem(
    "include-not-read",
    W,
    _("The included file is not looked at."),
    _("Check it by itself, or put its lines here."),
)
problem(
    "parameter-not-followed",
    W,
    _("Definitions such as “%(text)s” are not followed; lines that use them are not checked."),
    _("Check the file with the values written out."),
)
problem(
    "repetition-not-followed",
    W,
    _("“%(text)s” is not followed; the line is not checked."),
    _("Check the file with the lines written out."),
)
problem(
    "condition-not-followed",
    W,
    _("This line counts on some nodes only (“%(text)s”) and is not checked."),
    _("Check the file for one node, naming its config-id."),
)

# Keywords.
problem(
    "keyword-unknown",
    W,
    _("keepalived does not know “%(keyword)s” in %(block)s."),
    _("Mend its spelling, or take the line away."),
)
problem(
    "keyword-misspelt",
    W,
    _("keepalived does not know “%(keyword)s” in %(block)s."),
    _("Did you mean “%(closest)s”?"),
)
problem(
    "keyword-misplaced",
    W,
    _("“%(keyword)s” does not belong into %(block)s."),
    _("Move it into %(home)s."),
)
problem(
    "block-misplaced",
    E,
    _("The block “%(keyword)s” stands inside %(block)s."),
    _("A “}” is probably missing before this line."),
)
problem(
    "keyword-retired",
    W,
    _("“%(keyword)s” is gone, or deprecated, in newer versions of keepalived."),
    _("Take the line away; keepalived.conf(5) of your version names what came after it."),
)
problem(
    "keyword-repeated",
    W,
    _("“%(keyword)s” comes twice in this block; keepalived goes by one of them only."),
    _("Keep one of the lines."),
)
problem(
    "value-missing",
    E,
    _("“%(keyword)s” needs a value; keepalived does not start without it."),
    _("Write the value behind it."),
)
problem(
    "value-cut-by-comment",
    W,
    _("The value ends at “#” or “!”, which begins a comment."),
    _("Put the value into quotation marks, or a space before the comment."),
)
problem(
    "number-malformed",
    E,
    _("“%(value)s” is not a number that %(keyword)s can have."),
    _("Write a number from %(lowest)s to %(highest)s."),
)

# Blocks.
problem(
    "no-instance",
    E,
    _("The file has no vrrp_instance: this node announces nothing."),
    _("Add a vrrp_instance for each HaVip of the node."),
)
problem(
    "instance-unnamed",
    E,
    _("A vrrp_instance needs a name."),
    _("Write a name between vrrp_instance and “{”."),
)
problem(
    "instance-repeated",
    E,
    _("There is a vrrp_instance “%(name)s” already; keepalived leaves this one out."),
    _("Give it a name of its own."),
)
problem(
    "group-member-unknown",
    E,
    _("There is no vrrp_instance “%(name)s”."),
    _("Name an instance of this file."),
)
problem(
    "track-script-unknown",
    E,
    _("There is no vrrp_script “%(name)s”."),
    _("Add it, or take the line away."),
)
problem(
    "lvs-unsupported",
    E,
    _("“%(keyword)s”: Linux Virtual Server behind a HaVip is not supported."),
    _("Take the block away; use a load balancer above the nodes, or one HaVip for each service."),
)
problem(
    "virtual-mac",
    E,
    _(
        "“%(keyword)s” announces another MAC address than the interface's, which a cloud's network drops."
    ),
    _("Take the line away."),
)
problem("native-ipv6", E, _("A HaVip is an IPv4 address."), _("Take native_ipv6 away."))

# Unicast.
problem(
    "unicast-peer-missing",
    E,
    _(
        "Without unicast_peer the advertisements are multicast, which never arrives here: every node would take the address."
    ),
    _("Add unicast_peer with the other nodes' private addresses."),
)
problem(
    "multicast-destination",
    E,
    _("Multicast is not supported."),
    _("Take mcast_dst_ip away and name the other nodes in unicast_peer."),
)
problem(
    "strict-mode",
    E,
    _("Strict mode forbids unicast peers, and keepalived then disables the instance."),
    _("Take “%(keyword)s” away."),
)
problem(
    "peer-malformed",
    E,
    _("“%(text)s” is not an IPv4 address."),
    _("Write the other node's private address."),
)
problem(
    "peer-option-unknown",
    E,
    _("“%(text)s” cannot stand behind a peer's address."),
    _("Write each peer on a line of its own."),
)
problem(
    "peer-own-address",
    E,
    _("%(address)s is this node itself; it does not hear what it sends."),
    _("Name the other nodes only."),
)
problem(
    "peer-is-havip",
    E,
    _("%(address)s is the HaVip, not a node's own address."),
    _("Write the other node's private address."),
)
problem("peer-repeated", W, _("%(address)s is named twice."), _("Keep one of the lines."))
problem(
    "source-missing",
    W,
    _(
        "Without unicast_src_ip keepalived chooses the source address itself, which may be the wrong one."
    ),
    _("Add unicast_src_ip with this node's private address."),
)
problem(
    "source-malformed",
    E,
    _("“%(text)s” is not an IPv4 address."),
    _("Write this node's private address."),
)
problem(
    "source-is-havip",
    E,
    _("Advertisements must come from the node's own address, never from the HaVip %(address)s."),
    _("Write this node's private address."),
)
problem(
    "source-by-mcast-keyword",
    W,
    _("mcast_src_ip is the older name of unicast_src_ip."),
    _("Write unicast_src_ip."),
)

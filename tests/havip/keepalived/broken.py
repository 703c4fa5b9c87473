"""Files that are broken in one way each: a good file, one change, and the one finding that must come of it."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = """\
global_defs {
    router_id ecs1
    enable_script_security
    script_user root
}

vrrp_instance havip-1 {
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    garp_master_delay 1
    garp_master_refresh 5
    authentication {
        auth_type PASS
        auth_pass abcd1234
    }
    unicast_src_ip 192.168.0.209
    unicast_peer {
        192.168.0.210
    }
    virtual_ipaddress {
        192.168.0.88
    }
    notify_master "/bin/true master"
}
"""
SECOND = """\
vrrp_instance havip-2 {
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 52
    priority 100
    garp_master_refresh 5
    unicast_src_ip 192.168.0.209
    unicast_peer {
        192.168.0.210
    }
    virtual_ipaddress {
        192.168.0.89
    }
}
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """A change to the good file, the line and code that it leads to, and whether keepalived 2.2 sees it, too."""

    name: str
    old: str
    new: str
    line: int
    code: str
    seen_by_keepalived: bool = True

    @property
    def text(self) -> str:
        """The broken file. An empty `old` puts the new text at the end."""
        if not self.old:
            return GOOD + self.new
        assert GOOD.count(self.old) == 1, self.old
        return GOOD.replace(self.old, self.new)


PEERS = "    unicast_peer {\n        192.168.0.210\n    }\n"
ADDRESSES = "    virtual_ipaddress {\n        192.168.0.88\n    }\n"
AUTHENTICATION = "    authentication {\n        auth_type PASS\n        auth_pass abcd1234\n    }\n"
VERSION_2 = f"""\
    advert_int 1
    garp_master_delay 1
    garp_master_refresh 5
{AUTHENTICATION}"""

BROKEN = [
    # Unicast.
    Broken("multicast", PEERS, "", 7, "unicast-peer-missing"),
    Broken("no-peer", "        192.168.0.210\n", "", 21, "unicast-peer-missing"),
    Broken("itself", "192.168.0.210", "192.168.0.209", 22, "peer-own-address", False),
    Broken("peer-havip", "192.168.0.210", "192.168.0.88", 22, "peer-is-havip", False),
    Broken(
        "peer-twice", "192.168.0.210\n", "192.168.0.210\n 192.168.0.210\n", 23, "peer-repeated", False
    ),
    Broken("peers-in-a-row", "192.168.0.210", "192.168.0.210 192.168.0.211", 22, "peer-option-unknown"),
    Broken("peer-mask", "192.168.0.210", "192.168.0.210/24", 22, "peer-malformed", False),
    Broken("no-source", "    unicast_src_ip 192.168.0.209\n", "", 20, "source-missing", False),
    Broken("source-havip", "_src_ip 192.168.0.209", "_src_ip 192.168.0.88", 20, "source-is-havip", False),
    Broken("old-source", "unicast_src_ip", "mcast_src_ip", 20, "source-by-mcast-keyword", False),
    Broken("mcast-dst", "    nopreempt\n", "    nopreempt\n    mcast_dst_ip 224.0.0.18\n", 10, "multicast-destination"),
    Broken("strict-instance", "    nopreempt\n", "    nopreempt\n    strict_mode on\n", 10, "strict-mode"),
    Broken("strict", "router_id ecs1", "vrrp_strict", 2, "strict-mode"),
    # The instance.
    Broken("master", "state BACKUP", "state MASTER", 8, "state-master-nopreempt"),
    Broken("slave", "state BACKUP", "state SLAVE", 8, "state-unknown"),
    Broken("lower-case", "state BACKUP", "state backup", 8, "state-unknown"),
    Broken("preempt-delay", "    nopreempt\n", "    nopreempt\n    preempt_delay 5\n", 10, "preempt-delay-nopreempt"),
    Broken("preempt-delay-range", "    nopreempt\n", "    preempt_delay 1001\n", 9, "number-malformed"),
    Broken("no-interface", "    interface eth0\n", "", 7, "interface-missing"),
    Broken("loopback", "interface eth0", "interface lo", 10, "interface-invalid"),
    Broken("long-interface", "interface eth0", "interface ethernet12345678", 10, "interface-invalid"),
    Broken("tracks-itself", "    nopreempt\n", "    nopreempt\n    track_interface {\n eth0\n }\n", 11, "track-own-interface"),
    Broken("vrid-0", "virtual_router_id 51", "virtual_router_id 0", 11, "vrid-range"),
    Broken("vrid-256", "virtual_router_id 51", "virtual_router_id 256", 11, "vrid-range"),
    Broken("vrid-word", "virtual_router_id 51", "virtual_router_id VI", 11, "vrid-range"),
    Broken("no-vrid", "    virtual_router_id 51\n", "", 7, "vrid-missing"),
    Broken("priority-0", "priority 100", "priority 0", 12, "priority-range"),
    Broken("priority-300", "priority 100", "priority 300", 12, "priority-range"),
    Broken("priority-255", "priority 100", "priority 255", 12, "priority-owner"),
    Broken("no-priority", "    priority 100\n", "", 7, "priority-missing", False),
    Broken("version-4", "    nopreempt\n", "    nopreempt\n    version 4\n", 10, "version-range"),
    Broken("fast-in-v2", "advert_int 1", "advert_int 0.05", 13, "advert-range-2"),
    Broken("slow-in-v2", "advert_int 1", "advert_int 256", 13, "advert-range-2"),
    Broken("advert-word", "advert_int 1", "advert_int one", 13, "advert-range-2"),
    Broken("milliseconds", VERSION_2, "    version 3\n    advert_int 0.055\n    garp_master_refresh 5\n", 14, "advert-range-3"),
    Broken("garp-word", "garp_master_delay 1", "garp_master_delay x", 14, "number-malformed"),
    Broken("no-refresh", "    garp_master_refresh 5\n", "", 7, "garp-refresh-missing", False),
    Broken("refresh-0", "garp_master_refresh 5", "garp_master_refresh 0", 15, "garp-refresh-missing", False),
    Broken("garp-interval-0", "router_id ecs1", "vrrp_garp_interval 0", 2, "garp-interval-zero"),
    Broken("gna-interval-0", "router_id ecs1", "vrrp_gna_interval 0", 2, "garp-interval-zero"),
    Broken("garp-interval-word", "router_id ecs1", "vrrp_garp_interval x", 2, "number-malformed"),
    Broken("global-version", "router_id ecs1", "vrrp_version 1", 2, "version-range"),
    # Authentication.
    Broken("auth-v3", "    nopreempt\n", "    nopreempt\n    version 3\n", 17, "auth-version-3"),
    Broken("long-password", "abcd1234", "abcd12345", 18, "auth-pass-long"),
    Broken("no-password", "        auth_pass abcd1234\n", "", 16, "auth-pass-missing"),
    Broken("auth-type", "auth_type PASS", "auth_type MD5", 17, "auth-type-unknown"),
    Broken("auth-ah", "auth_type PASS", "auth_type AH", 17, "auth-ah", False),
    Broken("cut-password", "abcd1234", "ab#d1234", 18, "value-cut-by-comment", False),
    # Addresses.
    Broken("no-address", ADDRESSES, "", 7, "address-missing"),
    Broken("empty-addresses", "        192.168.0.88\n", "", 24, "address-missing"),
    Broken("second-is-no-address", "192.168.0.88\n", "192.168.0.88\n 192.168.0.888\n", 26, "address-malformed"),
    Broken("mask-33", "192.168.0.88\n", "192.168.0.88\n 192.168.0.87/33\n", 26, "address-malformed"),
    Broken("ipv6", "192.168.0.88\n", "192.168.0.88\n fd00::1\n", 26, "address-ipv6"),
    Broken("vmac", "    nopreempt\n", "    nopreempt\n    use_vmac\n", 10, "virtual-mac"),
    Broken("ipvlan", "    nopreempt\n", "    nopreempt\n    use_ipvlan\n", 10, "virtual-mac"),
    Broken("native-ipv6", "    nopreempt\n", "    native_ipv6\n", 9, "native-ipv6"),
    # Several instances, groups, scripts.
    Broken("same-vrid", "", SECOND.replace("52", "51"), 33, "vrid-repeated"),
    Broken("same-havip", "", SECOND.replace("192.168.0.89", "192.168.0.88"), 41, "havip-repeated", False),
    Broken("same-name", "", SECOND.replace("havip-2", "havip-1"), 29, "instance-repeated"),
    Broken("no-name", "vrrp_instance havip-1", "vrrp_instance", 7, "instance-unnamed"),
    Broken("group", "", "vrrp_sync_group g {\n group {\n havip-1\n havip-9\n }\n}\n", 32, "group-member-unknown"),
    Broken("track-script", "    nopreempt\n", "    nopreempt\n    track_script {\n chk\n }\n", 11, "track-script-unknown"),
    Broken("relative-script", '"/bin/true master"', '"true master"', 27, "script-path-relative", False),
    Broken("no-security", "    enable_script_security\n", "", 26, "script-security-missing"),
    Broken("no-script-user", "    script_user root\n", "", 26, "script-user-missing", True),
    Broken("virtual-server", "", "virtual_server 192.168.0.88 80 {\n delay_loop 6\n}\n", 29, "lvs-unsupported"),
    Broken("virtual-server-group", "", "virtual_server_group web {\n 192.168.0.88 80\n}\n", 29, "lvs-unsupported", False),
    Broken("sync-daemon", "    nopreempt\n", "    nopreempt\n    lvs_sync_daemon_interface eth0\n", 10, "lvs-unsupported"),
    # Keywords and syntax.
    Broken("misspelt", "    nopreempt\n", "    nopreempt\n    prioritty 100\n", 10, "keyword-misspelt"),
    Broken("misspelt-block", "", "vrrp_instnace havip-2 {\n interface eth0\n}\n", 29, "keyword-misspelt"),
    Broken("unknown", "    nopreempt\n", "    nopreempt\n    wizardry 9\n", 10, "keyword-unknown"),
    Broken("misplaced", "router_id ecs1", "advert_int 1", 2, "keyword-misplaced"),
    Broken("retired", "    nopreempt\n", "    nopreempt\n    linkbeat_use_polling\n", 10, "keyword-retired"),
    Broken("retired-global", "router_id ecs1", "lvs_id ecs1", 2, "keyword-retired"),
    Broken("twice", "    priority 100\n", "    priority 100\n    priority 10\n", 13, "keyword-repeated", False),
    Broken("no-value", "priority 100", "priority", 12, "value-missing"),
    Broken("unclosed", '    notify_master "/bin/true master"\n}\n', '    notify_master "/bin/true master"\n', 7, "brace-unclosed"),
    Broken("extra-brace", "", "}\n", 29, "brace-extra"),
    Broken("lonely-brace", "", "{\n}\n", 29, "brace-unexpected"),
    Broken("no-brace", "    nopreempt\n", "    nopreempt\n    track_interface\n", 10, "brace-missing"),
    Broken("needless-brace", "priority 100", "priority 100 {\n }", 12, "block-unexpected"),
    Broken("open-quote", '"/bin/true master"', '"/bin/true master', 27, "quote-unterminated"),
    Broken("include", "", "include conf.d/*.conf\n", 29, "include-not-read"),
    Broken("parameter", "", "$PRIORITY=100\n", 29, "parameter-not-followed", False),
    Broken("sequence", "192.168.0.88\n", "192.168.0.88\n ~SEQ(A, 90, 91) 192.168.0.${A}\n", 26, "repetition-not-followed", False),
    Broken("condition", "    priority 100\n", "    @ecs1 priority 100\n", 12, "condition-not-followed", False),
    Broken("mark", "global_defs", "\N{ZERO WIDTH NO-BREAK SPACE}global_defs", 1, "byte-order-mark"),
]  # fmt: skip
"""`seen_by_keepalived` was measured with keepalived 2.2.7."""

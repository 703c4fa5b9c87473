"""The example of the help page: keepalived on the first of two nodes."""

KEEPALIVED_EXAMPLE = """\
global_defs {
    vrrp_garp_master_delay 1
    vrrp_garp_master_refresh 5
}

vrrp_instance VI_1 {
    state BACKUP              # on both nodes, because of nopreempt
    interface eth0
    virtual_router_id 51
    priority 100              # 10 on the second node
    advert_int 1
    nopreempt
    authentication {
        auth_type PASS
        auth_pass change8c    # eight characters, the same on both
    }
    unicast_src_ip 192.168.0.209
    unicast_peer {
        192.168.0.210
    }
    virtual_ipaddress {
        192.168.0.88
    }
}
"""

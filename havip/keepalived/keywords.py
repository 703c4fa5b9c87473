"""The keywords of keepalived.conf(5) as of 2.2, by the block that they stand in."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LVS_BLOCKS = frozenset({"virtual_server", "virtual_server_group", "SSL"})

VALUE_BLOCKS = _words("""
    authentication group interfaces interface_up_down_delays linkbeat_interfaces notification_email
    static_addresses static_ipaddress static_routes static_rules track_bfd track_file track_interface track_process
    track_script unicast_peer virtual_ipaddress virtual_ipaddress_excluded virtual_routes virtual_rules
    """)
"""Blocks of lines that are values rather than keywords (and `authentication`, which is checked by itself)."""

TOP = LVS_BLOCKS | _words("""
    bfd_instance child_wait_time garp_group global_defs instance interface_up_down_delays linkbeat_interfaces
    linkbeat_use_polling namespace_with_ipsets net_namespace net_namespace_ipvs
    static_ipaddress static_routes static_rules track_file track_group use_pid_dir vrrp_instance vrrp_script
    vrrp_sync_group vrrp_track_file vrrp_track_process
    """)

TOP_BLOCKS = TOP - _words("""
    child_wait_time instance linkbeat_use_polling namespace_with_ipsets net_namespace net_namespace_ipvs use_pid_dir
    """)

GLOBAL_DEFS = _words("""
    bfd_cpu_affinity bfd_no_swap bfd_priority bfd_process_name bfd_rlimit_rttime bfd_rt_priority
    checker_cpu_affinity checker_log_all_failures checker_no_swap checker_priority checker_process_name
    checker_rlimit_rttime checker_rt_priority config_save_dir data_use_instance dbus_service_name default_interface
    disable_local_igmp dynamic_interfaces enable_dbus enable_script_security enable_snmp_checker enable_snmp_keepalived
    enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_vrrp enable_traps fifo_write_vrrp_states_on_reload
    include_check log_unknown_vrids lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_netlink_cmd_rcv_bufs
    lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force
    lvs_notify_fifo lvs_notify_fifo_script lvs_process_name lvs_sync_daemon lvs_timeouts max_auto_priority
    min_auto_priority_delay nftables nftables_counters nftables_ifindex nftables_ipvs nftables_ipvs_priority
    nftables_ipvs_start_fwmark nftables_priority no_checker_emails no_email_faults notification_email
    notification_email_from notify_fifo notify_fifo_script process_monitor_rcv_bufs process_monitor_rcv_bufs_force
    process_name process_names random_seed reload_check_config reload_file reload_repeat reload_time_file router_id
    rs_init_notifies script_user shutdown_script shutdown_script_timeout smtp_alert smtp_alert_checker smtp_alert_vrrp
    smtp_connect_timeout smtp_helo_name smtp_server snmp_socket startup_script startup_script_timeout
    tmp_config_directory umask vmac_addr_prefix vmac_prefix vrrp_check_unicast_src vrrp_cpu_affinity
    vrrp_down_timer_adverts vrrp_garp_extra_if vrrp_garp_interval vrrp_garp_lower_prio_delay
    vrrp_garp_lower_prio_repeat vrrp_garp_master_delay vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat
    vrrp_garp_master_repeat vrrp_gna_interval vrrp_higher_prio_send_advert vrrp_iptables vrrp_ipsets
    vrrp_lower_prio_no_advert vrrp_mcast_group4 vrrp_mcast_group6 vrrp_min_garp vrrp_netlink_cmd_rcv_bufs
    vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force
    vrrp_no_swap vrrp_notify_fifo vrrp_notify_fifo_script vrrp_notify_priority_changes vrrp_priority
    vrrp_process_name vrrp_rlimit_rttime vrrp_rt_priority vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy
    vrrp_skip_check_adv_addr vrrp_startup_delay vrrp_strict vrrp_version
    """)

NOTIFY_SCRIPTS = _words("""
    notify notify_backup notify_deleted notify_fault notify_master notify_master_rx_lower_pri notify_stop
    """)

VRRP_INSTANCE = NOTIFY_SCRIPTS | _words("""
    accept advert_int authentication check_unicast_src debug dont_track_primary down_timer_adverts garp_extra_if
    garp_lower_prio_delay garp_lower_prio_repeat garp_master_delay garp_master_refresh garp_master_refresh_repeat
    garp_master_repeat higher_prio_send_advert interface kernel_rx_buf_size linkbeat_use_polling
    lower_prio_no_advert lvs_sync_daemon_interface mcast_dst_ip mcast_src_ip native_ipv6 no_accept nopreempt
    notify_priority_changes old_unicast_checksum preempt preempt_delay priority promote_secondaries
    skip_check_adv_addr smtp_alert state strict_mode track_bfd track_file track_interface track_process track_script
    track_src_ip unicast_fault_no_peer unicast_peer unicast_src_ip unicast_ttl use_ipvlan use_vmac use_vmac_addr
    version virtual_ipaddress virtual_ipaddress_excluded virtual_router_id virtual_routes virtual_rules
    vmac_xmit_base vrf
    """)

AUTHENTICATION = frozenset({"auth_pass", "auth_type"})

VRRP_SYNC_GROUP = NOTIFY_SCRIPTS | _words("""
    global_tracking group notify_priority_changes smtp_alert sync_group_tracking_weight track_bfd track_file
    track_interface track_process track_script
    """)

VRRP_SCRIPT = _words("fall init_fail interval rise script timeout user weight")

KNOWN = {
    "global_defs": GLOBAL_DEFS,
    "vrrp_instance": VRRP_INSTANCE,
    "vrrp_sync_group": VRRP_SYNC_GROUP,
    "vrrp_script": VRRP_SCRIPT,
    "authentication": AUTHENTICATION,
}
"""The blocks whose keywords are checked; the inside of all others is left alone."""

NEEDS_VALUE = {
    "global_defs": frozenset({"router_id", "script_user", "vrrp_notify_fifo", "vrrp_version"}),
    "vrrp_instance": _words("""
        advert_int garp_master_delay garp_master_refresh interface mcast_src_ip notify notify_backup notify_fault
        notify_master notify_stop preempt_delay priority state unicast_src_ip version virtual_router_id
        """),
    "authentication": AUTHENTICATION,
    "vrrp_script": frozenset({"script"}),
}

RETIRED = frozenset(
    {
        ("global_defs", "enable_snmp_keepalived"),
        ("global_defs", "lvs_id"),
        ("global_defs", "vrrp_vmac_garp_intvl"),
        ("global_defs", "vrrp_ipsets"),
        ("global_defs", "vrrp_iptables"),
        ("top", "vrrp_track_file"),
        ("vrrp_instance", "debug"),
        ("vrrp_instance", "linkbeat_use_polling"),
        ("vrrp_instance", "vmac_garp_intvl"),
        ("vrrp_sync_group", "global_tracking"),
    }
)
"""What only older versions know, or what newer ones call deprecated."""


@lru_cache(maxsize=256)
def closest(keyword: str, block: str) -> str:
    """Return the known keyword of a block that is spelt most alike; empty where none is."""
    known = KNOWN.get(block, TOP)
    if len(keyword) > 40:
        return ""
    return next(iter(get_close_matches(keyword, sorted(known), n=1, cutoff=0.7)), "")


def homes(keyword: str) -> str:
    """Return the block that a keyword belongs into; empty where it is in none."""
    return next((block for block, known in KNOWN.items() if keyword in known), "")

"""Checks of one vrrp_instance: what keepalived refuses, and what does not work with a HaVip."""

from __future__ import annotations

import ipaddress
from decimal import Decimal

from havip.keepalived.facts import (
    Configuration,
    Entry,
    Instance,
    Section,
    decimal_number,
    whole_number,
)
from havip.keepalived.problems import Findings
from havip.keepalived.profiles import V2_INTERVALS, V3_INTERVALS
from havip.keepalived.syntax import Statement
from havip.keepalived.values import INTERFACE_LENGTH

_VIRTUAL_MAC = ("use_vmac", "use_vmac_addr", "vmac_xmit_base", "use_ipvlan")
_PEER_OPTIONS = frozenset({"min_ttl", "max_ttl"})
_ENTRIES_LIMIT = 255

_WHOLE_NUMBERS = {
    "garp_master_delay": (0, 86400),
    "garp_master_refresh": (0, 86400),
    "garp_master_repeat": (1, 255),
    "garp_master_refresh_repeat": (1, 255),
    "garp_lower_prio_delay": (0, 86400),
    "garp_lower_prio_repeat": (0, 255),
    "unicast_ttl": (0, 255),
    "down_timer_adverts": (1, 100),
}
_GLOBAL_NUMBERS = {
    "vrrp_garp_master_delay": (0, 86400),
    "vrrp_garp_master_refresh": (0, 86400),
    "vrrp_garp_master_repeat": (1, 255),
    "vrrp_garp_master_refresh_repeat": (1, 255),
    "vrrp_garp_lower_prio_delay": (0, 86400),
    "vrrp_garp_lower_prio_repeat": (0, 255),
    "vrrp_down_timer_adverts": (1, 100),
}
_GARP_INTERVALS = ("vrrp_garp_interval", "vrrp_gna_interval")


def check_instances(configuration: Configuration, findings: Findings) -> None:
    """Check every instance, the global settings that they share, and the instances with one another."""
    if configuration.global_defs is not None:
        _check_global(configuration.global_defs, findings)
    for instance in configuration.instances:
        for check in (
            _check_interface,
            _check_identity,
            _check_state,
            _check_timing,
            _check_authentication,
            _check_source,
            _check_peers,
            _check_addresses,
            _check_unfit,
        ):
            check(instance, findings)
        _check_numbers(instance, _WHOLE_NUMBERS, findings)
    _check_together(configuration, findings)


def _stated(section: Section, keyword: str) -> Statement | None:
    """Return a keyword's line if it has a value that can be judged."""
    found = section.last(keyword)
    return found if found is not None and found.value and not found.substituted else None


def _check_global(section: Section, findings: Findings) -> None:
    for keyword in _GARP_INTERVALS:
        found = _stated(section, keyword)
        if found is None:
            continue
        seconds = decimal_number(found.value)
        if seconds == 0:
            findings.add(found.line, "garp-interval-zero", keyword=keyword)
        elif seconds is None or seconds > 4294:
            _number(found, "0.000001", 4294, findings)
    version = _stated(section, "vrrp_version")
    if version is not None and version.value not in {"2", "3"}:
        findings.add(version.line, "version-range")
    strict = _stated(section, "vrrp_strict") or section.last("vrrp_strict")
    if strict is not None and strict.value not in {"off", "false", "no"}:
        findings.add(strict.line, "strict-mode", keyword="vrrp_strict")
    _check_numbers(section, _GLOBAL_NUMBERS, findings)


def _check_numbers(
    section: Section, ranges: dict[str, tuple[int, int]], findings: Findings
) -> None:
    for keyword, (lowest, highest) in ranges.items():
        found = _stated(section, keyword)
        if found is None:
            continue
        value = whole_number(found.value)
        if value is None or not lowest <= value <= highest:
            _number(found, lowest, highest, findings)


def _number(statement: Statement, lowest: float | str, highest: float, findings: Findings) -> None:
    findings.add(
        statement.line,
        "number-malformed",
        value=statement.value,
        keyword=statement.keyword,
        lowest=lowest,
        highest=highest,
    )


def _check_interface(instance: Instance, findings: Findings) -> None:
    if not instance.mentions("interface"):
        findings.add(instance.line, "interface-missing")
    found = _stated(instance, "interface")
    if found is None:
        return
    if found.value == "lo" or len(found.value) > INTERFACE_LENGTH:
        findings.add(found.line, "interface-invalid", text=found.value)
    if not instance.mentions("dont_track_primary"):
        for entry in instance.entries("track_interface"):
            if entry.text == found.value:
                findings.add(entry.line, "track-own-interface", text=entry.text)


def _check_identity(instance: Instance, findings: Findings) -> None:
    if not instance.mentions("virtual_router_id"):
        findings.add(instance.line, "vrid-missing")
    elif (found := _stated(instance, "virtual_router_id")) is not None:
        identifier = whole_number(found.value)
        if identifier is None or not 1 <= identifier <= 255:
            findings.add(found.line, "vrid-range")
    if not instance.mentions("priority"):
        findings.add(instance.line, "priority-missing")
    elif (found := _stated(instance, "priority")) is not None:
        priority = whole_number(found.value)
        if priority == 255:
            findings.add(found.line, "priority-owner")
        elif priority is None or not 1 <= priority <= 254:
            findings.add(found.line, "priority-range")


def _check_state(instance: Instance, findings: Findings) -> None:
    state = _stated(instance, "state")
    master = state is not None and state.value == "MASTER"
    if state is not None and state.value not in {"MASTER", "BACKUP"}:
        findings.add(state.line, "state-unknown", text=state.value)
    stays = instance.last("nopreempt") is not None and instance.last("preempt") is None
    delay = _stated(instance, "preempt_delay")
    if state is not None and master and stays:
        findings.add(state.line, "state-master-nopreempt")
    if delay is None:
        return
    seconds = decimal_number(delay.value)
    if seconds is None or seconds > 1000:
        _number(delay, 0, 1000, findings)
    elif stays:
        findings.add(delay.line, "preempt-delay-nopreempt")
    elif master:
        findings.add(delay.line, "preempt-delay-master")


def _check_timing(instance: Instance, findings: Findings) -> None:
    version = _stated(instance, "version")
    if version is not None and version.value not in {"2", "3"}:
        findings.add(version.line, "version-range")
    advert = _stated(instance, "advert_int")
    if advert is not None:
        interval = instance.interval
        allowed = V3_INTERVALS if instance.version == 3 else V2_INTERVALS
        if instance.version in {2, 3} and not _within(interval, allowed):
            findings.add(advert.line, f"advert-range-{instance.version}")
    refresh = _stated(instance, "garp_master_refresh")
    inherited = instance.global_defs
    unclear = instance.mentions("garp_master_refresh") and refresh is None
    if refresh is None and inherited is not None and not unclear:
        refresh = _stated(inherited, "vrrp_garp_master_refresh")
        unclear = inherited.mentions("vrrp_garp_master_refresh") and refresh is None
    if not unclear and (refresh is None or whole_number(refresh.value) == 0):
        findings.add(instance.line_of("garp_master_refresh"), "garp-refresh-missing")


def _within(interval: Decimal | None, allowed: range) -> bool:
    return interval is not None and interval == int(interval) and int(interval) in allowed


def _check_authentication(instance: Instance, findings: Findings) -> None:
    block = instance.last("authentication")
    if block is None:
        return
    inside = Section(block)
    if instance.version == 3:
        findings.add(block.line, "auth-version-3")
    kind = _stated(inside, "auth_type")
    if kind is not None and kind.value == "AH":
        findings.add(kind.line, "auth-ah")
    elif kind is not None and kind.value != "PASS":
        findings.add(kind.line, "auth-type-unknown", text=kind.value)
    if not inside.mentions("auth_pass"):
        findings.add(block.line, "auth-pass-missing")
    password = _stated(inside, "auth_pass")
    if password is not None and len(password.value.encode(errors="replace")) > 8:
        findings.add(password.line, "auth-pass-long")


def _check_source(instance: Instance, findings: Findings) -> None:
    if not instance.mentions("unicast_src_ip", "mcast_src_ip"):
        if instance.mentions("unicast_peer"):
            findings.add(instance.line_of("unicast_peer"), "source-missing")
        return
    source = _stated(instance, "unicast_src_ip")
    if source is None:
        source = _stated(instance, "mcast_src_ip")
        if source is not None:
            findings.add(source.line, "source-by-mcast-keyword")
    if source is None:
        return
    try:
        address = ipaddress.ip_address(source.value)
    except ValueError:
        findings.add(source.line, "source-malformed", text=source.value)
        return
    if address.version == 6:
        findings.add(source.line, "address-ipv6", address=address)
    elif str(address) in instance.havips:
        findings.add(source.line, "source-is-havip", address=address)


def _check_peers(instance: Instance, findings: Findings) -> None:
    peers = instance.peers
    if not peers and not instance.unclear("unicast_peer"):
        findings.add(instance.line_of("unicast_peer"), "unicast-peer-missing")
    if (destination := instance.last("mcast_dst_ip")) is not None:
        findings.add(destination.line, "multicast-destination")
    seen: set[str] = set()
    for peer in peers:
        if peer.options and peer.options[0] not in _PEER_OPTIONS:
            findings.add(peer.line, "peer-option-unknown", text=peer.options[0])
        if peer.address is None or "/" in peer.text:
            findings.add(peer.line, "peer-malformed", text=peer.text)
            continue
        address = str(peer.address)
        if peer.address.version == 6:
            findings.add(peer.line, "address-ipv6", address=address)
        elif address == instance.source:
            findings.add(peer.line, "peer-own-address", address=address)
        elif address in instance.havips:
            findings.add(peer.line, "peer-is-havip", address=address)
        elif address in seen:
            findings.add(peer.line, "peer-repeated", address=address)
        seen.add(address)


def _check_addresses(instance: Instance, findings: Findings) -> None:
    if not instance.entries("virtual_ipaddress") and not instance.unclear("virtual_ipaddress"):
        findings.add(instance.line_of("virtual_ipaddress"), "address-missing")
    for entry in instance.addresses:
        if entry.address is None:
            findings.add(entry.line, "address-malformed", text=entry.text)
        elif entry.address.version == 6:
            findings.add(entry.line, "address-ipv6", address=entry.address)


def _check_unfit(instance: Instance, findings: Findings) -> None:
    for keyword in _VIRTUAL_MAC:
        if (found := instance.last(keyword)) is not None:
            findings.add(found.line, "virtual-mac", keyword=keyword)
    if (found := instance.last("native_ipv6")) is not None:
        findings.add(found.line, "native-ipv6")
    found = instance.last("strict_mode")
    if found is not None and found.value not in {"off", "false", "no"}:
        findings.add(found.line, "strict-mode", keyword="strict_mode")


def _check_together(configuration: Configuration, findings: Findings) -> None:
    identifiers: dict[int, Instance] = {}
    addresses: dict[str, tuple[Instance, Entry]] = {}
    for instance in configuration.instances:
        if instance.statement.condition:
            continue
        identifier = instance.virtual_router_id
        if identifier is not None:
            first = identifiers.setdefault(identifier, instance)
            if first is not instance:
                line = instance.line_of("virtual_router_id")
                findings.add(line, "vrid-repeated", value=identifier, name=first.name)
        for entry in instance.addresses[:_ENTRIES_LIMIT]:
            if entry.address is None:
                continue
            address = str(entry.address)
            holder, known = addresses.setdefault(address, (instance, entry))
            if known is not entry:
                findings.add(entry.line, "havip-repeated", address=address, name=holder.name)

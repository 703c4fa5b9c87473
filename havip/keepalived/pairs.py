"""Comparing the files of two nodes of the same HaVips: what must be the same on both, and what must differ."""

from __future__ import annotations

from havip.keepalived.facts import Configuration, Instance
from havip.keepalived.problems import Findings


def compare(
    first: Configuration,
    second: Configuration,
    first_findings: Findings,
    second_findings: Findings,
) -> None:
    """Compare two files. What differs is told in both, each time at that file's line and with the other's value."""
    matches = _matches(first, second)
    for ours, theirs in matches:
        _compare(ours, theirs, first_findings)
        _compare(theirs, ours, second_findings)
    _lonely(first, {id(ours) for ours, _ in matches}, second, first_findings)
    _lonely(second, {id(theirs) for _, theirs in matches}, first, second_findings)


def _matches(first: Configuration, second: Configuration) -> list[tuple[Instance, Instance]]:
    """Match instances that share an address; those that are left, by identifier or by name."""
    pairs: list[tuple[Instance, Instance]] = []
    left, right = list(first.instances), list(second.instances)
    by_address = {address: each for each in reversed(right) for address in each.havips}
    by_identifier = {each.virtual_router_id: each for each in reversed(right)}
    by_name = {each.name: each for each in reversed(right)}
    taken: set[int] = set()
    for ours in left:
        candidates = [by_address.get(address) for address in sorted(ours.havips)]
        if ours.virtual_router_id is not None:
            candidates.append(by_identifier.get(ours.virtual_router_id))
        candidates.append(by_name.get(ours.name))
        for theirs in candidates:
            if theirs is not None and id(theirs) not in taken:
                taken.add(id(theirs))
                pairs.append((ours, theirs))
                break
    return pairs


def _lonely(
    configuration: Configuration, matched: set[int], other: Configuration, findings: Findings
) -> None:
    if not other.instances:
        return
    for instance in configuration.instances:
        if id(instance) not in matched:
            findings.add(instance.line, "pair-instance")


def _compare(ours: Instance, theirs: Instance, findings: Findings) -> None:
    _compare_protocol(ours, theirs, findings)
    _compare_roles(ours, theirs, findings)
    if ours.source and theirs.source:
        if ours.source == theirs.source:
            findings.add(ours.line_of("unicast_src_ip", "mcast_src_ip"), "pair-source")
        elif ours.peers and not _has_peer(ours, theirs.source):
            findings.add(ours.line_of("unicast_peer"), "pair-peer", other=theirs.source)


def _has_peer(instance: Instance, address: str) -> bool:
    return instance.unclear("unicast_peer") or any(
        str(peer.address) == address for peer in instance.peers
    )


def _compare_protocol(ours: Instance, theirs: Instance, findings: Findings) -> None:
    mine, other = ours.virtual_router_id, theirs.virtual_router_id
    if mine is not None and other is not None and mine != other:
        findings.add(ours.line_of("virtual_router_id"), "pair-vrid", other=other)
    elif ours.havips != theirs.havips and ours.havips and theirs.havips:
        line = ours.line_of("virtual_ipaddress")
        findings.add(line, "pair-addresses", other=", ".join(sorted(theirs.havips)))
    if None not in {ours.version, theirs.version} and ours.version != theirs.version:
        findings.add(ours.line_of("version"), "pair-version", other=theirs.version)
    interval = theirs.interval
    if ours.interval is not None and interval is not None and ours.interval != interval:
        seconds = f"{(interval / 100).normalize():f}"
        findings.add(ours.line_of("advert_int"), "pair-interval", other=seconds)
    if _authenticates_otherwise(ours, theirs):
        findings.add(ours.line_of("authentication"), "pair-authentication")


def _authenticates_otherwise(ours: Instance, theirs: Instance) -> bool:
    if ours.unclear("authentication") or theirs.unclear("authentication"):
        return False
    authenticates = 2 in {ours.version, theirs.version}
    return authenticates and ours.authentication != theirs.authentication


def _compare_roles(ours: Instance, theirs: Instance, findings: Findings) -> None:
    if ours.priority is not None and ours.priority == theirs.priority:
        findings.add(ours.line_of("priority"), "pair-priority", other=theirs.priority)
    if ours.text_of("state") == theirs.text_of("state") == "MASTER":
        findings.add(ours.line_of("state"), "pair-masters")
    if theirs.mentions("nopreempt") and not ours.mentions("nopreempt"):
        findings.add(ours.line, "pair-nopreempt")

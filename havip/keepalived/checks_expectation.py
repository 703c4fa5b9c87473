"""Checks of a file against the records: the HaVips that are bound, the other nodes, the identifiers that are taken."""

from __future__ import annotations

from havip.keepalived.expectation import Expectation, ExpectedHaVip
from havip.keepalived.facts import Configuration, Instance
from havip.keepalived.problems import Findings


def check_expectation(
    configuration: Configuration, expectation: Expectation, findings: Findings
) -> None:
    """Check every instance against the HaVip that it announces, and that every HaVip is announced."""
    announced: set[str] = set()
    for instance in configuration.instances:
        announced |= instance.havips
        _check_addresses(instance, expectation, findings)
        _check_own(instance, expectation, findings)
        expected = expectation.of(instance.havips)
        if expected is not None:
            _check_peers(instance, expected, findings)
            _check_identity(instance, expected, findings)
        identifier = instance.virtual_router_id
        if identifier in expectation.taken_virtual_router_ids:
            line = instance.line_of("virtual_router_id")
            findings.add(line, "vrid-taken", value=identifier)
    if not configuration.incomplete:
        for address in sorted(expectation.addresses - announced):
            findings.add(1, "havip-missing", address=address)


def _check_addresses(instance: Instance, expectation: Expectation, findings: Findings) -> None:
    for entry in instance.addresses:
        if entry.address is not None and str(entry.address) not in expectation.addresses:
            findings.add(entry.line, "address-not-havip", address=entry.address)


def _check_own(instance: Instance, expectation: Expectation, findings: Findings) -> None:
    expected = expectation.of(instance.havips)
    own = {expected.own_address} if expected else set(expectation.own_addresses)
    source = instance.source
    if source and own and source not in own and source not in instance.havips:
        line = instance.line_of("unicast_src_ip", "mcast_src_ip")
        findings.add(line, "source-not-own", address=source, expected=", ".join(sorted(own)))
    for peer in instance.peers:
        if peer.address is not None and str(peer.address) in expectation.own_addresses:
            findings.add(peer.line, "peer-own-address", address=peer.address)


def _check_peers(instance: Instance, expected: ExpectedHaVip, findings: Findings) -> None:
    entries = {str(peer.address): peer for peer in instance.peers if peer.address is not None}
    # What is wrong for a reason of its own has been told already.
    known = {*expected.peers, expected.own_address, instance.source, *instance.havips}
    for address, entry in entries.items():
        if address not in known and ":" not in address:
            findings.add(entry.line, "peer-extra", address=address)
    if not entries or instance.unclear("unicast_peer"):
        return
    for address in sorted(expected.peers - set(entries)):
        findings.add(instance.line_of("unicast_peer"), "peer-missing", address=address)


def _check_identity(instance: Instance, expected: ExpectedHaVip, findings: Findings) -> None:
    interface = instance.text_of("interface")
    if expected.interface and interface and interface != expected.interface:
        findings.add(
            instance.line_of("interface"),
            "interface-other",
            text=interface,
            expected=expected.interface,
        )
    wanted, identifier = expected.virtual_router_id, instance.virtual_router_id
    if wanted is not None and identifier is not None and identifier != wanted:
        findings.add(instance.line_of("virtual_router_id"), "vrid-differs", expected=wanted)

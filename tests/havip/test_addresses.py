"""Address arithmetic, and the table of who owns which address: always right, and one look-up for the lowest free one."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.operations.refusal import Refusal
from havip.models import AddressOwner, NetworkInterface, PrivateAddress, VSwitch
from havip.operations.addresses import release_address, take_address
from havip.rules import addresses as rules
from havip.selectors.addresses import free_count, lowest_free, owner_of
from tests.cast import World

NETWORKS = st.builds(
    lambda number, prefix: ipaddress.IPv4Network(
        (number >> (32 - prefix) << (32 - prefix), prefix)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(16, 29),
)


class TestReserved:
    @given(NETWORKS)
    def test_the_first_and_the_last_three(self, network: ipaddress.IPv4Network) -> None:
        reserved = (network[0], network[-3], network[-2], network[-1])
        assert rules.reserved_addresses(network) == reserved

    @given(NETWORKS)
    def test_the_gateway_is_the_third_last(self, network: ipaddress.IPv4Network) -> None:
        assert rules.gateway_address(network) == network[-3]

    @given(NETWORKS, st.integers(0, 2**32 - 1))
    def test_inside_and_not_reserved_is_what_may_be_taken(
        self, network: ipaddress.IPv4Network, number: int
    ) -> None:
        address = ipaddress.IPv4Address(number)
        try:
            rules.c5_inside_block(address, network)
            rules.c6_not_reserved(address, network)
        except Refusal as refusal:
            position = number - int(network.network_address)
            inside = 0 <= position < network.num_addresses
            assert refusal.number == ("C6" if inside else "C5")
            assert not inside or position in (0, *range(network.num_addresses)[-3:])
        else:
            assert network.network_address < address < network.broadcast_address - 2


class TestParsing:
    @given(st.integers(0, 2**32 - 1))
    def test_every_address_is_read_back(self, number: int) -> None:
        address = ipaddress.IPv4Address(number)
        assert rules.c5_parse_address(f" {address} ") == address

    @given(st.text(max_size=30))
    def test_anything_else_is_refused_and_never_an_error(self, text: str) -> None:
        try:
            address = rules.c5_parse_address(text)
        except Refusal as refusal:
            assert refusal.number == "C5"
        else:
            assert str(address) == text.strip()

    @pytest.mark.parametrize(
        "text",
        [
            *("", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "0x1.2.3.4", "1.2.3.4/24"),
            *("::1", "١.2.3.4", "1.2.3.-4", "1..3.4", "1.2.3.4\n5", "localhost"),
        ],
    )
    def test_what_is_no_address(self, text: str) -> None:
        with pytest.raises(Refusal):
            rules.c5_parse_address(text)

    @given(st.text(max_size=30))
    def test_a_block_is_read_or_refused(self, text: str) -> None:
        try:
            network = rules.n1_parse_block(text)
        except Refusal as refusal:
            assert refusal.number == "N1"
        else:
            assert ipaddress.IPv4Network(text.strip()) == network

    @given(NETWORKS)
    def test_every_block_is_read_back(self, network: ipaddress.IPv4Network) -> None:
        assert rules.n1_parse_block(str(network)) == network

    @pytest.mark.parametrize(
        "text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/255.0.0.0", "10/8", "/8"]
    )
    def test_what_is_no_block(self, text: str) -> None:
        with pytest.raises(Refusal):
            rules.n1_parse_block(text)


@pytest.fixture
def small(world: World) -> VSwitch:
    """A vSwitch of eight addresses, four of them free: .1 to .4."""
    block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/29"}
    vswitch: VSwitch = world.get(world.done("vswitch.create", **block).object_id)
    return vswitch


def interface(vswitch: VSwitch, address: ipaddress.IPv4Address) -> NetworkInterface:
    return NetworkInterface.objects.create(
        team=vswitch.team, region=vswitch.region, vswitch=vswitch, private_ip=str(address)
    )


def take(vswitch: VSwitch, address: ipaddress.IPv4Address) -> PrivateAddress:
    card = interface(vswitch, address)
    return take_address(vswitch, address, AddressOwner.INTERFACE, interface=card)


def flags_are_right(vswitch: VSwitch) -> None:
    """Every taken address knows whether the next one up is free."""
    rows = dict(
        PrivateAddress.objects.filter(vswitch=vswitch).values_list("address", "successor_free")
    )
    last = int(vswitch.network.broadcast_address)
    assert rows == {number: number < last and number + 1 not in rows for number in rows}


class TestLowestFree:
    def test_a_fresh_vswitch_begins_after_the_network_address(self, small: VSwitch) -> None:
        assert str(lowest_free(small)) == "192.168.1.1"
        assert free_count(small) == 4
        flags_are_right(small)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(moves=st.lists(st.integers(1, 4), max_size=30))
    def test_whatever_was_taken_and_released(self, small: VSwitch, moves: list[int]) -> None:
        """A number takes its address when it is free, and releases it when it is taken."""
        taken: set[int] = set()
        with transaction.atomic():
            for number in moves:
                address = small.network.network_address + number
                if number in taken:
                    release_address(PrivateAddress.objects.get(vswitch=small, address=int(address)))
                    taken.remove(number)
                else:
                    take(small, address)
                    taken.add(number)
                flags_are_right(small)
                assert free_count(small) == 4 - len(taken)
                free = min({1, 2, 3, 4} - taken, default=None)
                if free is None:
                    with pytest.raises(Refusal) as caught:
                        lowest_free(small)
                    assert caught.value.number == "C8"
                else:
                    assert lowest_free(small) == small.network.network_address + free
            transaction.set_rollback(True)

    def test_it_is_one_query_however_many_are_taken(self, world: World) -> None:
        block = {"vpc_id": world.vpc, "cidr_block": "192.168.16.0/22"}
        vswitch: VSwitch = world.get(world.done("vswitch.create", **block).object_id)
        for count in (0, 900):
            _fill(vswitch, count)
            with CaptureQueriesContext(connection) as queries:
                address = lowest_free(vswitch)
            assert address == vswitch.network.network_address + 1 + count
            assert len(queries) == 1
        plan = _plan(queries.captured_queries[0]["sql"])
        assert "address_before_gap" in plan, plan

    def test_an_owner_is_named(self, world: World) -> None:
        vswitch: VSwitch = world.get(world.vswitch)
        world.havip(ip_address="192.168.0.88")
        owners = {
            "192.168.0.0": "reserved",
            "192.168.0.253": "gateway",
            "192.168.0.255": "reserved",
            "192.168.0.209": "interface",
            "192.168.0.88": "havip",
            "192.168.0.89": None,
        }
        for address, owner in owners.items():
            assert owner_of(vswitch, ipaddress.IPv4Address(address)) == owner


def _fill(vswitch: VSwitch, count: int) -> None:
    """Take the first addresses at once, past the operations: only the number of rows matters here."""
    first = int(vswitch.network.network_address) + 1
    cards = NetworkInterface.objects.bulk_create(
        NetworkInterface(
            resource_id=f"eni-{number}",
            team=vswitch.team,
            region=vswitch.region,
            vswitch=vswitch,
            private_ip=str(ipaddress.IPv4Address(number)),
        )
        for number in range(first, first + count)
    )
    PrivateAddress.objects.bulk_create(
        PrivateAddress(
            vswitch=vswitch,
            address=first + number,
            owner=AddressOwner.INTERFACE,
            interface=card,
            successor_free=number == count - 1,
        )
        for number, card in enumerate(cards)
    )
    if count:
        PrivateAddress.objects.filter(vswitch=vswitch, address=first - 1).update(
            successor_free=False
        )


def _plan(sql: str) -> str:
    """Return how the database means to answer a query."""
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE havip_privateaddress")
        cursor.execute(explain + sql.replace("%", "%%"))
        rows: list[Any] = cursor.fetchall()
    return "\n".join(str(row) for row in rows)

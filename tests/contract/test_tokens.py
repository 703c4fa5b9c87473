"""One ClientToken, sent by many at once or again after a lost answer, through the real endpoint of a running console."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.consoles import eventually
from tests.contract.conftest import REGION, Site
from tests.havip.rpc.clients import FORM, Key, Wish, pop_core_post

pytestmark = pytest.mark.contract
AT_ONCE = 50


@dataclass
class Place:
    """An empty vSwitch, and how to speak to the console about it."""

    site: Site
    vpc: str = ""
    vswitch: str = ""

    def form(self, action: str, **texts: str) -> bytes:
        """Return one signed request, with a nonce of its own."""
        key = Key(self.site.key.id, self.site.key.secret)
        return pop_core_post(Wish(key, action, {"RegionId": REGION, **texts})).body

    def send(self, form: bytes) -> tuple[int, dict[str, Any]]:
        """Send a request over a connection of its own; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.console.port, timeout=120)
        try:
            connection.request("POST", "/", form, {"Content-Type": FORM})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def ok(self, action: str, **texts: str) -> dict[str, Any]:
        status, body = self.send(self.form(action, **texts))
        assert status == 200, body
        return body

    def havips(self) -> list[dict[str, Any]]:
        """Return the vSwitch's HaVips."""
        wanted = {"Filter.1.Key": "VSwitchId", "Filter.1.Value.1": self.vswitch}
        rows: list[dict[str, Any]] = self.ok("DescribeHaVips", **wanted)["HaVips"]["HaVip"]
        return rows

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        return eventually(condition, what)


@pytest.fixture
def place(site: Site) -> Iterator[Place]:
    here = Place(site)
    here.vpc = here.ok("CreateVpc", CidrBlock="10.50.0.0/16")["VpcId"]
    seen = {"VpcId": here.vpc}
    here.until(
        lambda: here.ok("DescribeVpcs", **seen)["Vpcs"]["Vpc"][0]["Status"] == "Available", "a VPC"
    )
    block = {"ZoneId": "cn-hangzhou-a", "CidrBlock": "10.50.1.0/24"}
    here.vswitch = here.ok("CreateVSwitch", VpcId=here.vpc, **block)["VSwitchId"]
    here.until(
        lambda: (
            here.ok("DescribeVSwitches", **seen)["VSwitches"]["VSwitch"][0]["Status"] == "Available"
        ),
        "a vSwitch",
    )
    yield here
    for havip in here.havips():
        here.until(lambda: all(row["Status"] == "Available" for row in here.havips()), "rest")
        here.ok("DeleteHaVip", HaVipId=havip["HaVipId"])
    here.until(lambda: not here.havips(), "no HaVips")
    here.ok("DeleteVSwitch", VSwitchId=here.vswitch)
    here.until(lambda: not here.ok("DescribeVSwitches", **seen)["TotalCount"], "no vSwitch")
    here.ok("DeleteVpc", VpcId=here.vpc)


def _without_request(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "RequestId"}


def test_fifty_at_once_make_one_havip(place: Place) -> None:
    """The address is chosen by the console: fifty requests without the token's care would take fifty."""
    wanted = {"VSwitchId": place.vswitch, "Name": "once", "ClientToken": uuid.uuid4().hex}
    forms = [place.form("CreateHaVip", **wanted) for _ in range(AT_ONCE)]
    start = threading.Barrier(AT_ONCE)

    def send(form: bytes) -> tuple[int, dict[str, Any]]:
        start.wait(60)
        return place.send(form)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, forms))
    assert [status for status, _body in answers] == [200] * AT_ONCE, answers
    first = _without_request(answers[0][1])
    assert all(_without_request(body) == first for _status, body in answers)
    assert len({body["RequestId"] for _status, body in answers}) == AT_ONCE
    assert [row["HaVipId"] for row in place.havips()] == [first["HaVipId"]]


def test_a_lost_answer_can_be_asked_for_again(place: Place) -> None:
    wanted = {"VSwitchId": place.vswitch, "ClientToken": uuid.uuid4().hex}
    form = place.form("CreateHaVip", **wanted)
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{place.site.console.port}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", place.site.console.port)) as connection:
        connection.sendall(head.encode() + form)
        # Nobody reads the answer: the connection is reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    (made,) = place.until(place.havips, "the HaVip of the lost answer")
    again = place.ok("CreateHaVip", **wanted)
    assert (again["HaVipId"], again["IpAddress"]) == (made["HaVipId"], made["IpAddress"])
    assert len(place.havips()) == 1


def test_a_request_sent_twice_is_a_replay(place: Place) -> None:
    """The same bytes again are no retry: the nonce is used, on whichever process it was."""
    form = place.form("DescribeHaVips")
    assert place.send(form)[0] == 200
    for _ in range(8):
        status, body = place.send(form)
        assert (status, body["Code"]) == (400, "SignatureNonceUsed")

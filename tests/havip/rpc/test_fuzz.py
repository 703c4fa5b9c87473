"""Ten thousand random parameter sets over all actions, signed and not: never an error of ours, always a body that can be read."""

from __future__ import annotations

import random
import string
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from console.audit.verify import verify_all
from havip.rpc.dispatch import ACTIONS, ECS, VPC
from havip.rpc.parameters import Parameter
from tests.cast import REGION, World
from tests.havip.rpc.clients import CLIENTS, Key, Reply, Sent, Wish
from tests.havip.rpc.conftest import MakeKey

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SHARDS = 4
SETS = 10_000 // SHARDS
ODD = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "2",
    "50",
    "51",
    "2147483648",
    "99999999999999999999",
    "1.5",
    "true",
    "False",
    "None",
    "null",
    "[]",
    '["i-1", "x"]',
    "{}",
    "[[[[",
    "\0",
    "\n",
    "\ufeff\u202e",
    "测试",
    "\U0001f600" * 70,
    "x" * 300,
    "%",
    "%00",
    "' OR 1=1 --",
    "<script>",
    "http://x",
    "aliyun",
    "acs:x",
    "192.168.0.5",
    "192.168.0.0",
    "192.168.0.300",
    "10.0.0.0/8",
    "10.0.0.0/33",
    "0.0.0.0/0",
    "::1",
    "i-",
    "havip-x",
    "cn-hangzhou",
    "cn-nowhere",
    "HaVip",
    "HAVIP",
    "EcsInstance",
    "NetworkInterface",
    "Available",
    "InUse",
    "PostPaid",
    "Status",
    "VpcId",
    "HaVipId",
    "CreationStartTime",
    "2026-11-23T00:00:00Z",
    "caeba0bbb2be03f84eb48b699f0a4883",
)
COMMON = ("ClientToken", "DryRun", "Format", "OwnerId", "Timestamp", "Signature", "Unheard")


class Fuzzer:
    """Makes requests from a seed: declared parameters and others, with values that fit and values that do not."""

    def __init__(self, seed: int, world: World) -> None:
        self.chance = random.Random(seed)
        havips = [world.havip(), world.havip(world.ecs1, eip=world.eip1)]
        self.known = [*(getattr(world, name) for name in World.NAMES), *havips, REGION]
        # What could be meant by a parameter of this name.
        self.fitting = {
            "RegionId": [REGION],
            "ZoneId": [f"{REGION}-a"],
            "VpcId": [world.vpc],
            "VSwitchId": [world.vswitch],
            "HaVipId": havips,
            "InstanceId": [world.ecs1, world.ecs2, world.spare, *havips],
            "NetworkInterfaceId": [world.card1, world.card2, world.loose],
            "AllocationId": [world.eip1, world.eip2],
            "NextHopId": havips,
            "RouteTableId": [world.get(world.vpc).route_table_id],
            "ResourceId.1": havips,
            "ResourceType": ["HaVip", "VPC"],
            "Filter.1.Key": ["VpcId", "Status", "HaVipId"],
        }

    def parameters(self, declared: tuple[Parameter, ...]) -> dict[str, str]:
        """Return parameters for an action: most of the required ones, some of the others, now and then a stranger."""
        found = {}
        for parameter in declared:
            if self.chance.random() < (0.92 if parameter.required else 0.3):
                for name in self.names(parameter):
                    found[name] = self.value(name)
        for name in COMMON:
            if self.chance.random() < 0.05:
                found[name] = self.value(name)
        return found

    def names(self, parameter: Parameter) -> list[str]:
        """Return the names under which a parameter is sent, some of them numbered in odd ways."""
        number = self.chance.choice(["1", "1", "1", "2", "5", "6", "21", "0", "01", "x", "9" * 12])
        shapes = [shape.replace("N", number) for shape in parameter.shape.split(", ")]
        return [
            parameter.name + shape.replace("M", self.chance.choice(["1", "1", "2", "9"]))
            for shape in shapes
            if self.chance.random() < 0.9
        ]

    def value(self, name: str) -> str:
        """Return a value: often one that could be meant."""
        choice = self.chance.random()
        if choice < 0.6 and name in self.fitting:
            return self.chance.choice(self.fitting[name])
        if choice < 0.7:
            return self.chance.choice(self.known)
        if choice < 0.95:
            return self.chance.choice(ODD)
        letters = self.chance.choices(string.printable + "é界\x00", k=self.chance.randrange(60))
        return "".join(letters)

    def request(self, key: Key) -> Sent:
        """Return one request by any of the clients; one in five is not properly signed."""
        version, name = self.chance.choice(list(ACTIONS))
        declared = ACTIONS[version, name].parameters
        if self.chance.random() < 0.03:
            version, name = self.chance.choice([VPC, ECS, "x"]), self.chance.choice(["X", name])
        wish = Wish(
            key if self.chance.random() < 0.8 else Key(key.id, "wrong"),
            name,
            self.parameters(declared),
            version=version,
            format=self.chance.choice(["JSON", "JSON", "XML", ""]),
        )
        return self.chance.choice(list(CLIENTS.values()))(wish)

    def unsigned(self) -> Sent:
        """Return a request that is not signed at all, or only pretends to be."""
        version, name = self.chance.choice(list(ACTIONS))
        parameters = self.parameters(ACTIONS[version, name].parameters)
        for common in ("Version", "AccessKeyId", "Signature", "SignatureNonce", "Timestamp"):
            if self.chance.random() < 0.5:
                parameters[common] = self.value(common)
        sent = CLIENTS["pop-core GET"](Wish(Key("x", "x"), name, parameters, version=version))
        keep = [pair for pair in sent.query.split("&") if self.chance.random() < 0.8]
        return Sent("GET", "&".join(["Action=" + name, *keep]))


def check(reply: Reply, sent: Sent) -> None:
    """Fail unless the answer is one that a client can work with."""
    assert reply.status < 500, (sent, reply)
    assert reply.body["RequestId"] == reply.headers["X-Request-Id"]
    if reply.status >= 400:
        assert {"RequestId", "HostId", "Code", "Message", "Recommend"} <= reply.body.keys(), sent
        assert reply.code
    else:
        assert not reply.code


@pytest.mark.parametrize("seed", range(SHARDS))
def test_random_parameters(
    seed: int, world: World, make_rpc_key: MakeKey, client: Client, settings: Any
) -> None:
    settings.HAVIP_RPC_REQUESTS_PER_MINUTE = settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = 0
    world.raise_quota("havips_per_team", 50)
    fuzzer = Fuzzer(seed, world)
    key = make_rpc_key(role="owner" if seed % 2 else "operator")
    statuses: Counter[int] = Counter()
    for number in range(SETS):
        sent = fuzzer.unsigned() if number % 10 == 0 else fuzzer.request(key)
        reply = sent.to(client)
        check(reply, sent)
        statuses[reply.status] += 1
    assert statuses[200] > SETS / 20, "what is sent must not all be refused"
    assert list(verify_all()) == []

"""The describing actions as a table, and how their filters are sent."""

from __future__ import annotations

from typing import Any

from tests.havip.rpc_actions.client import ECS, VPC, Answer, Api

Rows = list[dict[str, Any]]
# Action: its version, the two names around the rows, and the row's identifier.
LISTS = {
    "DescribeHaVips": (VPC, "HaVips", "HaVip", "HaVipId"),
    "DescribeEipAddresses": (VPC, "EipAddresses", "EipAddress", "AllocationId"),
    "DescribeVpcs": (VPC, "Vpcs", "Vpc", "VpcId"),
    "DescribeVSwitches": (VPC, "VSwitches", "VSwitch", "VSwitchId"),
    "DescribeRouteTableList": (VPC, "RouterTableList", "RouterTableListType", "RouteTableId"),
    "DescribeInstances": (ECS, "Instances", "Instance", "InstanceId"),
    "DescribeNetworkInterfaces": (
        ECS,
        "NetworkInterfaceSets",
        "NetworkInterfaceSet",
        "NetworkInterfaceId",
    ),
}


def rows_of(answer: Answer, action: str) -> Rows:
    _version, outer, inner, _identifier = LISTS[action]
    rows: Rows = answer[outer][inner]
    return rows


def described(api: Api, action: str, **wanted: Any) -> list[str]:
    """Return the identifiers that an action describes."""
    version, _outer, _inner, identifier = LISTS[action]
    return [row[identifier] for row in rows_of(api.ok(action, version, **wanted), action)]


def filters(*wanted: tuple[str, list[str]], name: str = "Filter") -> dict[str, str]:
    """Return Filter.N as it is sent."""
    sent = {}
    for number, (key, values) in enumerate(wanted, 1):
        sent[f"{name}.{number}.Key"] = key
        sent |= {f"{name}.{number}.Value.{n}": value for n, value in enumerate(values, 1)}
    return sent


def tagged(name: str, *pairs: tuple[str, str | None]) -> dict[str, str]:
    """Return Tag.N (or Tags.N) as it is sent."""
    sent = {}
    for number, (key, value) in enumerate(pairs, 1):
        sent[f"{name}.{number}.Key"] = key
        if value is not None:
            sent[f"{name}.{number}.Value"] = value
    return sent

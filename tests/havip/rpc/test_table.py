"""docs/rpc.md says what the actions declare, and the actions are those that are promised."""

from __future__ import annotations

import pytest

from havip.rpc.dispatch import ACTIONS, ECS, VPC
from havip.rpc.parameters import COMMON_IGNORED
from tests import rpc_table

PROMISED = {
    VPC: {
        "AllocateEipAddress",
        "AssociateEipAddress",
        "AssociateHaVip",
        "CreateHaVip",
        "CreateRouteEntry",
        "CreateVSwitch",
        "CreateVpc",
        "DeleteHaVip",
        "DeleteRouteEntry",
        "DeleteVSwitch",
        "DeleteVpc",
        "DescribeEipAddresses",
        "DescribeHaVips",
        "DescribeRegions",
        "DescribeRouteEntryList",
        "DescribeRouteTableList",
        "DescribeVSwitches",
        "DescribeVpcs",
        "DescribeZones",
        "ListTagResources",
        "ModifyHaVipAttribute",
        "ReleaseEipAddress",
        "TagResources",
        "UnTagResources",
        "UnassociateEipAddress",
        "UnassociateHaVip",
    },
    ECS: {
        "AttachNetworkInterface",
        "CreateNetworkInterface",
        "DeleteInstance",
        "DeleteNetworkInterface",
        "DescribeInstances",
        "DescribeNetworkInterfaces",
        "DescribeRegions",
        "DescribeZones",
        "DetachNetworkInterface",
        "RunInstances",
        "StartInstance",
        "StopInstance",
    },
}


@pytest.mark.parametrize("version", PROMISED)
def test_every_promised_action_is_there(version: str) -> None:
    assert {name for each, name in ACTIONS if each == version} >= PROMISED[version]


def test_the_table_is_up_to_date() -> None:
    assert rpc_table.document() == rpc_table.DOCUMENT.read_text(encoding="utf-8"), (
        "run python -m tests.rpc_table"
    )


def test_what_every_action_has_is_not_declared_again() -> None:
    common = {"Action", "Version", "Format", "ClientToken", "DryRun", *COMMON_IGNORED}
    declared = {
        (action.name, parameter.name)
        for action in ACTIONS.values()
        for parameter in action.parameters
        if parameter.name in common
    }
    assert declared == set()

"""What a page draws as refused is what the operation refuses, by the same rule, in every state of a resource."""

from __future__ import annotations

from typing import Any

import pytest

from console.operations.framework import OPERATIONS
from havip.models import (
    EipStatus,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    InterfaceStatus,
    NetworkInterface,
    NetworkStatus,
    Vpc,
    VSwitch,
)
from havip.rules.catalogue import first_refusal
from havip.selectors import inventory as selectors
from tests.cast import REGION, World

AGREEMENTS: list[tuple[str, type[Any], str, str, str, list[str]]] = [
    ("vpc.delete", Vpc, "vpc", "vpc_id", "delete", list(NetworkStatus.values)),
    ("vswitch.delete", VSwitch, "vswitch", "vswitch_id", "delete", list(NetworkStatus.values)),
    ("instance.start", Instance, "ecs1", "instance_id", "start", list(InstanceStatus.values)),
    ("instance.stop", Instance, "ecs1", "instance_id", "stop", list(InstanceStatus.values)),
    ("instance.delete", Instance, "ecs1", "instance_id", "delete", list(InstanceStatus.values)),
    (
        "interface.attach",
        NetworkInterface,
        "loose",
        "interface_id",
        "attach",
        list(InterfaceStatus.values),
    ),
    (
        "interface.detach",
        NetworkInterface,
        "card1",
        "interface_id",
        "detach",
        list(InterfaceStatus.values),
    ),
    (
        "interface.delete",
        NetworkInterface,
        "card1",
        "interface_id",
        "delete",
        list(InterfaceStatus.values),
    ),
]


@pytest.mark.parametrize("havip_busy", [False, True])
@pytest.mark.parametrize(
    ("operation", "model", "name", "argument", "action", "status"),
    [(*case[:5], status) for case in AGREEMENTS for status in case[5]],
)
def test_a_page_and_an_operation_refuse_alike(
    world: World,
    operation: str,
    model: type[Any],
    name: str,
    argument: str,
    action: str,
    status: str,
    havip_busy: bool,
) -> None:
    bound = world.havip(world.card1 if name == "card1" else world.ecs1)
    if havip_busy:
        HaVip.objects.filter(resource_id=bound).update(status=HaVipStatus.ASSOCIATING)
    identifier = getattr(world, name)
    model.objects.filter(resource_id=identifier).update(status=status)
    queryset = getattr(selectors, "vswitches" if model is VSwitch else f"{model.KIND}s")
    record = queryset(world.team, REGION).get(resource_id=identifier)
    drawn = getattr(getattr(selectors, f"{model.KIND}_actions")(record, world.principal), action)
    arguments = {argument: identifier, "region": REGION}
    if action == "attach":
        arguments["instance_id"] = world.ecs1

    def attempt() -> None:
        OPERATIONS[operation](principal=world.principal, **arguments)

    refused = first_refusal(attempt)
    if operation == "vpc.delete" and status == NetworkStatus.DELETING:
        # To the operation such a VPC is gone already (C3); the page still shows it, and a job at it (N5).
        assert refused is not None
        assert drawn is not None
    else:
        assert (drawn and drawn.number) == (refused and refused.number)


@pytest.mark.parametrize("status", EipStatus.values)
def test_an_eips_release_is_refused_alike(world: World, status: str) -> None:
    havip = world.get(world.havip())
    eip = world.get(world.eip1)
    eip.status, eip.havip = status, None if status == EipStatus.AVAILABLE else havip
    eip.save()
    drawn = selectors.eip_actions(eip, world.principal).release
    assert (drawn is None) == (status == EipStatus.AVAILABLE)

"""All operations in random order, with jobs that succeed, fail and are cancelled, against the model of the documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from havip.models import QuotaName, QuotaOverride
from tests.cast import World
from tests.fabrics import ScriptedFabric
from tests.havip.machine import NARROW, WIDE
from tests.havip.machine_steps import ComputeSteps, HaVipSteps
from tests.havip.machine_tags import TagSteps


class HaVipMachine(HaVipSteps, ComputeSteps, TagSteps):
    """Beside every step in the console the same step in the model."""


@pytest.fixture
def machine(world: World, fabric: ScriptedFabric) -> Callable[[int, int], Counter[str]]:
    """Run so many examples of so many steps in Alpha's network; return what was refused how often."""
    HaVipMachine.world = world
    block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/28"}
    narrow = world.done("vswitch.create", **block).object_id
    HaVipMachine.vswitches = {WIDE: world.vswitch, NARROW: narrow}
    HaVipMachine.refusals = Counter()
    limits = HaVipMachine.limits
    for name, value in (
        (QuotaName.HAVIPS_PER_TEAM, limits.team),
        (QuotaName.HAVIPS_PER_VPC, limits.vpc),
        (QuotaName.HAVIPS_PER_INSTANCE, limits.node),
        (QuotaName.ROUTES_PER_VPC, limits.routes),
    ):
        QuotaOverride.objects.create(team=world.team, name=name, value=value)

    def run(examples: int, steps: int, part: int = 1) -> Counter[str]:
        # Where examples are derived from what is tried, another name means others.
        run_state_machine_as_test(
            type(f"HaVipMachine{part}", (HaVipMachine,), {}),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        return HaVipMachine.refusals

    return run


def test_a_few_short_runs(machine: Callable[[int, int], Counter[str]]) -> None:
    machine(5, 20)


# What any forty runs meet many times: if they do not, the machine walks past the rules.
MUST_BE_MET = {"accepted", "B4", "B8", "C5", "C6", "I1", "R1", "U1", "W1", "W2"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", [1, 2])
def test_many_long_runs(machine: Callable[[int, int], Counter[str]], part: int) -> None:
    refusals = machine(40, 50, part)
    assert set(refusals) >= MUST_BE_MET, "the runs must reach the rules"

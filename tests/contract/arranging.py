"""Makes the situations in which the SDKs must be refused; `python -m tests.contract.arranging` prints what is where, as JSON.

It runs in the environment of a console that is running, beside its worker, and acts through the same operations. What only a
job under way, an agent's report or an administrator brings about is written into the records.
"""

from __future__ import annotations

import json
import time
from typing import Any

import django

django.setup()

from console.jobs.models import Job  # noqa: E402
from console.jobs.runner import run as run_job_now  # noqa: E402
from console.operations.framework import OPERATIONS  # noqa: E402
from console.teams.creation import create_team  # noqa: E402
from console.teams.models import Team  # noqa: E402
from console.teams.principal import system_principal  # noqa: E402
from havip.models import (  # noqa: E402
    BetaApplication,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    NetworkStatus,
    QuotaName,
    QuotaOverride,
    RequestState,
    Vpc,
    VSwitch,
)

REGION = "cn-hangzhou"
OTHER_REGION = "cn-shanghai"


class Network:
    """One team's network, made by operations whose jobs are carried out at once."""

    def __init__(self, team: Team) -> None:
        self.principal = system_principal(team, label="contract tests")

    def make(self, operation: str, /, region: str = REGION, **arguments: Any) -> str:
        """Perform an operation, carry its job out, and return what it is about."""
        act = OPERATIONS[operation]
        outcome = act(principal=self.principal, region=region, **arguments)
        while Job.objects.active().exists():
            for job in Job.objects.active().order_by("pk"):
                run_job_now(job.pk)
            time.sleep(0.02)
        return outcome.object_id


def arrange() -> dict[str, Any]:
    """Make everything; return the identifiers by the names that the refusals use."""
    demo = Team.objects.get(slug="demo")
    QuotaOverride.objects.create(team=demo, name=QuotaName.HAVIPS_PER_INSTANCE, value=2)
    QuotaOverride.objects.create(team=demo, name=QuotaName.HAVIPS_PER_TEAM, value=9)
    QuotaOverride.objects.create(team=demo, name=QuotaName.HAVIPS_PER_VPC, value=8)
    here = Network(demo)
    made: dict[str, Any] = {}

    made["vpc"] = here.make("vpc.create", cidr_block="192.168.0.0/16")
    vpc = Vpc.objects.get(resource_id=made["vpc"])
    made["table"] = vpc.route_table_id
    made["vswitch"] = _vswitch(here, vpc, "192.168.0.0/24")
    made["other_vswitch"] = _vswitch(here, vpc, "192.168.1.0/24")
    made["full_vswitch"] = _vswitch(here, vpc, "192.168.2.0/29")
    for _ in range(4):
        here.make("interface.create", vswitch_id=made["full_vswitch"])
    made["pending_vswitch"] = _vswitch(here, vpc, "192.168.3.0/24")
    VSwitch.objects.filter(resource_id=made["pending_vswitch"]).update(status=NetworkStatus.PENDING)

    made["other_vpc"] = here.make("vpc.create", cidr_block="10.0.0.0/16")
    elsewhere = Vpc.objects.get(resource_id=made["other_vpc"])
    made["other_table"] = elsewhere.route_table_id
    far = _vswitch(here, elsewhere, "10.0.0.0/24")

    run = {"vswitch_id": made["vswitch"]}
    for name in ("first", "second", "third", "stopped", "starting"):
        made[name] = here.make("instance.create", **run)
    here.make("instance.stop", instance_id=made["stopped"])
    Instance.objects.filter(resource_id=made["starting"]).update(status=InstanceStatus.STARTING)
    made["away"] = here.make("instance.create", vswitch_id=made["other_vswitch"])
    made["far_away"] = here.make("instance.create", vswitch_id=far)
    made["classic"] = here.make("instance.create", network_type="classic")
    made["card"] = here.make("interface.create", **run)
    here.make("interface.attach", interface_id=made["card"], instance_id=made["third"])
    made["loose"] = here.make("interface.create", **run)
    made["primary"] = Instance.objects.get(resource_id=made["first"]).interfaces.get().resource_id

    for name in ("bound", "empty", "second_havip", "third_havip", "with_eip", "routed", "busy"):
        made[name] = here.make("havip.create", **run)
    made["bound_address"] = HaVip.objects.get(resource_id=made["bound"]).ip_address
    for instance in ("first", "second"):
        here.make("havip.bind_instance", havip_id=made["bound"], instance_id=made[instance])
    for havip in ("second_havip", "third_havip"):
        here.make("havip.bind_instance", havip_id=made[havip], instance_id=made["third"])
    # What a node's agent reports.
    HaVip.objects.filter(resource_id=made["bound"]).update(holder_id=made["first"])
    for name in ("free_eip", "used_eip"):
        made[name] = here.make("eip.allocate")
    made["far_eip"] = here.make("eip.allocate", region=OTHER_REGION)
    here.make("havip.bind_eip", havip_id=made["with_eip"], eip_id=made["used_eip"])
    for number in range(5):
        made["route"] = here.make(
            "route.create",
            vpc_id=made["vpc"],
            havip_id=made["routed"],
            destination_cidr_block=f"172.2{number}.0.0/16",
        )
    # A job under way.
    HaVip.objects.filter(resource_id=made["busy"]).update(status=HaVipStatus.ASSOCIATING)

    # The per-VPC quota is reached (8), the team's (9) is not.
    made["eighth"] = here.make("havip.create", **run)

    _other_teams(made)
    return made


def _vswitch(network: Network, vpc: Vpc, block: str) -> str:
    return network.make("vswitch.create", vpc_id=vpc.resource_id, cidr_block=block)


def _other_teams(made: dict[str, Any]) -> None:
    """Make two more teams with networks: one whose beta application nobody approved, and one that may have no HaVip more."""
    for slug in ("early", "full"):
        team = create_team(slug=slug, name=slug.title())
        network = Network(team)
        vpc = network.make("vpc.create", cidr_block="192.168.0.0/16")
        found = Vpc.objects.get(resource_id=vpc)
        made[f"{slug}_team_vswitch"] = _vswitch(network, found, "192.168.0.0/24")
    BetaApplication.objects.create(team=team, state=RequestState.APPROVED, reason="tests")
    QuotaOverride.objects.create(team=team, name=QuotaName.HAVIPS_PER_TEAM, value=0)


if __name__ == "__main__":
    print(json.dumps(arrange()))

"""Makes the situations in which the SDKs must be refused; `python -m tests.contract.arranging` prints what is where, as JSON:
`named`, the identifiers of what is there, and `keys`, each with its secret.

It runs in the environment of a console that is running, beside its worker, and acts through the same operations. What only a
job under way, an agent's report, an administrator or a trouble of the database brings about is written into the records.
"""

from __future__ import annotations

import json
import time
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection  # noqa: E402

from console.counting import MINUTE, name_in_minute  # noqa: E402
from console.jobs.models import Job  # noqa: E402
from console.jobs.runner import run as run_job_now  # noqa: E402
from console.operations.framework import OPERATIONS  # noqa: E402
from console.teams.creation import create_team  # noqa: E402
from console.teams.keys import make_key  # noqa: E402
from console.teams.models import KeyKind, Team  # noqa: E402
from console.teams.principal import system_principal  # noqa: E402
from console.teams.roles import Role  # noqa: E402
from havip.models import (  # noqa: E402
    BetaApplication,
    Eip,
    HaVip,
    HaVipStatus,
    Instance,
    InstanceStatus,
    NetworkStatus,
    QuotaName,
    QuotaOverride,
    RequestState,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.rpc.models import UsedNonce  # noqa: E402
from havip.rpc.throttling import counted_as  # noqa: E402
from tests.contract.refused import ALLOWED_STILL, CONTESTED  # noqa: E402

REGION = "cn-hangzhou"
OTHER_REGION = "cn-shanghai"
_MINUTES = 60


class Network:
    """One team's network, made by operations whose jobs are carried out at once."""

    def __init__(self, team: Team) -> None:
        self.principal = system_principal(team, label="contract tests")

    def make(self, operation: str, /, region: str = REGION, **arguments: Any) -> str:
        """Perform an operation, carry its job out, and return what it is about."""
        act = OPERATIONS[operation]
        outcome = act(principal=self.principal, region=region, **arguments)
        while active := Job.objects.active().order_by("pk").values_list("pk", flat=True):
            for job in active:
                run_job_now(job)
            if Job.objects.active().exists():  # the worker was first
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
    made["pending_vpc"] = here.make("vpc.create", cidr_block="172.16.0.0/16")
    Vpc.objects.filter(resource_id=made["pending_vpc"]).update(status=NetworkStatus.PENDING)

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
    made["pending_route"] = made["route"]
    made["route"] = RouteEntry.objects.filter(vpc=vpc).earliest("pk").resource_id
    # Jobs under way.
    RouteEntry.objects.filter(resource_id=made["pending_route"]).update(
        status=NetworkStatus.PENDING
    )
    HaVip.objects.filter(resource_id=made["busy"]).update(status=HaVipStatus.ASSOCIATING)

    # The per-VPC quota is reached (8), the team's (9) is not.
    made["eighth"] = here.make("havip.create", **run)

    teams = {"demo": demo, **_other_teams(made)}
    return {"named": made, "keys": _keys(teams)}


def _vswitch(network: Network, vpc: Vpc, block: str) -> str:
    return network.make("vswitch.create", vpc_id=vpc.resource_id, cidr_block=block)


def _other_teams(made: dict[str, Any]) -> dict[str, Team]:
    """Make two more teams with networks: one whose beta application nobody approved, and one that may have no HaVip more."""
    teams = {}
    for slug in ("early", "full"):
        team = teams[slug] = create_team(slug=slug, name=slug.title())
        network = Network(team)
        vpc = network.make("vpc.create", cidr_block="192.168.0.0/16")
        found = Vpc.objects.get(resource_id=vpc)
        made[f"{slug}_team_vswitch"] = _vswitch(network, found, "192.168.0.0/24")
    BetaApplication.objects.create(team=team, state=RequestState.APPROVED, reason="tests")
    QuotaOverride.objects.create(team=team, name=QuotaName.HAVIPS_PER_TEAM, value=0)
    return teams


def _keys(teams: dict[str, Team]) -> dict[str, tuple[str, str]]:
    """Make keys that are refused something, each with its secret."""
    made = {}
    for name, slug, role in (
        ("early", "early", Role.OPERATOR),
        ("full", "full", Role.OPERATOR),
        ("viewer", "demo", Role.VIEWER),
        ("revoked", "demo", Role.OPERATOR),
        ("hasty", "demo", Role.OPERATOR),
        ("hasty at one action", "demo", Role.OPERATOR),
        ("unlucky", "demo", Role.OPERATOR),
    ):
        principal = system_principal(teams[slug], label="contract tests")
        key, secret = make_key(principal=principal, kind=KeyKind.RPC, role=role, label=name)
        made[name] = key.key_id, secret
    principal = system_principal(teams["demo"], label="contract tests")
    OPERATIONS["api_key.revoke"](principal=principal, key_id=made["revoked"][0])
    _count(counted_as(made["hasty"][0]), settings.HAVIP_RPC_REQUESTS_PER_MINUTE)
    one = counted_as(made["hasty at one action"][0], "DescribeRegions")
    _count(one, settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE)
    _trouble(made["unlucky"][0])
    return made


def _count(name: str, limit: int) -> None:
    """Let a key have nearly used up what it may ask for in this minute, and in each of the next ones."""
    now = time.time()
    for minute in range(_MINUTES):
        counted = name_in_minute(name, now + minute * MINUTE)
        cache.set(counted, limit - ALLOWED_STILL, timeout=MINUTE * _MINUTES)


def _trouble(key: str) -> None:
    """Have the database tell of a lost race for an EIP that is called so, and fail where this key is used."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER contested BEFORE INSERT ON {Eip._meta.db_table}"
            f" WHEN NEW.name = '{CONTESTED}' BEGIN SELECT RAISE(ABORT, 'contested'); END"
        )
        cursor.execute(
            f"CREATE TRIGGER unlucky BEFORE INSERT ON {UsedNonce._meta.db_table}"
            f" WHEN NEW.access_key_id = '{key}' BEGIN SELECT abs(-9223372036854775808); END"
        )


if __name__ == "__main__":
    print(json.dumps(arrange()))

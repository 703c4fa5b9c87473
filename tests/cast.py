"""Who takes part in the tests, the documented network that they work in, and how jobs are carried out at once.

The cast and the network are built once for each test database, through the real operations; a test that asks for
`cast` or `world` finds them there, and what it changes is rolled back.
"""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import F

from console.jobs import lease, operations, runner
from console.jobs.models import ACTIVE_STATES, Job
from console.operations.framework import OPERATIONS, Outcome
from console.teams.creation import add_member, create_team
from console.teams.models import Membership, Team, User
from console.teams.principal import Channel, Principal, PrincipalKind
from console.teams.roles import Role
from havip.models import (
    BetaApplication,
    Eip,
    HaVip,
    Instance,
    NetworkInterface,
    QuotaRequest,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.base import Resource

assert operations, "its operations register themselves when they are imported"
REGION = "cn-hangzhou"
OTHER_REGION = "cn-shanghai"
PASSWORD = "a pass phrase of the tests"
MODELS: dict[str, type[Resource]] = {
    model.IDENTIFIER_PREFIX: model
    for model in (Vpc, VSwitch, Instance, NetworkInterface, HaVip, Eip, RouteEntry)
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Two teams that know nothing of each other, and everybody who acts in them.

    Alpha has one person for each role; Beta belongs to the stranger; the administrator is nobody's member.
    """

    alpha: Team
    beta: Team
    owner: User
    operator: User
    viewer: User
    auditor: User
    stranger: User
    administrator: User


def gather() -> Cast:
    """Return the cast, made where it is not there yet."""
    if not Team.objects.filter(slug="alpha").exists():
        _introduce()
    people = {user.username: user for user in User.objects.all()}
    teams = {team.slug: team for team in Team.objects.all()}
    names = ("owner", "operator", "viewer", "auditor", "stranger", "administrator")
    return Cast(teams["alpha"], teams["beta"], *(people[name] for name in names))


def _introduce() -> None:
    alpha = create_team(slug="alpha", name="Alpha")
    beta = create_team(slug="beta", name="Beta")
    for role in Role:
        user = User.objects.create_user(role.value, password=PASSWORD)
        add_member(team=alpha, user=user, role=role)
    stranger = User.objects.create_user("stranger", password=PASSWORD)
    add_member(team=beta, user=stranger, role=Role.OWNER)
    User.objects.create_user("administrator", password=PASSWORD, is_staff=True)


def principal(team: Team, role: Role | None, **changes: Any) -> Principal:
    """Return the member of the team with this role as a caller from a page; None: the site administrator."""
    if role is None:
        user = User.objects.get(username="administrator")
    else:
        user = Membership.objects.select_related("user").get(team=team, role=role).user
    values: dict[str, Any] = {
        "team": team,
        "kind": PrincipalKind.USER,
        "identifier": f"user:{user.pk}",
        "label": user.label,
        "channel": Channel.PAGE,
        "role": role,
        "site_administrator": user.is_site_administrator,
        "source_address": "192.0.2.7",
        "request_id": "TEST-REQUEST",
    }
    return Principal(**{**values, **changes})


def carry_out_jobs(limit: int = 1000) -> list[Job]:
    """Carry out what is due, one job after the other, until nothing is; return the jobs as they then are.

    A job that makes a pause is not looked at again, however long this takes.
    """
    seen: list[int] = []
    paused: list[int] = []
    for _ in range(limit):
        due = Job.objects.filter(lease.claimable()).exclude(pk__in=paused)
        pk = due.order_by("due_at", "pk").values_list("pk", flat=True).first()
        if pk is None:
            return list(Job.objects.filter(pk__in=seen).order_by("pk"))
        seen.append(pk)
        if runner.run(pk) in ACTIVE_STATES:
            paused += Job.objects.filter(pk=pk, due_at__gt=F("lease_until")).values_list(
                "pk", flat=True
            )
    raise AssertionError("the jobs come to no end")


class World:
    """The documented network of one team, and short words for working in it.

    Attributes are identifiers, as callers of the operations have them: one VPC with the vSwitch 192.168.0.0/24, `ecs1`
    at .209 and `ecs2` at .210, the instance `spare`, the secondary interfaces `card1` (attached to ecs1), `card2` (to
    ecs2) and `loose` (to none), the EIPs `eip1` and `eip2`, and `far_eip` in another region.
    """

    NAMES = {
        "vpc": Vpc,
        "vswitch": VSwitch,
        "ecs1": Instance,
        "ecs2": Instance,
        "spare": Instance,
        "card1": NetworkInterface,
        "card2": NetworkInterface,
        "loose": NetworkInterface,
        "eip1": Eip,
        "eip2": Eip,
        "far_eip": Eip,
    }
    vpc: str
    vswitch: str
    ecs1: str
    ecs2: str
    spare: str
    card1: str
    card2: str
    loose: str
    eip1: str
    eip2: str
    far_eip: str
    settings: Any

    def __init__(self, team: Team, *, role: Role = Role.OPERATOR) -> None:
        self.team = team
        self.region = REGION
        self.principal = principal(team, role)
        self.owner = principal(team, Role.OWNER)
        self.administrator = principal(team, None)
        if not Vpc.objects.filter(team=team, name="vpc").exists():
            self._build()
        for name, model in self.NAMES.items():
            setattr(self, name, model.objects.get(team=team, name=name).resource_id)

    def _build(self) -> None:
        self.approve_beta()
        vpc = self.done("vpc.create", name="vpc", cidr_block="192.168.0.0/16").object_id
        here = self.done(
            "vswitch.create", name="vswitch", vpc_id=vpc, cidr_block="192.168.0.0/24"
        ).object_id
        instances = {}
        for name, address in (("ecs1", 209), ("ecs2", 210), ("spare", 211)):
            instances[name] = self.act(
                "instance.create", name=name, vswitch_id=here, private_ip=f"192.168.0.{address}"
            ).object_id
        carry_out_jobs()
        for name, address in (("card1", 219), ("card2", 220), ("loose", 221)):
            self.act(
                "interface.create", name=name, vswitch_id=here, private_ip=f"192.168.0.{address}"
            )
        carry_out_jobs()
        for card, instance in (("card1", "ecs1"), ("card2", "ecs2")):
            interface = NetworkInterface.objects.get(team=self.team, name=card)
            self.done(
                "interface.attach",
                interface_id=interface.resource_id,
                instance_id=instances[instance],
            )
        self.act("eip.allocate", name="eip1")
        self.act("eip.allocate", name="eip2")
        self.act("eip.allocate", name="far_eip", region=OTHER_REGION)

    def act(self, operation: str, /, *, by: Principal | None = None, **arguments: Any) -> Outcome:
        """Perform an operation in this region; its job is left queued."""
        perform = OPERATIONS[operation]
        if "region" in inspect.signature(perform).parameters:
            arguments.setdefault("region", self.region)
        return perform(principal=by or self.principal, **arguments)

    def done(self, operation: str, /, **arguments: Any) -> Outcome:
        """Perform an operation and carry out every job that is due."""
        outcome = self.act(operation, **arguments)
        carry_out_jobs()
        return outcome

    def approve_beta(self) -> None:
        """Have the team's beta application filed and approved."""
        self.act("beta.apply", by=self.owner, reason="to try it")
        application = BetaApplication.objects.get(team=self.team)
        self.act("beta.decide", by=self.administrator, application_pk=application.pk, approve=True)

    def raise_quota(self, name: str, value: int) -> None:
        """Have a quota request filed and approved."""
        self.act("quota.request", by=self.owner, name=name, value=value, reason="we grow")
        request = QuotaRequest.objects.filter(team=self.team, name=name).latest("pk")
        self.act("quota.decide", by=self.administrator, request_pk=request.pk, approve=True)

    def havip(self, *bound: str, eip: str = "", **arguments: Any) -> str:
        """Create a HaVip, bind these resources and this EIP, carry it all out, and return its identifier."""
        arguments.setdefault("vswitch_id", self.vswitch)
        havip = self.done("havip.create", **arguments).object_id
        for resource in bound:
            self.bind(havip, resource)
        carry_out_jobs()
        if eip:
            self.done("havip.bind_eip", havip_id=havip, eip_id=eip)
        return havip

    def bind(self, havip: str, resource: str) -> Outcome:
        """Bind an instance or an interface, by what its identifier says, and carry it out."""
        return self.done(self._tie("bind", resource), havip_id=havip, **_as_argument(resource))

    def unbind(self, havip: str, resource: str, *, force: bool = False) -> Outcome:
        """Unbind an instance or an interface and carry it out."""
        return self.done(
            self._tie("unbind", resource), havip_id=havip, force=force, **_as_argument(resource)
        )

    @staticmethod
    def _tie(verb: str, resource: str) -> str:
        return f"havip.{verb}_{'instance' if resource.startswith('i-') else 'interface'}"

    def get(self, identifier: str) -> Any:
        """Return the record with this identifier as it is now."""
        return MODELS[identifier.partition("-")[0]].objects.get(resource_id=identifier)

    def status(self, identifier: str) -> str:
        """Return the present status of a resource, or "gone"."""
        model = MODELS[identifier.partition("-")[0]]
        found = model.objects.filter(resource_id=identifier).values_list("status", flat=True)
        return found.first() or "gone"


def _as_argument(resource: str) -> dict[str, str]:
    return {"instance_id" if resource.startswith("i-") else "interface_id": resource}


# What changes although nothing of the domain does: the log of attempts, and what signing in and signing requests leave behind.
_VOLATILE_APPS = {"audit", "sessions", "axes", "contenttypes", "admin", "rpc"}
# What a person's own sign-in and preferences change, a key's use, and what was only looked at.
_VOLATILE_COLUMNS = {
    "last_login",
    "language",
    "theme",
    "observed_at",
    "last_used_at",
    "last_used_from",
}


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table but the audit log, the sessions and the sign-in attempts."""
    tables = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in _VOLATILE_APPS:
                continue
            columns = [field.column for field in model._meta.concrete_fields]
            wanted = ", ".join(f'"{name}"' for name in columns if name not in _VOLATILE_COLUMNS)
            cursor.execute(f'SELECT {wanted} FROM "{model._meta.db_table}" ORDER BY 1')
            tables[model._meta.db_table] = cursor.fetchall()
    return tables


def digest() -> str:
    """Return a digest of `contents`: equal digests mean that nothing changed."""
    return hashlib.sha256(repr(contents()).encode()).hexdigest()

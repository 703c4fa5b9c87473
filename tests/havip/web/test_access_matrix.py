"""Every address of the console, for everybody: what each may see, and that nothing changes for who may not change it.

The addresses come from the resolver itself. One without a recipe here fails the first test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from console.audit.models import AuditEvent
from console.secrets import digest_of, new_secret
from console.settings import storage
from console.teams.roles import Permission, Role, role_permits
from havip.fabric.linux.enrolment import PURPOSE
from havip.fabric.linux.models import Agent
from havip.models import BetaApplication, QuotaName, QuotaRequest
from tests.cast import REGION, World, digest
from tests.conftest import SignIn
from tests.havip.web.drilling import drill_of, job_of_drill, second_network, watched
from tests.havip.web.recipes import AGENT, EVERYBODY, KEY_OR_PERSON, RECIPES, SITE, Needs, Recipe

pytestmark = pytest.mark.slow


def addresses(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """Walk the resolver: the full names of all addresses; a pattern for what has no name."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry, inner)
        else:
            assert isinstance(entry, URLPattern)
            yield f"{space}{entry.name or entry.pattern}"


# What signs out ends the other attempts: it comes last.
NAMES = sorted(set(addresses()), key=lambda name: (name == "teams:sign-out", name))


def test_every_address_has_its_recipe() -> None:
    assert set(NAMES) - set(RECIPES) == set()


@pytest.fixture(autouse=True)
def _silence(caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds of answers are refusals on purpose: none needs a line in the log."""
    caplog.set_level("ERROR", "django.request")


@pytest.fixture
def scene(world: World) -> dict[str, str]:
    """Alpha's network with something for every address to show, and to change."""
    world.settings.HAVIP_BETA_GATE = False
    BetaApplication.objects.update(state="declined")
    havip = world.havip(world.ecs1, eip=world.eip1, name="web")
    havips = {"havip": havip, "idle_havip": world.havip()}
    block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip}
    route = world.done("route.create", **block).object_id
    empty_vpc = world.done("vpc.create", cidr_block="172.16.0.0/16").object_id
    narrow = {"vpc_id": world.vpc, "cidr_block": "192.168.6.0/24"}
    empty_vswitch = world.done("vswitch.create", **narrow).object_id
    world.done("instance.stop", instance_id=world.spare)
    drilled = second_network(world)
    cancelled = world.act("havip.create", vswitch_id=world.vswitch).job_id
    world.act("job.cancel", job_id=cancelled)
    queued = world.act("havip.create", vswitch_id=world.vswitch).job_id
    request = {"name": QuotaName.HAVIPS_PER_TEAM, "value": 8, "reason": "more"}
    world.act("quota.request", by=world.owner, **request)
    # From here on the region is the Linux fabric's, so that there are agents to enrol and to revoke.
    world.settings.HAVIP_FABRICS = {"*": "havip.fabric.linux.fabric.LinuxFabric"}
    watched(world, drilled["havip"], drilled["holder"], drilled["standby"], vpc=drilled["vpc"])
    return {
        **{name: getattr(world, name) for name in World.NAMES},
        **havips,
        "route": route,
        "empty_vpc": empty_vpc,
        "empty_vswitch": empty_vswitch,
        "stopped": world.spare,
        "job": queued,
        "cancelled_job": cancelled,
        "kind": "vpc",
        "quota": QuotaName.HAVIPS_PER_VPC.value,
        "agent": enrolled_agent(world),
        "drill": drill_of(havip, job=job_of_drill(havip)).resource_id,
        "drill_havip": drilled["havip"],
        "request_kind": "quota",
        "request_pk": str(QuotaRequest.objects.get().pk),
        "request_id": "TEST-REQUEST",
        "sequence": str(AuditEvent.objects.for_team(world.team).latest("pk").sequence),
    }


def enrolled_agent(world: World) -> str:
    """Enrol the gateway of Alpha's VPC."""
    key = digest_of(new_secret(), purpose=PURPOSE)
    scope = f"gateway:{world.vpc}"
    return Agent.objects.create(
        team=world.team, region=REGION, scope=scope, key_digest=key
    ).resource_id


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back for one address."""

    name: str
    recipe: Recipe
    got: int
    posted: int
    location: str
    changed: bool

    def __str__(self) -> str:
        return f"{self.name}: GET {self.got}, POST {self.posted}, changed {self.changed}"


def ask_all(browser: Client, scene: dict[str, str], *, team: str = "alpha") -> list[Answers]:
    """Ask for every address by GET and POST, undo each, and tell what came of it."""
    # However long it takes: no agent falls silent meanwhile.
    with time_machine.travel(timezone.now(), tick=False):
        return list(_asked(browser, scene, team))


def _asked(browser: Client, scene: dict[str, str], team: str) -> Iterator[Answers]:
    before = digest()
    for name in NAMES:
        recipe = RECIPES[name]
        where = ([team, *([REGION] if recipe.regional else [])]) if recipe.of_team else []
        parts = [*where, *(scene[part] for part in recipe.arguments)]
        address = recipe.address or reverse(name, args=parts)
        fields = {key: text.format(**scene) for key, text in (recipe.fields or {}).items()}
        with transaction.atomic():
            got: HttpResponse = browser.get(address)
            _read(got)
            posted: HttpResponse = browser.post(address, fields)
            _read(posted)
            changed = digest() != before
            transaction.set_rollback(changed)
        yield Answers(
            name,
            recipe,
            got.status_code,
            posted.status_code,
            posted.headers.get("Location", ""),
            changed,
        )


def _read(answer: Any) -> None:
    """Read a streamed answer to its end: only then it is known to be one."""
    if answer.streaming:
        b"".join(answer)


def has(role: Role | None, needs: Needs) -> bool:
    """Whether a member with this role (None: the site administrator, who is no member) may."""
    if needs == AGENT:
        return False
    if isinstance(needs, Permission):
        return needs == SITE if role is None else needs != SITE and role_permits(role, needs)
    return True


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_members_in_their_own_team(scene: dict[str, str], sign_in: SignIn, role: Role) -> None:
    browser = sign_in(role.value)
    for answer in ask_all(browser, scene):
        recipe = answer.recipe
        may_look = has(role, recipe.needs) and not recipe.only_post
        expected = (200, 204, 302, 304) if may_look else (401, 403, 404, 405)
        assert answer.got in expected, answer
        may_change = recipe.fields is not None and has(role, recipe.changes)
        assert answer.changed == may_change, answer
        if may_change:
            assert answer.posted in (200, 204, 302, 303), answer
        elif recipe.fields is not None:
            # The job pages say the refusal on the page that they lead back to.
            assert answer.posted in ((302,) if answer.name.startswith("jobs:") else (403, 404)), (
                answer
            )
        assert answer.posted < 500, answer


def test_without_the_cache_everything_answers(
    scene: dict[str, str], sign_in: SignIn, settings: Any
) -> None:
    """Redis holds nothing that cannot be lost: what is asked and done without it is answered and done as ever."""
    browser = sign_in("owner")
    settings.CACHES = {"default": storage.redis_cache("redis://127.0.0.1:1/0")}
    for answer in ask_all(browser, scene):
        recipe = answer.recipe
        if answer.name == "health-ready":
            assert answer.got == 503, answer
            continue
        assert max(answer.got, answer.posted) < 500, answer
        may_change = recipe.fields is not None and has(Role.OWNER, recipe.changes)
        assert answer.changed == may_change, answer


def test_strangers_find_nothing(scene: dict[str, str], sign_in: SignIn) -> None:
    """For the owner of another team Alpha does not exist, whatever the address."""
    for answer in ask_all(sign_in("stranger"), scene):
        assert not answer.changed, answer
        if answer.recipe.of_team or answer.recipe.needs == SITE:
            assert answer.got in ((405,) if answer.recipe.only_post else (404,)), answer
            assert answer.posted in (404, 405), answer


def test_objects_of_others_are_not_in_ones_own_team(scene: dict[str, str], sign_in: SignIn) -> None:
    """Alpha's identifiers below Beta's address: not there; and fields that name Alpha's objects change nothing."""
    named = {"{" + name + "}" for name in scene}
    own = {"web:quota-request", "web:tag-keys", "audit:entry", "audit:request"}
    for answer in ask_all(sign_in("stranger"), scene, team="beta"):
        recipe = answer.recipe
        if not recipe.of_team or answer.name in own:
            continue
        if answer.name.endswith(
            "-row"
        ):  # a row that is not there (any more) vanishes from the list
            assert answer.got in (204, 404), answer
        elif recipe.arguments:
            assert answer.got in ((405,) if recipe.only_post else (404,)), answer
            assert answer.posted in (404, 405), answer
            assert not answer.changed, answer
        elif set((recipe.fields or {}).values()) & named:
            assert answer.posted == 422, answer
            assert not answer.changed, answer
        else:
            assert answer.got < 400 or recipe.only_post, answer
            assert answer.posted < 500, answer


def test_beta_sees_none_of_alphas_events(scene: dict[str, str], sign_in: SignIn) -> None:
    browser = sign_in("stranger")
    assert browser.get(reverse("audit:request", args=["beta", "TEST-REQUEST"])).status_code == 404
    listed = browser.get(reverse("audit:list", args=["beta"])).content.decode()
    for name in ("havip", "idle_havip", "job"):
        assert scene[name] not in listed


def test_signed_out_everything_leads_to_the_sign_in_page(
    scene: dict[str, str], client: Client
) -> None:
    for answer in ask_all(client, scene):
        assert not answer.changed, answer
        if answer.recipe.needs == EVERYBODY:
            assert answer.got in (200, 405), answer
            continue
        if answer.recipe.needs in (AGENT, KEY_OR_PERSON):
            assert {answer.got, answer.posted} <= {400, 401, 404, 405}, answer
            continue
        assert answer.got in ((405,) if answer.recipe.only_post else (302,)), answer
        assert answer.posted in (302, 405), answer
        if answer.posted == 302:
            assert answer.location.startswith("/sign-in/?next="), answer


def test_the_site_administrator_decides_and_sees_no_team(
    scene: dict[str, str], sign_in: SignIn
) -> None:
    for answer in ask_all(sign_in("administrator"), scene):
        recipe = answer.recipe
        assert answer.posted < 500, answer
        if recipe.needs == SITE:
            assert answer.got in ((405,) if recipe.only_post else (200,)), answer
            assert answer.changed == (recipe.fields is not None), answer
        elif recipe.of_team:
            assert answer.got in ((405,) if recipe.only_post else (404,)), answer
            assert answer.posted in (404, 405), answer
            assert not answer.changed, answer


def test_a_refused_attempt_of_a_reader_is_recorded(
    scene: dict[str, str], viewer_client: Client
) -> None:
    address = reverse("web:havip-delete", args=["alpha", REGION, scene["idle_havip"]])
    before = AuditEvent.objects.count()
    assert viewer_client.post(address).status_code == 403
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.result, event.rule) == ("havip.delete", "refused", "A1")
    assert (event.actor_label, event.channel) == ("viewer", "page")


def test_a_form_without_its_token_changes_nothing(scene: dict[str, str], cast: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.owner, backend="django.contrib.auth.backends.ModelBackend")
    for answer in ask_all(browser, scene):
        assert not answer.changed, answer
        if answer.recipe.needs != AGENT:  # agents have no cookies, and so no tokens of this kind
            assert answer.posted in (403, 405), answer

"""Whatever the description allows, and what it does not: thousands of generated requests to every operation.

Schemathesis reads the description as any client does, from the interface itself, and makes requests of it: alone (the examples of the
description, every limit of every input, random values, right and wrong) and in walks that follow its links, with jobs carried out
between the steps. The seed is fixed and printed, in every environment: the same is asked on every run, but for walks, which follow
answers and so differ a little. HAVIP_FUZZ_SEED asks something else.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zlib import crc32

import hypothesis
import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful import APIStateMachine
from schemathesis.pytest.lazy import get_all_tests

from console.audit.verify import verify_all
from console.teams.roles import Role
from havip.regions import regions
from tests.cast import MODELS, REGION, World, carry_out_jobs
from tests.havip.rest.asking import PROBLEM, bearer_of, operation_at

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("HAVIP_FUZZ_SEED", "20261123"))
# Items that run beside each other, and how many requests each must at least have made.
SHARDS, AT_LEAST_ALONE = 4, 1150
WALKS, AT_LEAST_IN_A_WALK = 2, 250
PROMISED = 5000

CONFIG: dict[str, Any] = {
    "seed": SEED,
    "suppress-health-check": ["all"],
    # The key is `Asking`'s business; that none is refused is asked by a check, and by the tests of access.
    "generation": {
        "max-examples": 4,
        "database": "none",
        "no-shrink": True,
        "with-security-parameters": False,
    },
    "checks": {
        # A refusal by a rule is no fault of the request's form: `check` tells the two apart.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {
            "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415]
        },
    },
}


def test_enough_is_promised() -> None:
    assert SHARDS * AT_LEAST_ALONE + WALKS * AT_LEAST_IN_A_WALK >= PROMISED


# --- The interface, asked in this process ---------------------------------------------------------------------

IDENTIFIER = re.compile("([a-z]+)-[0-9a-z]{20}")


class Asking:
    """Asks as an owner of a team with all kinds of resources, holds answers to the description, and counts them."""

    def __init__(self, world: World) -> None:
        self.headers = {"Authorization": f"Bearer {bearer_of(world.team, Role.OWNER)}"}
        self.team = world.team
        self.step = 0
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[str] = Counter()

    def schema(self) -> Any:
        """Return the description, read through the interface."""
        config = SchemathesisConfig.from_dict(CONFIG)
        return schemathesis.openapi.from_wsgi(
            "/api/v1/schema", WSGIHandler(), headers=self.headers, config=config
        )

    @property
    def successes(self) -> int:
        """How many requests were answered with 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    def ask(self, case: Any) -> Any:
        """Make one request and count it."""
        cache.clear()
        self.step += 1
        response = case.call(headers=self.headers)
        self.statuses[response.status_code] += 1
        return response

    def check(self, case: Any, response: Any) -> None:
        """Hold an answer to the description and to what is known of all answers."""
        assert response.status_code < 500
        assert "x-request-id" in response.headers
        assert response.status_code != 429, "no limit may answer in place of the interface"
        if _is_its_own(case, urlsplit(response.request.url).path):
            case.validate_response(
                response, headers=self.headers, transport_kwargs={"headers": self.headers}
            )
        if response.status_code < 400:
            return
        assert response.headers["content-type"] == [PROBLEM]
        told = response.json()
        self.codes[told["code"]] += 1
        if response.status_code == 400 and case.meta.generation.mode.is_positive:
            faults = told.get("errors", [])
            assert "rule" in told or (faults and all(_deserved(case, fault) for fault in faults)), (
                f"the description allows what is refused for its form: {told}"
            )

    def name_what_is_there(self, case: Any) -> None:
        """Put the team's resources in place of most that are made up: who asks about nothing sees little."""
        for name, value in list(case.path_parameters.items()):
            case.path_parameters[name] = self._real(value)
        if str(case.path_parameters.get("region")) in regions():
            case.path_parameters["region"] = REGION
        if isinstance(case.body, dict):
            for name, value in list(case.body.items()):
                case.body[name] = self._real(value)

    def _real(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._real(each) for each in value]
        found = IDENTIFIER.fullmatch(value) if isinstance(value, str) else None
        if found is None or found[1] not in MODELS:
            return value
        there = MODELS[found[1]]._default_manager.filter(team=self.team, region=REGION)
        known = list(there.order_by("pk").values_list("resource_id", flat=True))
        made_up = value not in known
        # By the step, not by the value: identifiers that were given out differ from run to run.
        chance = crc32(f"{found[1]} {self.step}".encode())
        return known[chance // 8 % len(known)] if made_up and known and chance % 8 else value

    def tell(self, what: str) -> None:
        """Say what was asked."""
        total = sum(self.statuses.values())
        print(f"{what}, seed {SEED}: {total} requests, {dict(sorted(self.statuses.items()))}")  # noqa: T201
        print(dict(self.codes.most_common(12)))  # noqa: T201


def _is_its_own(case: Any, sent: str) -> bool:
    """Tell whether a path is the operation's: one with an empty part, or with a slash in a part, means something else."""
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", case.path), sent) is not None


def _deserved(case: Any, fault: dict[str, str]) -> bool:
    """Tell whether a fault is found in what was made to be right: in a cursor that no page gave, or in a header that is not."""
    if fault.get("parameter") == "cursor":
        return True
    operation = operation_at(case.method, case.formatted_path)
    assert operation is not None
    # The generator does not always heed what a header must look like.
    return any(
        each.get("in") == "header"
        and each["name"] == fault.get("header")
        and not re.fullmatch(each["schema"]["pattern"], case.headers[each["name"]])
        for each in operation["parameters"]
    )


@pytest.fixture
def _same_connection() -> Iterator[None]:
    """Let requests work in the test's own transaction, as Django's test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def asking(world: World, settings: Any, _same_connection: None) -> Asking:
    """An owner's key of a team with room for much; neither a limit nor a wait holds requests up."""
    settings.HAVIP_REST_REQUESTS_PER_MINUTE = 10**9
    settings.HAVIP_REST_WAITERS = 0
    for quota in ("havips_per_team", "havips_per_vpc"):
        world.raise_quota(quota, 900)
    used = world.havip(world.ecs1, world.ecs2, eip=world.eip1, name="used")
    world.havip(name="idle")
    world.act("route.create", vpc_id=world.vpc, destination_cidr_block="10.0.0.0/8", havip_id=used)
    carry_out_jobs()
    return Asking(world)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- Alone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shard", range(SHARDS))
def test_alone(shard: int, asking: Asking) -> None:
    """Each request meets the same records: what it writes is taken back."""

    def ask(case: Any) -> None:
        asking.name_what_is_there(case)
        with undone():
            response = asking.ask(case)
            asking.check(case, response)

    whole = asking.schema()
    labels = sorted(each.ok().label for each in whole.get_all_operations())
    mine = whole.include(lambda context: labels.index(context.operation.label) % SHARDS == shard)
    failures = []
    for found in get_all_tests(schema=mine, test_func=ask, settings=None, given_kwargs=None):
        operation, test = found.ok()
        try:
            test()
        except Exception as failure:  # noqa: BLE001 - the other operations are asked, too
            failures.append(failure)
            print(operation.label, str(failure)[:1500])  # noqa: T201
    asking.tell(f"part {shard + 1} of {SHARDS}")
    if failures:
        raise ExceptionGroup(f"{len(failures)} operations", failures)
    assert sum(asking.statuses.values()) >= AT_LEAST_ALONE
    assert asking.successes > AT_LEAST_ALONE / 50
    assert list(verify_all()) == []


# --- In walks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("walk", range(WALKS))
def test_walks_along_the_links(walk: int, asking: Asking) -> None:
    """Create, show, bind, unbind, delete, in whatever order the links allow, while jobs move the states on."""
    steps: Counter[str] = Counter()

    class Walk(asking.schema().as_state_machine()):  # type: ignore[misc]
        rule_order_seed: ClassVar[int] = SEED + walk

        def setup(self) -> None:
            asking.step = 0
            self.undone = undone()
            self.undone.__enter__()

        def teardown(self) -> None:
            self.undone.__exit__(None, None, None)

        def call(self, case: Any, **options: Any) -> Any:
            asking.name_what_is_there(case)
            response = asking.ask(case)
            steps[case.operation.label] += 200 <= response.status_code < 300
            return response

        def after_call(self, response: Any, case: Any) -> None:
            # Some requests must meet a resource whose job has not been carried out yet.
            if asking.step % 3:
                carry_out_jobs()

        def validate_response(self, response: Any, case: Any, *more: Any, **options: Any) -> None:
            asking.check(case, response)

    assert issubclass(Walk, APIStateMachine)
    hypothesis.seed(SEED + walk)(Walk)
    Walk.run(
        settings=hypothesis.settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
    )
    asking.tell(f"walk {walk + 1} of {WALKS}")
    reached = {label for label, count in steps.items() if count}
    print(f"{len(reached)} operations succeeded: {sorted(reached)}")  # noqa: T201
    assert sum(asking.statuses.values()) >= AT_LEAST_IN_A_WALK
    assert asking.successes > AT_LEAST_IN_A_WALK / 5
    assert len(reached) >= 30, "walks must get somewhere"
    assert list(verify_all()) == []

"""What all tests share: the database with its guards, the cast, the network, and a fabric that obeys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from django.utils import translation

from console.audit import guards
from havip.fabric.directory import fabric_for
from tests import fabrics
from tests.cast import REGION, Cast, World, gather

hypothesis.settings.register_profile(
    "full", max_examples=200, stateful_step_count=50, deadline=None, print_blob=True
)
hypothesis.settings.register_profile(
    "fast", max_examples=25, stateful_step_count=20, deadline=None, print_blob=True
)
hypothesis.settings.load_profile("fast" if os.environ.get("HAVIP_FAST") else "full")


def _empty_guarded_tables(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let a transactional test's end empty the audit log, which refuses that to everybody else."""

    def teardown(case: Any) -> None:
        guards.remove(connection)
        try:
            original(case)
        finally:
            guards.install(connection)

    return teardown


TransactionTestCase._fixture_teardown = _empty_guarded_tables(  # type: ignore[method-assign]
    TransactionTestCase._fixture_teardown
)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Build the cast and Alpha's network once; tests without transactions of their own roll back to that."""
    with django_db_blocker.unblock(), transaction.atomic():
        World(gather().alpha)
        # The jobs are carried out already: nobody needs to be told to look at them.
        connection.run_on_commit.clear()


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    """Start every test with an empty cache, in English."""
    cache.clear()
    with translation.override("en"):
        yield
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    """The two teams and everybody in them."""
    return gather()


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    """Alpha's network, worked in by its operator."""
    network = World(cast.alpha)
    network.settings = settings
    return network


@pytest.fixture
def fabric(settings: Any) -> fabrics.ScriptedFabric:
    """The fabric that does what the test says, serving every region."""
    settings.HAVIP_FABRICS = {"*": fabrics.PATH}
    serving = fabric_for(REGION)
    assert isinstance(serving, fabrics.ScriptedFabric)
    return serving


@pytest.fixture
def own_region(settings: Any, tmp_path: Path) -> str:
    """A region of the deployment's own that is known but does not support HaVip."""
    path = tmp_path / "regions.toml"
    path.write_text(
        '[[region]]\nid = "dc-cellar"\nname = "Cellar"\nzones = ["dc-cellar-a"]\nsupports_havip = false\n'
    )
    settings.HAVIP_REGIONS_FILE = str(path)
    return "dc-cellar"


SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(cast: Cast) -> SignIn:
    """Return a browser in which this person of the cast is signed in."""

    def enter(name: str) -> Client:
        client = Client()
        client.force_login(getattr(cast, name), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


@pytest.fixture
def owner_client(sign_in: SignIn) -> Client:
    """Alpha's owner at a browser."""
    return sign_in("owner")


@pytest.fixture
def operator_client(sign_in: SignIn) -> Client:
    """Alpha's operator at a browser."""
    return sign_in("operator")


@pytest.fixture
def viewer_client(sign_in: SignIn) -> Client:
    """Alpha's viewer at a browser."""
    return sign_in("viewer")


@pytest.fixture
def auditor_client(sign_in: SignIn) -> Client:
    """Alpha's auditor at a browser."""
    return sign_in("auditor")


@pytest.fixture
def stranger_client(sign_in: SignIn) -> Client:
    """Beta's owner at a browser."""
    return sign_in("stranger")


@pytest.fixture
def administrator_client(sign_in: SignIn) -> Client:
    """The site administrator at a browser."""
    return sign_in("administrator")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the folder for the end-to-end tests' pictures."""
    parser.addoption("--screenshots", default="", help="folder for screenshots of each step")

"""A real console on loopback, keys for it, and the SDKs that speak to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.consoles import EmbeddedConsole
from tests.contract.driving import SDKS, Driver, Sdk, missing

REGION = "cn-hangzhou"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key: its id and its secret."""

    id: str
    secret: str = field(repr=False)


@dataclass
class Site:
    """The console under test, and a key of its demo team with the operator's role."""

    console: EmbeddedConsole
    key: Key

    @property
    def endpoint(self) -> str:
        """Host and port, as SDKs want it."""
        return f"127.0.0.1:{self.console.port}"

    def new_key(self, *, team: str = "demo", role: str = "operator") -> Key:
        """Have a key made, as a person does who sets automation up."""
        words = ("--team", team, "--role", role, "--kind", "rpc", "--json")
        done = self.console.manage("create_api_key", *words)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout.splitlines()[-1])
        return Key(made["id"], made["secret"])

    def driver(self, sdk: Sdk, key: Key | None = None) -> Driver:
        """Return an SDK that acts with a key."""
        key = key or self.key
        return Driver(sdk, endpoint=self.endpoint, key=key.id, secret=key.secret, region=REGION)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A console as `bin/run` starts it: web, worker and scheduler, with everything in one directory."""
    reason = missing()
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    directory: Path = tmp_path_factory.mktemp("contract")
    regions = directory / "regions.toml"
    regions.write_text('[[region]]\nid = "dc-cellar"\nname = "Cellar"\nsupports_havip = false\n')
    with EmbeddedConsole(directory, HAVIP_REGIONS=str(regions)) as console:
        made = Site(console, Key("", ""))
        made.key = made.new_key()
        yield made


@pytest.fixture(scope="session")
def arranged(site: Site) -> dict[str, str]:
    """Everything that a refusal needs, by the names of `arranging`."""
    done = site.console.python("-m", "tests.contract.arranging")
    assert done.returncode == 0, done.stderr[-3000:]
    made: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return made


@pytest.fixture(scope="session")
def early_key(site: Site, arranged: dict[str, str]) -> Key:
    """A key of a team whose beta application nobody approved."""
    return site.new_key(team="early")


@pytest.fixture(scope="session")
def full_key(site: Site, arranged: dict[str, str]) -> Key:
    """A key of a team that has reached its quota of HaVips."""
    return site.new_key(team="full")


@pytest.fixture(scope="session")
def viewer_key(site: Site) -> Key:
    """A key that may only read."""
    return site.new_key(role="viewer")


@pytest.fixture(params=SDKS, ids=lambda sdk: sdk.name)
def driver(request: pytest.FixtureRequest, site: Site) -> Iterator[Driver]:
    """Each SDK in turn, in a process of its own."""
    with site.driver(request.param) as running:
        yield running

"""A real console on loopback, keys for it, and the SDKs that speak to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.consoles import EmbeddedConsole
from tests.contract.driving import SDKS, Driver, Key, Sdk, missing

REGION = "cn-hangzhou"


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

    def driver(self, sdk: Sdk, *, clock: str = "", key: Key | None = None) -> Driver:
        """Return an SDK that acts with the site's key or another; `clock` is how far its clock is from ours."""
        return Driver(sdk, endpoint=self.endpoint, key=key or self.key, region=REGION, clock=clock)


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
    # Six public addresses: so few that they can be used up.
    variables = {"HAVIP_REGIONS": str(regions), "HAVIP_EIP_POOL": "203.0.113.0/29"}
    with EmbeddedConsole(directory, **variables) as console:
        made = Site(console, Key("", ""))
        made.key = made.new_key()
        yield made


@pytest.fixture(scope="session")
def arrangement(site: Site) -> dict[str, Any]:
    """Everything that a refusal needs, as `arranging` made it."""
    done = site.console.python("-m", "tests.contract.arranging")
    assert done.returncode == 0, done.stderr[-3000:]
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


@pytest.fixture(scope="session")
def arranged(arrangement: dict[str, Any]) -> dict[str, str]:
    """The identifiers of what is there, by the names of `arranging`."""
    named: dict[str, str] = arrangement["named"]
    return named


@pytest.fixture(scope="session")
def keys(arrangement: dict[str, Any]) -> dict[str, Key]:
    """Keys that are refused something, by the names of `arranging`."""
    return {name: Key(*key) for name, key in arrangement["keys"].items()}


@pytest.fixture(scope="session", params=SDKS, ids=str)
def driver(request: pytest.FixtureRequest, site: Site) -> Iterator[Driver]:
    """Each SDK in turn, in one process for everything that it is asked.

    With a key of its own: all of them together ask more in a minute than one key may.
    """
    with site.driver(request.param, key=site.new_key()) as running:
        yield running

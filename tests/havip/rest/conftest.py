"""Scripts that ask the REST API: one with a key of Alpha for each role, one of Beta's, and one without."""

from __future__ import annotations

import pytest

from console.teams.roles import Role
from tests.cast import Cast
from tests.havip.rest.asking import Script, script_of


@pytest.fixture
def scripts(cast: Cast) -> dict[str, Script]:
    """Return a script for each role of Alpha, and `stranger`: Beta's owner."""
    found = {role.value: script_of(cast.alpha, role) for role in Role}
    return {**found, "stranger": script_of(cast.beta, Role.OWNER)}


@pytest.fixture
def api(cast: Cast) -> Script:
    """A script with the key of an operator of Alpha."""
    return script_of(cast.alpha, Role.OPERATOR)


@pytest.fixture
def owner_api(cast: Cast) -> Script:
    """A script with the key of an owner of Alpha."""
    return script_of(cast.alpha, Role.OWNER)


@pytest.fixture(autouse=True)
def _silence(caplog: pytest.LogCaptureFixture) -> None:
    """Refusals are what is asked for: none needs a line in the log."""
    caplog.set_level("ERROR", "django.request")

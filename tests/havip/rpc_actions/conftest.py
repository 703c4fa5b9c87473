"""A client of the RPC API, with a key of Alpha's."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.havip.rpc_actions.client import Api, api_of


@pytest.fixture
def api(world: World) -> Api:
    """A client whose key has the operator's role in Alpha."""
    return api_of(world.team)

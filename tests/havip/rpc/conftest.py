"""Keys of the cast for the RPC API, and an action that tells what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.operations.framework import OPERATIONS
from console.teams.keys import make_key
from console.teams.roles import Role
from havip.rpc import dispatch
from havip.rpc.dispatch import Action, Call, action
from havip.rpc.parameters import (
    boolean,
    filters,
    ignored,
    integer,
    json_list,
    numbered,
    refused,
    tags,
    text,
    words,
)
from tests.cast import REGION, Cast, principal
from tests.havip.rpc.clients import ECS, VPC, Key

MakeKey = Callable[..., Key]


@pytest.fixture
def make_rpc_key(cast: Cast) -> MakeKey:
    """Return a function that makes an RPC key of Alpha."""

    def make(**changes: Any) -> Key:
        values: dict[str, Any] = {"kind": "rpc", "role": "operator", "label": "tests", **changes}
        key, secret = make_key(principal=principal(cast.alpha, Role.OWNER), **values)
        return Key(key.key_id, secret)

    return make


@pytest.fixture
def key(make_rpc_key: MakeKey) -> Key:
    """An operator's key."""
    return make_rpc_key()


class Calls(list[Call]):
    """What the action Echo was asked, in order."""


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Three actions of the tests' own: Echo, HeadEcho (also by HEAD) and Rehearse (writes; may be tried out)."""
    calls = Calls()
    present: dict[tuple[str, str], Action] = dict(dispatch.ACTIONS)
    monkeypatch.setattr(dispatch, "ACTIONS", present)
    declared = (
        text("Name"),
        text("Kind", choices=("EcsInstance", "HaVip")),
        integer("PageSize", default=10, minimum=1, maximum=50),
        boolean("Force"),
        words("AllocationId", maximum=3),
        numbered("InstanceId", maximum=3),
        json_list("InstanceIds", maximum=3),
        tags("Tag"),
        filters("Filter"),
        ignored("ResourceGroupId"),
        refused("EnableIpv6", unless=("false",)),
    )

    @action(VPC, "Echo", *declared)
    @action(ECS, "Echo", text("RegionId", required=True))
    @action(VPC, "HeadEcho", head=True)
    def tell(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {"Region": call.version, "Names": {"Name": list(call.values)}}

    @action(VPC, "Rehearse", text("Name"), dry_run=True)
    def rehearse(call: Call) -> dict[str, Any]:
        calls.append(call)
        made = OPERATIONS["vpc.create"](
            principal=call.principal,
            region=REGION,
            name=call["Name"],
            cidr_block="10.0.0.0/8",
            client_token=call.client_token,
        )
        return {"VpcId": made.object_id}

    @action(VPC, "Break")
    def fail(call: Call) -> dict[str, Any]:
        raise RuntimeError("something that nobody thought of")

    return calls

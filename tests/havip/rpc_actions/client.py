"""A client of the RPC API for tests: what is asked by whom, in few words; `tests.havip.rpc.clients` signs and sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from console.teams.keys import make_key
from console.teams.models import KeyKind, Team
from console.teams.roles import Role
from tests.cast import REGION, principal
from tests.havip.rpc.clients import ECS, VPC, Key, Wish, pop_core_post


@dataclass
class Answer:
    """What came back: the HTTP status and the body."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The error's code; empty for an answer that is none."""
        return str(self.body.get("Code", ""))

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass
class Api:
    """Acts with one key. `api("CreateHaVip", VSwitchId=…)`: RegionId is this one's unless another (or None) is given."""

    access_key: str
    secret: str
    region: str = REGION
    http: Client = field(default_factory=Client)

    def __call__(self, action: str, version: str = VPC, /, **parameters: Any) -> Answer:
        parameters.setdefault("RegionId", self.region)
        texts = {name: str(value) for name, value in parameters.items() if value is not None}
        return self.send(action, version, texts)

    def ecs(self, action: str, **parameters: Any) -> Answer:
        """Call an action of the ECS product."""
        return self(action, ECS, **parameters)

    def send(self, action: str, version: str, texts: dict[str, str]) -> Answer:
        """Sign and send exactly these parameters."""
        key = Key(self.access_key, self.secret)
        reply = pop_core_post(Wish(key, action, texts, version=version)).to(self.http)
        return Answer(reply.status, reply.body)

    def ok(self, action: str, version: str = VPC, /, **parameters: Any) -> Answer:
        """Call an action that is expected to be accepted."""
        answer = self(action, version, **parameters)
        assert answer.status == 200, (action, answer)
        assert answer.body["RequestId"]
        return answer


def api_of(team: Team, role: Role = Role.OPERATOR) -> Api:
    """Return a client with a new key of the team, of this role."""
    key, secret = make_key(
        principal=principal(team, Role.OWNER), kind=KeyKind.RPC, role=role, label=f"tests {role}"
    )
    return Api(key.key_id, secret)

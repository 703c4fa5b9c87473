"""A client of the RPC API for tests: it signs as the documents say and speaks to the console through Django's own client."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.test import Client

from console.teams.keys import make_key
from console.teams.models import KeyKind, Team
from console.teams.roles import Role
from tests.cast import REGION, principal

VPC = "2016-04-28"
ECS = "2014-05-26"
FORM = "application/x-www-form-urlencoded"


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def signed(access_key: str, secret: str, action: str, version: str, texts: dict[str, str]) -> str:
    """Return the form that carries an action, signed in version 1 for POST."""
    whole = {
        **texts,
        "Action": action,
        "Version": version,
        "Format": "JSON",
        "AccessKeyId": access_key,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    pairs = "&".join(f"{_escaped(name)}={_escaped(whole[name])}" for name in sorted(whole))
    text = f"POST&%2F&{_escaped(pairs)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return urlencode({**whole, "Signature": base64.b64encode(digest).decode()})


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
        body = signed(self.access_key, self.secret, action, version, texts)
        response = self.http.post("/", body, content_type=FORM)
        return Answer(response.status_code, response.json())

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

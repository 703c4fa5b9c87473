"""A script at the REST API: short words for asking, and for what an answer must be like whatever it says.

Every answer is held to the interface's own description: its status, its media type, its shape and its headers.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from django.test import Client

from console.teams.keys import make_key
from console.teams.models import Team
from console.teams.roles import Role
from havip.rest.views.schema import schema
from tests.cast import REGION, principal

HERE = f"/api/v1/regions/{REGION}"
PROBLEM = "application/problem+json"


def bearer_of(team: Team, role: Role, **options: Any) -> str:
    """Make a key of a team with a role; return what a request bears."""
    maker = principal(team, Role.OWNER)
    label = f"{role.value} script"
    key, secret = make_key(principal=maker, kind="rest", role=role.value, label=label, **options)
    return f"{key.key_id}.{secret}"


def script_of(team: Team, role: Role) -> Script:
    """Return a script with a fresh key of a team."""
    return Script(bearer_of(team, role))


@dataclass
class Script:
    """Asks with a key; paths that do not begin with a slash are below the region."""

    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None, /, **headers: str) -> Any:
        """Ask; header names are written with underscores."""
        address = path if path.startswith("/") else f"{HERE}/{path}"
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        content: dict[str, Any] = {"content_type": "application/json"}
        content["content_type"] = named.pop("Content-Type", "application/json")
        if body is not None:
            content["data"] = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = self.client.generic(method, address, headers=named, **content)
        check(method, address, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Act."""
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        """Set."""
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        """Change."""
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        """Delete."""
        return self.ask("DELETE", path, **headers)


# --- The description ------------------------------------------------------------------------------------------


@functools.cache
def operations() -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
    """Return every operation with the pattern of its address and its method."""
    found = []
    for path, methods in schema()["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")
        found += [
            (pattern, method.upper(), operation)
            for method, operation in methods.items()
            if method != "parameters"
        ]
    return found


def operation_at(method: str, address: str) -> dict[str, Any] | None:
    """Return the operation that an address means; None where nothing is described."""
    path = address.partition("?")[0]
    for pattern, known, operation in operations():
        if known == method and pattern.match(path):
            return operation
    return None


@functools.cache
def _validator(reference: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": reference, "components": schema()["components"]}, validate_formats=True
    )


def check(method: str, address: str, answer: Any) -> None:
    """Hold an answer to the description."""
    status = answer.status_code
    assert status < 500, answer.content
    assert answer.headers.get("X-Request-Id")
    if answer.headers.get("Content-Type", "").startswith(PROBLEM):
        _validator("#/components/schemas/Problem").validate(answer.json())
    else:
        assert status < 400, (status, answer.content)
    operation = operation_at(method, address)
    if operation is None:
        assert status in (401, 404, 405, 429), (method, address, status)
        return
    described = operation["responses"]
    assert str(status) in described, (operation["operationId"], status, answer.content)
    response = described[str(status)]
    if "$ref" in response:
        response = schema()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    for name in response.get("headers", {}):
        if not name.startswith("RateLimit-") or status not in (401, 403, 406, 429):
            assert name in answer.headers, (operation["operationId"], status, name)
    media = answer.headers.get("Content-Type", "").partition(";")[0]
    content = response.get("content", {})
    if not content:
        assert status in (204, 304), (operation["operationId"], status)
        return
    assert media in content, (operation["operationId"], status, media)
    if media == "application/json":
        _validator(content[media]["schema"]["$ref"]).validate(answer.json())


def problem(answer: Any, status: int, code: str = "", rule: str = "") -> dict[str, Any]:
    """Check that an answer is a problem of this status, code and rule; return its members."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"] == PROBLEM
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["request_id"] == answer["X-Request-Id"]
    assert told["instance"] == f"urn:uuid:{told['request_id'].lower()}"
    if code:
        assert told["code"] == code, told
    if rule:
        assert told["rule"] == rule, told
    return told

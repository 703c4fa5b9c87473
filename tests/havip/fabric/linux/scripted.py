"""An agent that does what a test says, over plain HTTP calls, and the network seen by it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from console.secrets import new_secret
from havip.fabric.linux.enrolment import new_token
from havip.fabric.linux.protocol import Document, read_document, role_of

FABRIC = "havip.fabric.linux.fabric.LinuxFabric"


class ScriptedAgent:
    """Enrols for a scope, asks, applies or not, and reports."""

    def __init__(self, scope: str, *, token: str | None = None) -> None:
        self.scope = scope
        self.http = Client()
        self.key = ""
        self.offer = new_secret()
        self.applied = 0
        if token is None:
            token = new_token(scope, created_by="a test")
            assert token is not None
        answer = self.enrol(token)
        assert answer.status_code == 201, answer.content
        self.key = self.offer
        self.agent_id = answer.json()["agent_id"]

    def enrol(self, token: str, **changes: Any) -> HttpResponse:
        body = {
            "protocol": 1,
            "token": token,
            "key": self.offer,
            "role": role_of(self.scope),
            "scope": self.scope,
            "hostname": "router-1",
            "version": "1.0",
        }
        return self.post("enrol", {**body, **changes})

    def post(self, call: str, body: Any) -> HttpResponse:
        return self.http.post(
            f"/agent/v1/{call}", body, content_type="application/json", headers=self.headers
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def ask(self, after: int | None = None, wait: int = 0) -> HttpResponse:
        known = self.applied if after is None else after
        return self.http.get(f"/agent/v1/wanted?after={known}&wait={wait}", headers=self.headers)

    def document(self) -> Document:
        answer = self.ask(after=0)
        assert answer.status_code == 200, answer.content
        return read_document(answer.json(), scope=self.scope)

    def report(self, **changes: Any) -> HttpResponse:
        body = {
            "protocol": 1,
            "applied_version": self.applied,
            "attempted_version": self.applied,
            "error": "",
            "software": {"agent": "1.0", "keepalived": "2.2.7"},
        }
        return self.post("report", {**body, **changes})

    def obey(self, **changes: Any) -> int:
        """Apply whatever is wanted now, and say so."""
        self.applied = self.document().version
        answer = self.report(**changes)
        assert answer.status_code == 200, answer.content
        assert answer.json() == {"wanted_version": self.applied}
        return self.applied

    def fail(self, error: str) -> None:
        """Say that what is wanted now cannot be applied."""
        attempted = self.document().version
        answer = self.report(attempted_version=attempted, error=error)
        assert answer.status_code == 200, answer.content

    def see(self, havip: str, *holders: str, at: datetime | None = None) -> HttpResponse:
        """Report who announces a HaVip, the first of them as its holder."""
        return self.report(observations=[sighting(havip, holders, at)])

    def is_in(self, havip: str, state: str) -> HttpResponse:
        """Report the state of keepalived for a HaVip."""
        moment = timezone.now().isoformat()
        return self.report(vrrp=[{"havip_id": havip, "state": state, "at": moment}])


def sighting(havip: str, holders: Iterable[str], at: datetime | None = None) -> dict[str, Any]:
    seen = list(holders)
    return {
        "havip_id": havip,
        "holder": seen[0] if seen else "",
        "holders": seen,
        "at": (at or timezone.now()).isoformat(),
    }

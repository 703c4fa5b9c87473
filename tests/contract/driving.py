"""An SDK in a process of its own, told action by action what to do."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from console.lifeline import tied_to_this_process

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
PYTHON = PROJECT / "var" / "sdk" / "venv" / "bin" / "python"
MODULES = HERE / "node" / "node_modules"


@dataclass(frozen=True, slots=True)
class Sdk:
    """One SDK in one of its ways to speak: the program that drives it, its variant, and the types of its errors."""

    name: str
    program: str
    variant: str = ""
    error_type: str = ""
    has_models: bool = False
    sees_status: bool = True

    def __str__(self) -> str:
        return self.name

    def type_of(self, code: str, status: int, *, throttled: bool = False) -> str:
        """Return the type of the error that it raises for a code."""
        said = self.error_type.format(code=code)
        if not self.has_models:
            return said
        if throttled:
            return said.replace("Client", "Throttling")
        return said.replace("Client", "Server") if status >= 500 else said

    @property
    def command(self) -> list[str]:
        """The command line of its driver."""
        if self.program.endswith(".js"):
            return ["node", str(HERE / "node" / self.program)]
        return [str(PYTHON), str(HERE / "drivers" / self.program)]


SDKS = (
    Sdk("python-v3", "generated.py", error_type="ClientException", has_models=True),
    Sdk("python-v1", "generated.py", "v1", error_type="ClientException", has_models=True),
    Sdk("python-core", "core.py", error_type="ServerException"),
    Sdk("node-v3", "generated.js", error_type="ClientError", has_models=True),
    Sdk("pop-get", "pop.js", "GET", error_type="{code}Error", sees_status=False),
    Sdk("pop-post", "pop.js", "POST", error_type="{code}Error", sees_status=False),
)


def missing() -> str:
    """Return what is not installed, or an empty text; bin/lib/sdk_environment.sh installs it."""
    if not PYTHON.exists():
        return "the Python SDKs are not installed (bin/test installs them)"
    if not MODULES.exists():
        return "the Node SDKs are not installed (bin/test installs them)"
    if not shutil.which("faketime"):
        return "faketime is not installed (bin/test installs it)"
    return ""


@dataclass(frozen=True, slots=True)
class Key:
    """An access key: its id and its secret."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an SDK made of an answer."""

    status: int | None
    body: dict[str, Any]
    error: dict[str, Any]
    unfilled: tuple[str, ...] = ()
    raw: Any = None

    @property
    def code(self) -> str:
        """The code of the error that the SDK raised; empty for none."""
        return str(self.error.get("code", ""))

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Driver:
    """A running driver. `driver("CreateHaVip", VSwitchId=…)` is an action of the VPC product, `driver.ecs(…)` of ECS.

    `clock` is how far the clock of its process is from ours, in the words of faketime, such as -20m.
    """

    def __init__(self, sdk: Sdk, *, endpoint: str, key: Key, region: str, clock: str = "") -> None:
        self.sdk = sdk
        self.key = key
        self.region = region
        self._command = [*(("faketime", "-f", clock) if clock else ()), *sdk.command]
        # What the SDK accepted, with the fields that its models know and the answer did not fill.
        self.unfilled: set[tuple[str, str]] = set()
        self._environment = {
            **os.environ,
            "CONTRACT_ENDPOINT": endpoint,
            "CONTRACT_REGION": region,
            "CONTRACT_VARIANT": sdk.variant,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": "",
        }

    def of(self, key: Key) -> Self:
        """Return the same SDK in the same process, acting with another key."""
        other = copy.copy(self)
        other.key = key
        return other

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=tied_to_this_process(),  # noqa: PLW1509
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)

    def __call__(self, action: str, /, **parameters: Any) -> Answer:
        return self.tell("vpc", action, parameters)

    def ecs(self, action: str, /, **parameters: Any) -> Answer:
        """Perform an action of the ECS product."""
        return self.tell("ecs", action, parameters)

    def ok(self, action: str, /, **parameters: Any) -> Answer:
        """Perform an action of the VPC product that must be accepted."""
        return self._accepted(action, self(action, **parameters))

    def ecs_ok(self, action: str, /, **parameters: Any) -> Answer:
        """Perform an action of the ECS product that must be accepted."""
        return self._accepted(action, self.ecs(action, **parameters))

    def _accepted(self, action: str, answer: Answer) -> Answer:
        assert not answer.error, (self.sdk.name, action, answer.error)
        assert answer.status == 200
        assert answer.body["RequestId"]
        self.unfilled |= {(action, name) for name in answer.unfilled}
        return answer

    def tell(self, product: str, action: str, parameters: dict[str, Any], **more: str) -> Answer:
        """Have an action performed; RegionId is the driver's own unless another one (or None) is given."""
        parameters = {"RegionId": self.region, **parameters}
        sent = {name: value for name, value in parameters.items() if value is not None}
        asked = {"key": self.key.id, "secret": self.key.secret, "product": product, **more}
        line = json.dumps({**asked, "action": action, "parameters": sent})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"{self.sdk.name} ended while it performed {action}"
        told = json.loads(answer)
        return Answer(
            status=told.get("status") or told.get("error", {}).get("status"),
            body=told.get("body", {}),
            error=told.get("error", {}),
            unfilled=tuple(told.get("unfilled", ())),
            raw=told,
        )

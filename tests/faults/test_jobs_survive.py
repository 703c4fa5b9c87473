"""Jobs end once in effect, whatever dies on the way; on the embedded console and on PostgreSQL with Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.consoles import KINDS, Console, EmbeddedConsole, ProductionConsole, eventually

# The first test of a console has to start it, too.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@dataclass
class Scene:
    """A console on the directory fabric, with the documented network in it."""

    console: Console
    fabric: Path
    havip: str
    other_havip: str
    instances: list[str]

    def hold(self) -> None:
        """Let every application wait from now on."""
        (self.fabric / "hold").touch()

    def release(self) -> None:
        """Let them go on."""
        (self.fabric / "hold").unlink(missing_ok=True)

    def log(self) -> list[str]:
        """Return the fabric's log."""
        path = self.fabric / "log"
        return path.read_text().splitlines() if path.exists() else []

    def begun(self, havip: str = "") -> int:
        """Return how often an application of the HaVip has begun."""
        return sum(line.startswith(f"begin {havip or self.havip}") for line in self.log())

    def state(self) -> dict[str, Any]:
        """Return the records."""
        state: dict[str, Any] = self.console.act("state", self.havip)
        return state

    def wait_for_end(self, job: str) -> dict[str, Any]:
        """Wait until the job has ended and nothing is locked; return the records then.

        A job that failed lets go only when it has told the network, after its end is in the records.
        """

        def ended() -> dict[str, Any] | None:
            state = self.state()
            under_way = state["jobs"][job]["state"] in ("queued", "running") or state["locks"]
            return None if under_way else state

        ending: dict[str, Any] = eventually(ended, f"{job} to end", 90)
        return ending

    def holds_together(self, state: dict[str, Any]) -> None:
        """Check what must be true after every fault: nothing half-done, network as recorded, audit intact."""
        assert {job["state"] for job in state["jobs"].values()} <= {"succeeded", "failed"}
        assert state["locks"] == 0
        assert state["status"] in ("Available", "InUse")
        network = json.loads((self.fabric / f"{self.havip}.json").read_text())
        told = sorted(node["resource_id"] for node in network["nodes"])
        assert told == [identifier for identifier, _ in state["bindings"]]
        verified = self.console.manage("verify_audit")
        assert verified.returncode == 0, verified.stderr


@pytest.fixture(scope="module", params=sorted(KINDS))
def console(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """One console of each kind, with short patience.

    A lease is renewed when a third of it is over: with 15 seconds a busy machine may let a worker stand still for nearly ten, and
    the attempts are still those of the test.
    """
    directory = tmp_path_factory.mktemp(request.param)
    patience = {"HAVIP_JOB_LEASE_SECONDS": "15", "HAVIP_JOB_RESEND_SECONDS": "1"}
    with KINDS[request.param](directory, **_directory_fabric(directory), **patience) as running:
        yield running


def _directory_fabric(directory: Path) -> dict[str, str]:
    fabric = directory / "fabric"
    fabric.mkdir()
    return {
        "HAVIP_TEST_FABRIC": str(fabric),
        "HAVIP_FABRICS": "*=tests.faults.fabric.DirectoryFabric",
    }


@pytest.fixture(scope="module")
def network(console: Console) -> dict[str, Any]:
    """The documented network, made once per console."""
    made: dict[str, Any] = console.act("world")
    return made


@pytest.fixture
def scene(console: Console, network: dict[str, Any]) -> Iterator[Scene]:
    """A HaVip with nothing bound."""
    fabric = Path(console.variables["HAVIP_TEST_FABRIC"])
    scene = Scene(console, fabric, **network)
    yield scene
    scene.release()
    console.act("unbind-all", scene.havip)
    console.act("unbind-all", scene.other_havip)


def test_worker_killed_in_the_middle(scene: Scene) -> None:
    """kill -9 while the fabric works: another worker takes over when the lease has run out; bound once."""
    scene.hold()
    before = scene.begun()
    job = scene.console.act("bind", scene.havip, scene.instances[0])["job"]
    eventually(lambda: scene.begun() > before, "the worker to begin")
    scene.console.kill_worker()
    scene.release()
    scene.console.start_worker()
    state = scene.wait_for_end(job)
    assert state["jobs"][job] == {"state": "succeeded", "attempt": 2, "reason": ""}
    assert state["bindings"] == [[scene.instances[0], "bound"]]
    scene.holds_together(state)


def test_all_killed_and_started_again(tmp_path: Path) -> None:
    """kill -9 of the supervisor, and `bin/run` again: the job goes on, though its lease has ten minutes left."""
    variables = _directory_fabric(tmp_path)
    with EmbeddedConsole(tmp_path, **variables, HAVIP_JOB_LEASE_SECONDS="600") as console:
        scene = Scene(console, Path(variables["HAVIP_TEST_FABRIC"]), **console.act("world"))
        scene.hold()
        before = scene.begun()
        job = console.act("bind", scene.havip, scene.instances[0])["job"]
        eventually(lambda: scene.begun() > before, "the worker to begin")
        console.kill()
        # All end one after the other: a dying worker might still carry out what is released, and a dying web server keeps the port.
        eventually(lambda: not console.processes(), "everything to end with the supervisor")
        scene.release()
        console.start()
        state = scene.wait_for_end(job)
        assert state["jobs"][job] == {"state": "succeeded", "attempt": 2, "reason": ""}
        assert state["bindings"] == [[scene.instances[0], "bound"]]
        scene.holds_together(state)


def test_process_killed_between_commit_and_send(scene: Scene) -> None:
    """The row is there and no message was sent: the sweeper sends it."""
    before = set(scene.state()["jobs"])
    done = scene.console.python(
        "-m", "tests.faults.acting", "bind-and-die", scene.havip, scene.instances[0]
    )
    assert done.returncode == -9
    (job,) = set(scene.state()["jobs"]) - before
    state = scene.wait_for_end(job)
    assert state["jobs"][job]["state"] == "succeeded"
    assert state["bindings"] == [[scene.instances[0], "bound"]]
    scene.holds_together(state)


def test_duplicate_delivery(scene: Scene) -> None:
    """The same message twenty times: one attempt, one effect."""
    scene.hold()
    before = scene.begun()
    job = scene.console.act("bind", scene.havip, scene.instances[1])["job"]
    scene.console.act("deliver", job, "20")
    eventually(lambda: scene.begun() > before, "a worker to begin")
    scene.release()
    state = scene.wait_for_end(job)
    scene.console.act("deliver", job, "5")
    assert state["jobs"][job] == {"state": "succeeded", "attempt": 1, "reason": ""}
    assert scene.begun() == before + 1
    scene.holds_together(state)


def test_broker_emptied(scene: Scene) -> None:
    """The broker forgets everything while messages wait in it: the sweeper sends them again."""
    if isinstance(scene.console, ProductionConsole):
        scene.console.kill_worker()
    else:  # the supervisor would start another worker: keep the only one busy instead
        scene.hold()
        busy = scene.begun(scene.other_havip)
        scene.console.act("bind", scene.other_havip, scene.instances[1])
        eventually(lambda: scene.begun(scene.other_havip) > busy, "the worker to be busy")
    job = scene.console.act("bind", scene.havip, scene.instances[0])["job"]
    scene.console.act("empty-broker")
    scene.release()
    scene.console.start_worker()
    state = scene.wait_for_end(job)
    assert state["jobs"][job]["state"] == "succeeded"
    scene.holds_together(state)


def test_permanent_failure_puts_the_records_back(scene: Scene) -> None:
    """What the fabric refuses for good leaves the HaVip as it was, and the job says why."""
    (scene.fabric / "fail").write_text("The switch refused it.")
    try:
        job = scene.console.act("bind", scene.havip, scene.instances[0])["job"]
        state = scene.wait_for_end(job)
    finally:
        (scene.fabric / "fail").unlink()
    assert state["jobs"][job]["state"] == "failed"
    assert state["jobs"][job]["reason"] == "The switch refused it."
    assert state["status"] == "Available"
    assert state["bindings"] == []


@pytest.mark.parametrize("console", [ProductionConsole.kind], indirect=True)
def test_database_restarted(scene: Scene) -> None:
    """PostgreSQL restarts while a job runs: the job ends all the same."""
    assert isinstance(scene.console, ProductionConsole)
    scene.hold()
    before = scene.begun()
    job = scene.console.act("bind", scene.havip, scene.instances[0])["job"]
    eventually(lambda: scene.begun() > before, "the worker to begin")
    scene.console.database.restart()
    scene.release()
    state = scene.wait_for_end(job)
    assert state["jobs"][job]["state"] == "succeeded"
    scene.holds_together(state)

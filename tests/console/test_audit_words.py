"""The words of the audit log: every action has some, and they name what took part."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from console.audit import changes, wording
from console.audit.models import AuditEvent, AuditResult
from console.jobs.models import Job
from console.operations.framework import OPERATIONS
from console.operations.refusal import Refusal
from console.teams.principal import Channel
from console.teams.roles import Role
from havip.models import QuotaName, RequestState
from tests.cast import REGION, World
from tests.console.pages import AUDIT, newest, page_of, refused
from tests.fabrics import ScriptedFabric

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def havip(world: World) -> str:
    """A HaVip with ecs1 bound to it."""
    return world.havip(world.ecs1, name="web-vip", ip_address="192.168.0.88")


def recorded_actions() -> set[str]:
    """Return every action that the code writes into the log, read from the source."""
    found: set[str] = set()
    for path in [*ROOT.glob("console/**/*.py"), *ROOT.glob("havip/**/*.py")]:
        tree = ast.parse(path.read_text())
        makers = {"AuditEntry", "operation"} | {
            function.name
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            and function.args.args
            and function.args.args[0].arg == "action"
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in makers:
                given = [word.value for word in call.keywords if word.arg == "action"]
                for value in [*given, *call.args[:1]]:
                    found |= {
                        part.value
                        for part in ast.walk(value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    }
    return {action for action in found if re.fullmatch(r"[a-z]+\.[a-z_]+", action)}


def test_the_source_is_read_well_enough() -> None:
    assert {
        "team.create",
        "team.add_member",
        "session.sign_in",
        "audit.export",
    } <= recorded_actions()


@pytest.mark.parametrize("action", sorted({*OPERATIONS, *recorded_actions()}))
def test_every_action_has_its_words(action: str) -> None:
    words = wording.WORDS.get(action)
    assert words is not None, f"console.audit.wording knows no words for {action}"
    assert str(words.name)
    assert str(words.done) != str(words.tried)
    assert bool(words.done_with) == bool(words.tried_with)
    for text in (words.done_with, words.tried_with):
        assert not text or "%(resource)s" in str(text)


def test_no_words_are_left_over() -> None:
    assert set(wording.WORDS) == {*OPERATIONS, *recorded_actions()}


def test_jobs_are_named_by_the_same_words(world: World, havip: str) -> None:
    kinds = set(Job.objects.values_list("kind", flat=True))
    assert kinds
    assert all(wording.WORDS[kind].queues_job for kind in kinds)


def test_sentences_name_the_object_and_what_took_part(
    world: World, havip: str, fabric: ScriptedFabric
) -> None:
    assert (
        wording.describe(newest(world, action="havip.create"))
        == "Created HaVip web-vip (192.168.0.88)"
    )
    assert (
        wording.describe(newest(world, action="havip.bind_instance"))
        == "Bound instance ecs1 to HaVip web-vip (192.168.0.88)"
    )
    event = refused(world, "havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    assert (
        wording.describe(event)
        == f"Tried to bind instance {world.ecs1} to HaVip web-vip (192.168.0.88)"
    )
    event = refused(world, "havip.delete", havip_id="havip-unknown")
    assert wording.describe(event) == "Tried to delete HaVip havip-unknown"
    fabric.refuse()
    world.done("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    assert (
        wording.describe(newest(world, result=AuditResult.FAILED))
        == f"Tried to bind instance {world.ecs2} to HaVip web-vip (192.168.0.88)"
    )


def test_a_refusal_before_the_object_was_found_names_what_was_asked_for(
    viewer_client: Client, world: World, havip: str
) -> None:
    viewer = world.principal
    with pytest.raises(Refusal):
        OPERATIONS["havip.delete"](
            principal=replace(viewer, role=Role.VIEWER), region=REGION, havip_id=havip
        )
    assert wording.describe(newest(world)) == f"Tried to delete HaVip {havip}"


def test_events_about_jobs_name_what_the_job_was_for(
    owner_client: Client, world: World, havip: str
) -> None:
    job = world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2).job_id
    world.act("job.cancel", job_id=job)
    event = newest(world, action="job.cancel")
    words = "Cancelled the job “Bind instance to HaVip: web-vip (192.168.0.88)”"
    assert wording.describe(event) == words
    assert f'href="/t/alpha/jobs/{job}/"' in page_of(owner_client, f"{AUDIT}{event.sequence}/")


def test_decisions_say_what_was_decided(world: World) -> None:
    world.raise_quota("havips_per_team", 9)
    assert (
        wording.describe(newest(world, action="quota.decide"))
        == "Decided the quota request: HaVips per team, approved"
    )
    assert (
        wording.describe(newest(world, action="team.add_member", object_id="auditor"))
        == "Set the role of member auditor to Auditor"
    )


def test_objects_that_are_called_like_a_value_keep_their_name(world: World) -> None:
    event = AuditEvent(
        action="vpc.create", object_kind="vpc", object_label="owner", result="refused"
    )
    assert wording.describe(event) == "Tried to create VPC owner"


def test_an_attempt_without_an_object_has_a_dash(world: World) -> None:
    event = AuditEvent(action="vpc.create", result="refused")
    assert wording.describe(event) == "Tried to create VPC —"


def test_words_of_another_version_are_the_action_itself(world: World) -> None:
    event = AuditEvent(action="dns.publish", object_label="www", result="succeeded")
    assert wording.describe(event) == "dns.publish www"


def test_percent_signs_in_names_are_only_text(world: World) -> None:
    event = AuditEvent(action="havip.create", object_label="100% %(x)s", result="succeeded")
    assert wording.describe(event) == "Created HaVip 100% %(x)s"


def test_every_fault_has_its_words() -> None:
    source = (ROOT / "console/audit/verify.py").read_text()
    reasons = {
        node.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ChainFault"
        for node in call.args[3:]
        if isinstance(node, ast.Constant)
    }
    known = set(wording._FAULTS) | {"removed: the team's whole chain is missing"}
    assert reasons == known


def test_recorded_values_are_named() -> None:
    decided = {RequestState.APPROVED.value, RequestState.DECLINED.value}
    assert {*QuotaName.values, *Role.values, *decided} <= set(wording._VALUES)


def test_channels_are_named() -> None:
    assert set(wording.CHANNELS) == {channel.value for channel in Channel}


def test_difference_rows() -> None:
    rows = changes.change_rows(
        {"name": "a", "status": "Available", "old": "x"},
        {"name": "a", "status": "InUse", "slot": 1, "force": True, "empty": ""},
    )
    assert [(row.name, row.before, row.after, row.look) for row in rows] == [
        ("Status", "Available", "InUse", "changed"),
        ("old", "x", None, "removed"),
        ("Slot", None, "1", "added"),
        ("Forced", None, "yes", "added"),
        ("empty", None, "", "added"),
        ("Name", "a", "a", "same"),
    ]
    nested = changes.change_rows({}, {"filters": {"actor": "x"}, "list": [1, None, "b"]})
    assert [(row.name, row.after) for row in nested] == [
        ("Filters · actor", "x"),
        ("list", "1, , b"),
    ]

"""What holds for every address: keys, problems, strict inputs, conditional requests, repeated requests, and limits."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from console.audit.models import AuditEvent
from console.jobs.models import Job
from console.teams.models import ApiKey
from console.teams.roles import Role
from havip.models import HaVip
from havip.rest.documented import SPECS
from tests.cast import Cast, World, carry_out_jobs
from tests.havip.rest.asking import HERE, Script, bearer_of, problem, script_of

# --- Keys -----------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_shown(cast: Cast) -> None:
    answer = Script().get("havips")
    problem(answer, 401, "MissingAuthorization")
    assert answer["WWW-Authenticate"] == 'Bearer realm="havip"'


@pytest.mark.parametrize(
    "text", ["Basic YTpi", "Bearer", "Bearer nonsense", "Bearer a.b", "Bearer \xe9.x"]
)
def test_what_is_no_key_opens_nothing(cast: Cast, text: str) -> None:
    problem(Script().get("havips", Authorization=text), 401)


def test_a_wrong_secret_an_old_key_and_a_wrong_place(cast: Cast, api: Script) -> None:
    key_id = api.token.partition(".")[0]
    wrong = Script(f"{key_id}.{'x' * 43}")
    told = problem(wrong.get("havips"), 401, "InvalidAccessKeyId.NotFound")
    assert 'error="invalid_token"' in wrong.get("havips")["WWW-Authenticate"]
    assert told["detail"]
    ApiKey.objects.filter(key_id=key_id).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem(api.get("havips"), 401, "InvalidAccessKeyId.Inactive")
    elsewhere = Script(bearer_of(cast.alpha, Role.VIEWER, source_networks=["192.0.2.0/24"]))
    problem(elsewhere.get("havips"), 403, "Forbidden.SourceAddress")


def test_a_session_opens_nothing_but_the_description(
    cast: Cast, owner_client: Client, client: Client
) -> None:
    assert owner_client.get(f"{HERE}/havips").status_code == 401
    described = owner_client.get("/api/v1/schema")
    assert described.json()["openapi"].startswith("3.1")
    assert client.get("/api/v1/schema").status_code == 401
    page = owner_client.get("/api/v1/")
    assert page.status_code == 200
    assert "/api/v1/schema" in page.content.decode()
    assert client.get("/api/v1/")["Location"].startswith("/sign-in/")


def test_the_key_says_what_it_may(api: Script) -> None:
    seen = api.get("/api/v1/key").json()
    assert (seen["team"], seen["role"], seen["permissions"]) == (
        "alpha",
        "operator",
        ["operate", "read"],
    )


def test_acts_are_recorded_under_the_key(api: Script, world: World) -> None:
    answer = api.post("havips", {"vswitch_id": world.vswitch})
    event = AuditEvent.objects.for_team(world.team).get(request_id=answer["X-Request-Id"])
    assert (event.channel, event.actor_kind) == ("rest", "api_key")
    assert event.actor_id == f"key:{api.token.partition('.')[0]}"


# --- Problems -------------------------------------------------------------------------------------------------


def test_http_errors_are_problems(api: Script, world: World) -> None:
    problem(api.get("/api/v1/nothing"), 404, "NotFound")
    problem(api.get("/api/v1/regions/cn-hangzhou/nothing"), 404, "NotFound")
    problem(api.get("/api/v1/regions/mars/havips"), 404, "InvalidRegionId.NotFound", "C2")
    answer = api.put("havips", {})
    problem(answer, 405, "MethodNotAllowed")
    assert answer["Allow"] == "GET, HEAD, POST"
    problem(api.ask("OPTIONS", "havips"), 405)
    problem(api.get("havips", Accept="text/html"), 406, "NotAcceptable")
    problem(api.post("havips", "a=b", Content_Type="application/x-www-form-urlencoded"), 415)
    problem(api.post("havips", "x" * (1024 * 1024 + 1)), 413)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "[]",
        "null",
        '"text"',
        '{"vswitch_id": NaN}',
        '{"name": "a", "name": "b"}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"a": ' * 5_000,
    ],
)
def test_what_is_no_object_is_refused(api: Script, world: World, body: Any) -> None:
    problem(api.post("havips", body), 400)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"vswitch_id": 5}, "#/vswitch_id", "InvalidParameter"),
        ({"vswitch_id": None}, "#/vswitch_id", "InvalidParameter"),
        ({"vswitch_id": ["vsw-1"]}, "#/vswitch_id", "InvalidParameter"),
        ({"name": True}, "#/name", "InvalidParameter"),
        ({"name": "\0"}, "#/name", "InvalidParameter"),
        ({"name": "\ud800"}, "#/name", "InvalidParameter"),
        ({"tags": ["a"]}, "#/tags", "InvalidParameter"),
        ({"tags": {"a": 1}}, "#/tags/a", "InvalidParameter"),
        ({"region": "cn-beijing"}, "#/region", "UnknownParameter"),
        ({"a/b~c": 1}, "#/a~1b~0c", "UnknownParameter"),
    ],
)
def test_inputs_are_of_their_type(
    api: Script, world: World, change: dict[str, Any], pointer: str, code: str
) -> None:
    told = problem(api.post("havips", {"vswitch_id": world.vswitch, **change}), 400, code)
    assert [fault["pointer"] for fault in told["errors"]] == [pointer]


def test_all_faults_are_told_at_once(api: Script, world: World) -> None:
    told = problem(api.post("havips", {"name": 1, "colour": "red"}), 400, "InvalidParameter")
    assert {fault["pointer"]: fault["code"] for fault in told["errors"]} == {
        "#/vswitch_id": "MissingParameter",
        "#/name": "InvalidParameter",
        "#/colour": "UnknownParameter",
    }


def test_a_refusal_bears_its_rule(api: Script, world: World) -> None:
    told = problem(
        api.post("havips", {"vswitch_id": world.vswitch, "ip_address": "192.168.0.209"}),
        400,
        "InvalidIPAddress.AlreadyUsed",
        "C7",
    )
    assert (told["type"], told["field"]) == ("urn:havip:rule:C7", "ip_address")
    assert told["errors"][0]["pointer"] == "#/ip_address"
    assert told["remedy"]
    chinese = api.post(
        "havips",
        {"vswitch_id": world.vswitch, "ip_address": "192.168.0.209"},
        Accept_Language="zh-Hans",
    )
    assert chinese.json()["detail"] != told["detail"]


def test_an_error_of_ours_is_a_problem_without_a_word_about_it(
    api: Script, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr("havip.rest.views.havips.alerts", broken)
    client = Client(raise_request_exception=False)
    answer = client.get(
        f"{HERE}/havips/{world.havip()}/holders", headers={"Authorization": f"Bearer {api.token}"}
    )
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "1234" not in answer.content.decode()


# --- Conditional requests -------------------------------------------------------------------------------------


def test_what_is_unchanged_is_not_sent_again(api: Script, world: World) -> None:
    havip = world.havip()
    for path in (f"havips/{havip}", "havips", "vpcs", f"vpcs/{world.vpc}", "/api/v1/quotas"):
        tag = api.get(path)["ETag"]
        again = api.get(path, If_None_Match=tag)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert api.get(path, If_None_Match=f'"other", W/{tag}').status_code == 304
        assert api.get(path, If_None_Match='"other"').status_code == 200
    tag = api.get(f"havips/{havip}")["ETag"]
    api.patch(f"havips/{havip}", {"name": "new"})
    assert api.get(f"havips/{havip}", If_None_Match=tag).status_code == 200
    told = problem(api.get("havips", If_None_Match="no quotes"), 400)
    assert told["errors"][0]["header"] == "If-None-Match"


def test_only_what_was_seen_is_changed(api: Script, world: World) -> None:
    havip = f"havips/{world.havip()}"
    seen = api.get(havip)["ETag"]
    changed = api.patch(havip, {"name": "one"}, If_Match=seen)
    assert changed.status_code == 200
    stale = {"If_Match": seen}
    problem(api.patch(havip, {"name": "two"}, **stale), 412, "PreconditionFailed", "A7")
    problem(api.delete(havip, **stale), 412)
    problem(api.post(f"{havip}/bind-instance", {"instance_id": world.ecs1}, **stale), 412)
    problem(api.post(f"{havip}/bind-eip", {"eip_id": world.eip1}, **stale), 412)
    problem(api.put(f"{havip}/tags", {"tags": {}}, **stale), 412)
    assert api.get(havip).json()["name"] == "one"
    assert changed["ETag"] == api.get(havip)["ETag"]
    fresh = {"If_Match": f'"other", {changed["ETag"]}'}
    assert api.post(f"{havip}/bind-eip", {"eip_id": world.eip1}, **fresh).status_code == 202
    carry_out_jobs()
    assert api.patch(havip, {"name": "two"}, If_Match="*").status_code == 200
    problem(api.delete("havips/havip-" + "0" * 20, **stale), 404, "InvalidHaVipId.NotFound")
    problem(api.delete(havip, If_Match="x"), 400)


def test_a_refused_precondition_is_recorded(api: Script, world: World) -> None:
    havip = world.havip()
    answer = api.delete(f"havips/{havip}", If_Match='"old"')
    event = AuditEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (event.action, event.result, event.rule) == ("havip.delete", "refused", "A7")


# --- Repeated requests ----------------------------------------------------------------------------------------


def test_the_same_key_gives_the_first_answer(api: Script, world: World) -> None:
    body = {"vswitch_id": world.vswitch, "name": "once"}
    first = api.post("havips", body, Idempotency_Key="a-1")
    again = api.post("havips", body, Idempotency_Key='"a-1"')
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert HaVip.objects.filter(name="once").count() == 1
    problem(
        api.post("havips", {**body, "name": "other"}, Idempotency_Key="a-1"),
        400,
        "IdempotentParameterMismatch",
        "A3",
    )
    problem(api.post("havips", body, Idempotency_Key="x" * 65), 400, "InvalidClientToken.Malformed")
    problem(api.post("havips", body, Idempotency_Key=""), 400, "InvalidClientToken.Malformed")


def test_a_repeated_deletion_is_done_already(api: Script, world: World) -> None:
    havip = world.havip()
    assert api.delete(f"havips/{havip}", Idempotency_Key="d").status_code == 202
    carry_out_jobs()
    assert api.delete(f"havips/{havip}", Idempotency_Key="d").status_code == 204
    problem(api.delete(f"havips/{havip}"), 404)


def test_a_repeated_creation_of_what_is_gone(api: Script, world: World) -> None:
    body = {"vswitch_id": world.vswitch}
    made = api.post("havips", body, Idempotency_Key="c").json()["id"]
    carry_out_jobs()
    world.done("havip.delete", havip_id=made)
    told = problem(api.post("havips", body, Idempotency_Key="c"), 410, "Gone")
    assert told["object_id"] == made


# --- Waiting --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_an_answer_is_held_until_the_job_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread carries the job out while the request waits for it."""
    from tests.cast import gather

    cast = gather()
    world = World(cast.alpha)
    api = script_of(cast.alpha, Role.OPERATOR)
    waits = threading.Event()
    monkeypatch.setattr("havip.rest.waiting.time.sleep", _telling(waits))

    def work() -> None:
        from django.db import connection

        assert waits.wait(120)
        carry_out_jobs()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    made = api.post("havips?wait=60", {"vswitch_id": world.vswitch})
    worker.join()
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["job"]["state"]) == ("Available", "succeeded")
    assert made["Location"] == f"{HERE}/havips/{made.json()['id']}"


def _telling(event: threading.Event) -> Any:
    import time

    sleep = time.sleep

    def told(seconds: float) -> None:
        event.set()
        sleep(seconds)

    return told


@pytest.mark.parametrize("wait", ["61", "-1", "1.5", "abc", "", "100000000000"])
def test_how_long_to_wait_is_a_number(api: Script, world: World, wait: str) -> None:
    told = problem(api.post(f"havips?wait={wait}", {"vswitch_id": world.vswitch}), 400)
    assert told["errors"][0]["parameter"] == "wait"


def test_time_is_over(api: Script, world: World) -> None:
    """Nobody carries the job out: the answer says that it is still under way."""
    made = api.post("havips?wait=1", {"vswitch_id": world.vswitch})
    assert (made.status_code, made.json()["job"]["state"]) == (202, "queued")


def test_no_more_may_wait_than_there_are_places(
    api: Script, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HAVIP_REST_WAITERS = 0
    monkeypatch.setattr("havip.rest.waiting._watched", _never)
    assert api.post("havips?wait=60", {"vswitch_id": world.vswitch}).status_code == 202


def _never(*_args: Any) -> Any:
    raise AssertionError("there was no place to wait in")


def test_a_job_that_failed_is_a_problem(api: Script, world: World, fabric: Any) -> None:
    fabric.refuse("no such gateway")
    body = {"vswitch_id": world.vswitch}
    assert api.post("havips", body, Idempotency_Key="f").status_code == 202
    carry_out_jobs()
    assert Job.objects.latest("pk").state == "failed"
    told = problem(api.post("havips", body, Idempotency_Key="f"), 409, "JobFailed")
    assert told["job"]["state"] == "failed"


# --- Limits ---------------------------------------------------------------------------------------------------


@time_machine.travel("2026-11-23T10:00:20Z", tick=False)
def test_a_key_has_so_many_requests_a_minute(api: Script, world: World, settings: Any) -> None:
    settings.HAVIP_REST_REQUESTS_PER_MINUTE = 3
    for left in ("2", "1", "0"):
        answer = api.get("havips")
        assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("3", left)
        assert answer["RateLimit-Reset"] == "40"
    refused = api.get("havips")
    problem(refused, 429, "Throttling")
    assert refused["RateLimit-Remaining"] == "0"
    assert refused["Retry-After"] == "40"
    other = script_of(world.team, Role.VIEWER)
    assert other.get("havips").status_code == 200


@time_machine.travel("2026-11-23T10:00:20Z", tick=False)
def test_wrong_keys_are_counted(cast: Cast, api: Script) -> None:
    wrong = Script("HV0.wrong")
    statuses = {wrong.get("havips").status_code for _ in range(30)}
    assert statuses == {401}
    answer = wrong.get("havips")
    problem(answer, 429, "Throttling")
    assert answer["Retry-After"] == "40"
    assert api.get("havips").status_code == 200


# --- The description ------------------------------------------------------------------------------------------


def test_the_description_knows_every_handler(owner_client: Client) -> None:
    described = owner_client.get("/api/v1/schema").json()
    found = {
        operation["operationId"]
        for methods in described["paths"].values()
        for operation in methods.values()
    }
    assert found == set(SPECS)
    linked = [
        link
        for methods in described["paths"].values()
        for operation in methods.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert linked
    for link in linked:
        assert link["operationId"] in found
        known = {each["name"] for each in _parameters(described, link["operationId"])}
        assert {name.rpartition(".")[2] for name in link["parameters"]} <= known, link


def _parameters(described: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the parameters of an operation, shared ones among them."""
    for methods in described["paths"].values():
        for operation in methods.values():
            if operation["operationId"] == name:
                shared = described["components"]["parameters"]
                return [
                    shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                    for each in operation["parameters"]
                ]
    raise AssertionError(name)


@pytest.mark.slow
def test_the_description_is_valid_and_without_a_warning(tmp_path: Any) -> None:
    from django.core.management import call_command

    file = tmp_path / "schema.json"
    call_command(
        "spectacular", fail_on_warn=True, validate=True, format="openapi-json", file=str(file)
    )
    assert json.loads(file.read_text())["paths"]

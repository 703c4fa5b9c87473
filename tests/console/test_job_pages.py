"""The pages of the jobs, as each role sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from console.jobs import queue
from console.jobs.models import Job, JobState
from tests.cast import REGION, World, carry_out_jobs
from tests.console.pages import JOBS, count_queries, link_to, page_of
from tests.console.stages import make_failed, make_running, queued_job, url_of  # noqa: F401 - the fixture `job`
from tests.fabrics import ScriptedFabric

ROWS = "/t/alpha/jobs/rows/"


def rows_of(page: str) -> list[str]:
    return re.findall(r'<tr id="(job-[^"]+)"', page)


# --- The list -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "operator", "viewer", "auditor"])
def test_every_role_reads_the_list(sign_in: Any, job: Job, who: str) -> None:
    page = page_of(sign_in(who), JOBS)
    assert "Create HaVip" in page
    assert "web-vip (192.168.0.88)" in page
    assert "waits for a worker" in page
    assert job.resource_id in rows_of(page)


def test_other_teams_and_strangers_see_nothing(stranger_client: Client, job: Job) -> None:
    for url in (JOBS, ROWS, url_of(job.resource_id), url_of(job.resource_id, "fragment/")):
        assert stranger_client.get(url).status_code == 404
    mine = stranger_client.get("/t/beta/jobs/")
    assert mine.status_code == 200
    assert "No jobs yet" in mine.content.decode()
    assert stranger_client.get(f"/t/beta/jobs/{job.resource_id}/").status_code == 404


def test_a_new_team_is_told_what_comes_here(stranger_client: Client, cast: Any) -> None:
    assert "No jobs yet" in page_of(stranger_client, "/t/beta/jobs/")


def test_filters(owner_client: Client, world: World, job: Job) -> None:
    assert rows_of(page_of(owner_client, f"{JOBS}?state=queued")) == [job.resource_id]
    assert rows_of(page_of(owner_client, f"{JOBS}?state=active")) == [job.resource_id]
    assert rows_of(page_of(owner_client, f"{JOBS}?kind=havip.create")) == [job.resource_id]
    assert rows_of(page_of(owner_client, f"{JOBS}?text=web-vip")) == [job.resource_id]
    assert rows_of(page_of(owner_client, f"{JOBS}?text={job.resource_id}")) == [job.resource_id]
    of_object = f"{JOBS}?object_kind=havip&object_id={job.target_id}"
    assert rows_of(page_of(owner_client, of_object)) == [job.resource_id]
    assert "No job matches" in page_of(owner_client, f"{JOBS}?by=somebody-else")
    assert job.resource_id in rows_of(page_of(owner_client, f"{JOBS}?by=OPERATOR"))
    assert "No job matches" in page_of(owner_client, f"{JOBS}?state=failed")


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense",
        "kind=%00",
        "text=%00",
        "cursor=nonsense",
        "cursor=WzAsIDEsICJ4Il0",
        "size=99999",
        "text=" + "x" * 5000,
        "by=%ff%fe",
        "object_id=" + "%E4%B8%AD" * 100,
    ],
)
def test_nonsense_in_the_query_never_breaks_the_list(
    owner_client: Client, world: World, query: str
) -> None:
    assert owner_client.get(f"{JOBS}?{query}").status_code == 200
    assert owner_client.get(f"{ROWS}?{query}").status_code == 200


def test_paging_by_key_shows_every_job_once(owner_client: Client, world: World, job: Job) -> None:
    several(job, 45)
    seen: list[str] = []
    url = JOBS
    for _ in range(10):
        page = page_of(owner_client, url)
        seen += rows_of(page)
        following = link_to(page, "next")
        if not following:
            break
        url = following
    newest_first = Job.objects.filter(team=world.team).order_by("-pk")
    assert seen == list(newest_first.values_list("resource_id", flat=True))
    back = link_to(page_of(owner_client, url), "prev")
    assert rows_of(page_of(owner_client, back)) == seen[20:40]


def several(job: Job, number: int) -> None:
    """Write more rows like this one, each on an object of another kind."""
    kinds = [("havip", job.target_id), ("vpc", "vpc-x"), ("eip", "eip-x"), ("instance", "i-x")]
    Job.objects.bulk_create(
        Job(
            team=job.team,
            kind=job.kind,
            handler=job.handler,
            region=REGION,
            target_kind=kinds[i % 4][0],
            target_id=kinds[i % 4][1],
            target_label=f"row {i}",
            operation=job.operation,
            requested_by="operator",
            state=JobState.SUCCEEDED,
            attempt=1,
        )
        for i in range(number)
    )


@pytest.mark.parametrize("url", [JOBS, ROWS])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    owner_client: Client, job: Job, url: str
) -> None:
    several(job, 4)
    few = count_queries(owner_client, url)
    several(job, 60)
    many = count_queries(owner_client, f"{url}?size=50")
    assert many == few <= 12


def test_objects_are_linked_while_they_exist(owner_client: Client, world: World, job: Job) -> None:
    link = f'href="/t/alpha/{REGION}/havips/{job.target_id}/"'
    assert link in page_of(owner_client, JOBS)
    carry_out_jobs()
    world.done("havip.delete", havip_id=job.target_id)
    page = page_of(owner_client, JOBS)
    assert link not in page
    assert "web-vip (192.168.0.88)" in page, "the label survives"


# --- Refreshing -----------------------------------------------------------------------------------------------


def test_rows_poll_only_while_a_job_is_active(owner_client: Client, job: Job) -> None:
    assert "every 1s" in page_of(owner_client, ROWS)
    carry_out_jobs()
    page = page_of(owner_client, ROWS)
    assert "every 1s" not in page
    assert "havip:changed from:body" in page
    assert "<html" not in page


def test_fragments_answer_304_while_nothing_changed(owner_client: Client, job: Job) -> None:
    carry_out_jobs()
    # A new minute is a change: "3 minutes ago" must not stand still.
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for url in (ROWS, url_of(job.resource_id, "fragment/")):
            first = owner_client.get(url)
            assert "no-cache" in first["Cache-Control"]
            again = owner_client.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
            assert (again.status_code, again.content) == (304, b"")
            queue.log(job, "one more line")
            Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, attempt=3)
            changed = owner_client.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
            assert changed.status_code == 200
            Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED, attempt=1)
        latest = owner_client.get(ROWS)["ETag"]
        clock.shift(60)
        assert owner_client.get(ROWS, HTTP_IF_NONE_MATCH=latest).status_code == 200


def test_a_reader_in_another_language_has_another_tag(owner_client: Client, job: Job) -> None:
    carry_out_jobs()
    english = owner_client.get(ROWS)["ETag"]
    chinese = owner_client.get(ROWS, HTTP_ACCEPT_LANGUAGE="zh-hans")["ETag"]
    assert english != chinese


def test_the_page_of_a_job_stops_refreshing_when_it_ended(
    owner_client: Client, fabric: ScriptedFabric, job: Job
) -> None:
    assert "every 1s" in page_of(owner_client, url_of(job.resource_id, "fragment/"))
    make_failed(job, fabric)
    assert "every 1s" not in page_of(owner_client, url_of(job.resource_id, "fragment/"))


# --- One job --------------------------------------------------------------------------------------------------


def test_the_page_of_a_job_tells_its_log_and_no_instructions(
    owner_client: Client, job: Job
) -> None:
    carry_out_jobs()
    page = page_of(owner_client, url_of(job.resource_id))
    assert "Queued by operator." in page
    assert "Attempt 1 begins." in page
    assert re.search(r"Succeeded after [\d.]+ seconds\.", page)
    assert "on_success" not in page
    assert "if_gone" not in page


def test_a_failed_job_says_why(owner_client: Client, fabric: ScriptedFabric, job: Job) -> None:
    make_failed(job, fabric)
    page = page_of(owner_client, url_of(job.resource_id))
    assert "The network says no to this." in page
    assert "The network says no to this." in page_of(owner_client, JOBS)
    assert "Failed" in page


def test_log_lines_are_escaped(owner_client: Client, job: Job) -> None:
    queue.log(job, "The node said %(what)s.", what="<script>alert(1)</script>")
    raw = owner_client.get(url_of(job.resource_id)).content.decode()
    assert "<script>alert(1)" not in raw
    assert "&lt;script&gt;alert(1)" in raw


def test_an_endless_log_shows_its_end(owner_client: Client, job: Job) -> None:
    for number in range(505):
        queue.log(job, "line %(number)s", number=number)
    page = page_of(owner_client, url_of(job.resource_id))
    assert "line 504" in page
    assert "Queued by" not in page
    assert "the newest lines" in page


def test_the_audit_log_is_linked_for_those_who_may_read_it(sign_in: Any, job: Job) -> None:
    link = f"/t/alpha/audit/?job_id={job.resource_id}"
    for who, may in (("owner", True), ("auditor", True), ("operator", False), ("viewer", False)):
        assert (link in page_of(sign_in(who), url_of(job.resource_id))) is may


def test_the_number_of_queries_does_not_grow_with_log_or_retries(
    owner_client: Client, job: Job
) -> None:
    carry_out_jobs()
    few = count_queries(owner_client, url_of(job.resource_id))
    for number in range(50):
        queue.log(job, "line %(number)s", number=number)
    several(job, 15)
    Job.objects.filter(target_label__startswith="row").update(retry_of=job)
    assert count_queries(owner_client, url_of(job.resource_id)) == few <= 12

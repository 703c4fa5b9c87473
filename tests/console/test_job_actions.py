"""Cancelling and retrying jobs from their pages."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.audit.models import AuditEvent
from console.jobs.models import Job, JobState
from tests.cast import World, carry_out_jobs
from tests.console.pages import JOBS, buttons, page_after, page_of
from tests.console.stages import make_failed, make_running, queued_job, url_of  # noqa: F401 - the fixture `job`
from tests.fabrics import ScriptedFabric


def test_a_queued_job_is_cancelled_at_once(operator_client: Client, world: World, job: Job) -> None:
    assert (
        "aria-disabled"
        not in buttons(page_of(operator_client, url_of(job.resource_id)), "Cancel job")[0]
    )
    page = page_after(operator_client, url_of(job.resource_id, "cancel/"))
    assert "The job was cancelled" in page
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "Cancelled by operator." in page
    assert world.status(job.target_id) == "gone"


def test_a_running_job_is_asked_to_stop_and_the_page_says_so(
    operator_client: Client, job: Job
) -> None:
    make_running(job)
    page = page_after(operator_client, url_of(job.resource_id, "cancel/"))
    assert "The job was asked to stop. It does so at its next step, not at once." in page
    assert "Asked to stop" in page
    (button,) = buttons(page, "Cancel job")
    assert "aria-disabled" in button
    assert "asked to stop already" in button
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == (JobState.RUNNING, True)


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_job_that_ended_badly_is_retried_as_a_new_one(
    operator_client: Client, world: World, fabric: ScriptedFabric, job: Job, end: str
) -> None:
    if end == "failed":
        make_failed(job, fabric)
    else:
        operator_client.post(url_of(job.resource_id, "cancel/"))
    response = operator_client.post(url_of(job.resource_id, "retry/"))
    again = Job.objects.get(retry_of=job)
    assert response["Location"] == url_of(again.resource_id)
    page = page_of(operator_client, response["Location"])
    assert "Tried again with a new job" in page
    assert url_of(job.resource_id) in page, "the chain leads back"
    assert url_of(again.resource_id) in page_of(operator_client, url_of(job.resource_id))
    carry_out_jobs()
    assert world.status(again.target_id) == "Available"


def test_a_retry_that_the_rules_refuse_is_a_message(
    operator_client: Client, world: World, job: Job
) -> None:
    operator_client.post(url_of(job.resource_id, "cancel/"))
    world.havip(name="faster", ip_address="192.168.0.88")
    page = page_after(operator_client, url_of(job.resource_id, "retry/"))
    assert "C7" in page
    assert "InvalidIPAddress.AlreadyUsed" in page
    assert not Job.objects.filter(retry_of=job).exists()


def test_htmx_is_sent_to_the_new_page(operator_client: Client, job: Job) -> None:
    response = operator_client.post(url_of(job.resource_id, "cancel/"), HTTP_HX_REQUEST="true")
    assert response.status_code == 204
    assert response["HX-Redirect"] == url_of(job.resource_id)


@pytest.mark.parametrize("what", ["cancel", "retry"])
@pytest.mark.parametrize("who", ["viewer", "auditor"])
def test_readers_are_refused_with_the_reason_and_on_record(
    sign_in: Any, job: Job, who: str, what: str
) -> None:
    client = sign_in(who)
    page = page_of(client, url_of(job.resource_id))
    for label in ("Cancel job", "Retry"):
        (button,) = buttons(page, label)
        assert "aria-disabled" in button
        assert "Your role in this team does not allow this." in button
    response = client.post(url_of(job.resource_id, f"{what}/"), follow=True)
    assert "Your role in this team does not allow this." in unescape(response.content.decode())
    event = AuditEvent.objects.for_team(job.team).latest("pk")
    assert (event.action, event.result, event.rule) == (f"job.{what}", "refused", "A1")
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_an_ended_job_has_its_buttons_disabled_with_the_rule(
    operator_client: Client, job: Job
) -> None:
    carry_out_jobs()
    page = page_of(operator_client, url_of(job.resource_id))
    (cancel,) = buttons(page, "Cancel job")
    (retry,) = buttons(page, "Retry")
    assert "J2" in cancel
    assert "aria-disabled" in cancel
    assert "J3" in retry
    assert "aria-disabled" in retry
    for what, code in (("cancel", "J2"), ("retry", "J3")):
        response = operator_client.post(url_of(job.resource_id, f"{what}/"), follow=True)
        assert code in response.content.decode()


@pytest.mark.parametrize("what", ["cancel", "retry"])
def test_jobs_of_others_and_of_nobody_are_not_there(
    stranger_client: Client, operator_client: Client, job: Job, what: str
) -> None:
    assert stranger_client.post(url_of(job.resource_id, f"{what}/")).status_code == 404
    assert stranger_client.post(f"/t/beta/jobs/{job.resource_id}/{what}/").status_code == 404
    assert operator_client.post(url_of("job-0", f"{what}/")).status_code == 404
    assert operator_client.get(url_of(job.resource_id, f"{what}/")).status_code == 405
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_signed_out_readers_are_led_to_the_sign_in(client: Client, job: Job) -> None:
    for url in (JOBS, url_of(job.resource_id)):
        assert client.get(url)["Location"].startswith("/sign-in/?next=")
    assert client.post(url_of(job.resource_id, "cancel/")).status_code == 302
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_job_that_waits_for_the_network_says_so(owner_client: Client, job: Job) -> None:
    make_running(job)
    Job.objects.filter(pk=job.pk).update(lease_owner="", attempt=0, lease_until=timezone.now())
    assert "waits for the network" in page_of(owner_client, url_of(job.resource_id))

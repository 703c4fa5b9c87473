"""Signing in and out: the lock-out, what is recorded of it, and where it leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from console.audit.log import SITE_CHAIN
from console.audit.models import AuditEvent
from tests.cast import PASSWORD, Cast

URL = "/sign-in/"


def attempt(
    client: Client, name: str = "owner", password: str = PASSWORD, **extra: Any
) -> HttpResponseBase:
    data = {"username": name, "password": password, **extra.pop("data", {})}
    return client.post(URL, data, **extra)


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(chain__name=SITE_CHAIN, action=action).order_by("pk"))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_page_has_one_form_and_no_frame(client: Client, cast: Cast) -> None:
    page = client.get(URL).content.decode()
    assert page.count('name="password"') == 1
    assert 'autocomplete="current-password"' in page
    assert 'class="side' not in page


def test_the_right_password_signs_in_and_is_recorded(client: Client, cast: Cast) -> None:
    response = attempt(client, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert response.status_code == 302
    assert is_signed_in(client)
    (event,) = events("session.sign_in")
    assert (event.result, event.object_id) == ("succeeded", "owner")
    assert event.actor_id == f"user:{cast.owner.pk}"
    assert event.source_address == "127.0.0.1", "a stranger's header counts nothing"
    assert event.request_id


@pytest.mark.parametrize("name", ["owner", "nobody-of-that-name"])
def test_wrong_names_and_wrong_passwords_look_alike(client: Client, cast: Cast, name: str) -> None:
    response = attempt(client, name, "a wrong one")
    page = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code == 200
    assert "The user name or the password is not right." in page
    assert "a wrong one" not in page
    (event,) = events("session.sign_in")
    assert (event.result, event.code, event.object_id) == ("refused", "InvalidCredentials", name)
    assert "a wrong one" not in str(vars(event))


def test_people_who_left_are_told_no_more_than_strangers(client: Client, cast: Cast) -> None:
    cast.owner.is_active = False
    cast.owner.save()
    response = attempt(client)
    assert "The user name or the password is not right." in response.content.decode()  # type: ignore[attr-defined]
    assert not is_signed_in(client)


def test_five_failures_lock_the_name_for_this_address(client: Client, cast: Cast) -> None:
    statuses = [attempt(client, password="wrong").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    locked = attempt(client)
    assert locked.status_code == 429, "the right password does not help any more"
    page = locked.content.decode()  # type: ignore[attr-defined]
    assert "Too many attempts" in page
    assert URL in page
    assert not is_signed_in(client)
    assert [event.code for event in events("session.lock_out")][:1] == ["TooManyAttempts"]


def test_the_lock_holds_for_one_name_from_one_address(client: Client, cast: Cast) -> None:
    for _ in range(5):
        attempt(client, password="wrong")
    assert attempt(Client(), "operator").status_code == 302
    assert attempt(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302


def test_the_lock_ends_after_a_quarter_of_an_hour(client: Client, cast: Cast) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(5):
            attempt(client, password="wrong")
        clock.move_to(now + settings.AXES_COOLOFF_TIME - timedelta(seconds=5))
        assert attempt(client).status_code == 429
        clock.move_to(now + settings.AXES_COOLOFF_TIME + timedelta(seconds=5))
        assert attempt(client).status_code == 302


def test_a_success_forgets_the_failures_before_it(client: Client, cast: Cast) -> None:
    for _ in range(4):
        attempt(client, password="wrong")
    assert attempt(client).status_code == 302
    other = Client()
    assert [attempt(other, password="wrong").status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize(
    "name", ["x" * 5000, "a\0b", "\ud7ff\U0001f980", "' OR 1=1 --", "owner\r\nX-Injected: 1"]
)
def test_odd_names_are_refused_and_recorded_or_not_but_never_break(
    client: Client, cast: Cast, name: str
) -> None:
    response = attempt(client, name)
    assert response.status_code == 200
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/t/alpha/jobs/", "/t/alpha/jobs/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver/t/alpha/jobs/", "http://testserver/t/alpha/jobs/"),
    ],
)
def test_next_leads_to_the_own_host_only(
    client: Client, cast: Cast, target: str, leads_to: str
) -> None:
    response = attempt(client, data={"next": target})
    assert response.status_code == 302
    assert response["Location"] == leads_to


def test_who_is_signed_out_is_led_to_the_page_and_back(client: Client, cast: Cast) -> None:
    response = client.get("/t/alpha/jobs/?state=failed")
    assert response.status_code == 302
    page = client.get(response["Location"]).content.decode()
    assert 'value="/t/alpha/jobs/?state=failed"' in page


def test_a_fragment_of_a_page_that_signed_out_reloads_the_whole_page(
    client: Client, cast: Cast
) -> None:
    response = client.get("/t/alpha/jobs/rows/", HTTP_HX_REQUEST="true")
    assert response.status_code == 204
    assert response["HX-Refresh"] == "true"


def test_signing_in_gives_a_new_session(client: Client, cast: Cast) -> None:
    session = client.session
    session["planted"] = "before"
    session.save()
    before = session.session_key
    attempt(client)
    assert client.session.session_key != before


def test_signing_out_takes_a_post(client: Client, cast: Cast) -> None:
    attempt(client)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    response = client.post("/sign-out/")
    assert response["Location"] == URL
    assert not is_signed_in(client)
    (event,) = events("session.sign_out")
    assert (event.object_id, event.result) == ("owner", "succeeded")


def test_forms_without_the_token_are_refused(cast: Cast) -> None:
    guarded = Client(enforce_csrf_checks=True)
    assert attempt(guarded).status_code == 403
    assert not is_signed_in(guarded)

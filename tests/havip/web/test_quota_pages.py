"""The quotas page, requests for more, the beta application, and the site administrator's decisions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from console.audit.models import AuditEvent, AuditResult
from havip.models import BetaApplication, QuotaName, QuotaRequest, RequestState
from havip.selectors.quotas import beta_approved, quota
from tests.cast import Cast, World, digest

QUOTAS = "/t/alpha/quotas/"
ASK = "/t/alpha/quotas/havips_per_team/request/"
SITE = "/site/requests/"
HTMX = {"HX-Request": "true"}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def file_request(client: Client, value: int = 20) -> QuotaRequest:
    answer = client.post(ASK, {"value": value, "reason": "we grow"})
    assert answer.status_code == 302, text(answer)
    return QuotaRequest.objects.latest("pk")


# --- What the page shows --------------------------------------------------------------------------------------------


def test_every_limit_is_shown_with_its_use(world: World, owner_client: Client) -> None:
    world.havip(world.ecs1)
    page = owner_client.get(QUOTAS)
    uses = {limit.use.name: limit.use for limit in page.context["limits"]}
    assert set(uses) == set(QuotaName)
    assert uses[QuotaName.HAVIPS_PER_TEAM].used == 1
    assert (uses[QuotaName.HAVIPS_PER_VPC].used, uses[QuotaName.HAVIPS_PER_VPC].where) == (1, "vpc")
    assert uses[QuotaName.HAVIPS_PER_INSTANCE].where == "ecs1"
    assert text(page).count('role="meter"') == 4


def test_fixed_limits_name_the_deployments_setting(
    world: World, owner_client: Client, settings: Any
) -> None:
    settings.HAVIP_BINDING_SLOTS = 7
    fixed = [
        (limit.label, limit.value) for limit in owner_client.get(QUOTAS).context["fixed_limits"]
    ]
    assert ("Instances, or network interfaces, bound to a HaVip", "7") in fixed
    assert ("Network type", "VPC only") in fixed
    assert ("Traffic", "unicast only") in fixed


def test_without_the_gate_there_is_no_beta_panel(owner_client: Client, settings: Any) -> None:
    assert 'id="beta"' in text(owner_client.get(QUOTAS))
    settings.HAVIP_BETA_GATE = False
    assert 'id="beta"' not in text(owner_client.get(QUOTAS))


def test_the_page_refreshes_itself(world: World, owner_client: Client) -> None:
    first = owner_client.get("/t/alpha/quotas/panel/", headers=HTMX)
    assert "<html" not in text(first)
    file_request(owner_client)
    assert "pending" in text(owner_client.get("/t/alpha/quotas/panel/", headers=HTMX))


# --- Asking for more ------------------------------------------------------------------------------------------------


def test_an_owner_asks_for_more(world: World, owner_client: Client) -> None:
    drawer = owner_client.get(ASK)
    assert drawer.context["form"]["value"].value() == 10
    request = file_request(owner_client)
    assert (request.team, request.name, request.value) == (world.team, "havips_per_team", 20)
    page = text(owner_client.get(QUOTAS))
    assert "to 20, by owner" in page
    assert "A request for this is open already." in page


@pytest.mark.parametrize(
    ("sent", "field", "number"),
    [
        ({"value": 5, "reason": "x"}, "value", "Q1"),
        ({"value": 10**9, "reason": "x"}, "value", "Q1"),
        ({"value": 9, "reason": "x" * 501}, "reason", "Q4"),
        ({"value": 9, "reason": "  "}, "reason", ""),
        ({"value": "many", "reason": "x"}, "value", ""),
    ],
)
def test_a_faulty_request_is_refused_at_its_field(
    owner_client: Client, sent: dict[str, Any], field: str, number: str
) -> None:
    before = digest()
    answer = owner_client.post(ASK, sent, headers=HTMX)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert number in str(errors[field])
    assert digest() == before


def test_a_second_request_waits_for_the_first(owner_client: Client) -> None:
    file_request(owner_client)
    answer = owner_client.post(ASK, {"value": 30, "reason": "more"})
    assert answer.status_code == 422
    assert "Q2" in text(answer)


@pytest.mark.parametrize("name", ["operator", "viewer", "auditor"])
def test_only_owners_ask(cast: Cast, sign_in: Any, name: str) -> None:
    client = sign_in(name)
    page = text(client.get(QUOTAS))
    assert "havips_per_team/request/" not in page
    assert "Your role in this team does not allow this." in page
    assert client.get(ASK).status_code == 403
    assert client.post(ASK, {"value": 9, "reason": "x"}).status_code == 403
    refused = AuditEvent.objects.filter(result=AuditResult.REFUSED).latest("pk")
    assert (refused.action, refused.rule) == ("quota.request", "A1")
    assert not QuotaRequest.objects.exists()


def test_there_is_no_quota_of_another_name(owner_client: Client) -> None:
    assert owner_client.get("/t/alpha/quotas/everything/request/").status_code == 404


def test_other_teams_do_not_exist(stranger_client: Client) -> None:
    for url in (QUOTAS, ASK, "/t/alpha/quotas/panel/", "/t/alpha/beta/apply/"):
        assert stranger_client.get(url).status_code == 404


# --- The beta -------------------------------------------------------------------------------------------------------


def test_a_team_applies_and_sees_how_far_it_is(
    cast: Cast, stranger_client: Client, administrator_client: Client
) -> None:
    url = "/t/beta/beta/apply/"
    assert "once a site administrator has approved" in text(stranger_client.get("/t/beta/quotas/"))
    assert stranger_client.post(url, {"reason": ""}).status_code == 422
    assert stranger_client.post(url, {"reason": "for the shop"}).status_code == 302
    assert "The application waits" in text(stranger_client.get("/t/beta/quotas/"))
    assert stranger_client.post(url, {"reason": "again"}).status_code == 422
    application = BetaApplication.objects.get(team=cast.beta)
    assert "for the shop" in text(administrator_client.get(SITE))

    decide = f"/site/requests/beta/{application.pk}/decide/"
    assert administrator_client.post(decide, {"decision": "decline"}).status_code == 302
    assert "The application was declined." in text(stranger_client.get("/t/beta/quotas/"))
    assert stranger_client.post(url, {"reason": "with a better reason"}).status_code == 302
    second = BetaApplication.objects.get(team=cast.beta, state=RequestState.PENDING)
    administrator_client.post(f"/site/requests/beta/{second.pk}/decide/", {"decision": "approve"})
    assert beta_approved(cast.beta)
    assert "The team takes part" in text(stranger_client.get("/t/beta/quotas/"))


def test_a_viewer_cannot_apply(world: World, viewer_client: Client) -> None:
    assert viewer_client.get("/t/alpha/beta/apply/").status_code == 403
    assert viewer_client.post("/t/alpha/beta/apply/", {"reason": "x"}).status_code == 403


# --- The site administrator -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["owner", "operator", "viewer", "auditor", "stranger"])
def test_for_everyone_else_the_site_does_not_exist(
    world: World, owner_client: Client, sign_in: Any, name: str
) -> None:
    request = file_request(owner_client)
    client = sign_in(name)
    assert client.get(SITE).status_code == 404
    decide = f"/site/requests/quota/{request.pk}/decide/"
    assert client.post(decide, {"decision": "approve"}).status_code == 404
    request.refresh_from_db()
    assert request.state == RequestState.PENDING


def test_signed_out_the_site_asks_to_sign_in(db: None) -> None:
    assert Client().get(SITE)["Location"].startswith("/sign-in/")


def test_an_approval_takes_effect_at_once_and_is_recorded_in_the_team(
    world: World, owner_client: Client, administrator_client: Client
) -> None:
    request = file_request(owner_client)
    page = text(administrator_client.get(SITE))
    assert "5 → 20" in page
    decide = f"/site/requests/quota/{request.pk}/decide/"
    answer = administrator_client.post(decide, {"decision": "approve"}, follow=True)
    assert "The request of Alpha is approved." in text(answer)
    assert quota(world.team, QuotaName.HAVIPS_PER_TEAM) == 20
    event = AuditEvent.objects.filter(chain__team=world.team).latest("pk")
    assert (event.action, event.actor_label) == ("quota.decide", "administrator")
    assert "raised from 5" in text(owner_client.get(QUOTAS))


def test_what_is_decided_stays_decided(
    world: World, owner_client: Client, administrator_client: Client
) -> None:
    request = file_request(owner_client)
    decide = f"/site/requests/quota/{request.pk}/decide/"
    administrator_client.post(decide, {"decision": "decline"})
    again = administrator_client.post(decide, {"decision": "approve"})
    assert again.status_code == 422
    assert "Q3" in text(again)
    assert quota(world.team, QuotaName.HAVIPS_PER_TEAM) == 5


def test_a_decision_must_be_one(
    world: World, owner_client: Client, administrator_client: Client
) -> None:
    request = file_request(owner_client)
    for url, status in (
        (f"/site/requests/quota/{request.pk}/decide/", 422),
        ("/site/requests/quota/999999/decide/", 404),
        (f"/site/requests/other/{request.pk}/decide/", 404),
    ):
        assert administrator_client.post(url, {"decision": "maybe"}).status_code == status
    request.refresh_from_db()
    assert request.state == RequestState.PENDING


def test_deciding_needs_a_post(
    world: World, owner_client: Client, administrator_client: Client
) -> None:
    request = file_request(owner_client)
    assert administrator_client.get(f"/site/requests/quota/{request.pk}/decide/").status_code == 405


def test_the_site_page_costs_the_same_however_many_ask(
    world: World, administrator_client: Client, django_assert_max_num_queries: Any
) -> None:
    QuotaRequest.objects.bulk_create(
        QuotaRequest(
            team=world.team,
            name=name,
            value=9,
            reason="r",
            filed_by="o",
            state=RequestState.DECLINED,
        )
        for name in QuotaName
        for _ in range(10)
    )
    with django_assert_max_num_queries(12):
        assert administrator_client.get(SITE).status_code == 200

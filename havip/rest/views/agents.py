"""Agents: who serves the team's gateways and nodes, tokens for enrolling, and taking a key away."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from console.secrets import digest_of, new_secret
from console.teams.models import Team
from console.teams.roles import Permission
from havip.fabric.linux import enrolment
from havip.fabric.linux.models import Agent as AgentRecord
from havip.fabric.linux.models import AgentRole, WantedState
from havip.models import Vpc
from havip.rest import showing_console as showing
from havip.rest.acting import Acting
from havip.rest.documented import documented
from havip.rest.endpoint import Endpoint
from havip.rest.paging import Listing, as_page
from havip.rest.serializers import console as shapes

_TAG = _("Agents")
LISTING: Listing[AgentRecord] = Listing(orderings=lambda: {"enrolled": "pk"}, default="-enrolled")


def agents(team: Team) -> QuerySet[AgentRecord]:
    """Return the team's agents, and the hosts of the regions that its networks are in."""
    regions = Vpc.objects.filter(team=team).values("region").distinct().order_by()
    return AgentRecord.objects.filter(Q(team=team) | Q(role=AgentRole.HOST, region__in=regions))


class _Agents(Acting):
    """What shows agents."""

    def described(self, found: Iterable[AgentRecord]) -> list[dict[str, object]]:
        """Return agents as plain values; one query."""
        listed = list(found)
        scopes = [each.scope for each in listed]
        states = WantedState.objects.filter(scope__in=scopes)
        versions = dict(states.values_list("scope", "version"))
        return [showing.agent(each, self.principal, versions) for each in listed]

    def look(self, agent_id: str) -> dict[str, object] | None:
        """Return one agent as it is shown now; None when there is none."""
        found = [] if "\0" in agent_id else agents(self.team).filter(resource_id=agent_id)[:1]
        return next(iter(self.described(found)), None)


class Agents(_Agents):
    """The team's agents."""

    @documented("listAgents", _TAG, {200: shapes.AgentPage}, listing=LISTING)
    def get(self, request: Request) -> Response:
        """List the team's agents, and the hosts of the regions that its networks are in."""
        page = LISTING.page(request, agents(self.team))
        return self.shown(as_page(request, page, self.described(page.rows)))


class Agent(_Agents):
    """One agent."""

    @documented("getAgent", _TAG, {200: shapes.Agent})
    def get(self, request: Request, agent_id: str) -> Response:
        """Show an agent."""
        found = self.look(agent_id)
        if found is None:
            raise enrolment.NO_AGENT.refuse(agent=agent_id[:60])
        return self.shown(found)


class AgentRevoke(_Agents):
    """Revoking an agent."""

    @documented("revokeAgent", _TAG, {200: shapes.Agent}, writes=True, conditional=True)
    def post(self, request: Request, agent_id: str) -> HttpResponseBase:
        """Take an agent's key away: it keeps the last state running, and hears and says nothing more."""
        self.perform(enrolment.revoke_agent, look=lambda: self.look(agent_id), agent_id=agent_id)
        return self.shown(self.look(agent_id))


class AgentScopes(Endpoint):
    """What agents could serve."""

    @documented("listAgentScopes", _TAG, {200: shapes.AgentScopes})
    def get(self, request: Request) -> Response:
        """List the VPCs and instances that agents could serve."""
        choices = enrolment.scope_choices(self.team)
        return self.shown({"items": [{"scope": scope, "name": name} for scope, name in choices]})


class AgentTokens(Acting):
    """Tokens for enrolling."""

    @documented(
        "createAgentToken",
        _TAG,
        {201: shapes.AgentToken},
        body=shapes.CreateAgentToken,
        writes=True,
        needs=Permission.MANAGE_TEAM,
        example={"scope": "gateway:vpc-" + "0" * 20},
    )
    def post(self, request: Request) -> Response:
        """Make a one-time token with which an agent enrols.

        It is in this answer and nowhere else; only an owner's key may make one.
        """
        scope = self.body()["scope"]
        secret = new_secret()
        self.perform(
            enrolment.issue_token, scope=scope, digest=digest_of(secret, purpose=enrolment.PURPOSE)
        )
        content = {
            "scope": scope,
            "token": secret,
            "expires_in_seconds": int(enrolment.TOKEN_LIFETIME.total_seconds()),
        }
        response = self.shown(content, HTTPStatus.CREATED, {"Location": reverse("rest:agents")})
        response["Cache-Control"] = "no-store"
        return response

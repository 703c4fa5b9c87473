"""Addresses of the pages about agents and holders; included by the domain's addresses."""

from __future__ import annotations

from django.urls import path

from havip.web.views import agents, holders

of_team = [
    path("agents/", agents.agent_list, name="agent-list"),
    path("agents/rows/", agents.agent_rows, name="agent-rows"),
    path("agents/token/", agents.agent_token, name="agent-token"),
    path("agents/<str:agent_id>/revoke/", agents.agent_revoke, name="agent-revoke"),
]
regional = [
    path("havips/<str:havip_id>/holders/", holders.holders, name="havip-holders"),
]

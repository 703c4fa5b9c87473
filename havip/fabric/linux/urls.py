"""The calls of the agent API, version 1."""

from __future__ import annotations

from django.urls import path, re_path

from havip.fabric.linux import api

app_name = "agent-api"
urlpatterns = [
    path("v1/enrol", api.enrol, name="enrol"),
    path("v1/wanted", api.wanted, name="wanted"),
    path("v1/report", api.report, name="report"),
    path("v1/tokens", api.tokens, name="tokens"),
    re_path(r"^", api.unknown),
]

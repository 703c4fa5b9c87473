"""Addresses of the domain's pages: the URL carries the team and the region."""

from __future__ import annotations

from django.urls import path

from console.teams.views import preferences
from havip.web.views import frame

app_name = "web"
urlpatterns = [
    path("", frame.home, name="home"),
    path("preferences/", preferences, name="preferences"),
    path("t/<slug:team>/pulse/", frame.watch_pulse, name="pulse"),
    path("t/<slug:team>/help/", frame.help_page, name="help"),
]

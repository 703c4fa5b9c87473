"""Addresses of the domain's pages: the URL carries the team and the region."""

from __future__ import annotations

from django.urls import include, path, register_converter

from console.teams.views import preferences
from havip.web import (
    urls_agents,
    urls_configuration,
    urls_drills,
    urls_havips,
    urls_inventory,
    urls_tags,
)
from havip.web.converters import RegionConverter
from havip.web.views import frame

register_converter(RegionConverter, "region")

app_name = "web"
urlpatterns = [
    path("", frame.home, name="home"),
    path("preferences/", preferences, name="preferences"),
    path("t/<slug:team>/pulse/", frame.watch_pulse, name="pulse"),
    path("t/<slug:team>/help/", frame.help_page, name="help"),
    path("t/<slug:team>/<region:region>/", include(urls_agents.regional)),
    path("t/<slug:team>/", include(urls_agents.of_team)),
    path("t/<slug:team>/<region:region>/", include(urls_havips)),
    path("t/<slug:team>/<region:region>/", include(urls_configuration)),
    path("t/<slug:team>/<region:region>/", include(urls_drills)),
    path("t/<slug:team>/<region:region>/", include(urls_inventory.regional)),
    path("t/<slug:team>/<region:region>/", include(urls_tags)),
    path("t/<slug:team>/", include(urls_inventory.of_team)),
    path("", include(urls_inventory.site)),
]

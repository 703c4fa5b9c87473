"""The console's addresses, with the agents' pages where they belong."""

from __future__ import annotations

from django.urls import include, path

from console import urls as console_urls
from havip.web import urls as web_urls
from havip.web import urls_agents

_patterns = [
    path("t/<slug:team>/", include(urls_agents.of_team)),
    path("t/<slug:team>/<region:region>/", include(urls_agents.regional)),
    *web_urls.urlpatterns,
]
urlpatterns = [
    path("", include((_patterns, "web"))),
    *console_urls.urlpatterns[:-1],
]

"""Every address of the console."""

from __future__ import annotations

from django.urls import include, path

from console import health
from console.audit.views import site_audit

urlpatterns = [
    path("healthz/live/", health.live, name="health-live"),
    path("healthz/ready/", health.ready, name="health-ready"),
    path("", include("console.teams.urls")),
    path("site/audit/", site_audit, name="site-audit"),
    path("t/<slug:team>/jobs/", include("console.jobs.urls")),
    path("t/<slug:team>/audit/", include("console.audit.urls")),
    path("agent/", include("havip.fabric.linux.urls")),
    path("api/v1/", include("havip.rest.urls")),
    path("", include("havip.web.urls")),
]

handler400 = "havip.rest.early.bad_request"

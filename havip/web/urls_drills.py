"""Addresses of the pages about fail-over drills, below a team and a region."""

from __future__ import annotations

from django.urls import path

from havip.web.views import drills

_DRILLS = "havips/<slug:havip_id>/drills"
_ONE = f"{_DRILLS}/<slug:drill_id>"

urlpatterns = [
    path(f"{_DRILLS}/", drills.havip_drills, name="havip-drills"),
    path(f"{_DRILLS}/rows/", drills.drill_rows, name="drill-rows"),
    path(f"{_DRILLS}/start/", drills.drill_start, name="drill-start"),
    path(f"{_ONE}/", drills.drill_detail, name="drill"),
    path(f"{_ONE}/panel/", drills.drill_panel, name="drill-panel"),
    path(f"{_ONE}/stop/", drills.drill_stop, name="drill-stop"),
]

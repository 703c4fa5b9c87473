"""Addresses of the inventory, quota and site pages, in three lists for `havip.web.urls`.

`regional` belongs below a team and region, `of_team` below a team, `site` at the top.
"""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from havip.web.views import (
    eips,
    instances,
    interfaces,
    quotas,
    routes,
    vpcs,
    vswitches,
)
from havip.web.views import site as site_views


def _listed(prefix: str, stem: str, views: Any) -> list[URLPattern]:
    """Return the addresses that every kind of resource has."""
    return [
        path(f"{prefix}/", views.listing, name=f"{stem}-list"),
        path(f"{prefix}/rows/", views.rows, name=f"{stem}-rows"),
        path(f"{prefix}/<slug:identifier>/row/", views.row, name=f"{stem}-row"),
        path(f"{prefix}/create/", views.create, name=f"{stem}-create"),
        path(f"{prefix}/<slug:identifier>/delete/", views.delete, name=f"{stem}-delete"),
    ]


def _paged(prefix: str, stem: str, views: Any) -> list[URLPattern]:
    """Return the addresses of a kind whose members have a page each."""
    return [
        *_listed(prefix, stem, views),
        path(f"{prefix}/<slug:identifier>/", views.detail, name=f"{stem}-detail"),
        path(f"{prefix}/<slug:identifier>/panel/", views.panel, name=f"{stem}-panel"),
    ]


regional = [
    *_paged("vpcs", "vpc", vpcs),
    *_paged("vswitches", "vswitch", vswitches),
    *_listed("routes", "route", routes),
    *_paged("instances", "instance", instances),
    path("instances/<slug:identifier>/start/", instances.start, name="instance-start"),
    path("instances/<slug:identifier>/stop/", instances.stop, name="instance-stop"),
    *_paged("interfaces", "interface", interfaces),
    path("interfaces/<slug:identifier>/attach/", interfaces.attach, name="interface-attach"),
    path("interfaces/<slug:identifier>/detach/", interfaces.detach, name="interface-detach"),
    *_paged("eips", "eip", eips),
    path("eips/<slug:identifier>/edit/", eips.edit, name="eip-edit"),
]
of_team = [
    path("quotas/", quotas.overview, name="quotas"),
    path("quotas/panel/", quotas.panel, name="quotas-panel"),
    path("quotas/<slug:name>/request/", quotas.ask, name="quota-request"),
    path("beta/apply/", quotas.beta_apply, name="beta-apply"),
]
site = [
    path("site/requests/", site_views.requests_page, name="site-requests"),
    path("site/requests/<str:kind>/<int:pk>/decide/", site_views.decide, name="site-decide"),
]

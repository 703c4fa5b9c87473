"""Addresses of the HaVip pages, below a team and a region."""

from __future__ import annotations

from django.urls import path

from havip.web.views import bindings, creating, editing, export, havips, snippets

_ONE = "havips/<slug:havip_id>"

urlpatterns = [
    path("havips/", havips.havip_list, name="havip-list"),
    path("havips/rows/", havips.havip_rows, name="havip-rows"),
    path("havips/columns/", havips.havip_columns, name="havip-columns"),
    path("havips/export/", export.havip_export, name="havip-export"),
    path("havips/create/", creating.havip_create, name="havip-create"),
    path("havips/create/vswitches/", creating.vswitch_options, name="vswitch-options"),
    path("havips/create/check/", creating.address_check, name="address-check"),
    path("havips/create/suggest/", creating.address_suggest, name="address-suggest"),
    path("havips/create/snippets/", snippets.create_snippets, name="create-snippets"),
    path(f"{_ONE}/", havips.havip_detail, name="havip-detail"),
    path(f"{_ONE}/row/", havips.havip_row, name="havip-row"),
    path(f"{_ONE}/head/", havips.havip_head, name="havip-head"),
    path(f"{_ONE}/panel/", havips.havip_panel, name="havip-panel"),
    path(f"{_ONE}/history/", havips.havip_history, name="havip-history"),
    path(f"{_ONE}/edit/", editing.havip_edit, name="havip-edit"),
    path(f"{_ONE}/delete/", editing.havip_delete, name="havip-delete"),
    path(f"{_ONE}/bind/", bindings.havip_bind, name="havip-bind"),
    path(f"{_ONE}/bind/snippets/", snippets.bind_snippets, name="bind-snippets"),
    path(f"{_ONE}/bind-eip/snippets/", snippets.bind_eip_snippets, name="bind-eip-snippets"),
    path(f"{_ONE}/snippets/", snippets.havip_snippets, name="havip-snippets"),
    path(f"{_ONE}/unbind/<slug:resource_id>/", bindings.havip_unbind, name="havip-unbind"),
    path(f"{_ONE}/bind-eip/", bindings.havip_bind_eip, name="havip-bind-eip"),
    path(f"{_ONE}/unbind-eip/", bindings.havip_unbind_eip, name="havip-unbind-eip"),
]

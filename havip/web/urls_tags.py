"""Addresses of the dialogs in which tags are edited, and of the keys that are offered, below a team and a region."""

from __future__ import annotations

from django.urls import path

from havip.models import TAGGED
from havip.web.views.tags import tag_keys, tags_page

_FOLDERS = {"vswitch": "vswitches"}

urlpatterns = [
    path("tags/<slug:kind>/keys/", tag_keys, name="tag-keys"),
    *(
        path(
            f"{_FOLDERS.get(kind, f'{kind}s')}/<slug:identifier>/tags/",
            tags_page(kind),
            name=f"{kind}-tags",
        )
        for kind in TAGGED
    ),
]

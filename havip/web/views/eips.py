"""The pages of EIPs. They are bound on the HaVip's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from havip.filters.inventory import EipFilter
from havip.models import Eip
from havip.operations import allocate_eip, modify_eip, release_eip
from havip.selectors import inventory as selectors
from havip.web.forms.inventory import AllocateEipForm, EditForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog, Note
from havip.web.views.inventory import Kind, Row, Where

EIPS = Kind(
    stem="eip",
    plural=gettext_lazy("Elastic IPs"),
    records=selectors.eips,
    actions=selectors.eip_actions,
    filters=EipFilter,
    orderings={
        "created": "pk",
        "name": "name",
        "bandwidth": "bandwidth_mbps",
        "status": "status",
    },
)


def _edit(row: Row, _here: Where) -> Dialog:
    eip: Eip = row.record
    return Dialog(
        title=_("Edit EIP %(address)s") % {"address": eip.ip_address},
        text="",
        button=_("Save"),
        icon="check",
        tone="primary",
        refusal=row.actions.modify,
    )


def _release(row: Row, here: Where) -> Dialog:
    eip: Eip = row.record
    obstacles = []
    if eip.havip is not None:
        obstacles.append(
            Note(
                text=_("It is bound to HaVip %(havip)s.") % {"havip": eip.havip.label},
                url=here.links.havip(eip.havip),
                icon="havip",
                link_label=_("Show"),
            )
        )
    return Dialog(
        title=_("Release EIP %(address)s?") % {"address": eip.ip_address},
        text=_(
            "The address goes back to the pool: another team may get it. This cannot be undone."
        ),
        button=_("Release"),
        icon="trash",
        refusal=row.actions.release,
        obstacles=obstacles,
    )


def _facts(_eip: Eip, _here: Where) -> Mapping[str, Any]:
    """Nothing beside its own columns and the HaVip that it is bound to."""
    return {}


listing = inventory.list_page(EIPS)
rows = inventory.rows_page(EIPS)
row = inventory.row_page(EIPS)
detail = inventory.detail_page(EIPS, _facts)
panel = inventory.detail_page(EIPS, _facts, bare=True)
create = acting.create_page(
    EIPS,
    Creation(
        form=AllocateEipForm,
        act=allocate_eip,
        title=gettext_lazy("Allocate EIP"),
        button=gettext_lazy("Allocate"),
        done=gettext_lazy("EIP %(what)s is allocated."),
    ),
)
edit = acting.confirm_page(
    EIPS,
    Confirmation(
        act=modify_eip,
        argument="eip_id",
        dialog=_edit,
        done=gettext_lazy("EIP %(what)s is changed."),
        form=EditForm,
        initial=lambda eip: {"name": eip.name, "description": eip.description},
        template="inventory/edit.html",
    ),
)
delete = acting.confirm_page(
    EIPS,
    Confirmation(
        act=release_eip,
        argument="eip_id",
        dialog=_release,
        done=gettext_lazy("EIP %(what)s is released."),
    ),
)

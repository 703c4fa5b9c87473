"""The pages of vSwitches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.operations.refusal import Refusal
from console.teams.principal import Principal
from havip.filters.inventory import VSwitchFilter
from havip.models import VSwitch
from havip.operations import create_vswitch, delete_vswitch
from havip.rules.addresses import gateway_address
from havip.selectors import addresses
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.selectors.creating import creation_refusal
from havip.web.forms.inventory import CreateVSwitchForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog
from havip.web.views.inventory import Kind, Row, Where
from havip.web.views.vpcs import contents_notes


def _first_steps(principal: Principal, region: str) -> Mapping[str, Any]:
    return {"vpc_missing": not choices.vpc_choices(principal.team, region)}


VSWITCHES = Kind(
    stem="vswitch",
    plural=gettext_lazy("vSwitches"),
    records=selectors.vswitches,
    actions=selectors.vswitch_actions,
    filters=VSwitchFilter,
    orderings={"created": "pk", "name": "name", "zone": "zone", "status": "status"},
    first_steps=_first_steps,
)


def _facts(vswitch: VSwitch, here: Where) -> Mapping[str, Any]:
    """Its addresses: who owns each that is taken, and the lowest that is free."""
    owners = addresses.owners_in(vswitch)
    total = vswitch.network.num_addresses
    taken = int(getattr(vswitch, "taken_count", len(owners)))
    try:
        lowest = str(addresses.lowest_free(vswitch))
    except Refusal:
        lowest = ""
    return {
        "gateway": str(gateway_address(vswitch.network)),
        "owners": owners,
        "total": total,
        "taken": taken,
        "free": total - taken,
        "lowest_free": lowest,
        "havip_refusal": creation_refusal(here.principal, here.region.identifier),
    }


def missing_vpc(here: Where) -> Mapping[str, str] | None:
    """Say that a VPC comes first, where there is none."""
    if choices.vpc_choices(here.team, here.region.identifier):
        return None
    return {
        "text": _("There is no VPC in this region yet: a vSwitch is a part of one."),
        "url": here.links.of("vpc-create"),
        "label": _("Create VPC"),
    }


def _delete(row: Row, here: Where) -> Dialog:
    vswitch: VSwitch = row.record
    return Dialog(
        title=_("Delete vSwitch %(name)s?") % {"name": vswitch.label},
        text=_("The block %(block)s of VPC %(vpc)s becomes free again. This cannot be undone.")
        % {"block": vswitch.cidr_block, "vpc": vswitch.vpc.label},
        button=_("Delete"),
        icon="trash",
        refusal=row.actions.delete,
        obstacles=contents_notes(vswitch, here),
    )


listing = inventory.list_page(VSWITCHES)
rows = inventory.rows_page(VSWITCHES)
row = inventory.row_page(VSWITCHES)
detail = inventory.detail_page(VSWITCHES, _facts)
panel = inventory.detail_page(VSWITCHES, _facts, bare=True)
create = acting.create_page(
    VSWITCHES,
    Creation(
        form=CreateVSwitchForm,
        act=create_vswitch,
        title=gettext_lazy("Create vSwitch"),
        button=gettext_lazy("Create"),
        done=gettext_lazy("vSwitch %(what)s is being created."),
        missing=missing_vpc,
    ),
)
delete = acting.confirm_page(
    VSWITCHES,
    Confirmation(
        act=delete_vswitch,
        argument="vswitch_id",
        dialog=_delete,
        done=gettext_lazy("vSwitch %(what)s is being deleted."),
    ),
)

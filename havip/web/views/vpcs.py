"""The pages of VPCs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from havip.filters.inventory import VpcFilter
from havip.models import HaVip, RouteEntry, Vpc, VSwitch
from havip.operations import create_vpc, delete_vpc
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.selectors.havips import havips
from havip.web.forms.inventory import CreateVpcForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog, Note
from havip.web.views.inventory import Kind, Row, Where

_SHOWN = 50

VPCS = Kind(
    stem="vpc",
    plural=gettext_lazy("VPCs"),
    records=selectors.vpcs,
    actions=selectors.vpc_actions,
    filters=VpcFilter,
    orderings={"created": "pk", "name": "name", "status": "status"},
)


def _facts(vpc: Vpc, here: Where) -> Mapping[str, Any]:
    """What stands in the VPC: the first of each, newest first, with links to the filtered lists."""
    team, region = here.team, here.region.identifier
    return {
        "vswitches": selectors.vswitches(team, region).filter(vpc=vpc).order_by("-pk")[:_SHOWN],
        "havips": havips(team, region).filter(vpc=vpc).order_by("-pk")[:_SHOWN],
        "routes": selectors.routes(team, region).filter(vpc=vpc).order_by("-pk")[:_SHOWN],
        "shown": _SHOWN,
    }


def contents_notes(network: Vpc | VSwitch, here: Where) -> list[Note]:
    """What still stands in a VPC or vSwitch, each kind with a link to the list of exactly these."""
    column = "vpc" if isinstance(network, Vpc) else "vswitch"
    return [
        Note(
            text=_contents_text(contents),
            url=here.links.of(f"{contents.kind}-list", **{column: network.resource_id}),
            icon=contents.kind,
            link_label=_("Show"),
        )
        for contents in choices.contents_of(network)
    ]


def _contents_text(contents: choices.Contents) -> str:
    count = contents.count
    counted = {
        VSwitch.KIND: ngettext("%(count)s vSwitch", "%(count)s vSwitches", count),
        HaVip.KIND: ngettext("%(count)s HaVip", "%(count)s HaVips", count),
        RouteEntry.KIND: ngettext("%(count)s route entry", "%(count)s route entries", count),
        "instance": ngettext("%(count)s instance", "%(count)s instances", count),
        "interface": ngettext("%(count)s network interface", "%(count)s network interfaces", count),
    }[contents.kind] % {"count": count}
    names = ", ".join(contents.names)
    if contents.further:
        names = _("%(names)s and %(count)s more") % {"names": names, "count": contents.further}
    return _("%(counted)s: %(names)s") % {"counted": counted, "names": names}


def _delete(row: Row, here: Where) -> Dialog:
    vpc: Vpc = row.record
    return Dialog(
        title=_("Delete VPC %(name)s?") % {"name": vpc.label},
        text=_("The network %(block)s is removed with its route table. This cannot be undone.")
        % {"block": vpc.cidr_block},
        button=_("Delete"),
        icon="trash",
        refusal=row.actions.delete,
        obstacles=contents_notes(vpc, here),
    )


listing = inventory.list_page(VPCS)
rows = inventory.rows_page(VPCS)
row = inventory.row_page(VPCS)
detail = inventory.detail_page(VPCS, _facts)
panel = inventory.detail_page(VPCS, _facts, bare=True)
create = acting.create_page(
    VPCS,
    Creation(
        form=CreateVpcForm,
        act=create_vpc,
        title=gettext_lazy("Create VPC"),
        button=gettext_lazy("Create"),
        done=gettext_lazy("VPC %(what)s is being created."),
    ),
)
delete = acting.confirm_page(
    VPCS,
    Confirmation(
        act=delete_vpc,
        argument="vpc_id",
        dialog=_delete,
        done=gettext_lazy("VPC %(what)s is being deleted."),
    ),
)

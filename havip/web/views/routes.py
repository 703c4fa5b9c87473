"""The pages of route entries whose next hop is a HaVip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.teams.principal import Principal
from havip.filters.inventory import RouteFilter
from havip.models import RouteEntry
from havip.operations import create_route, delete_route
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.web.forms.inventory import CreateRouteForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog
from havip.web.views.inventory import Kind, Row, Where


def _first_steps(principal: Principal, region: str) -> Mapping[str, Any]:
    return {"havip_missing": not choices.next_hop_choices(principal.team, region, "")}


ROUTES = Kind(
    stem="route",
    plural=gettext_lazy("Route entries"),
    records=selectors.routes,
    actions=selectors.route_actions,
    filters=RouteFilter,
    orderings={"created": "pk", "name": "name", "status": "status"},
    first_steps=_first_steps,
)


def _missing_havip(here: Where) -> Mapping[str, str] | None:
    if choices.next_hop_choices(here.team, here.region.identifier, ""):
        return None
    return {
        "text": _("There is no HaVip in this region yet: a route entry leads to one."),
        "url": here.links.of("havip-create"),
        "label": _("Create HaVip"),
    }


def _delete(row: Row, _here: Where) -> Dialog:
    route: RouteEntry = row.record
    return Dialog(
        title=_("Delete route entry %(destination)s?")
        % {"destination": route.destination_cidr_block},
        text=_(
            "Packets from VPC %(vpc)s to %(destination)s no longer go to HaVip %(havip)s. The HaVip itself stays."
        )
        % {
            "vpc": route.vpc.label,
            "destination": route.destination_cidr_block,
            "havip": route.havip.label,
        },
        button=_("Delete"),
        icon="trash",
        refusal=row.actions.delete,
    )


listing = inventory.list_page(ROUTES)
rows = inventory.rows_page(ROUTES)
row = inventory.row_page(ROUTES)
create = acting.create_page(
    ROUTES,
    Creation(
        form=CreateRouteForm,
        act=create_route,
        title=gettext_lazy("Create route entry"),
        button=gettext_lazy("Create"),
        done=gettext_lazy("Route entry %(what)s is being created."),
        missing=_missing_havip,
    ),
)
delete = acting.confirm_page(
    ROUTES,
    Confirmation(
        act=delete_route,
        argument="route_id",
        dialog=_delete,
        done=gettext_lazy("Route entry %(what)s is being deleted."),
    ),
)

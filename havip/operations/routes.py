"""Creating and deleting route entries whose next hop is a HaVip."""

from __future__ import annotations

from console.operations.framework import Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import NetworkStatus, QuotaName, RouteEntry
from havip.operations.finding import the_havip, the_route, the_vpc, the_vpc_of_table
from havip.operations.settlement import assign, fabric_job, remove
from havip.rules import addresses, inventory, naming
from havip.selectors import quotas


@operation("route.create")
def create_route(
    *,
    principal: Principal,
    region: str,
    vpc_id: str = "",
    route_table_id: str = "",
    destination_cidr_block: str,
    havip_id: str,
    name: str = "",
    description: str = "",
    client_token: str = "",
) -> Outcome:
    """Create a route entry that points at a HaVip, in a VPC that is named or whose route table is.

    Raises Refusal C3, H1, N1, N5, R0 to R4, M1, M2.
    """
    change = current_change()
    change.concerns("route", "", name or destination_cidr_block[:40])
    team = principal.team
    vpc = (
        the_vpc_of_table(team, region, route_table_id)
        if route_table_id
        else the_vpc(team, region, vpc_id)
    )
    inventory.n5_settled(vpc)
    naming.m1_name(name, "route")
    naming.m2_description(description, "route")
    network = addresses.n1_parse_block(destination_cidr_block, field="destination_cidr_block")
    destination = str(network)
    inventory.r1_destination_free(
        destination,
        [
            *vpc.route_entries.values_list("destination_cidr_block", flat=True),
            *vpc.vswitches.values_list("cidr_block", flat=True),
        ],
    )
    havip = the_havip(team, vpc.region, havip_id)
    inventory.r2_havip_in_vpc(havip, vpc)
    inventory.r3_havip_settled(havip)
    inventory.r4_quota(quotas.routes_of_vpc(vpc), quotas.quota(team, QuotaName.ROUTES_PER_VPC))
    route = RouteEntry.objects.create(
        team=team,
        region=vpc.region,
        name=name,
        description=description,
        created_by=principal.label,
        vpc=vpc,
        destination_cidr_block=destination,
        havip=havip,
    )
    change.concerns("route", route.resource_id, name or destination)
    change.after = {"destination": destination, "next_hop": havip.resource_id}
    change.queue(
        fabric_job(
            "route.create",
            route,
            networks=[vpc],
            on_success=[assign(route, status=NetworkStatus.AVAILABLE)],
            on_failure=[remove(route)],
        )
    )
    return change.outcome()


@operation("route.delete")
def delete_route(
    *, principal: Principal, region: str, route_id: str, client_token: str = ""
) -> Outcome:
    """Delete a route entry. Raises Refusal R0, N5."""
    change = current_change()
    change.concerns("route", route_id, route_id)
    route = the_route(principal.team, region, route_id)
    change.concerns("route", route.resource_id, route.name or route.destination_cidr_block)
    inventory.n5_settled(route)
    change.before = {
        "destination": route.destination_cidr_block,
        "next_hop": route.havip.resource_id,
    }
    route.status = NetworkStatus.DELETING
    route.save(update_fields=["status"])
    change.queue(
        fabric_job(
            "route.delete",
            route,
            networks=[route.vpc],
            on_success=[remove(route)],
            on_failure=[assign(route, status=NetworkStatus.AVAILABLE)],
        )
    )
    return change.outcome()

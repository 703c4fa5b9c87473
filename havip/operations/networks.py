"""Creating and deleting VPCs and vSwitches."""

from __future__ import annotations

from console.operations.framework import Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import NetworkStatus, Vpc, VSwitch
from havip.operations.addresses import reserve_addresses
from havip.operations.finding import the_region, the_vpc
from havip.operations.settlement import assign, fabric_job, remove
from havip.operations.tags import checked, hang
from havip.rules import addresses, creating, inventory, naming
from havip.rules.tags import TagArgument
from havip.selectors.resources import contents_of_vpc, contents_of_vswitch, find


@operation("vpc.create")
def create_vpc(
    *,
    principal: Principal,
    region: str,
    cidr_block: str = "192.168.0.0/16",
    name: str = "",
    description: str = "",
    tags: TagArgument | None = None,
    client_token: str = "",
) -> Outcome:
    """Create a VPC; Pending until its job is done, then Available. Raises Refusal C2, G1 to G5, N1, N2, M1, M2."""
    change = current_change()
    change.concerns("vpc", "", name)
    the_region(region)
    naming.m1_name(name, "vpc")
    naming.m2_description(description, "vpc")
    network = addresses.n1_parse_block(cidr_block)
    addresses.n2_vpc_block(network)
    wanted_tags = checked(tags)
    vpc = Vpc.objects.create(
        team=principal.team,
        region=region,
        name=name,
        description=description,
        created_by=principal.label,
        cidr_block=str(network),
    )
    change.concerns("vpc", vpc.resource_id, vpc.label)
    change.after = {"name": name, "cidr_block": vpc.cidr_block}
    hang(change, wanted_tags, vpc)
    change.queue(
        fabric_job(
            "vpc.create",
            vpc,
            networks=[vpc],
            on_success=[assign(vpc, status=NetworkStatus.AVAILABLE)],
            on_failure=[remove(vpc)],
        )
    )
    return change.outcome(router_id=vpc.router_id, route_table_id=vpc.route_table_id)


@operation("vpc.delete")
def delete_vpc(
    *, principal: Principal, region: str, vpc_id: str, client_token: str = ""
) -> Outcome:
    """Delete an empty VPC. Raises Refusal C3, N5, F5."""
    change = current_change()
    change.concerns("vpc", vpc_id, vpc_id)
    vpc = the_vpc(principal.team, region, vpc_id)
    change.concerns("vpc", vpc.resource_id, vpc.label)
    inventory.n5_settled(vpc)
    inventory.f5_empty(vpc, contents_of_vpc(vpc))
    change.before = {"name": vpc.name, "cidr_block": vpc.cidr_block}
    vpc.status = NetworkStatus.DELETING
    vpc.save(update_fields=["status"])
    change.queue(
        fabric_job(
            "vpc.delete",
            vpc,
            networks=[vpc],
            on_success=[remove(vpc)],
            on_failure=[assign(vpc, status=NetworkStatus.AVAILABLE)],
        )
    )
    return change.outcome()


@operation("vswitch.create")
def create_vswitch(
    *,
    principal: Principal,
    region: str,
    vpc_id: str,
    cidr_block: str,
    zone: str = "",
    name: str = "",
    description: str = "",
    tags: TagArgument | None = None,
    client_token: str = "",
) -> Outcome:
    """Create a vSwitch in a VPC; without `zone`, in the region's first.

    Raises Refusal C2, C3, G1 to G5, N1, N3 to N6, M1, M2.
    """
    change = current_change()
    change.concerns("vswitch", "", name)
    vpc = the_vpc(principal.team, region, vpc_id)
    where = the_region(vpc.region)
    inventory.n5_settled(vpc)
    zone = zone or where.zones[0]
    inventory.n6_zone(zone, where)
    naming.m1_name(name, "vswitch")
    naming.m2_description(description, "vswitch")
    network = addresses.n1_parse_block(cidr_block)
    addresses.n3_vswitch_block(network, vpc)
    addresses.n4_vswitch_alone(
        network,
        list(VSwitch.objects.filter(vpc=vpc)),
        list(vpc.route_entries.values_list("destination_cidr_block", flat=True)),
    )
    wanted_tags = checked(tags)
    vswitch = VSwitch.objects.create(
        team=principal.team,
        region=vpc.region,
        name=name,
        description=description,
        created_by=principal.label,
        vpc=vpc,
        zone=zone,
        cidr_block=str(network),
    )
    reserve_addresses(vswitch)
    change.concerns("vswitch", vswitch.resource_id, vswitch.label)
    change.after = {
        "name": name,
        "vpc": vpc.resource_id,
        "zone": zone,
        "cidr_block": vswitch.cidr_block,
    }
    hang(change, wanted_tags, vswitch)
    change.queue(
        fabric_job(
            "vswitch.create",
            vswitch,
            networks=[vpc],
            on_success=[assign(vswitch, status=NetworkStatus.AVAILABLE)],
            on_failure=[remove(vswitch)],
        )
    )
    return change.outcome()


@operation("vswitch.delete")
def delete_vswitch(
    *, principal: Principal, region: str, vswitch_id: str, client_token: str = ""
) -> Outcome:
    """Delete an empty vSwitch. Raises Refusal C4, N5, F5."""
    change = current_change()
    change.concerns("vswitch", vswitch_id, vswitch_id)
    vswitch = find(VSwitch, principal.team, vswitch_id, region=region or None)
    if vswitch is None:
        if region:
            the_region(region)
        raise creating.C4_VSWITCH.refuse(vswitch=vswitch_id[:60])
    change.concerns("vswitch", vswitch.resource_id, vswitch.label)
    inventory.n5_settled(vswitch)
    inventory.f5_empty(vswitch, contents_of_vswitch(vswitch))
    change.before = {"name": vswitch.name, "cidr_block": vswitch.cidr_block}
    vswitch.status = NetworkStatus.DELETING
    vswitch.save(update_fields=["status"])
    change.queue(
        fabric_job(
            "vswitch.delete",
            vswitch,
            networks=[vswitch.vpc],
            on_success=[remove(vswitch)],
            on_failure=[assign(vswitch, status=NetworkStatus.AVAILABLE)],
        )
    )
    return change.outcome()

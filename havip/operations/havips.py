"""Creating, modifying and deleting HaVips."""

from __future__ import annotations

from console.operations.framework import Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import AddressOwner, HaVip, HaVipStatus, QuotaName
from havip.operations.addresses import take_address
from havip.operations.finding import the_havip, the_vpc, the_vswitch
from havip.operations.settlement import assign, fabric_job, remove, rest
from havip.operations.tags import checked, hang
from havip.regions import find_region
from havip.rules import creating, naming
from havip.rules.deleting import deletion_refusals
from havip.rules.tags import TagArgument
from havip.selectors import quotas
from havip.selectors.addresses import choose_address
from havip.selectors.havips import bindings_of, eip_of


def describe_havip(havip: HaVip) -> dict[str, str]:
    """Return the plain values of a HaVip for the audit log's before and after."""
    return {
        "name": havip.name,
        "description": havip.description,
        "ip_address": str(havip.ip_address),
        "vpc": havip.vpc.resource_id,
        "vswitch": havip.vswitch.resource_id,
        "status": havip.status,
    }


@operation("havip.create")
def create_havip(
    *,
    principal: Principal,
    region: str,
    vswitch_id: str,
    vpc_id: str = "",
    ip_address: str = "",
    name: str = "",
    description: str = "",
    tags: TagArgument | None = None,
    client_token: str = "",
) -> Outcome:
    """Create a HaVip in a vSwitch; Creating until its job has told the fabric, then Available.

    Without `vpc_id` the VPC is the vSwitch's. Without `ip_address` the lowest free address is taken.
    Raises Refusal C1 to C10, M1, M2, G1, G2, G3, G5.
    """
    change = current_change()
    change.concerns("havip", "", name or ip_address)
    team = principal.team
    creating.c1_beta_approved(quotas.beta_approved(team))
    creating.c2_region_supports_havip(find_region(region), region)
    vpc = the_vpc(team, region, vpc_id) if vpc_id else None
    vswitch = the_vswitch(team, region, vswitch_id, vpc)
    vpc = creating.c3_vpc_found(vswitch.vpc, vswitch.vpc.resource_id)
    naming.m1_name(name, "havip")
    naming.m2_description(description, "havip")
    wanted_tags = checked(tags)
    address = choose_address(vswitch, ip_address)
    creating.c9_team_quota(
        quotas.havips_of_team(team), quotas.quota(team, QuotaName.HAVIPS_PER_TEAM)
    )
    creating.c10_vpc_quota(quotas.havips_of_vpc(vpc), quotas.quota(team, QuotaName.HAVIPS_PER_VPC))

    havip = HaVip.objects.create(
        team=team,
        region=region,
        name=name,
        description=description,
        created_by=principal.label,
        vpc=vpc,
        vswitch=vswitch,
        ip_address=str(address),
        status=HaVipStatus.CREATING,
    )
    take_address(vswitch, address, AddressOwner.HAVIP, havip=havip)
    change.concerns("havip", havip.resource_id, havip.label)
    change.after = describe_havip(havip)
    hang(change, wanted_tags, havip)
    change.queue(
        fabric_job(
            "havip.create",
            havip,
            havips=[havip],
            on_success=[rest(havip)],
            on_failure=[remove(havip)],
        )
    )
    return change.outcome(ip_address=str(address))


@operation("havip.modify")
def modify_havip(
    *,
    principal: Principal,
    region: str,
    havip_id: str,
    name: str | None = None,
    description: str | None = None,
    client_token: str = "",
) -> Outcome:
    """Change a HaVip's name or description; None leaves one as it is. Nothing else can change. Raises Refusal H1, M1, M2."""
    change = current_change()
    change.concerns("havip", havip_id, havip_id)
    havip = the_havip(principal.team, region, havip_id)
    change.concerns("havip", havip.resource_id, havip.label)
    change.before = {"name": havip.name, "description": havip.description}
    if name is not None:
        naming.m1_name(name, "havip")
        havip.name = name
    if description is not None:
        naming.m2_description(description, "havip")
        havip.description = description
    havip.save(update_fields=["name", "description"])
    change.concerns("havip", havip.resource_id, havip.label)
    change.after = {"name": havip.name, "description": havip.description}
    return change.outcome()


@operation("havip.delete")
def delete_havip(
    *, principal: Principal, region: str, havip_id: str, client_token: str = ""
) -> Outcome:
    """Delete a HaVip; Deleting until its job has told the fabric, then gone. Raises Refusal H1, D1 to D5."""
    change = current_change()
    change.concerns("havip", havip_id, havip_id)
    havip = the_havip(principal.team, region, havip_id)
    change.concerns("havip", havip.resource_id, havip.label)
    refusals = deletion_refusals(
        havip,
        bindings=bindings_of(havip),
        eip=eip_of(havip),
        routes=havip.route_entries.count(),
    )
    if refusals:
        raise refusals[0]
    change.before = describe_havip(havip)
    previous = havip.status
    havip.status = HaVipStatus.DELETING
    havip.save(update_fields=["status"])
    change.queue(
        fabric_job(
            "havip.delete",
            havip,
            havips=[havip],
            on_success=[remove(havip)],
            on_failure=[assign(havip, status=previous)],
        )
    )
    return change.outcome()

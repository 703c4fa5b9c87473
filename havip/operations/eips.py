"""Allocating, modifying and releasing EIPs. Nothing happens in the network until one is bound."""

from __future__ import annotations

import ipaddress

from django.conf import settings

from console.operations.framework import Outcome, current_change, operation
from console.teams.principal import Principal
from havip.models import Eip, EipStatus, InternetCharge
from havip.operations.finding import the_eip, the_region
from havip.operations.tags import checked, hang
from havip.rules import inventory, naming
from havip.rules.tags import TagArgument

_SEARCHED = 65_536


def _free_public_address() -> str:
    """Return the lowest address of the pool that nobody has. Raises Refusal P1."""
    pool = ipaddress.IPv4Network(settings.HAVIP_EIP_POOL)
    taken = set(Eip.objects.values_list("ip_address", flat=True))
    for count, address in enumerate(pool.hosts()):
        if str(address) not in taken:
            return str(address)
        if count > _SEARCHED:
            break
    raise inventory.P1_EXHAUSTED.refuse()


@operation("eip.allocate")
def allocate_eip(
    *,
    principal: Principal,
    region: str,
    name: str = "",
    description: str = "",
    bandwidth_mbps: int = 5,
    internet_charge_type: str = InternetCharge.BANDWIDTH.value,
    tags: TagArgument | None = None,
    client_token: str = "",
) -> Outcome:
    """Allocate an EIP from the pool; Available at once. Bandwidth in Mbit/s. Raises Refusal C2, G1 to G5, M1, M2, P0 to P2."""
    change = current_change()
    change.concerns("eip", "", name)
    the_region(region)
    naming.m1_name(name, "eip")
    naming.m2_description(description, "eip")
    inventory.p2_bandwidth(bandwidth_mbps)
    if internet_charge_type not in InternetCharge.values:
        raise inventory.P0_CHARGE.refuse(charge=internet_charge_type[:40])
    wanted_tags = checked(tags)
    eip = Eip.objects.create(
        team=principal.team,
        region=region,
        name=name,
        description=description,
        created_by=principal.label,
        ip_address=_free_public_address(),
        bandwidth_mbps=bandwidth_mbps,
        internet_charge_type=internet_charge_type,
        status=EipStatus.AVAILABLE,
    )
    change.concerns("eip", eip.resource_id, eip.label)
    change.after = {
        "name": name,
        "ip_address": eip.ip_address,
        "bandwidth_mbps": bandwidth_mbps,
    }
    hang(change, wanted_tags, eip)
    return change.outcome(ip_address=eip.ip_address)


@operation("eip.modify")
def modify_eip(
    *,
    principal: Principal,
    region: str,
    eip_id: str,
    name: str | None = None,
    description: str | None = None,
    client_token: str = "",
) -> Outcome:
    """Change an EIP's name or description; None leaves one as it is. Raises Refusal E0, M1, M2."""
    change = current_change()
    change.concerns("eip", eip_id, eip_id)
    eip = the_eip(principal.team, eip_id, region=region)
    change.concerns("eip", eip.resource_id, eip.label)
    change.before = {"name": eip.name, "description": eip.description}
    if name is not None:
        naming.m1_name(name, "eip")
        eip.name = name
    if description is not None:
        naming.m2_description(description, "eip")
        eip.description = description
    eip.save(update_fields=["name", "description"])
    change.after = {"name": eip.name, "description": eip.description}
    return change.outcome()


@operation("eip.release")
def release_eip(
    *, principal: Principal, region: str, eip_id: str, client_token: str = ""
) -> Outcome:
    """Release an EIP; its address goes back to the pool. Raises Refusal E0, F4."""
    change = current_change()
    change.concerns("eip", eip_id, eip_id)
    eip = the_eip(principal.team, eip_id, region=region)
    change.concerns("eip", eip.resource_id, eip.label)
    inventory.f4_eip_released_unbound(eip)
    change.before = {"name": eip.name, "ip_address": eip.ip_address, "status": eip.status}
    eip.delete()
    return change.outcome()

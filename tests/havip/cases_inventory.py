"""The cases of F1 to F5 and of the console's own numbers: names, networks, instances, interfaces, routes, EIPs, requests."""

from __future__ import annotations

from typing import Any

from console.operations.refusal import Rule
from havip.models import BetaApplication, NetworkInterface, QuotaName, QuotaRequest
from havip.rules import addresses, binding, inventory, limits, naming
from tests.cast import OTHER_REGION, World
from tests.havip.cases import case
from tests.havip.cases_havips import another_vpc, another_vswitch, beta_principal

Arguments = dict[str, Any]
LONG_NAME = "n" * 129
LONG_DESCRIPTION = "d" * 257


@case("F1 I2", inventory.I2_JOB_ON_HAVIP, "instance.delete")
def instance_deleted_while_its_havip_changes(world: World) -> Arguments:
    havip = world.havip(world.ecs1)
    world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs2)
    return {"instance_id": world.ecs1}


@case("F3 I2", inventory.I2_JOB_ON_HAVIP, "interface.delete")
def interface_deleted_while_its_havip_changes(world: World) -> Arguments:
    havip = world.havip(world.card1)
    world.act("havip.bind_interface", havip_id=havip, interface_id=world.card2)
    return {"interface_id": world.card1}


@case("F4", inventory.F4_EIP_BOUND, "eip.release")
def eip_released_while_bound(world: World) -> Arguments:
    world.havip(eip=world.eip1)
    return {"eip_id": world.eip1}


@case("F5", inventory.F5_VSWITCH, "vpc.delete")
def vpc_with_a_vswitch(world: World) -> Arguments:
    vpc = another_vpc(world)
    another_vswitch(world, vpc=vpc)
    return {"vpc_id": vpc}


@case("F5", inventory.F5_HAVIP, "vswitch.delete")
def vswitch_with_a_havip(world: World) -> Arguments:
    vswitch = another_vswitch(world)
    world.havip(vswitch_id=vswitch)
    return {"vswitch_id": vswitch}


@case("F5", inventory.F5_DEPENDENCY, "vswitch.delete")
def vswitch_with_an_instance(world: World) -> Arguments:
    vswitch = another_vswitch(world)
    world.done("instance.create", vswitch_id=vswitch)
    return {"vswitch_id": vswitch}


@case("F5", inventory.F5_DEPENDENCY, "vswitch.delete")
def vswitch_with_an_interface(world: World) -> Arguments:
    vswitch = another_vswitch(world)
    world.done("interface.create", vswitch_id=vswitch)
    return {"vswitch_id": vswitch}


def _creation(operation: str, world: World) -> Arguments:
    if operation == "route.create":
        block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8"}
        return {**block, "havip_id": world.havip()}
    return {
        "havip.create": {"vswitch_id": world.vswitch},
        "vpc.create": {"cidr_block": "10.0.0.0/8"},
        "vswitch.create": {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24"},
        "instance.create": {"vswitch_id": world.vswitch},
        "interface.create": {"vswitch_id": world.vswitch},
        "eip.allocate": {},
    }[operation]


def _named(operation: str, of_name: Rule, of_description: Rule) -> None:
    """Enter what every creation refuses about names and descriptions, each kind by rules with its own codes."""
    kind = operation.partition(".")[0]

    def long_name(world: World) -> Arguments:
        return {**_creation(operation, world), "name": LONG_NAME}

    def name_of_a_web_page(world: World) -> Arguments:
        return {**_creation(operation, world), "name": "https://example.com"}

    def long_description(world: World) -> Arguments:
        return {**_creation(operation, world), "description": LONG_DESCRIPTION}

    def description_of_a_web_page(world: World) -> Arguments:
        return {**_creation(operation, world), "description": "http://example.com"}

    for arrange, number, rule in (
        (long_name, "M1", of_name),
        (name_of_a_web_page, "M1", of_name),
        (long_description, "M2", of_description),
        (description_of_a_web_page, "M2", of_description),
    ):
        arrange.__name__ = f"{arrange.__name__}_for_a_new_{kind}"
        case(number, rule, operation)(arrange)


_named("havip.create", naming.M1_NAME, naming.M2_DESCRIPTION)
_named("vpc.create", naming.M1_VPC_NAME, naming.M2_VPC_DESCRIPTION)
_named("vswitch.create", naming.M1_VSWITCH_NAME, naming.M2_VSWITCH_DESCRIPTION)
_named("instance.create", naming.M1_INSTANCE_NAME, naming.M2_DESCRIPTION)
_named("interface.create", naming.M1_NAME, naming.M2_DESCRIPTION)
_named("eip.allocate", naming.M1_NAME, naming.M2_DESCRIPTION)
_named("route.create", naming.M1_NAME, naming.M2_DESCRIPTION)


@case("M1", naming.M1_NAME, "havip.modify")
def long_name_for_a_present_havip(world: World) -> Arguments:
    return {"havip_id": world.havip(), "name": LONG_NAME, "description": ""}


@case("M2", naming.M2_DESCRIPTION, "havip.modify")
def long_description_for_a_present_havip(world: World) -> Arguments:
    return {"havip_id": world.havip(), "name": "", "description": LONG_DESCRIPTION}


@case("N1", addresses.N1_CIDR_MALFORMED, "vpc.create")
def block_with_host_bits(world: World) -> Arguments:
    return {"cidr_block": "192.168.0.1/24"}


@case("N1", addresses.N1_CIDR_MALFORMED, "vswitch.create")
def block_without_a_mask(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "192.168.1.0"}


@case("N2", addresses.N2_VPC_RANGE, "vpc.create")
def vpc_too_large(world: World) -> Arguments:
    return {"cidr_block": "10.0.0.0/7"}


@case("N2", addresses.N2_VPC_RANGE, "vpc.create")
def vpc_too_small(world: World) -> Arguments:
    return {"cidr_block": "10.0.0.0/29"}


@case("N2", addresses.N2_VPC_EXCLUDED, "vpc.create")
def vpc_of_carrier_addresses(world: World) -> Arguments:
    return {"cidr_block": "100.64.0.0/16"}


@case("N2 L4", addresses.N2_VPC_EXCLUDED, "vpc.create")
def vpc_of_multicast_addresses(world: World) -> Arguments:
    return {"cidr_block": "239.0.0.0/8"}


@case("N3", addresses.N3_VSWITCH_MASK, "vswitch.create")
def vswitch_too_small(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/30"}


@case("N3", addresses.N3_VSWITCH_OUTSIDE, "vswitch.create")
def vswitch_outside_its_vpc(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "10.0.0.0/24"}


@case("N4", addresses.N4_VSWITCH_OVERLAP, "vswitch.create")
def vswitch_over_another(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "192.168.0.128/25"}


@case("N4", addresses.N4_VSWITCH_ROUTE, "vswitch.create")
def vswitch_over_a_route(world: World) -> Arguments:
    _route(world, "192.168.9.0/24", world.havip())
    return {"vpc_id": world.vpc, "cidr_block": "192.168.9.0/24"}


def _route(world: World, destination: str, havip: str) -> str:
    return world.done(
        "route.create", vpc_id=world.vpc, destination_cidr_block=destination, havip_id=havip
    ).object_id


@case("N5", inventory.N5_VPC, "vswitch.create")
def vpc_not_ready(world: World) -> Arguments:
    vpc = world.act("vpc.create", cidr_block="10.0.0.0/8").object_id
    return {"vpc_id": vpc, "cidr_block": "10.0.0.0/24"}


@case("N5", inventory.N5_VPC, "vpc.delete")
def vpc_deleted_before_it_is_ready(world: World) -> Arguments:
    return {"vpc_id": world.act("vpc.create", cidr_block="10.0.0.0/8").object_id}


@case("N5", inventory.N5_VSWITCH, "vswitch.delete")
def vswitch_deleted_before_it_is_ready(world: World) -> Arguments:
    block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24"}
    return {"vswitch_id": world.act("vswitch.create", **block).object_id}


@case("N5", inventory.N5_ROUTE, "route.delete")
def route_deleted_twice(world: World) -> Arguments:
    route = _route(world, "10.0.0.0/8", world.havip())
    world.act("route.delete", route_id=route)
    return {"route_id": route}


@case("N6", inventory.N6_ZONE, "vswitch.create")
def zone_of_another_region(world: World) -> Arguments:
    return {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24", "zone": "cn-beijing-a"}


@case("I1", inventory.I1_STATUS, "instance.start")
def running_instance_started(world: World) -> Arguments:
    return {"instance_id": world.ecs1}


@case("I1", inventory.I1_STATUS, "instance.stop")
def stopped_instance_stopped(world: World) -> Arguments:
    world.done("instance.stop", instance_id=world.ecs1)
    return {"instance_id": world.ecs1}


@case("I1", inventory.I1_STATUS, "instance.delete")
def stopping_instance_deleted(world: World) -> Arguments:
    world.act("instance.stop", instance_id=world.ecs1)
    return {"instance_id": world.ecs1}


@case("I1", inventory.I1_STATUS, "interface.attach")
def interface_attached_to_a_stopping_instance(world: World) -> Arguments:
    world.act("instance.stop", instance_id=world.spare)
    return {"interface_id": world.loose, "instance_id": world.spare}


@case("I3", inventory.I3_VSWITCH, "instance.create")
def classic_instance_in_a_vswitch(world: World) -> Arguments:
    return {"network_type": "classic", "vswitch_id": world.vswitch}


def _primary(world: World) -> str:
    found = NetworkInterface.objects.get(instance__name="ecs1", interface_type="Primary")
    return found.resource_id


@case("W1", inventory.W1_PRIMARY, "interface.attach")
def primary_interface_attached(world: World) -> Arguments:
    return {"interface_id": _primary(world), "instance_id": world.spare}


@case("W1", inventory.W1_PRIMARY, "interface.detach")
def primary_interface_detached(world: World) -> Arguments:
    return {"interface_id": _primary(world)}


@case("W1", inventory.W1_PRIMARY, "interface.delete")
def primary_interface_deleted(world: World) -> Arguments:
    return {"interface_id": _primary(world)}


@case("W2", inventory.W2_STATUS, "interface.attach")
def attached_interface_attached(world: World) -> Arguments:
    return {"interface_id": world.card1, "instance_id": world.spare}


@case("W2", inventory.W2_STATUS, "interface.detach")
def loose_interface_detached(world: World) -> Arguments:
    return {"interface_id": world.loose}


@case("W2", inventory.W2_STATUS, "interface.delete")
def interface_deleted_while_it_is_attached(world: World) -> Arguments:
    world.act("interface.attach", interface_id=world.loose, instance_id=world.spare)
    return {"interface_id": world.loose}


@case("W3", inventory.W3_VPC, "interface.attach")
def interface_attached_across_vpcs(world: World) -> Arguments:
    vswitch = another_vswitch(world, vpc=another_vpc(world))
    far = world.done("instance.create", vswitch_id=vswitch).object_id
    return {"interface_id": world.loose, "instance_id": far}


@case("R1", inventory.R1_DUPLICATE, "route.create")
def route_to_the_same_destination(world: World) -> Arguments:
    havip = world.havip()
    _route(world, "10.0.0.0/8", havip)
    return {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip}


@case("R1", inventory.R1_DUPLICATE, "route.create")
def route_to_a_vswitch(world: World) -> Arguments:
    block = {"vpc_id": world.vpc, "destination_cidr_block": "192.168.0.0/24"}
    return {**block, "havip_id": world.havip()}


@case("R2", inventory.R2_HAVIP_VPC, "route.create")
def route_to_a_havip_of_another_vpc(world: World) -> Arguments:
    vswitch = another_vswitch(world, vpc=another_vpc(world))
    block = {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8"}
    return {**block, "havip_id": world.havip(vswitch_id=vswitch)}


@case("R3", inventory.R3_HAVIP_STATUS, "route.create")
def route_to_a_havip_that_is_not_ready(world: World) -> Arguments:
    havip = world.act("havip.create", vswitch_id=world.vswitch).object_id
    return {"vpc_id": world.vpc, "destination_cidr_block": "10.0.0.0/8", "havip_id": havip}


@case("R4 L7", inventory.R4_QUOTA, "route.create")
def sixth_route_of_the_vpc(world: World) -> Arguments:
    havip = world.havip()
    for number in range(1, 6):
        _route(world, f"10.{number}.0.0/16", havip)
    return {"vpc_id": world.vpc, "destination_cidr_block": "10.6.0.0/16", "havip_id": havip}


@case("P1", inventory.P1_EXHAUSTED, "eip.allocate")
def pool_of_two_addresses_that_are_taken(world: World) -> Arguments:
    world.settings.HAVIP_EIP_POOL = "203.0.113.0/30"
    return {}


@case("P2", inventory.P2_BANDWIDTH, "eip.allocate")
def no_bandwidth(world: World) -> Arguments:
    return {"bandwidth_mbps": 0}


@case("P2", inventory.P2_BANDWIDTH, "eip.allocate")
def too_much_bandwidth(world: World) -> Arguments:
    return {"bandwidth_mbps": 501}


def _wanted(value: int, reason: str = "we grow") -> Arguments:
    return {"name": QuotaName.HAVIPS_PER_TEAM.value, "value": value, "reason": reason}


@case("Q1", limits.Q1_VALUE, "quota.request", who="owner")
def quota_not_raised(world: World) -> Arguments:
    return _wanted(5)


@case("Q1", limits.Q1_VALUE, "quota.request", who="owner")
def quota_beyond_measure(world: World) -> Arguments:
    return _wanted(1_000_001)


@case("Q2", limits.Q2_OPEN, "quota.request", who="owner")
def quota_asked_for_twice(world: World) -> Arguments:
    world.act("quota.request", by=world.owner, **_wanted(7))
    return _wanted(8)


@case("Q2", limits.Q2_OPEN, "beta.apply", who="owner")
def beta_applied_for_twice(world: World) -> Arguments:
    return {"reason": "once more"}


@case("Q3", limits.Q3_DECIDED, "quota.decide", who="administrator")
def quota_decided_twice(world: World) -> Arguments:
    world.raise_quota(QuotaName.HAVIPS_PER_TEAM, 7)
    return {"request_pk": QuotaRequest.objects.latest("pk").pk, "approve": False}


@case("Q3", limits.Q3_DECIDED, "beta.decide", who="administrator")
def beta_decided_twice(world: World) -> Arguments:
    application = BetaApplication.objects.get(team=world.team)
    return {"application_pk": application.pk, "approve": False}


@case("Q4", limits.Q4_REASON, "quota.request", who="owner")
def quota_with_an_endless_reason(world: World) -> Arguments:
    return _wanted(7, reason="r" * 501)


@case("Q4", limits.Q4_REASON, "quota.request", who="owner", page="own words")
def quota_without_a_reason(world: World) -> Arguments:
    return _wanted(7, reason="  ")


@case("Q4", limits.Q4_REASON, "beta.apply", who="owner")
def beta_with_an_endless_reason(world: World) -> Arguments:
    BetaApplication.objects.all().delete()
    return {"reason": "r" * 501}


@case("H1", binding.NO_HAVIP, "havip.delete", page="no page")
def havip_of_another_region(world: World) -> Arguments:
    return {"havip_id": world.havip(), "region": OTHER_REGION}


@case("H1", binding.NO_HAVIP, "havip.bind_instance", page="no page")
def havip_unknown(world: World) -> Arguments:
    return {"havip_id": "havip-00000000000000000000", "instance_id": world.ecs1}


@case("H1", binding.NO_HAVIP_TO_BIND, "havip.bind_eip", page="no page")
def havip_for_an_eip_unknown(world: World) -> Arguments:
    return {"havip_id": "havip-00000000000000000000", "eip_id": world.eip1}


@case("H1", binding.NO_HAVIP_TO_UNBIND, "havip.unbind_eip", page="no page")
def havip_of_an_eip_unknown(world: World) -> Arguments:
    world.havip(eip=world.eip1)
    return {"havip_id": "havip-00000000000000000000", "eip_id": world.eip1}


@case("B0", binding.NO_RESOURCE, "havip.bind_instance")
def instance_unknown(world: World) -> Arguments:
    return {"havip_id": world.havip(), "instance_id": "i-00000000000000000000"}


@case("E0", binding.NO_EIP, "havip.bind_eip")
def eip_of_another_team(world: World) -> Arguments:
    eip = world.act("eip.allocate", by=beta_principal()).object_id
    return {"havip_id": world.havip(), "eip_id": eip}


@case("I0", inventory.I0_INSTANCE, "instance.stop", page="no page")
def instance_to_stop_unknown(world: World) -> Arguments:
    return {"instance_id": "i-00000000000000000000"}


@case("W0", inventory.W0_INTERFACE, "interface.detach", page="no page")
def interface_unknown(world: World) -> Arguments:
    return {"interface_id": "eni-00000000000000000000"}


@case("R0", inventory.R0_ROUTE, "route.delete", page="no page")
def route_unknown(world: World) -> Arguments:
    return {"route_id": "rte-00000000000000000000"}

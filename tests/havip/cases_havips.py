"""The cases of C1 to C10, D1 to D5, B1 to B9, E1 to E4, U1 to U3, and of the limits that they stand for."""

from __future__ import annotations

from typing import Any

from console.teams.models import Team
from console.teams.roles import Role
from havip.models import BetaApplication, HaVip, QuotaName, RequestState
from havip.rules import addresses, binding, creating, deleting
from tests.cast import OTHER_REGION, World, carry_out_jobs, principal
from tests.havip.cases import case

Arguments = dict[str, Any]


def another_vpc(world: World, **where: Any) -> str:
    return world.done("vpc.create", cidr_block="192.168.0.0/16", **where).object_id


def another_vswitch(world: World, block: str = "192.168.1.0/24", *, vpc: str = "") -> str:
    vpc = vpc or world.vpc
    return world.done("vswitch.create", vpc_id=vpc, cidr_block=block).object_id


def many_havips(world: World, count: int) -> list[str]:
    for _ in range(count):
        world.act("havip.create", vswitch_id=world.vswitch)
    carry_out_jobs()
    return list(HaVip.objects.order_by("pk").values_list("resource_id", flat=True))


def beta_principal() -> Any:
    return principal(Team.objects.get(slug="beta"), Role.OWNER)


@case("C1", creating.C1_BETA, "havip.create")
def beta_not_approved(world: World) -> Arguments:
    BetaApplication.objects.filter(team=world.team).update(state=RequestState.DECLINED)
    return {"vswitch_id": world.vswitch}


@case("C2", creating.C2_UNKNOWN, "havip.create", page="no page")
def region_unknown(world: World) -> Arguments:
    return {"vswitch_id": world.vswitch, "region": "cn-atlantis"}


@case("C2", creating.C2_UNSUPPORTED, "havip.create")
def region_without_havip(world: World) -> Arguments:
    vpc = another_vpc(world, region="dc-cellar")
    vswitch = world.done(
        "vswitch.create", vpc_id=vpc, cidr_block="192.168.0.0/24", region="dc-cellar"
    )
    return {"vpc_id": vpc, "vswitch_id": vswitch.object_id, "region": "dc-cellar"}


@case("C3", creating.C3_VPC, "havip.create")
def vpc_unknown(world: World) -> Arguments:
    return {"vpc_id": "vpc-00000000000000000000", "vswitch_id": world.vswitch}


@case("C3", creating.C3_VPC, "havip.create")
def vpc_of_another_team(world: World) -> Arguments:
    return {"vpc_id": another_vpc(world, by=beta_principal()), "vswitch_id": world.vswitch}


@case("C3", creating.C3_VPC, "havip.create")
def vpc_in_another_region(world: World) -> Arguments:
    return {"vpc_id": another_vpc(world, region=OTHER_REGION), "vswitch_id": world.vswitch}


@case("C3", creating.C3_VPC, "havip.create")
def vpc_being_deleted(world: World) -> Arguments:
    vpc = another_vpc(world)
    world.act("vpc.delete", vpc_id=vpc)
    return {"vpc_id": vpc, "vswitch_id": world.vswitch}


@case("C4", creating.C4_VSWITCH, "havip.create")
def vswitch_unknown(world: World) -> Arguments:
    return {"vswitch_id": "vsw-00000000000000000000"}


@case("C4", creating.C4_VSWITCH, "havip.create")
def vswitch_of_another_vpc(world: World) -> Arguments:
    return {"vpc_id": another_vpc(world), "vswitch_id": world.vswitch}


@case("C4", creating.C4_VSWITCH, "havip.create")
def vswitch_of_another_team(world: World) -> Arguments:
    beta = beta_principal()
    vpc = another_vpc(world, by=beta)
    block = {"vpc_id": vpc, "cidr_block": "192.168.0.0/24"}
    return {"vswitch_id": world.done("vswitch.create", by=beta, **block).object_id}


@case("C4", creating.C4_VSWITCH, "havip.create")
def vswitch_not_ready(world: World) -> Arguments:
    block = {"vpc_id": world.vpc, "cidr_block": "192.168.1.0/24"}
    return {"vswitch_id": world.act("vswitch.create", **block).object_id}


def _with_address(world: World, address: str) -> Arguments:
    return {"vpc_id": world.vpc, "vswitch_id": world.vswitch, "ip_address": address}


@case("C5", addresses.C5_MALFORMED, "havip.create")
def address_too_short(world: World) -> Arguments:
    return _with_address(world, "192.168.0")


@case("C5", addresses.C5_MALFORMED, "havip.create")
def address_out_of_numbers(world: World) -> Arguments:
    return _with_address(world, "192.168.0.256")


@case("C5", addresses.C5_MALFORMED, "havip.create")
def address_of_ipv6(world: World) -> Arguments:
    return _with_address(world, "fe80::1")


@case("C5", addresses.C5_OUT_OF_RANGE, "havip.create")
def address_outside(world: World) -> Arguments:
    return _with_address(world, "192.168.1.88")


@case("C5 L4", addresses.C5_OUT_OF_RANGE, "havip.create")
def address_multicast(world: World) -> Arguments:
    return _with_address(world, "224.0.0.18")


@case("C6", addresses.C6_RESERVED, "havip.create")
def address_of_the_network(world: World) -> Arguments:
    return _with_address(world, "192.168.0.0")


@case("C6", addresses.C6_RESERVED, "havip.create")
def address_of_the_gateway(world: World) -> Arguments:
    return _with_address(world, "192.168.0.253")


@case("C6", addresses.C6_RESERVED, "havip.create")
def address_before_the_last(world: World) -> Arguments:
    return _with_address(world, "192.168.0.254")


@case("C6 L4", addresses.C6_RESERVED, "havip.create")
def address_of_broadcast(world: World) -> Arguments:
    return _with_address(world, "192.168.0.255")


@case("C7", addresses.C7_OCCUPIED, "havip.create")
def address_of_an_instance(world: World) -> Arguments:
    return _with_address(world, "192.168.0.209")


@case("C7", addresses.C7_OCCUPIED, "havip.create")
def address_of_a_havip(world: World) -> Arguments:
    world.havip(ip_address="192.168.0.88")
    return _with_address(world, "192.168.0.88")


@case("C8", addresses.C8_EXHAUSTED, "havip.create")
def no_address_left(world: World) -> Arguments:
    small = another_vswitch(world, "192.168.1.0/29")
    for _ in range(4):
        world.act("interface.create", vswitch_id=small)
    return {"vpc_id": world.vpc, "vswitch_id": small}


@case("C9 L5", creating.C9_TEAM_QUOTA, "havip.create")
def sixth_of_the_team(world: World) -> Arguments:
    many_havips(world, 5)
    return {"vswitch_id": another_vswitch(world, vpc=another_vpc(world))}


@case("C10 L6", creating.C10_VPC_QUOTA, "havip.create")
def sixth_of_the_vpc(world: World) -> Arguments:
    world.raise_quota(QuotaName.HAVIPS_PER_TEAM, 7)
    many_havips(world, 5)
    return {"vswitch_id": another_vswitch(world)}


@case("D1", deleting.D1_EIP, "havip.delete")
def eip_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(eip=world.eip1)}


@case("D2", deleting.D2_INSTANCE, "havip.delete")
def instance_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1)}


@case("D3", deleting.D3_INTERFACE, "havip.delete")
def interface_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(world.card1)}


@case("D4", deleting.D4_ROUTE, "havip.delete")
def route_points_at_it(world: World) -> Arguments:
    havip = world.havip()
    world.done(
        "route.create", vpc_id=world.vpc, destination_cidr_block="10.0.0.0/8", havip_id=havip
    )
    return {"havip_id": havip}


@case("D5", deleting.D5_JOB, "havip.delete")
def job_under_way(world: World) -> Arguments:
    return {"havip_id": world.act("havip.create", vswitch_id=world.vswitch).object_id}


@case("B1 L1", binding.B1_NETWORK_TYPE, "havip.bind_instance")
def classic_instance(world: World) -> Arguments:
    classic = world.done("instance.create", network_type="classic", name="old")
    return {"havip_id": world.havip(), "instance_id": classic.object_id}


@case("B2", binding.B2_VSWITCH, "havip.bind_instance")
def instance_in_another_vswitch(world: World) -> Arguments:
    far = world.done("instance.create", vswitch_id=another_vswitch(world))
    return {"havip_id": world.havip(), "instance_id": far.object_id}


@case("B2", binding.B2_VSWITCH, "havip.bind_interface")
def interface_in_another_vswitch_of_an_instance_in_this_one(world: World) -> Arguments:
    card = world.done("interface.create", vswitch_id=another_vswitch(world)).object_id
    world.done("interface.attach", interface_id=card, instance_id=world.ecs1)
    return {"havip_id": world.havip(), "interface_id": card}


@case("B3 L3", binding.B3_SLOTS, "havip.bind_instance")
def third_instance(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1, world.ecs2), "instance_id": world.spare}


@case("B3 L3", binding.B3_SLOTS, "havip.bind_interface")
def third_interface(world: World) -> Arguments:
    world.done("interface.attach", interface_id=world.loose, instance_id=world.spare)
    return {"havip_id": world.havip(world.card1, world.card2), "interface_id": world.loose}


@case("B4", binding.B4_KIND, "havip.bind_interface")
def interface_beside_an_instance(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1), "interface_id": world.card2}


@case("B4", binding.B4_KIND, "havip.bind_instance")
def instance_beside_an_interface(world: World) -> Arguments:
    return {"havip_id": world.havip(world.card1), "instance_id": world.ecs2}


@case("B5", binding.B5_TWICE, "havip.bind_instance")
def same_instance_again(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1), "instance_id": world.ecs1}


@case("B5", binding.B5_TWICE, "havip.bind_interface")
def same_interface_again(world: World) -> Arguments:
    return {"havip_id": world.havip(world.card1), "interface_id": world.card1}


@case("B6 L2", binding.B6_PER_INSTANCE, "havip.bind_instance")
def sixth_havip_of_an_instance(world: World) -> Arguments:
    world.raise_quota(QuotaName.HAVIPS_PER_TEAM, 9)
    world.raise_quota(QuotaName.HAVIPS_PER_VPC, 9)
    *five, sixth = many_havips(world, 6)
    for havip in five:
        world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    carry_out_jobs()
    return {"havip_id": sixth, "instance_id": world.ecs1}


@case("B6 L2", binding.B6_PER_INSTANCE, "havip.bind_interface")
def interfaces_count_for_their_instance(world: World) -> Arguments:
    arguments = sixth_havip_of_an_instance(world)
    return {"havip_id": arguments["havip_id"], "interface_id": world.card1}


@case("B7", binding.B7_INTERFACE, "havip.bind_interface")
def interface_attached_to_nothing(world: World) -> Arguments:
    return {"havip_id": world.havip(), "interface_id": world.loose}


@case("B7", binding.B7_INTERFACE, "havip.bind_interface")
def interface_being_attached(world: World) -> Arguments:
    havip = world.havip()
    world.act("interface.attach", interface_id=world.loose, instance_id=world.spare)
    return {"havip_id": havip, "interface_id": world.loose}


@case("B8", binding.B8_HAVIP_STATUS, "havip.bind_instance")
def havip_being_created(world: World) -> Arguments:
    havip = world.act("havip.create", vswitch_id=world.vswitch).object_id
    return {"havip_id": havip, "instance_id": world.ecs1}


@case("B8", binding.B8_HAVIP_STATUS, "havip.bind_interface")
def another_binding_under_way(world: World) -> Arguments:
    havip = world.havip()
    world.act("havip.bind_interface", havip_id=havip, interface_id=world.card1)
    return {"havip_id": havip, "interface_id": world.card2}


@case("B9", binding.B9_INSTANCE_STATUS, "havip.bind_instance")
def instance_being_stopped(world: World) -> Arguments:
    havip = world.havip()
    world.act("instance.stop", instance_id=world.ecs1)
    return {"havip_id": havip, "instance_id": world.ecs1}


@case("B9", binding.B9_INSTANCE_STATUS, "havip.bind_interface")
def instance_of_the_interface_being_stopped(world: World) -> Arguments:
    havip = world.havip()
    world.act("instance.stop", instance_id=world.ecs1)
    return {"havip_id": havip, "interface_id": world.card1}


@case("E1", binding.E1_REGION, "havip.bind_eip")
def eip_in_another_region(world: World) -> Arguments:
    return {"havip_id": world.havip(), "eip_id": world.far_eip}


@case("E2", binding.E2_STATUS, "havip.bind_eip")
def eip_bound_elsewhere(world: World) -> Arguments:
    world.havip(eip=world.eip1)
    return {"havip_id": world.havip(), "eip_id": world.eip1}


@case("E3", binding.E3_ONE, "havip.bind_eip")
def second_eip(world: World) -> Arguments:
    return {"havip_id": world.havip(eip=world.eip1), "eip_id": world.eip2}


@case("E4", binding.E4_HAVIP_STATUS, "havip.bind_eip")
def havip_not_settled_for_an_eip(world: World) -> Arguments:
    havip = world.havip()
    world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    return {"havip_id": havip, "eip_id": world.eip1}


@case("U1", binding.U1_NOT_BOUND, "havip.unbind_instance")
def instance_not_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(world.ecs1), "instance_id": world.ecs2}


@case("U1", binding.U1_NOT_BOUND, "havip.unbind_interface")
def interface_not_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(world.card1), "interface_id": world.card2}


@case("U1", binding.U1_NOT_BOUND, "havip.unbind_eip")
def eip_not_bound(world: World) -> Arguments:
    return {"havip_id": world.havip(eip=world.eip1), "eip_id": world.eip2}


@case("U2", binding.U2_HAVIP_STATUS, "havip.unbind_instance")
def unbinding_under_way(world: World) -> Arguments:
    havip = world.havip(world.ecs1, world.ecs2)
    world.act("havip.unbind_instance", havip_id=havip, instance_id=world.ecs1)
    return {"havip_id": havip, "instance_id": world.ecs2}


@case("U2", binding.U2_HAVIP_STATUS, "havip.unbind_eip")
def binding_under_way_when_an_eip_is_unbound(world: World) -> Arguments:
    havip = world.havip(eip=world.eip1)
    world.act("havip.bind_instance", havip_id=havip, instance_id=world.ecs1)
    return {"havip_id": havip, "eip_id": world.eip1}


@case("U3", binding.U3_HOLDER, "havip.unbind_instance")
def instance_holds_the_address(world: World) -> Arguments:
    havip = world.havip(world.ecs1, world.ecs2)
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.ecs1)
    return {"havip_id": havip, "instance_id": world.ecs1}


@case("U3", binding.U3_HOLDER, "havip.unbind_interface")
def interface_holds_the_address(world: World) -> Arguments:
    havip = world.havip(world.card1, world.card2)
    HaVip.objects.filter(resource_id=havip).update(holder_id=world.card2)
    return {"havip_id": havip, "interface_id": world.card2}

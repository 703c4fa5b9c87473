"""Which rule a database constraint stands for: the words for a race that was lost at the last moment."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.operations.framework import refuse_on_constraint
from console.operations.refusal import Rule

_LOOK_AGAIN = _("Look at it again and repeat; nothing was changed.")


def register_races() -> None:
    """Register every constraint by PostgreSQL's name for it and by SQLite's."""
    for rule, names in _RACES:
        for name in names:
            refuse_on_constraint(name, rule)


_RACES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (
        Rule(
            "C7",
            code="InvalidIPAddress.AlreadyUsed",
            message=_("The address was taken at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
            field="ip_address",
        ),
        (
            "address_one_owner",
            "havip_privateaddress.vswitch_id, havip_privateaddress.address",
            "havip_address_once",
            "havip_havip.vswitch_id, havip_havip.ip_address",
        ),
    ),
    (
        Rule(
            "B3",
            code="CountLimitExceeded.HaVipOnECSInstance",
            message=_("The slot was filled at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
        ),
        ("binding_slot_once", "havip_binding.havip_id, havip_binding.slot"),
    ),
    (
        Rule(
            "B4",
            code="IncorrectHaVipBindType",
            message=_("Something of the other kind was bound at the same moment."),
            remedy=_LOOK_AGAIN,
        ),
        ("binding_one_kind",),
    ),
    (
        Rule(
            "B5",
            code="ResourceAlreadyAssociated",
            message=_("It was bound to this HaVip at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
        ),
        (
            "binding_instance_once",
            "havip_binding.havip_id, havip_binding.instance_id",
            "binding_interface_once",
            "havip_binding.havip_id, havip_binding.interface_id",
        ),
    ),
    (
        Rule(
            "E3",
            code="InvalidAssociation.Duplicated",
            message=_("An EIP was bound to this HaVip at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
        ),
        ("havip_eip_havip_id", "havip_eip.havip_id"),
    ),
    (
        Rule(
            "B8",
            code="IncorrectHaVipStatus",
            message=_("A job is under way on it already."),
            remedy=_("Wait until the job has ended."),
        ),
        ("jobs_joblock_key", "jobs_joblock.key"),
    ),
    (
        Rule(
            "X4",
            code="OperationDenied.DrillUnderWay",
            message=_("A drill was begun on it at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
        ),
        ("drill_one_under_way", "havip_drill.havip_id"),
    ),
    (
        Rule(
            "R1",
            code="InvalidCIDRBlock.Duplicate",
            message=_("The VPC has a route with this destination already."),
            field="destination_cidr_block",
        ),
        (
            "route_destination_once",
            "havip_routeentry.vpc_id, havip_routeentry.destination_cidr_block",
        ),
    ),
    (
        Rule(
            "N4",
            code="InvalidCidrBlock.Overlapped",
            message=_("The VPC has a vSwitch with this block already."),
            field="cidr_block",
        ),
        ("vswitch_block_once", "havip_vswitch.vpc_id, havip_vswitch.cidr_block"),
    ),
    (
        Rule(
            "P1",
            code="ReserveIpFail",
            message=_("The public address was taken at the same moment by somebody else."),
            remedy=_LOOK_AGAIN,
        ),
        ("havip_eip_ip_address", "havip_eip.ip_address"),
    ),
)

"""One refusal for each documented error code that can be had, as each of the cloud's own SDKs raises it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.conftest import Key, Site
from tests.contract.driving import SDKS, Answer, Driver

pytestmark = pytest.mark.contract


@dataclass(frozen=True, slots=True)
class Refused:
    """An action with parameters that must be refused with this code and HTTP status.

    A value such as "@vpc" stands for what `arranging` called so.
    """

    code: str
    status: int
    action: str
    parameters: dict[str, Any] = field(default_factory=dict)
    product: str = "vpc"


def _vpc(code: str, status: int, action: str, /, **parameters: Any) -> Refused:
    return Refused(code, status, action, parameters)


def _ecs(code: str, status: int, action: str, /, **parameters: Any) -> Refused:
    return Refused(code, status, action, parameters, "ecs")


_LONG = "x" * 300
_TAG = [{"Key": "of", "Value": "1"}]
TABLE = (
    # CreateHaVip
    _vpc("MissingParameter", 400, "CreateHaVip"),
    _vpc("InvalidRegionId.NotFound", 404, "CreateHaVip", VSwitchId="@vswitch", RegionId="cn-mars"),
    _vpc("UnsupportedRegion.HaVip", 400, "CreateHaVip", VSwitchId="@vswitch", RegionId="dc-cellar"),
    _vpc("InvalidVSwitchId.NotFound", 404, "CreateHaVip", VSwitchId="vsw-none"),
    _vpc("InvalidVSwitchId.NotFound", 404, "CreateHaVip", VSwitchId="@pending_vswitch"),
    _vpc("InvalidIPAddress.Malformed", 400, "CreateHaVip", VSwitchId="@vswitch", IpAddress="1.2.3"),
    _vpc(
        "InvalidIPAddress.OutOfRange",
        400,
        "CreateHaVip",
        VSwitchId="@vswitch",
        IpAddress="192.168.9.9",
    ),
    _vpc(
        "InvalidIPAddress.NotAvailable",
        400,
        "CreateHaVip",
        VSwitchId="@vswitch",
        IpAddress="192.168.0.254",
    ),
    _vpc(
        "InvalidIPAddress.AlreadyUsed",
        400,
        "CreateHaVip",
        VSwitchId="@vswitch",
        IpAddress="@bound_address",
    ),
    _vpc("InsufficientIpAddress", 400, "CreateHaVip", VSwitchId="@full_vswitch"),
    _vpc("Abs.Vpc.InvalidName.Malformed", 400, "CreateHaVip", VSwitchId="@vswitch", Name=_LONG),
    _vpc(
        "InvalidDescription.Malformed", 400, "CreateHaVip", VSwitchId="@vswitch", Description=_LONG
    ),
    _vpc(
        "InvalidTagKey.Malformed",
        400,
        "CreateHaVip",
        VSwitchId="@vswitch",
        Tag=[{"Key": "acs:mine", "Value": ""}],
    ),
    _vpc("QuotaExceeded.HaVipPerVpc", 400, "CreateHaVip", VSwitchId="@other_vswitch"),
    _vpc(
        "InvalidClientToken.Malformed",
        400,
        "CreateHaVip",
        VSwitchId="@vswitch",
        ClientToken="t" * 65,
    ),
    # DeleteHaVip
    _vpc("InvalidHaVipId.NotFound", 404, "DeleteHaVip", HaVipId="havip-none"),
    _vpc("InvalidRegionId.NotFound", 404, "DeleteHaVip", HaVipId="@empty", RegionId="cn-mars"),
    _vpc("IncorrectStatus", 400, "DeleteHaVip", HaVipId="@busy"),
    _vpc("IncorrectHaVipStatus", 400, "DeleteHaVip", HaVipId="@bound"),
    _vpc("DependencyViolation.HaVipAssociatedWithEIP", 400, "DeleteHaVip", HaVipId="@with_eip"),
    _vpc("DependencyViolation.HaVipReferedByRouteEntry", 400, "DeleteHaVip", HaVipId="@routed"),
    # ModifyHaVipAttribute
    _vpc("InvalidHaVipId.NotFound", 404, "ModifyHaVipAttribute", HaVipId="havip-none", Name="a"),
    _vpc(
        "Abs.Vpc.InvalidName.Malformed",
        400,
        "ModifyHaVipAttribute",
        HaVipId="@empty",
        Name="http://a",
    ),
    _vpc(
        "InvalidDescription.Malformed",
        400,
        "ModifyHaVipAttribute",
        HaVipId="@empty",
        Description=_LONG,
    ),
    # AssociateHaVip
    _vpc(
        "InvalidHaVipId.NotFound", 404, "AssociateHaVip", HaVipId="havip-none", InstanceId="@third"
    ),
    _vpc("InvalidInstanceId.NotFound", 404, "AssociateHaVip", HaVipId="@empty", InstanceId="i-no"),
    _vpc("InvalidInstanceId.NotFound", 404, "AssociateHaVip", HaVipId="@empty", InstanceId="@card"),
    _vpc(
        "InvalidInstanceType.ValueNotSupported",
        400,
        "AssociateHaVip",
        HaVipId="@empty",
        InstanceId="@third",
        InstanceType="Nat",
    ),
    _vpc("IncorrectHaVipStatus", 400, "AssociateHaVip", HaVipId="@busy", InstanceId="@first"),
    _vpc(
        "IncorrectInstanceStatus", 400, "AssociateHaVip", HaVipId="@empty", InstanceId="@starting"
    ),
    _vpc(
        "IncorrectInstanceNetworkType",
        400,
        "AssociateHaVip",
        HaVipId="@empty",
        InstanceId="@classic",
    ),
    _vpc("VSwitchMismatch", 400, "AssociateHaVip", HaVipId="@empty", InstanceId="@away"),
    _vpc(
        "CountLimitExceed.HaVipOnInstance",
        400,
        "AssociateHaVip",
        HaVipId="@empty",
        InstanceId="@third",
    ),
    _vpc(
        "CountLimitExceeded.HaVipOnECSInstance",
        400,
        "AssociateHaVip",
        HaVipId="@bound",
        InstanceId="@stopped",
    ),
    _vpc("ResourceAlreadyAssociated", 400, "AssociateHaVip", HaVipId="@bound", InstanceId="@first"),
    _vpc(
        "IncorrectHaVipBindType",
        400,
        "AssociateHaVip",
        HaVipId="@bound",
        InstanceId="@card",
        InstanceType="NetworkInterface",
    ),
    _vpc(
        "IncorrectNetworkInterfaceStatus",
        400,
        "AssociateHaVip",
        HaVipId="@empty",
        InstanceId="@loose",
        InstanceType="NetworkInterface",
    ),
    # UnassociateHaVip
    _vpc(
        "Forbidden.UnassociateMaster",
        400,
        "UnassociateHaVip",
        HaVipId="@bound",
        InstanceId="@first",
    ),
    _vpc("ResourceNotAssociated", 400, "UnassociateHaVip", HaVipId="@bound", InstanceId="@third"),
    _vpc("IncorrectHaVipStatus", 400, "UnassociateHaVip", HaVipId="@busy", InstanceId="@first"),
    _vpc(
        "InvalidParameter.Format",
        400,
        "UnassociateHaVip",
        HaVipId="@bound",
        InstanceId="@first",
        Force="perhaps",
    ),
    # DescribeHaVips
    _vpc(
        "InvalidFilterKey.ValueNotSupported",
        404,
        "DescribeHaVips",
        Filter=[{"Key": "Colour", "Value": ["red"]}],
    ),
    _vpc("InvalidRegionId.NotFound", 404, "DescribeHaVips", RegionId="cn-mars"),
    _vpc("InvalidParameter", 400, "DescribeHaVips", PageSize=51),
    # EIPs
    _vpc("InvalidParameter", 400, "AllocateEipAddress", Bandwidth="501"),
    _vpc("InvalidParameter", 400, "AllocateEipAddress", InstanceChargeType="PrePaid"),
    _vpc("InvalidAllocationId.NotFound", 404, "ReleaseEipAddress", AllocationId="eip-none"),
    _vpc("IncorrectEipStatus", 400, "ReleaseEipAddress", AllocationId="@used_eip"),
    _vpc(
        "InvalidAllocationId.NotFound",
        404,
        "AssociateEipAddress",
        AllocationId="eip-none",
        InstanceId="@empty",
        InstanceType="HaVip",
    ),
    _vpc(
        "InvalidHaVipId.NotFound",
        404,
        "AssociateEipAddress",
        AllocationId="@free_eip",
        InstanceId="havip-none",
        InstanceType="HaVip",
    ),
    _vpc(
        "InvalidInstanceType.ValueNotSupported",
        400,
        "AssociateEipAddress",
        AllocationId="@free_eip",
        InstanceId="@first",
    ),
    _vpc(
        "InvalidAssociation.Duplicated",
        400,
        "AssociateEipAddress",
        AllocationId="@free_eip",
        InstanceId="@with_eip",
        InstanceType="HaVip",
    ),
    _vpc(
        "IncorrectEipStatus",
        400,
        "AssociateEipAddress",
        AllocationId="@used_eip",
        InstanceId="@empty",
        InstanceType="HaVip",
    ),
    _vpc(
        "IncorrectHaVipStatus",
        400,
        "AssociateEipAddress",
        AllocationId="@free_eip",
        InstanceId="@busy",
        InstanceType="HaVip",
    ),
    _vpc(
        "InvalidParameter.Mismatch",
        400,
        "AssociateEipAddress",
        AllocationId="@far_eip",
        InstanceId="@empty",
        InstanceType="HaVip",
    ),
    _vpc("ResourceNotAssociated", 400, "UnassociateEipAddress", AllocationId="@free_eip"),
    _vpc("InvalidAllocationId.NotFound", 404, "UnassociateEipAddress", AllocationId="eip-none"),
    _vpc("DryRunOperation", 400, "DescribeEipAddresses", DryRun=True),
    # VPCs
    _vpc("InvalidRegionId.NotFound", 404, "CreateVpc", RegionId="cn-mars"),
    _vpc("InvalidCidrBlock.Malformed", 400, "CreateVpc", CidrBlock="192.168.0.1/16"),
    _vpc("IllegalParam.CidrBlockMask", 400, "CreateVpc", CidrBlock="10.0.0.0/29"),
    _vpc("OperationDenied.CidrInExcludeCidrs", 400, "CreateVpc", CidrBlock="100.64.0.0/16"),
    _vpc("InvalidParameter", 400, "CreateVpc", EnableIpv6=True),
    _vpc("DryRunOperation", 400, "CreateVpc", CidrBlock="10.1.0.0/16", DryRun=True),
    _vpc("InvalidVpcId.NotFound", 404, "DeleteVpc", VpcId="vpc-none"),
    _vpc("DependencyViolation.VSwitch", 400, "DeleteVpc", VpcId="@vpc"),
    # VSwitches
    _vpc(
        "InvalidVpcId.NotFound",
        404,
        "CreateVSwitch",
        VpcId="vpc-none",
        ZoneId="cn-hangzhou-a",
        CidrBlock="192.168.8.0/24",
    ),
    _vpc(
        "InvalidZoneId.NotFound",
        404,
        "CreateVSwitch",
        VpcId="@vpc",
        ZoneId="cn-hangzhou-z",
        CidrBlock="192.168.8.0/24",
    ),
    _vpc(
        "InvalidCirdrBlock.MaskLength",
        400,
        "CreateVSwitch",
        VpcId="@vpc",
        ZoneId="cn-hangzhou-a",
        CidrBlock="192.168.8.0/30",
    ),
    _vpc(
        "InvalidCidrBlock.Malformed",
        400,
        "CreateVSwitch",
        VpcId="@vpc",
        ZoneId="cn-hangzhou-a",
        CidrBlock="192.168.8.0",
    ),
    _vpc(
        "InvalidParameter",
        400,
        "CreateVSwitch",
        VpcId="@vpc",
        ZoneId="cn-hangzhou-a",
        CidrBlock="10.9.0.0/24",
    ),
    _vpc(
        "InvalidCidrBlock.Overlapped",
        400,
        "CreateVSwitch",
        VpcId="@vpc",
        ZoneId="cn-hangzhou-a",
        CidrBlock="192.168.0.128/25",
    ),
    _vpc("MissingParameter", 400, "CreateVSwitch", VpcId="@vpc", CidrBlock="192.168.8.0/24"),
    _vpc("InvalidVSwitchId.NotFound", 404, "DeleteVSwitch", VSwitchId="vsw-none"),
    _vpc("DependencyViolation.HaVip", 400, "DeleteVSwitch", VSwitchId="@vswitch"),
    _vpc("DependencyViolation", 400, "DeleteVSwitch", VSwitchId="@full_vswitch"),
    _vpc("IncorrectStatus", 400, "DeleteVSwitch", VSwitchId="@pending_vswitch"),
    # Route entries
    _vpc(
        "InvalidRouteTableId.NotFound",
        404,
        "CreateRouteEntry",
        RouteTableId="vtb-none",
        DestinationCidrBlock="172.30.0.0/16",
        NextHopType="HaVip",
        NextHopId="@routed",
    ),
    _vpc(
        "InvalidHaVipId.NotFound",
        404,
        "CreateRouteEntry",
        RouteTableId="@table",
        DestinationCidrBlock="172.30.0.0/16",
        NextHopType="HaVip",
        NextHopId="havip-none",
    ),
    _vpc(
        "IncorrectHaVipStatus",
        400,
        "CreateRouteEntry",
        RouteTableId="@table",
        DestinationCidrBlock="172.30.0.0/16",
        NextHopType="HaVip",
        NextHopId="@busy",
    ),
    _vpc(
        "Mismatch.HaVipIdAndRouteTableId",
        400,
        "CreateRouteEntry",
        RouteTableId="@other_table",
        DestinationCidrBlock="172.30.0.0/16",
        NextHopType="HaVip",
        NextHopId="@routed",
    ),
    _vpc(
        "InvalidCIDRBlock.Duplicate",
        400,
        "CreateRouteEntry",
        RouteTableId="@table",
        DestinationCidrBlock="172.20.0.0/16",
        NextHopType="HaVip",
        NextHopId="@routed",
    ),
    _vpc(
        "QuotaExceeded.HaVipRouteEntry",
        400,
        "CreateRouteEntry",
        RouteTableId="@table",
        DestinationCidrBlock="172.30.0.0/16",
        NextHopType="HaVip",
        NextHopId="@routed",
    ),
    _vpc("InvalidRouteEntry.NotFound", 404, "DeleteRouteEntry", RouteEntryId="rte-none"),
    _vpc("DryRunOperation", 400, "DeleteRouteEntry", RouteEntryId="@route", DryRun=True),
    _vpc("InvalidRouteTableId.NotFound", 404, "DescribeRouteEntryList", RouteTableId="vtb-none"),
    # Tags
    _vpc(
        "InvalidResourceType.NotFound",
        404,
        "TagResources",
        ResourceType="NATGATEWAY",
        ResourceId=["ngw-1"],
        Tag=_TAG,
    ),
    _vpc(
        "InvalidResourceId.NotFound",
        404,
        "TagResources",
        ResourceType="HAVIP",
        ResourceId=["havip-none"],
        Tag=_TAG,
    ),
    # ECS
    _ecs("InvalidVSwitchId.NotFound", 404, "RunInstances", VSwitchId="vsw-none"),
    _ecs("InvalidParameter", 400, "RunInstances", VSwitchId="@vswitch", Amount=101),
    _ecs("DryRunOperation", 400, "RunInstances", VSwitchId="@vswitch", DryRun=True),
    _ecs("InvalidInstanceId.NotFound", 404, "StartInstance", InstanceId="i-none", RegionId=None),
    _ecs("IncorrectInstanceStatus", 400, "StartInstance", InstanceId="@first", RegionId=None),
    _ecs("IncorrectInstanceStatus", 400, "StopInstance", InstanceId="@stopped", RegionId=None),
    _ecs("IncorrectInstanceStatus", 400, "DeleteInstance", InstanceId="@first", RegionId=None),
    _ecs("InvalidParameter.Format", 400, "DescribeInstances", InstanceIds="i-1"),
    _ecs("InvalidVSwitchId.NotFound", 404, "CreateNetworkInterface", VSwitchId="vsw-none"),
    _ecs(
        "InvalidEniId.NotFound",
        404,
        "AttachNetworkInterface",
        NetworkInterfaceId="eni-none",
        InstanceId="@first",
    ),
    _ecs(
        "InvalidInstanceId.NotFound",
        404,
        "AttachNetworkInterface",
        NetworkInterfaceId="@loose",
        InstanceId="i-none",
    ),
    _ecs(
        "InvalidVpcId.Mismatch",
        400,
        "AttachNetworkInterface",
        NetworkInterfaceId="@loose",
        InstanceId="@far_away",
    ),
    _ecs(
        "InvalidOperation.PrimaryNetworkInterface",
        400,
        "DetachNetworkInterface",
        NetworkInterfaceId="@primary",
        InstanceId="@first",
    ),
    _ecs(
        "InvalidInstanceId.NotFound",
        404,
        "DetachNetworkInterface",
        NetworkInterfaceId="@card",
        InstanceId="@first",
    ),
    _ecs("InvalidEniId.NotFound", 404, "DeleteNetworkInterface", NetworkInterfaceId="eni-none"),
)


@pytest.fixture(scope="module", params=SDKS, ids=lambda sdk: sdk.name)
def asking(request: pytest.FixtureRequest, site: Site) -> Iterator[Driver]:
    """Each SDK, in one process for the whole table."""
    with site.driver(request.param) as running:
        yield running


def _check(driver: Driver, answer: Answer, code: str, status: int) -> None:
    assert answer.code == code, (answer.error, answer.body)
    assert answer.error["type"] == driver.sdk.error_type.format(code=code)
    assert answer.error["request_id"]
    assert answer.error["message"]
    if driver.sdk.sees_status:
        assert answer.status == status


@pytest.mark.parametrize("refused", TABLE, ids=lambda each: f"{each.action}-{each.code}")
def test_refused(asking: Driver, arranged: dict[str, str], refused: Refused) -> None:
    parameters = {
        name: arranged[value[1:]] if isinstance(value, str) and value.startswith("@") else value
        for name, value in refused.parameters.items()
    }
    answer = asking.tell(refused.product, refused.action, parameters)
    _check(asking, answer, refused.code, refused.status)


def test_a_token_with_other_parameters(asking: Driver, arranged: dict[str, str]) -> None:
    token = f"t-{asking.sdk.name}"
    made = asking.ok("AllocateEipAddress", Name="a", ClientToken=token)
    again = asking("AllocateEipAddress", Name="b", ClientToken=token)
    asking.ok("ReleaseEipAddress", AllocationId=made["AllocationId"])
    _check(asking, again, "IdempotentParameterMismatch", 400)


def test_a_team_that_may_not_create_yet(
    site: Site, asking: Driver, arranged: dict[str, str], early_key: Key
) -> None:
    with site.driver(asking.sdk, early_key) as early:
        answer = early("CreateHaVip", VSwitchId=arranged["early_vswitch"])
        hidden = early("AssociateHaVip", HaVipId=arranged["bound"], InstanceId=arranged["first"])
    _check(early, answer, "Forbidden.HaVip", 400)
    _check(early, hidden, "InvalidHaVipId.NotFound", 404)


def test_a_role_that_may_only_read(
    site: Site, asking: Driver, arranged: dict[str, str], viewer_key: Key
) -> None:
    with site.driver(asking.sdk, viewer_key) as viewer:
        assert viewer.ok("DescribeHaVips")["TotalCount"] > 0
        answer = viewer("DeleteHaVip", HaVipId=arranged["empty"])
    _check(viewer, answer, "Forbidden", 403)


def test_an_unknown_key_and_a_wrong_secret(site: Site, asking: Driver) -> None:
    with site.driver(asking.sdk, Key("HVNOBODYKNOWSTHIS", site.key.secret)) as stranger:
        unknown = stranger("DescribeHaVips")
    with site.driver(asking.sdk, Key(site.key.id, "wrong")) as forger:
        forged = forger("DescribeHaVips")
    _check(stranger, unknown, "InvalidAccessKeyId.NotFound", 404)
    # This one compares the text that it signed with the one in the answer: both must be the same to the letter.
    told = "InvalidAccessKeySecret" if asking.sdk.name == "python-core" else "SignatureDoesNotMatch"
    _check(forger, forged, told, 400)


@pytest.mark.parametrize(
    "sdk", [each for each in SDKS if each.has_models], ids=lambda sdk: sdk.name
)
def test_too_many_requests(site: Site, sdk: Any) -> None:
    """Within one minute at most so many requests: the SDKs have an exception type of their own for that."""
    with site.driver(sdk, site.new_key()) as hasty:
        answers = (hasty("DescribeRegions", RegionId=None) for _ in range(2 * 600 + 100))
        refused = next(answer for answer in answers if answer.error)
    assert refused.code == "Throttling.Api"
    assert refused.status == 400
    assert refused.error["type"] in ("ThrottlingException", "ThrottlingError")

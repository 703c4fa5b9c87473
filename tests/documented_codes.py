"""Every error code that the cloud documents for the actions that are here: given, and by which rule, or never, and why.

They are those of 6-cloud-api, section 3, and for names those of the error tables of CreateVpc and RunInstances.

`tests.rpc_table` writes it into docs/rpc.md; `tests/havip/rpc/test_documented_codes.py` holds it against the rules, the
interface and what the SDKs are refused in the contract tests.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERY_ACTION = "every action"
# In place of a rule's number: an error of the interface itself.
INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class Given:
    """A code that is given here: its HTTP status, and the numbers of the rules that give it, or INTERFACE."""

    status: int
    code: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """Codes that are never given here, and why."""

    codes: tuple[str, ...]
    reason: str


def _given(*lines: str) -> tuple[Given, ...]:
    """Return codes from lines such as "404 InvalidVpcId.NotFound C3"."""
    return tuple(
        Given(int(status), code, tuple(numbers))
        for status, code, *numbers in (line.split() for line in lines)
    )


def _never(reason: str, *codes: str) -> Never:
    return Never(codes, reason)


_BETA = _never("the beta is asked about when a HaVip is created, and only then", "Forbidden.HaVip")
_NO_GROUPS = _never("there are no resource groups", "InvalidResourceGroupId")
_NO_QUOTA = "there is no quota of these"
_NO_LOCK = _never(
    "a request waits for the one before it; in vain, it is `OperationConflict`",
    "TaskConflict",
    "OperationFailed.DistibuteLock",
)
_REGION = _never("`InvalidRegionId.NotFound` stands for it", "Forbidden.RegionNotFound")
_VPC = _never("`InvalidVpcId.NotFound` stands for it", "Forbidden.VpcNotFound")
_SPELLING = _never("it is spelt `Forbidden`, and 403", "Forbbiden")
_NOTHING_COSTS = "nothing here costs anything"

DOCUMENTED: dict[str, tuple[tuple[Given, ...], tuple[Never, ...]]] = {
    EVERY_ACTION: (
        _given(
            "403 Forbidden A1",
            "400 IdempotentParameterMismatch A3",
            "409 OperationConflict A4 A5",
            "400 MissingParameter interface",
            "400 InvalidParameter.Format interface",
            "400 DryRunOperation interface",
            "404 InvalidApi.NotFound interface",
            "404 InvalidAccessKeyId.NotFound interface",
            "400 InvalidAccessKeyId.Inactive interface",
            "400 InvalidTimeStamp.Format interface",
            "400 InvalidTimeStamp.Expired interface",
            "400 SignatureNonceUsed interface",
            "400 SignatureDoesNotMatch interface",
            "400 IncompleteSignature interface",
            "400 UnsupportedHTTPMethod interface",
            "400 Throttling.User interface",
            "400 Throttling.Api interface",
            "503 ServiceUnavailable interface",
            "500 InternalError interface",
        ),
        (
            _never(
                "a request waits for the one with the same `ClientToken`, and gets its answer",
                "LastTokenProcessing",
                "OperationFailed.LastTokenProcessing",
                "OperationFailed.IdempotentTokenProcessing",
            ),
            _never("`ServiceUnavailable` stands for it", "SystemBusy"),
            _never("it is told whether of a key or of an action", "Throttling"),
            _never(
                "another version is as unknown as its actions: `InvalidApi.NotFound`",
                "InvalidProduct.NotFound",
            ),
        ),
    ),
    "CreateHaVip": (
        _given(
            "400 Forbidden.HaVip C1",
            "400 InvalidIPAddress.Malformed C5",
            "400 InvalidIPAddress.OutOfRange C5",
            "400 InvalidIPAddress.NotAvailable C6",
            "400 InvalidIPAddress.AlreadyUsed C7",
            "400 InvalidDescription.Malformed M2",
        ),
        (
            _never("`InvalidVSwitchId.NotFound` (C4) stands for it", "InvalidVSwitch.NotFound"),
            _never("what it means is not documented", "InvalidPrivateIp.NotFound"),
        ),
    ),
    "DeleteHaVip": (
        _given(
            "404 InvalidRegionId.NotFound C2",
            "404 InvalidHaVipId.NotFound H1",
            "400 DependencyViolation.HaVipAssociatedWithEIP D1",
            "400 IncorrectHaVipStatus D2 D3",
            "400 DependencyViolation.HaVipReferedByRouteEntry D4",
            "400 IncorrectStatus D5",
        ),
        (_BETA,),
    ),
    "ModifyHaVipAttribute": (
        _given(
            "404 InvalidRegionId.NotFound C2",
            "404 InvalidHaVipId.NotFound H1",
            "400 Abs.Vpc.InvalidName.Malformed M1",
            "400 InvalidDescription.Malformed M2",
        ),
        (
            _never("a HaVip can be renamed whatever is under way on it", "IncorrectStatus"),
            _BETA,
        ),
    ),
    "AssociateHaVip": (
        _given(
            "400 CountLimitExceeded.HaVipOnECSInstance B3",
            "400 CountLimitExceed.HaVipOnInstance B6",
            "400 IncorrectHaVipStatus B8",
            "400 IncorrectInstanceStatus B9",
        ),
        (_never("`IncorrectHaVipStatus` stands for it", "InvalidVip.Status"),),
    ),
    "UnassociateHaVip": (
        _given(
            "400 ResourceNotAssociated U1",
            "400 IncorrectHaVipStatus U2",
            "400 Forbidden.UnassociateMaster U3",
        ),
        (
            _never(
                "an instance can be unbound whatever its status is",
                "IncorrectInstanceStatus",
            ),
            _NO_LOCK,
            _BETA,
        ),
    ),
    "DescribeHaVips": (
        _given(
            "404 InvalidRegionId.NotFound C2",
            "404 InvalidFilterKey.ValueNotSupported interface",
        ),
        (_never("an unknown identifier finds nothing, 200", "InvalidHaVipId.NotFound"),),
    ),
    "AllocateEipAddress": (
        _given(
            "400 InvalidParameter P0 P2 interface",
            "400 ReserveIpFail P1",
            "409 OperationConflict A4 A5",
        ),
        (
            _never(f"{_NO_QUOTA}; the pool is the limit: `ReserveIpFail`", "QuotaExceeded.Eip"),
            _never(_NOTHING_COSTS, "InsufficientBalance", "FrequentPurchase.EIP"),
            _never("every region has EIPs", "InvalidRegion.NotSupport"),
            _NO_GROUPS,
            _SPELLING,
        ),
    ),
    "ReleaseEipAddress": (
        _given("404 InvalidAllocationId.NotFound E0", "400 IncorrectEipStatus F4"),
        (
            _never(_NOTHING_COSTS, "Forbidden.ChargeTypeIsPrepaid"),
            _never(
                "there is no global acceleration",
                "TaskConflict.AssociateGlobalAccelerationInstance",
            ),
            _REGION,
            _SPELLING,
        ),
    ),
    "AssociateEipAddress": (
        _given(
            "404 InvalidRegionId.NotFound C2",
            "404 InvalidAllocationId.NotFound E0",
            "404 InvalidInstanId.NotFound H1",
            "400 InvalidParameter.Mismatch E1",
            "400 IncorrectEipStatus E2",
            "400 InvalidAssociation.Duplicated E3",
            "400 IncorrectHaVipStatus E4",
            "400 InvalidInstanceType.ValueNotSupported interface",
            "400 InvalidParameter interface",
        ),
        (
            _never(
                "EIPs are bound to HaVips only",
                "IncorrectInstanceStatus",
                "InvalidInstance.NotExist",
                "OperationFailed.HavipBoundPortmap",
            ),
            _never(
                "there is a code for each of the reasons that there are",
                "OperationDenied",
                "InvalidBindingStatus",
                "InvalidParams.NotFound",
            ),
            _never("`ServiceUnavailable` stands for it", "OperationFailed.SystemBusy"),
            _NO_LOCK,
            _SPELLING,
        ),
    ),
    "UnassociateEipAddress": (
        _given(
            "404 InvalidInstanceId.NotFound H1",
            "400 IncorrectHaVipStatus U2",
            "400 InvalidInstanceType.ValueNotSupported interface",
            "400 InvalidParameter interface",
        ),
        (
            _never("what is not bound is `ResourceNotAssociated` (U1)", "IncorrectEipStatus"),
            _never("EIPs are bound to HaVips only", "IncorrectInstanceStatus"),
            _never(
                "there is a code for each of the reasons that there are",
                "OperationDenied",
                "InvalidBindingStatus",
            ),
            _REGION,
            _SPELLING,
        ),
    ),
    "CreateVpc": (
        _given(
            "404 InvalidRegionId.NotFound C2",
            "400 InvalidVpcName.Malformed M1",
            "400 InvalidVpcDiscription.Malformed M2",
            "400 IllegalParam.CidrBlockMask N2",
            "400 OperationDenied.CidrInExcludeCidrs N2",
        ),
        (
            _never(_NO_QUOTA, "QuotaExceeded.Vpc"),
            _NO_GROUPS,
            _never("`ServiceUnavailable` stands for it", "System.ServiceBusy"),
        ),
    ),
    "DeleteVpc": (
        _given(
            "404 InvalidVpcId.NotFound C3",
            "400 DependencyViolation.VSwitch F5",
            "400 IncorrectVpcStatus N5",
        ),
        (
            _never(
                "where there are any, there is a vSwitch, which is named first",
                "DependencyViolation.Instance",
                "DependencyViolation.RouteEntry",
            ),
            _never(
                "there are none of these",
                "DependencyViolation.SecurityGroup",
                "DependencyViolation.NatGateway",
                "DependencyViolation.RouterInterface",
            ),
            _VPC,
            _never("it is spelt `Forbidden`", "OperationDenied"),
        ),
    ),
    "CreateVSwitch": (
        _given(
            "404 InvalidVpcId.NotFound C3",
            "404 InvalidZoneId.NotFound N6",
            "400 InvalidVSwitchName.Malformed M1",
            "400 InvalidVSwitchDiscription.Malformed M2",
            "400 InvalidCidrBlock.Malformed N1",
            "400 InvalidCirdrBlock.MaskLength N3",
            "400 InvalidParameter N3",
            "400 InvalidCidrBlock.Overlapped N4",
            "400 IncorrectVpcStatus N5",
            "400 MissingParameter interface",
        ),
        (
            _never(_NO_QUOTA, "QuotaExceeded.VSwitch"),
            _never("every zone has room", "ResourceNotAvailable"),
            _never(
                "several can be made, and routes changed, at the same time",
                "IncorrectVSwitchStatus",
                "IncorrectRouteEntryStatus",
            ),
            _VPC,
        ),
    ),
    "DeleteVSwitch": (
        _given(
            "404 InvalidVSwitchId.NotFound C4",
            "400 DependencyViolation.HaVip F5",
            "400 DependencyViolation F5",
            "400 IncorrectVSwitchStatus N5",
            "400 MissingParameter interface",
        ),
        (
            _never("routes can change at the same time", "IncorrectRouteEntryStatus"),
            _never("`IncorrectVSwitchStatus` stands for it", "IncorrectStatus"),
        ),
    ),
    "CreateRouteEntry": (
        _given(
            "404 InvalidHaVipId.NotFound H1",
            "400 InvalidCIDRBlock.Duplicate R1",
            "400 Mismatch.HaVipIdAndRouteTableId R2",
            "400 IncorrectHaVipStatus R3",
            "400 QuotaExceeded.HaVipRouteEntry R4",
        ),
        (
            _never("`InvalidHaVipId.NotFound` stands for it", "InvalidHaVip.NotFound"),
            _never(
                "`QuotaExceeded.HaVipRouteEntry` stands for it: the limit is a quota",
                "CountLimitExceed.HaVipRouteEntry",
            ),
            _never("only those to HaVips are limited", "QuotaExceeded"),
            _NO_LOCK,
        ),
    ),
    "DeleteRouteEntry": (_given("400 IncorrectRouteEntryStatus N5"), ()),
    "RunInstances": (
        _given("400 InvalidInstanceName.Malformed M1", "400 InvalidDescription.Malformed M2"),
        (),
    ),
}

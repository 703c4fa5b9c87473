"""The records: networks, servers, HaVips and what binds them. Models import no views, no operations."""

from havip.models.compute import (
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkType,
)
from havip.models.havip import (
    MAXIMUM_SLOTS,
    Binding,
    BindingKind,
    BindingState,
    Eip,
    EipStatus,
    HaVip,
    HaVipStatus,
)
from havip.models.network import (
    AddressOwner,
    NetworkStatus,
    PrivateAddress,
    RouteEntry,
    Vpc,
    VSwitch,
)
from havip.models.quota import (
    BetaApplication,
    QuotaName,
    QuotaOverride,
    QuotaRequest,
    RequestState,
)

__all__ = [
    "MAXIMUM_SLOTS",
    "AddressOwner",
    "BetaApplication",
    "Binding",
    "BindingKind",
    "BindingState",
    "Eip",
    "EipStatus",
    "HaVip",
    "HaVipStatus",
    "Instance",
    "InstanceStatus",
    "InterfaceStatus",
    "InterfaceType",
    "NetworkInterface",
    "NetworkStatus",
    "NetworkType",
    "PrivateAddress",
    "QuotaName",
    "QuotaOverride",
    "QuotaRequest",
    "RequestState",
    "RouteEntry",
    "VSwitch",
    "Vpc",
]

"""The records: networks, servers, HaVips and what binds them. Models import no views, no operations."""

from havip.models.compute import (
    Instance,
    InstanceStatus,
    InterfaceStatus,
    InterfaceType,
    NetworkInterface,
    NetworkType,
)
from havip.models.drill import (
    RUNNING_DRILL,
    Drill,
    DrillAnswer,
    DrillKind,
    DrillStatus,
    Vantage,
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
    InternetCharge,
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
from havip.models.tag import TAGGED, Tag

__all__ = [
    "MAXIMUM_SLOTS",
    "RUNNING_DRILL",
    "TAGGED",
    "AddressOwner",
    "BetaApplication",
    "Binding",
    "BindingKind",
    "BindingState",
    "Drill",
    "DrillAnswer",
    "DrillKind",
    "DrillStatus",
    "Eip",
    "EipStatus",
    "HaVip",
    "HaVipStatus",
    "Instance",
    "InstanceStatus",
    "InterfaceStatus",
    "InterfaceType",
    "InternetCharge",
    "NetworkInterface",
    "NetworkStatus",
    "NetworkType",
    "PrivateAddress",
    "QuotaName",
    "QuotaOverride",
    "QuotaRequest",
    "RequestState",
    "RouteEntry",
    "Tag",
    "VSwitch",
    "Vantage",
    "Vpc",
]

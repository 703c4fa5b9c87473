"""What the console and its agents say to each other, version 1: wanted documents, reports, enrolment.

Plain Python without Django; both ends read everything that they receive through `read_document`, `read_report` and the
other `read_…` functions, which refuse whatever is not exactly as described here (ProtocolError, with the path to the
fault). A document holds identifiers, addresses, numbers and names of devices that are computed from identifiers: nothing
in it is a command, a path or a piece of configuration, so even a hostile console can ask only for networks.
"""

from __future__ import annotations

from havip.fabric.linux.checking import ProtocolError, as_json, loads
from havip.fabric.linux.messages import (
    MOST_DRILLS,
    MOST_RUNS,
    DrillReport,
    Enrolled,
    EnrolmentRequest,
    Observed,
    ProbeRun,
    Reply,
    Report,
    Software,
    Token,
    TokenRequest,
    VrrpState,
    read_enrolled,
    read_enrolment,
    read_reply,
    read_report,
    read_token,
    read_token_request,
)
from havip.fabric.linux.naming import (
    Role,
    bridge_name,
    namespace_name,
    port_name,
    role_of,
    safe_name,
    scope_of,
    subject_of,
)
from havip.fabric.linux.orders import (
    FURTHEST_SECONDS,
    INSTANCE_STOPPED,
    KEEPALIVED_STOPPED,
    LINK_DOWN,
    GatewayDrill,
    HostDrill,
    NodeDrill,
    Order,
)
from havip.fabric.linux.terms import PROTOCOL
from havip.fabric.linux.wanted import (
    PROFILES,
    Document,
    GatewayDocument,
    GatewayHaVip,
    HostDocument,
    HostInstance,
    HostInterface,
    HostVpc,
    NodeDocument,
    NodeHaVip,
    NodeInterface,
    Port,
    Route,
    Subnet,
    read_document,
)

__all__ = [
    "FURTHEST_SECONDS",
    "INSTANCE_STOPPED",
    "KEEPALIVED_STOPPED",
    "LINK_DOWN",
    "MAXIMUM_DOCUMENT_BYTES",
    "MAXIMUM_REPORT_BYTES",
    "MOST_DRILLS",
    "MOST_RUNS",
    "PROFILES",
    "PROTOCOL",
    "Document",
    "DrillReport",
    "Enrolled",
    "EnrolmentRequest",
    "GatewayDocument",
    "GatewayDrill",
    "GatewayHaVip",
    "HostDocument",
    "HostDrill",
    "HostInstance",
    "HostInterface",
    "HostVpc",
    "NodeDocument",
    "NodeDrill",
    "NodeHaVip",
    "NodeInterface",
    "Observed",
    "Order",
    "Port",
    "ProbeRun",
    "ProtocolError",
    "Reply",
    "Report",
    "Role",
    "Route",
    "Software",
    "Subnet",
    "Token",
    "TokenRequest",
    "VrrpState",
    "as_json",
    "bridge_name",
    "loads",
    "namespace_name",
    "port_name",
    "read_document",
    "read_enrolled",
    "read_enrolment",
    "read_reply",
    "read_report",
    "read_token",
    "read_token_request",
    "role_of",
    "safe_name",
    "scope_of",
    "subject_of",
]

MAXIMUM_DOCUMENT_BYTES = 8 * 1024 * 1024
MAXIMUM_REPORT_BYTES = 256 * 1024

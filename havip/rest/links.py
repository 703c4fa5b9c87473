"""What can be done next with what an operation answers: OpenAPI links, for programs that walk through the interface."""

from __future__ import annotations

from typing import Any

_ID = "$response.body#/id"
_REGION = "$request.path.region"


def _regional(operation: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {"region": _REGION, **parameters}}


def _with_own(parameter: str, *operations: str) -> dict[str, dict[str, Any]]:
    """Return links to operations on the object that was answered."""
    return {each: _regional(each, **{parameter: _ID}) for each in operations}


def _with_first(parameter: str, *operations: str) -> dict[str, dict[str, Any]]:
    """Return links to operations on the first object of a list."""
    first = {parameter: "$response.body#/items/0/id"}
    return {each: _regional(each, **first) for each in operations}


def _job() -> dict[str, dict[str, Any]]:
    parameters = {"job_id": "$response.body#/job/id"}
    return {
        each: {"operationId": each, "parameters": parameters}
        for each in ("getJob", "getJobLog", "cancelJob")
    }


def _next(operation: str, *, regional: bool = True) -> dict[str, dict[str, Any]]:
    parameters = {"query.cursor": "$response.body#/next_cursor"}
    if regional:
        parameters["path.region"] = _REGION
    return {"next": {"operationId": operation, "parameters": parameters}}


_HAVIP = (
    "getHaVip",
    "modifyHaVip",
    "setHaVipTags",
    "listCandidates",
    "getHolders",
    "bindInstance",
    "bindInterface",
    "bindEip",
    "unbindInstance",
    "unbindEip",
    "listNodeConfigurations",
    "getDrillOptions",
    "deleteHaVip",
)
_VPC = ("getVpc", "getTimers", "chooseTimers", "setVpcTags", "deleteVpc")
_VSWITCH = ("getVSwitch", "getNextAddress", "checkAddress", "setVSwitchTags", "deleteVSwitch")
_INSTANCE = ("getInstance", "stopInstance", "startInstance", "setInstanceTags", "deleteInstance")
_INTERFACE = ("getInterface", "attachInterface", "detachInterface", "deleteInterface")
_EIP = ("getEip", "modifyEip", "setEipTags", "releaseEip")


def _body(operation: str, **members: str) -> dict[str, Any]:
    """Return a link whose body names the object that was answered."""
    return {
        "operationId": operation,
        "parameters": {"region": _REGION},
        "requestBody": {**members},
    }


_MADE: dict[str, dict[str, dict[str, Any]]] = {
    "createHaVip": {**_with_own("havip_id", *_HAVIP), **_job()},
    "createVpc": {
        **_with_own("vpc_id", *_VPC),
        **_job(),
        "createVSwitch": _body("createVSwitch", vpc_id=_ID, cidr_block="192.168.0.0/24"),
    },
    "createVSwitch": {
        **_with_own("vswitch_id", *_VSWITCH),
        **_job(),
        "createHaVip": _body("createHaVip", vswitch_id=_ID),
        "createInstance": _body("createInstance", vswitch_id=_ID),
        "createInterface": _body("createInterface", vswitch_id=_ID),
    },
    "createRouteEntry": {**_with_own("route_id", "getRouteEntry", "deleteRouteEntry"), **_job()},
    "createInstance": {**_with_own("instance_id", *_INSTANCE), **_job()},
    "createInterface": {**_with_own("interface_id", *_INTERFACE), **_job()},
    "allocateEip": _with_own("eip_id", *_EIP),
    "startDrill": {**_with_own("drill_id", "getDrill", "getDrillAnswers", "stopDrill"), **_job()},
}
_LISTED: dict[str, dict[str, dict[str, Any]]] = {
    "listHaVips": {**_next("listHaVips"), **_with_first("havip_id", *_HAVIP)},
    "listVpcs": {**_next("listVpcs"), **_with_first("vpc_id", *_VPC)},
    "listVSwitches": {**_next("listVSwitches"), **_with_first("vswitch_id", *_VSWITCH)},
    "listRouteEntries": {
        **_next("listRouteEntries"),
        **_with_first("route_id", "getRouteEntry", "deleteRouteEntry"),
    },
    "listInstances": {**_next("listInstances"), **_with_first("instance_id", *_INSTANCE)},
    "listInterfaces": {**_next("listInterfaces"), **_with_first("interface_id", *_INTERFACE)},
    "listEips": {**_next("listEips"), **_with_first("eip_id", *_EIP)},
    "listJobs": {
        **_next("listJobs", regional=False),
        **{
            each: {
                "operationId": each,
                "parameters": {"job_id": "$response.body#/items/0/id"},
            }
            for each in ("getJob", "getJobLog", "cancelJob", "retryJob")
        },
    },
    "listAuditEvents": {
        **_next("listAuditEvents", regional=False),
        "getAuditEvent": {
            "operationId": "getAuditEvent",
            "parameters": {"sequence": "$response.body#/items/0/sequence"},
        },
    },
}


def of(operation_id: str, status: int) -> dict[str, dict[str, Any]]:
    """Return the links of an operation's answer with this status."""
    if status in (201, 202):
        return _MADE.get(operation_id, {})
    return _LISTED.get(operation_id, {}) if status == 200 else {}

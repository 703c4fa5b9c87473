"""The terms of the protocol: what an identifier, a scope, the name of a device may look like. Plain Python without Django."""

from __future__ import annotations

from havip.fabric.linux.checking import Check, integer, matching

PROTOCOL = 1
_NEWEST = 2**53


def identifier(prefix: str, what: str, *, empty: bool = False) -> Check:
    """Return a check for a resource's identifier."""
    return matching(rf"{prefix}-[0-9a-z]{{1,32}}", what, empty=empty)


VPC = identifier("vpc", "the identifier of a VPC")
VSWITCH = identifier("vsw", "the identifier of a vSwitch")
INSTANCE = identifier("i", "the identifier of an instance")
INSTANCE_OR_NONE = identifier("i", "the identifier of an instance", empty=True)
INTERFACE = identifier("eni", "the identifier of an interface")
INTERFACE_OR_NONE = identifier("eni", "the identifier of an interface", empty=True)
HAVIP = identifier("havip", "the identifier of a HaVip")
DRILL = identifier("drill", "the identifier of a drill")
RESOURCE = identifier("(i|eni)", "the identifier of an instance or interface")
RESOURCE_OR_NONE = identifier("(i|eni)", "the identifier of an instance or interface", empty=True)
SCOPE = matching(
    r"host:[a-z]{2}(-[a-z0-9]{1,20}){1,4}|gateway:vpc-[0-9a-z]{1,32}|node:i-[0-9a-z]{1,32}",
    "a scope",
)
PORT = matching(r"p[0-9a-f]{12}", "the name of a port")
BRIDGE = matching(r"b[0-9a-f]{12}", "the name of a bridge")
DEVICE = matching(r"[a-z][a-z0-9]{0,14}", "the name of a device")
NAME = matching(r"[\w .()-]{0,128}", "a name without special characters")
SECRET = matching(r"[A-Za-z0-9]{8}", "8 letters and digits")
SOFTWARE = matching(r"[A-Za-z0-9][A-Za-z0-9.+~_:-]{0,63}", "a version", empty=True)
VERSION = integer(0, _NEWEST)
THIS_PROTOCOL = integer(PROTOCOL, PROTOCOL)

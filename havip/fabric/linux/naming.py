"""Scopes, and the names of devices and namespaces, which are computed from identifiers. Plain Python without Django."""

from __future__ import annotations

import hashlib
import re


class Role:
    """What an agent is for; the first word of its scope."""

    HOST = "host"
    GATEWAY = "gateway"
    NODE = "node"
    ALL = (HOST, GATEWAY, NODE)


def scope_of(role: str, subject: str) -> str:
    """Return the scope of an agent: `host:<region>`, `gateway:<VPC>` or `node:<instance>`."""
    return f"{role}:{subject}"


def role_of(scope: str) -> str:
    """Return the role that a scope begins with."""
    return scope.partition(":")[0]


def subject_of(scope: str) -> str:
    """Return the region, VPC or instance that a scope is about."""
    return scope.partition(":")[2]


def _hexadecimal(identifier: str, length: int) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()[:length]


def port_name(interface_id: str) -> str:
    """Return the device on the router's side of an interface's cable: 13 characters (Linux allows 15)."""
    return "p" + _hexadecimal(interface_id, 12)


def bridge_name(vswitch_id: str) -> str:
    """Return the bridge that is a vSwitch: 13 characters."""
    return "b" + _hexadecimal(vswitch_id, 12)


def namespace_name(kind: str, identifier: str) -> str:
    """Return the namespace of a VPC's router (kind `r`), of an instance (`i`) or of the outside (`o`)."""
    if kind not in ("r", "i", "o"):
        raise ValueError(f"no namespaces of kind {kind!r}")
    return f"havip-{kind}-{_hexadecimal(identifier, 10)}"


def safe_name(text: str) -> str:
    """Return a name fit for a document: letters (of any script), digits, and ` . _ - ( )`; others become `-`."""
    return re.sub(r"[^\w .()-]", "-", text).strip()[:128]

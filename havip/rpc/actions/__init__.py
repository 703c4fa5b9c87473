"""The actions of the cloud's RPC API; importing this package registers all of them."""

from havip.rpc.actions import (
    eips,
    havips,
    instances,
    interfaces,
    regions,
    routes,
    tags,
    vpcs,
    vswitches,
)

__all__ = [
    "eips",
    "havips",
    "instances",
    "interfaces",
    "regions",
    "routes",
    "tags",
    "vpcs",
    "vswitches",
]

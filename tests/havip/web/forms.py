"""Which page drives which operation: from an operation's arguments to the address and the fields that a browser sends."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from havip.models import BindingKind
from havip.rules.tags import pairs_of
from tests.cast import REGION

# The page of each operation, and the arguments that stand in its address.
_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "havip.create": ("havip-create", ()),
    "havip.modify": ("havip-edit", ("havip_id",)),
    "havip.delete": ("havip-delete", ("havip_id",)),
    "havip.bind_instance": ("havip-bind", ("havip_id",)),
    "havip.bind_interface": ("havip-bind", ("havip_id",)),
    "havip.unbind_instance": ("havip-unbind", ("havip_id", "instance_id")),
    "havip.unbind_interface": ("havip-unbind", ("havip_id", "interface_id")),
    "havip.bind_eip": ("havip-bind-eip", ("havip_id",)),
    "havip.unbind_eip": ("havip-unbind-eip", ("havip_id",)),
    "havip.drill": ("drill-start", ("havip_id",)),
    "vpc.create": ("vpc-create", ()),
    "vpc.delete": ("vpc-delete", ("vpc_id",)),
    "vswitch.create": ("vswitch-create", ()),
    "vswitch.delete": ("vswitch-delete", ("vswitch_id",)),
    "route.create": ("route-create", ()),
    "route.delete": ("route-delete", ("route_id",)),
    "instance.create": ("instance-create", ()),
    "instance.start": ("instance-start", ("instance_id",)),
    "instance.stop": ("instance-stop", ("instance_id",)),
    "instance.delete": ("instance-delete", ("instance_id",)),
    "interface.create": ("interface-create", ()),
    "interface.attach": ("interface-attach", ("interface_id",)),
    "interface.detach": ("interface-detach", ("interface_id",)),
    "interface.delete": ("interface-delete", ("interface_id",)),
    "eip.allocate": ("eip-create", ()),
    "eip.modify": ("eip-edit", ("eip_id",)),
    "eip.release": ("eip-delete", ("eip_id",)),
}
# What the form of a creation has filled in before anybody types.
_FILLED_IN: dict[str, dict[str, Any]] = {
    "instance.create": {"network_type": "vpc"},
    "vswitch.create": {"zone": f"{REGION}-a"},
    "eip.allocate": {"bandwidth_mbps": 5},
}


def page_for(operation: str, arguments: dict[str, Any], *, team: str = "alpha") -> str:
    """Return the address of the page that performs the operation."""
    match operation:
        case "resource.set_tags":
            name = f"web:{arguments['kind']}-tags"
            return reverse(name, args=[team, REGION, arguments["resource_id"]])
        case "quota.request":
            return reverse("web:quota-request", args=[team, arguments["name"]])
        case "beta.apply":
            return reverse("web:beta-apply", args=[team])
        case "quota.decide":
            return reverse("web:site-decide", args=["quota", arguments["request_pk"]])
        case "beta.decide":
            return reverse("web:site-decide", args=["beta", arguments["application_pk"]])
    name, in_address = _PAGES[operation]
    # A region that nobody knows has no address of its own; somebody may type one all the same.
    region = arguments.get("region", REGION)
    address = reverse(f"web:{name}", args=[team, REGION, *(arguments[key] for key in in_address)])
    return address.replace(f"/{REGION}/", f"/{region}/")


def fields_for(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what the browser sends."""
    if operation.endswith(".decide"):
        return {"decision": "approve" if arguments["approve"] else "decline"}
    if operation == "resource.set_tags":
        pairs = pairs_of(arguments["tags"])
        return {"key": [key for key, _value in pairs], "value": [value for _key, value in pairs]}
    sent = {**_FILLED_IN.get(operation, {}), **arguments}
    sent.pop("region", None)
    if "tags" in sent:
        sent["tags"] = "\n".join(f"{key}={value}" for key, value in pairs_of(sent["tags"]))
    if operation == "havip.bind_instance":
        sent["kind"] = BindingKind.INSTANCE.value
    if operation == "havip.bind_interface":
        sent["kind"] = BindingKind.INTERFACE.value
    if operation == "quota.request":
        del sent["name"]
    if sent.get("force") is False:
        del sent["force"]
    return sent

"""Every write, once: keyword-only functions that the pages, the REST API and the RPC API all call.

Each takes the acting `principal` and an idempotency `client_token`, checks its rules inside the transaction, writes records, audit
event and job together, and returns an Outcome or raises Refusal (`console.operations.framework`).
"""

from havip.operations.bindings import (
    bind_eip,
    bind_instance,
    bind_interface,
    unbind_eip,
    unbind_instance,
    unbind_interface,
)
from havip.operations.drills import start_drill, stop_drill
from havip.operations.eips import allocate_eip, modify_eip, release_eip
from havip.operations.havips import create_havip, delete_havip, modify_havip
from havip.operations.instances import (
    create_instance,
    delete_instance,
    start_instance,
    stop_instance,
)
from havip.operations.interfaces import (
    attach_interface,
    create_interface,
    delete_interface,
    detach_interface,
)
from havip.operations.networks import create_vpc, create_vswitch, delete_vpc, delete_vswitch
from havip.operations.profiles import choose_timers
from havip.operations.quotas import (
    apply_for_beta,
    decide_beta_application,
    decide_quota_request,
    request_quota,
)
from havip.operations.routes import create_route, delete_route
from havip.operations.tags import set_tags, tag_resources, untag_resources
from havip.rules.races import register_races

register_races()

__all__ = [
    "allocate_eip",
    "apply_for_beta",
    "attach_interface",
    "bind_eip",
    "bind_instance",
    "bind_interface",
    "choose_timers",
    "create_havip",
    "create_instance",
    "create_interface",
    "create_route",
    "create_vpc",
    "create_vswitch",
    "decide_beta_application",
    "decide_quota_request",
    "delete_havip",
    "delete_instance",
    "delete_interface",
    "delete_route",
    "delete_vpc",
    "delete_vswitch",
    "detach_interface",
    "modify_eip",
    "modify_havip",
    "release_eip",
    "request_quota",
    "set_tags",
    "start_drill",
    "start_instance",
    "stop_drill",
    "stop_instance",
    "tag_resources",
    "unbind_eip",
    "unbind_instance",
    "unbind_interface",
    "untag_resources",
]

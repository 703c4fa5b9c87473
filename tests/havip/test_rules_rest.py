"""Every numbered rule through the REST API: the same cases as through the operations, sent as a script does."""

from __future__ import annotations

from typing import Any

import pytest

from console.audit.models import AuditEvent
from console.teams.roles import Role
from tests.cast import REGION, World, digest
from tests.havip import cases_drills, cases_havips, cases_inventory
from tests.havip.cases import CASES, Case, parameters
from tests.havip.rest.asking import problem, script_of

pytestmark = pytest.mark.slow

assert cases_drills
assert cases_havips
assert cases_inventory

# What a key cannot do at all: no key is a site administrator's.
FOR_PEOPLE_ONLY = {"beta.decide", "quota.decide"}
# Method and address of each operation, below the region or (with a slash) below /api/v1/; what the address does not take is the body.
ADDRESSES = {
    "beta.apply": ("POST", "/beta"),
    "eip.allocate": ("POST", "eips"),
    "eip.release": ("DELETE", "eips/{eip_id}"),
    "havip.bind_eip": ("POST", "havips/{havip_id}/bind-eip"),
    "havip.bind_instance": ("POST", "havips/{havip_id}/bind-instance"),
    "havip.bind_interface": ("POST", "havips/{havip_id}/bind-interface"),
    "havip.create": ("POST", "havips"),
    "havip.delete": ("DELETE", "havips/{havip_id}"),
    "havip.drill": ("POST", "havips/{havip_id}/drills"),
    "havip.modify": ("PATCH", "havips/{havip_id}"),
    "havip.stop_drill": ("POST", "drills/{drill_id}/stop"),
    "havip.unbind_eip": ("POST", "havips/{havip_id}/unbind-eip"),
    "havip.unbind_instance": ("POST", "havips/{havip_id}/unbind-instance"),
    "havip.unbind_interface": ("POST", "havips/{havip_id}/unbind-interface"),
    "instance.create": ("POST", "instances"),
    "instance.delete": ("DELETE", "instances/{instance_id}"),
    "instance.start": ("POST", "instances/{instance_id}/start"),
    "instance.stop": ("POST", "instances/{instance_id}/stop"),
    "interface.attach": ("POST", "interfaces/{interface_id}/attach"),
    "interface.create": ("POST", "interfaces"),
    "interface.delete": ("DELETE", "interfaces/{interface_id}"),
    "interface.detach": ("POST", "interfaces/{interface_id}/detach"),
    "quota.request": ("POST", "/quotas/{name}/requests"),
    "resource.set_tags": ("PUT", "{kind}/{resource_id}/tags"),
    "resource.tag": ("POST", "tag"),
    "resource.untag": ("POST", "untag"),
    "route.create": ("POST", "route-entries"),
    "route.delete": ("DELETE", "route-entries/{route_id}"),
    "vpc.create": ("POST", "vpcs"),
    "vpc.delete": ("DELETE", "vpcs/{vpc_id}"),
    "vswitch.create": ("POST", "vswitches"),
    "vswitch.delete": ("DELETE", "vswitches/{vswitch_id}"),
}


# A JSON object holds each key once.
UNSPEAKABLE = {"key_twice", "key_twice_on_several", "havip_with_a_key_twice"}
FOLDERS = {"vswitch": "vswitches"}


def cases() -> list[Case]:
    return [
        case
        for case in CASES
        if case.operation not in FOR_PEOPLE_ONLY and case.name not in UNSPEAKABLE
    ]


def request_for(operation: str, arguments: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return method, address and body of an attempt."""
    method, pattern = ADDRESSES[operation]
    body = dict(arguments)
    region = body.pop("region", REGION)
    parts = {name: str(value) for name, value in arguments.items()}
    if operation == "resource.set_tags":
        parts["kind"] = FOLDERS.get(parts["kind"], f"{parts['kind']}s")
    address = pattern.format_map(parts)
    for name in arguments:
        if f"{{{name}}}" in pattern:
            del body[name]
    base = "/api/v1" if pattern.startswith("/") else f"/api/v1/regions/{region}/"
    return method, base + address, body


@pytest.mark.parametrize("case", parameters("REST", cases()))
def test_the_problem_names_the_rule(case: Case, world: World, own_region: str) -> None:
    arguments = case.arrange(world)
    script = script_of(world.team, Role(case.who))
    method, address, body = request_for(case.operation, arguments)
    before, events = digest(), AuditEvent.objects.count()
    answer = script.ask(method, address, body or None)
    problem(answer, case.rule.status, case.rule.code, case.rule.number)
    assert digest() == before
    event = AuditEvent.objects.latest("pk")
    assert AuditEvent.objects.count() == events + 1
    assert (event.result, event.action, event.channel) == ("refused", case.operation, "rest")
    assert (event.rule, event.code) == (case.rule.number, case.rule.code)

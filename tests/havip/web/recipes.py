"""How to ask for each address of the console: who may open it, and what a POST there changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from console.teams.roles import Permission
from havip.rest import urls as rest
from tests.cast import REGION

EVERYBODY = "everybody"
PERSON = "person"
AGENT = "agent"
KEY_OR_PERSON = "key or person"
Needs = Permission | str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to ask for an address.

    `arguments` are its own parts after team and region, as attributes of the scene. Whoever has `needs` may open it; with
    `fields` given, a POST of them changes something, for those who have `changes`.
    """

    arguments: tuple[str, ...] = ()
    needs: Needs = Permission.READ
    fields: dict[str, str] | None = None
    changes: Permission = Permission.OPERATE
    regional: bool = True
    of_team: bool = True
    only_post: bool = False
    address: str = ""


def _acting(*arguments: str, **fields: str) -> Recipe:
    return Recipe(arguments, Permission.OPERATE, fields)


def _listed(stem: str, *, delete: str, creation: dict[str, str], page: str) -> dict[str, Recipe]:
    recipes = {
        f"web:{stem}-list": Recipe(),
        f"web:{stem}-rows": Recipe(),
        f"web:{stem}-row": Recipe((page,)),
        f"web:{stem}-create": _acting(**creation),
        f"web:{stem}-delete": _acting(delete),
    }
    if stem not in ("route", "interface"):
        recipes[f"web:{stem}-tags"] = _acting(page, key="env", value="prod")
    if stem != "route":
        recipes[f"web:{stem}-detail"] = Recipe((page,))
        recipes[f"web:{stem}-panel"] = Recipe((page,))
    return recipes


def _rest() -> dict[str, Recipe]:
    """Return the addresses of the REST API: for keys of its own (tests/havip/rest/test_access.py), a session opens none of them."""
    return {
        f"rest:{entry.name}": Recipe(
            of_team=False,
            needs=AGENT,
            address="/api/v1/" + re.sub(r"<\w+:\w+>", "1", str(entry.pattern)),
        )
        for entry in rest.urlpatterns
    }


def _team(*arguments: str, **options: Any) -> Recipe:
    return Recipe(arguments, regional=False, **options)


AUDIT = Permission.READ_AUDIT
SITE = Permission.ADMINISTER_SITE
# A field in braces is an attribute of the scene.
RECIPES: dict[str, Recipe] = {
    "health-live": Recipe(of_team=False, needs=EVERYBODY),
    "health-ready": Recipe(of_team=False, needs=EVERYBODY),
    "teams:sign-in": Recipe(of_team=False, needs=EVERYBODY),
    "teams:sign-out": Recipe(of_team=False, needs=EVERYBODY, only_post=True),
    "web:preferences": Recipe(of_team=False, needs=EVERYBODY, only_post=True),
    "web:home": Recipe(of_team=False, needs=PERSON),
    "web:pulse": _team(),
    "web:help": _team(),
    "web:havip-list": Recipe(),
    "web:havip-rows": Recipe(),
    "web:havip-columns": Recipe(only_post=True),
    "web:havip-export": Recipe(),
    "web:havip-create": _acting(vswitch_id="{vswitch}"),
    "web:vswitch-options": Recipe(needs=Permission.OPERATE),
    "web:create-snippets": Recipe(needs=Permission.OPERATE),
    "web:bind-snippets": Recipe(("havip",), Permission.OPERATE),
    "web:bind-eip-snippets": Recipe(("havip",), Permission.OPERATE),
    "web:havip-snippets": Recipe(("havip",)),
    "web:address-check": Recipe(needs=Permission.OPERATE),
    "web:address-suggest": Recipe(needs=Permission.OPERATE),
    "web:havip-detail": Recipe(("havip",)),
    "web:havip-row": Recipe(("havip",)),
    "web:havip-head": Recipe(("havip",)),
    "web:havip-panel": Recipe(("havip",)),
    "web:havip-history": Recipe(("havip",)),
    "web:havip-edit": _acting("havip", name="renamed"),
    "web:havip-delete": _acting("idle_havip"),
    "web:tag-keys": Recipe(("kind",)),
    "web:havip-tags": _acting("havip", key="env", value="prod"),
    "web:havip-bind": _acting("havip", kind="EcsInstance", instance_id="{ecs2}"),
    "web:havip-unbind": _acting("havip", "ecs1"),
    "web:havip-bind-eip": _acting("idle_havip", eip_id="{eip2}"),
    "web:havip-unbind-eip": _acting("havip", eip_id="{eip1}"),
    **_listed("vpc", delete="empty_vpc", creation={"cidr_block": "10.0.0.0/8"}, page="vpc"),
    **_listed(
        "vswitch",
        delete="empty_vswitch",
        creation={"vpc_id": "{vpc}", "cidr_block": "192.168.7.0/24", "zone": f"{REGION}-a"},
        page="vswitch",
    ),
    **_listed(
        "route",
        delete="route",
        creation={
            "vpc_id": "{vpc}",
            "destination_cidr_block": "172.16.0.0/12",
            "havip_id": "{havip}",
        },
        page="route",
    ),
    **_listed(
        "instance",
        delete="ecs2",
        creation={"network_type": "vpc", "vswitch_id": "{vswitch}"},
        page="ecs1",
    ),
    "web:instance-start": _acting("stopped"),
    "web:instance-stop": _acting("ecs1"),
    **_listed("interface", delete="loose", creation={"vswitch_id": "{vswitch}"}, page="card1"),
    "web:interface-attach": _acting("loose", instance_id="{ecs2}"),
    "web:interface-detach": _acting("card1"),
    **_listed("eip", delete="eip2", creation={"bandwidth_mbps": "5"}, page="eip1"),
    "web:eip-edit": _acting("eip1", name="renamed"),
    "web:quotas": _team(),
    "web:quotas-panel": _team(),
    "web:quota-request": _team(
        "quota",
        needs=Permission.MANAGE_TEAM,
        fields={"value": "9", "reason": "more"},
        changes=Permission.MANAGE_TEAM,
    ),
    "web:beta-apply": _team(needs=Permission.OPERATE, fields={"reason": "to try it"}),
    "web:site-requests": Recipe(of_team=False, needs=SITE),
    "site-audit": Recipe(of_team=False, needs=SITE),
    "web:site-decide": Recipe(
        ("request_kind", "request_pk"),
        of_team=False,
        needs=SITE,
        fields={"decision": "approve"},
        changes=SITE,
        only_post=True,
    ),
    "jobs:list": _team(),
    "jobs:rows": _team(),
    "jobs:detail": _team("job"),
    "jobs:fragment": _team("job"),
    "jobs:cancel": _team("job", fields={}, only_post=True),
    "jobs:retry": _team("cancelled_job", fields={}, only_post=True),
    "audit:list": _team(needs=AUDIT),
    "audit:export": _team(needs=AUDIT),
    "audit:verify": _team(needs=AUDIT, only_post=True),
    "audit:request": _team("request_id", needs=AUDIT),
    "audit:entry": _team("sequence", needs=AUDIT),
    "web:havip-holders": Recipe(("havip",)),
    "web:havip-drills": Recipe(("havip",)),
    "web:drill-rows": Recipe(("havip",)),
    "web:drill-start": _acting(
        "drill_havip", kind="keepalived_stopped", from_inside="on", port="80"
    ),
    "web:drill": Recipe(("havip", "drill")),
    "web:drill-panel": Recipe(("havip", "drill")),
    "web:drill-stop": Recipe(("havip", "drill"), fields={}, only_post=True),
    "web:havip-configuration": Recipe(("havip",)),
    "web:havip-configuration-file": Recipe(("havip", "ecs1"), needs=Permission.OPERATE),
    "web:havip-check": Recipe(("havip",)),
    "web:havip-timers": _acting("havip", profile="fast"),
    "web:configuration-check": Recipe(),
    "web:notify-script": Recipe(),
    "web:guide": Recipe(),
    "web:guide-steps": Recipe(),
    "web:agent-list": _team(),
    "web:agent-rows": _team(),
    "web:agent-token": _team(
        needs=Permission.MANAGE_TEAM,
        fields={"scope": "gateway:{vpc}"},
        changes=Permission.MANAGE_TEAM,
    ),
    "web:agent-revoke": _team("agent", fields={}, changes=Permission.MANAGE_TEAM, only_post=True),
    **{
        f"agent-api:{name}": Recipe(of_team=False, needs=AGENT)
        for name in ("enrol", "wanted", "report", "tokens")
    },
    **_rest(),
    "rest:page": Recipe(of_team=False, needs=PERSON, address="/api/v1/"),
    "rest:schema": Recipe(of_team=False, needs=KEY_OR_PERSON, address="/api/v1/schema"),
    "agent-api:^": Recipe(of_team=False, needs=AGENT, address="/agent/nothing"),
}

"""Tags on resources that are there: of the VPC product's four kinds, and of instances (6-cloud-api, 1.12)."""

from __future__ import annotations

from typing import Any

from havip import operations
from havip.models import Tag
from havip.operations.finding import the_region
from havip.rpc.actions.reading import REGION, token_page, tokens
from havip.rpc.actions.writing import caller, tags_argument
from havip.rpc.dispatch import ECS, VPC, Call, action
from havip.rpc.parameters import boolean, numbered, tags, text
from havip.selectors.tags import list_tags

_TYPE = text("ResourceType", required=True)
# How many may be named, and that some must be, the rules say (G3, G4).
_RESOURCES = numbered("ResourceId", maximum=200)
_TAGS = tags("Tag", maximum=200)
_KEYS = numbered("TagKey", maximum=200)


@action(VPC, "TagResources", REGION, _TYPE, _RESOURCES, _TAGS)
@action(ECS, "TagResources", REGION, _TYPE, _RESOURCES, _TAGS)
def tag_resources(call: Call) -> dict[str, Any]:
    """Set tags on resources of one kind, all of them or none."""
    operations.tag_resources(**caller(call), **_concerned(call), tags=tags_argument(call))
    return {}


@action(VPC, "UnTagResources", REGION, _TYPE, _RESOURCES, _KEYS, boolean("All"))
@action(ECS, "UntagResources", REGION, _TYPE, _RESOURCES, _KEYS, boolean("All"))
def untag_resources(call: Call) -> dict[str, Any]:
    """Remove the tags with these keys from resources of one kind; with All, and no keys, every tag."""
    operations.untag_resources(
        **caller(call), **_concerned(call), keys=call["TagKey"], all_keys=call["All"]
    )
    return {}


@action(
    VPC,
    "ListTagResources",
    REGION,
    _TYPE,
    numbered("ResourceId"),
    tags("Tag"),
    tokens("MaxResults", default=50, largest=50),
)
@action(
    ECS,
    "ListTagResources",
    REGION,
    _TYPE,
    numbered("ResourceId"),
    tags("Tag"),
    tokens("MaxResults", default=50, largest=50),
)
def list_tag_resources(call: Call) -> dict[str, Any]:
    """List the tags of resources of one kind, oldest first. Raises Refusal C2, G4."""
    kind = _kind(call)
    found = list_tags(
        call.principal.team,
        the_region(call["RegionId"]).identifier,
        kind,
        resource_ids=call["ResourceId"],
        wishes=call["Tag"],
    )
    page = token_page(call, found, "MaxResults", oldest_first=True)
    return {
        "TagResources": {"TagResource": [_item(call, tag, kind) for tag in page.rows]},
        "NextToken": page.next_token,
    }


def _kind(call: Call) -> str:
    """Return our word for the type of resource, which the cloud takes in any case of letters."""
    return str(call["ResourceType"]).lower()


def _concerned(call: Call) -> dict[str, Any]:
    return {
        "region": call["RegionId"],
        "kind": _kind(call),
        "resource_ids": call["ResourceId"],
    }


def _item(call: Call, tag: Tag, kind: str) -> dict[str, str]:
    return {
        "ResourceId": getattr(tag, kind).resource_id,
        # The VPC product writes its types in capitals, the ECS product does not.
        "ResourceType": kind.upper() if call.version == VPC else kind,
        "TagKey": tag.key,
        "TagValue": tag.value,
    }

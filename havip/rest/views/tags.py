"""Tags: those of one resource as a whole, or some on several resources at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.models import TAGGED
from havip.operations import set_tags, tag_resources, untag_resources
from havip.operations.finding import the_region
from havip.rest.acting import Acting
from havip.rest.documented import Parameter, documented
from havip.rest.endpoint import Endpoint
from havip.rest.resources import EIPS, HAVIPS, INSTANCES, VPCS, VSWITCHES, Kind
from havip.rest.serializers import havips, inventory
from havip.rest.serializers import tags as shapes
from havip.selectors.tags import known_keys

_TAG = _("Tags")
_SETS: dict[str, Any] = {
    "body": shapes.SetTags,
    "writes": True,
    "conditional": True,
    "refusals": (410,),
    "example": {"tags": {"stage": "production"}},
}


class _Tags(Acting):
    """The tags of one resource; setting them is answered with the resource."""

    of: ClassVar[Kind[Any]]

    def set_all(self, region: str, identifier: str) -> HttpResponseBase:
        """Give the resource exactly the tags of the body."""
        return self.change(
            set_tags,
            self.of,
            region,
            identifier,
            kind=self.of.noun,
            resource_id=identifier,
            **self.body(),
        )


class HaVipTags(_Tags):
    """The tags of a HaVip."""

    of = HAVIPS

    @documented("setHaVipTags", _TAG, {200: havips.HaVip}, **_SETS)
    def put(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Give a HaVip these tags and no other."""
        return self.set_all(region, havip_id)


class VpcTags(_Tags):
    """The tags of a VPC."""

    of = VPCS

    @documented("setVpcTags", _TAG, {200: inventory.Vpc}, **_SETS)
    def put(self, request: Request, region: str, vpc_id: str) -> HttpResponseBase:
        """Give a VPC these tags and no other."""
        return self.set_all(region, vpc_id)


class VSwitchTags(_Tags):
    """The tags of a vSwitch."""

    of = VSWITCHES

    @documented("setVSwitchTags", _TAG, {200: inventory.VSwitch}, **_SETS)
    def put(self, request: Request, region: str, vswitch_id: str) -> HttpResponseBase:
        """Give a vSwitch these tags and no other."""
        return self.set_all(region, vswitch_id)


class InstanceTags(_Tags):
    """The tags of an instance."""

    of = INSTANCES

    @documented("setInstanceTags", _TAG, {200: inventory.Instance}, **_SETS)
    def put(self, request: Request, region: str, instance_id: str) -> HttpResponseBase:
        """Give an instance these tags and no other."""
        return self.set_all(region, instance_id)


class EipTags(_Tags):
    """The tags of an EIP."""

    of = EIPS

    @documented("setEipTags", _TAG, {200: inventory.Eip}, **_SETS)
    def put(self, request: Request, region: str, eip_id: str) -> HttpResponseBase:
        """Give an EIP these tags and no other."""
        return self.set_all(region, eip_id)


class TagSeveral(Acting):
    """Setting tags on several resources."""

    @documented("tagResources", _TAG, {200: shapes.Tagged}, body=shapes.TagResources, writes=True)
    def post(self, request: Request, region: str) -> Response:
        """Set tags on up to 50 resources of one kind: on all of them, or on none."""
        given = self.body()
        self.perform(tag_resources, region=region, **given)
        return self.shown({"kind": given["kind"], "resource_ids": given["resource_ids"]})


class UntagSeveral(Acting):
    """Removing tags from several resources."""

    @documented(
        "untagResources", _TAG, {200: shapes.Tagged}, body=shapes.UntagResources, writes=True
    )
    def post(self, request: Request, region: str) -> Response:
        """Remove tags from up to 50 resources of one kind; a key that is not there is no fault."""
        given = self.body()
        self.perform(untag_resources, region=region, **given)
        return self.shown({"kind": given["kind"], "resource_ids": given["resource_ids"]})


class TagKeys(Endpoint):
    """The keys that are in use."""

    @documented(
        "listTagKeys",
        _TAG,
        {200: shapes.TagKeys},
        parameters=(Parameter("kind", {"type": "string", "enum": list(TAGGED)}, required=True),),
    )
    def get(self, request: Request, region: str) -> Response:
        """List the first 200 keys of tags that the team's resources of a kind have, in all regions."""
        the_region(region)
        return self.shown({"items": known_keys(self.team, request.query_params["kind"])})

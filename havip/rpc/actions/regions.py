"""Regions and zones, of both products (6-cloud-api, 1.12)."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from havip.operations.finding import the_region
from havip.regions import Region, regions
from havip.rpc.actions.reading import REGION, empty
from havip.rpc.dispatch import ECS, VPC, Call, action
from havip.rpc.parameters import ignored, text

_LANGUAGES = {"en-us": "en", "en": "en"}
_DEFAULT_LANGUAGE = "zh-hans"


def _language(call: Call) -> translation.override:
    """Speak the language that AcceptLanguage asks for: English, or Chinese as the cloud does by itself."""
    return translation.override(_LANGUAGES.get(call["AcceptLanguage"].lower(), _DEFAULT_LANGUAGE))


@action(VPC, "DescribeRegions", text("AcceptLanguage"), ignored("ProductType"))
def describe_vpc_regions(call: Call) -> dict[str, Any]:
    """Describe every region that this console knows."""
    return _regions(call)


@action(
    ECS,
    "DescribeRegions",
    text("AcceptLanguage"),
    ignored("InstanceChargeType", "ResourceType"),
)
def describe_ecs_regions(call: Call) -> dict[str, Any]:
    """Describe every region that this console knows, as the ECS product does."""
    return _regions(call, Status="available")


def _regions(call: Call, **further: str) -> dict[str, Any]:
    with _language(call):
        return {
            "Regions": {
                "Region": [
                    {
                        "RegionId": region.identifier,
                        "LocalName": region.name,
                        "RegionEndpoint": call.host,
                        **further,
                    }
                    for region in regions().values()
                ]
            }
        }


@action(VPC, "DescribeZones", REGION, text("AcceptLanguage"), ignored("ZoneType"))
def describe_vpc_zones(call: Call) -> dict[str, Any]:
    """Describe the zones of a region. Raises Refusal C2."""
    return _zones(call, {"ZoneType": "AvailabilityZone"})


@action(
    ECS,
    "DescribeZones",
    REGION,
    text("AcceptLanguage"),
    ignored("InstanceChargeType", "SpotStrategy", "Verbose"),
)
def describe_ecs_zones(call: Call) -> dict[str, Any]:
    """Describe the zones of a region, as the ECS product does. Raises Refusal C2."""
    return _zones(
        call,
        {
            "ZoneType": "AvailabilityZone",
            "AvailableResourceCreation": {"ResourceTypes": ["VSwitch", "Instance"]},
            **empty(
                AvailableDedicatedHostTypes="DedicatedHostType",
                AvailableDiskCategories="DiskCategories",
                AvailableInstanceTypes="InstanceTypes",
                AvailableResources="ResourcesInfo",
                AvailableVolumeCategories="VolumeCategories",
                DedicatedHostGenerations="DedicatedHostGeneration",
            ),
        },
    )


def _zones(call: Call, further: dict[str, Any]) -> dict[str, Any]:
    region = the_region(call["RegionId"])
    with _language(call):
        return {
            "Zones": {
                "Zone": [
                    {"ZoneId": zone, "LocalName": _zone_name(region, zone), **further}
                    for zone in region.zones
                ]
            }
        }


def _zone_name(region: Region, zone: str) -> str:
    """Return the region's name with the zone's own letter, or whatever a deployment calls its zones."""
    rest = zone.removeprefix(region.identifier).lstrip("-")
    return f"{region.name} {rest.upper()}" if rest else zone

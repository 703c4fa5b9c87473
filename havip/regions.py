"""The regions that a deployment knows: the 23 documented ones that support HaVip, and a deployment's own by configuration.

Source: 2-domain, "Regions that support HaVip". Zones are not documented there: each region gets three plain ones.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

ASIA_PACIFIC = "asia-pacific"
EUROPE_AMERICAS = "europe-americas"
MIDDLE_EAST_INDIA = "middle-east-india"
OWN = "own"

AREA_NAMES: Mapping[str, Promise] = {
    ASIA_PACIFIC: _("Asia Pacific"),
    EUROPE_AMERICAS: _("Europe & Americas"),
    MIDDLE_EAST_INDIA: _("Middle East & India"),
    OWN: _("Own data centres"),
}

_IDENTIFIER = re.compile(r"^[a-z][a-z0-9-]{1,38}$")
_OWN_PREFIX = "dc-"


@dataclass(frozen=True, slots=True)
class Region:
    """Where resources live. `chinese_name` is only set for regions that a deployment adds."""

    identifier: str
    area: str
    english_name: Promise | str
    zones: tuple[str, ...]
    supports_havip: bool = True
    chinese_name: str = ""

    @property
    def name(self) -> str:
        """The region's name in the reader's language."""
        if self.chinese_name and (get_language() or "").startswith("zh"):
            return self.chinese_name
        return str(self.english_name)


def _zones(identifier: str) -> tuple[str, ...]:
    separator = "" if identifier[-1].isdigit() else "-"
    return tuple(f"{identifier}{separator}{letter}" for letter in "abc")


def _documented(area: str, names: Mapping[str, Promise]) -> list[Region]:
    return [
        Region(identifier, area, name, _zones(identifier)) for identifier, name in names.items()
    ]


_DOCUMENTED: list[Region] = [
    *_documented(
        ASIA_PACIFIC,
        {
            "cn-qingdao": _("China North 1 (Qingdao)"),
            "cn-beijing": _("China North 2 (Beijing)"),
            "cn-zhangjiakou": _("China North 3 (Zhangjiakou)"),
            "cn-huhehaote": _("China North 5 (Hohhot)"),
            "cn-wulanchabu": _("China North 6 (Ulanqab)"),
            "cn-hangzhou": _("China East 1 (Hangzhou)"),
            "cn-shanghai": _("China East 2 (Shanghai)"),
            "cn-shenzhen": _("China South 1 (Shenzhen)"),
            "cn-heyuan": _("China South 2 (Heyuan)"),
            "cn-guangzhou": _("China South 3 (Guangzhou)"),
            "cn-chengdu": _("China West 1 (Chengdu)"),
            "cn-hongkong": _("China (Hong Kong)"),
            "ap-northeast-1": _("Japan (Tokyo)"),
            "ap-southeast-1": _("Singapore"),
            "ap-southeast-2": _("Australia (Sydney)"),
            "ap-southeast-3": _("Malaysia (Kuala Lumpur)"),
            "ap-southeast-5": _("Indonesia (Jakarta)"),
        },
    ),
    *_documented(
        EUROPE_AMERICAS,
        {
            "us-west-1": _("US (Silicon Valley)"),
            "us-east-1": _("US (Virginia)"),
            "eu-central-1": _("Germany (Frankfurt)"),
            "eu-west-1": _("UK (London)"),
        },
    ),
    *_documented(
        MIDDLE_EAST_INDIA,
        {
            "ap-south-1": _("India (Mumbai)"),
            "me-east-1": _("UAE (Dubai)"),
        },
    ),
]


@functools.cache
def regions() -> Mapping[str, Region]:
    """Return every known region by its identifier: the documented ones in their order, then the deployment's own."""
    known = {region.identifier: region for region in _DOCUMENTED}
    if settings.HAVIP_REGIONS_FILE:
        for region in _own_regions(Path(settings.HAVIP_REGIONS_FILE)):
            if region.identifier in known:
                raise ImproperlyConfigured(f"region {region.identifier} is defined twice")
            known[region.identifier] = region
    return known


def first_region() -> Region:
    """Return the region where somebody arrives who has looked at none yet. Raises ImproperlyConfigured for one that is not known."""
    identifier = settings.HAVIP_FIRST_REGION
    region = find_region(identifier)
    if region is None:
        raise ImproperlyConfigured(
            f"HAVIP_FIRST_REGION names {identifier!r}, which is not a region."
        )
    return region


@checks.register()
def _configured_well(**_kwargs: object) -> list[checks.CheckMessage]:
    """Find at the start what would else fail at the first page."""
    try:
        first_region()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="havip.E001")]
    return []


def find_region(identifier: str) -> Region | None:
    """Return the region with this identifier, or None."""
    return regions().get(identifier)


def _own_regions(path: Path) -> list[Region]:
    """Read a deployment's own regions from TOML: a list of `[[region]]` tables."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"HAVIP_REGIONS: {path}: {error}") from error
    return [_own_region(path, table) for table in content.get("region", [])]


def _own_region(path: Path, table: Mapping[str, Any]) -> Region:
    identifier = str(table.get("id", ""))
    if not _IDENTIFIER.match(identifier) or not identifier.startswith(_OWN_PREFIX):
        raise ImproperlyConfigured(f"{path}: a region's id must look like dc-name: {identifier!r}")
    unknown = set(table) - {"id", "name", "name_zh", "zones", "supports_havip"}
    if unknown:
        raise ImproperlyConfigured(f"{path}: {identifier}: unknown keys {sorted(unknown)}")
    zones = tuple(str(zone) for zone in table.get("zones", [f"{identifier}-a"]))
    return Region(
        identifier=identifier,
        area=OWN,
        english_name=str(table.get("name", identifier)),
        zones=zones,
        supports_havip=bool(table.get("supports_havip", True)),
        chinese_name=str(table.get("name_zh", "")),
    )


def _forget(*, setting: str, **_kwargs: object) -> None:
    if setting == "HAVIP_REGIONS_FILE":
        regions.cache_clear()


setting_changed.connect(_forget)

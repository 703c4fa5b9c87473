"""The part of an address that names a region: anything else is no page."""

from __future__ import annotations

from havip.regions import find_region


class RegionConverter:
    """A known region's identifier, whether it supports HaVip or not."""

    regex = "[a-z][a-z0-9-]{1,38}"

    def to_python(self, value: str) -> str:
        """Return the identifier. Raises ValueError, that is 404, for a region that nobody knows."""
        if find_region(value) is None:
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        """Return the identifier as it is."""
        return value

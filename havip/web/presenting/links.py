"""Addresses of pages, for templates and redirects."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from havip.models import Eip, HaVip, Instance, NetworkInterface, RouteEntry, Vpc, VSwitch

_LISTS = {
    Vpc: "vpc",
    VSwitch: "vswitch",
    Instance: "instance",
    NetworkInterface: "interface",
    Eip: "eip",
    RouteEntry: "route",
}
Linked = Vpc | VSwitch | Instance | NetworkInterface | Eip | RouteEntry


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses within one team and region."""

    team: str
    region: str

    @property
    def havips(self) -> str:
        """The HaVip list."""
        return self.of("havip-list")

    def of(self, name: str, *arguments: str, **query: str) -> str:
        """Return the address of a page of this region; empty values are left out of the query."""
        url = reverse(f"web:{name}", args=[self.team, self.region, *arguments])
        return _with_query(url, query)

    def havip(self, havip: HaVip, **query: str) -> str:
        """Return the address of a HaVip's page."""
        return self.of("havip-detail", havip.resource_id, **query)

    def resource(self, resource: Linked) -> str:
        """Return where a resource is shown."""
        kind = _LISTS[type(resource)]
        try:
            return self.of(f"{kind}-detail", resource.resource_id)
        except NoReverseMatch:
            return self.of(f"{kind}-list", text=resource.resource_id)

    def job(self, job_id: str) -> str:
        """Return the address of a job's page."""
        return reverse("jobs:detail", args=[self.team, job_id])

    def retry(self, job_id: str) -> str:
        """Return where a retry is posted to."""
        return reverse("jobs:retry", args=[self.team, job_id])

    def of_team(self, name: str, **query: str) -> str:
        """Return the address of a page of the team that belongs to no region."""
        return _with_query(reverse(name, args=[self.team]), query)

    def of_entry(self, sequence: int) -> str:
        """Return the address of an entry of the audit log."""
        return reverse("audit:entry", args=[self.team, sequence])

    def help(self, anchor: str = "") -> str:
        """Return the address of the help page, or of one answer in it."""
        url = reverse("web:help", args=[self.team])
        return f"{url}#{anchor}" if anchor else url


def _with_query(url: str, query: dict[str, str]) -> str:
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{url}?{text}" if text else url

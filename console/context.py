"""The frame around every page: what the top bar and the side navigation show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console.jobs.models import Job
from console.teams.access import memberships_of
from console.teams.models import User
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.directory import fabric_for, some_fabric_announces
from havip.regions import AREA_NAMES, Region, find_region, first_region, regions

REGION_SESSION_KEY = "region"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return `frame` for the templates (see the head of base.html); None when nobody is signed in."""
    language = get_language()
    languages = [
        {"code": code, "label": _language_name(code), "current": code == language}
        for code, _name in settings.LANGUAGES
    ]
    theme = request.COOKIES.get("theme", "")
    theme = theme if theme in ("light", "dark") else ""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"frame": None, "languages": languages, "theme": theme}
    return {
        "frame": {
            "languages": languages,
            "theme": theme,
            "user_label": user.label,
            "user_links": _user_links(user),
            **_team_frame(request),
        },
        "theme": theme,
    }


def _language_name(code: str) -> str:
    return {"en": "English", "zh-hans": "简体中文"}.get(code, code)


def _user_links(user: User) -> list[dict[str, str]]:
    links = []
    if user.is_site_administrator:
        links.append(
            {"label": _("Requests to decide"), "url": reverse("web:site-requests"), "icon": "quota"}
        )
        links.append({"label": _("Sign-in log"), "url": reverse("site-audit"), "icon": "audit"})
    return links


def current_region(request: HttpRequest) -> Region:
    """Return the region of the page, else the one that was looked at last, else the first."""
    match = request.resolver_match
    identifier = match.kwargs.get("region") if match else None
    region = find_region(identifier) if identifier else None
    if region is not None:
        return region
    remembered = find_region(str(request.session.get(REGION_SESSION_KEY, "")))
    return remembered or first_region()


def _team_frame(request: HttpRequest) -> dict[str, Any]:
    """Return what belongs to the team whose page this is; without one, only the teams to choose from."""
    memberships = memberships_of(request)
    principal: Principal | None = getattr(request, "principal", None)
    region = current_region(request)
    teams = [
        {
            "name": membership.team.name,
            "slug": membership.team.slug,
            "url": reverse("web:havip-list", args=[membership.team.slug, region.identifier]),
            "role_label": membership.get_role_display(),
            "current": principal is not None and membership.team_id == principal.team.pk,
        }
        for membership in memberships
    ]
    if principal is None:
        return {"team": None, "teams": teams, "region": None, "areas": [], "navigation": []}
    match = request.resolver_match
    is_regional = match is not None and match.kwargs.get("region") == region.identifier
    if is_regional and request.session.get(REGION_SESSION_KEY) != region.identifier:
        request.session[REGION_SESSION_KEY] = region.identifier
    slug = principal.team.slug
    return {
        "team": {"name": principal.team.name, "slug": slug},
        "teams": teams,
        "region": {"id": region.identifier, "name": region.name},
        "areas": _areas(slug, region),
        "navigation": _navigation(request, principal, region),
        "pulse_url": reverse("web:pulse", args=[slug]),
        "home_url": reverse("web:havip-list", args=[slug, region.identifier]),
        "fabric_note": _fabric_note(region),
        "beta_note": _("HaVip is in public beta: no SLA, no charge.")
        if settings.HAVIP_BETA_GATE
        else "",
    }


def _fabric_note(region: Region) -> str:
    if fabric_for(region.identifier).announces:
        return ""
    return _("Addresses are recorded here, not announced.")


def _areas(slug: str, current: Region) -> list[dict[str, Any]]:
    areas: dict[str, list[dict[str, Any]]] = {}
    for region in regions().values():
        areas.setdefault(region.area, []).append(
            {
                "id": region.identifier,
                "name": region.name,
                "url": reverse("web:havip-list", args=[slug, region.identifier]),
                "supports_havip": region.supports_havip,
                "current": region.identifier == current.identifier,
            }
        )
    return [{"name": AREA_NAMES[area], "regions": members} for area, members in areas.items()]


# Pages of a list's members whose addresses are named otherwise.
_BELONGING = {"havip": ("web:drill",)}


def _navigation(request: HttpRequest, principal: Principal, region: Region) -> list[dict[str, Any]]:
    slug = principal.team.slug
    here = request.resolver_match.view_name if request.resolver_match else ""

    def regional(label: str, name: str, icon: str) -> dict[str, Any]:
        url = reverse(f"web:{name}-list", args=[slug, region.identifier])
        current = here.startswith((f"web:{name}-", *_BELONGING.get(name, ())))
        return {"label": label, "url": url, "icon": icon, "current": current, "count": None}

    def of_team(label: str, name: str, icon: str, count: int | None = None) -> dict[str, Any]:
        current = here.split(":")[0] == name.split(":", maxsplit=1)[0] and (
            name.split(":", maxsplit=1)[0] != "web" or here == name
        )
        url = reverse(name, args=[slug])
        return {"label": label, "url": url, "icon": icon, "current": current, "count": count}

    guide = {
        "label": _("Guide"),
        "url": reverse("web:guide", args=[slug, region.identifier]),
        "icon": "guide",
        "current": here in ("web:guide", "web:guide-steps"),
        "count": None,
    }
    active = Job.objects.for_team(principal.team).active().count()
    operate = [of_team(_("Jobs"), "jobs:list", "job", active)]
    if some_fabric_announces():
        agents = of_team(_("Agents"), "web:agent-list", "terminal")
        operate.append({**agents, "current": here.startswith("web:agent-")})
    if principal.may(Permission.READ_AUDIT):
        operate.append(of_team(_("Audit log"), "audit:list", "audit"))
    operate.append(of_team(_("Quotas"), "web:quotas", "quota"))
    operate.append(
        {
            "label": _("Help"),
            "url": reverse("web:help", args=[slug]),
            "icon": "help",
            "current": here == "web:help",
            "count": None,
        }
    )
    return [
        {"heading": "", "items": [regional(_("HaVip"), "havip", "havip"), guide]},
        {
            "heading": _("Network"),
            "items": [
                regional(_("VPCs"), "vpc", "vpc"),
                regional(_("vSwitches"), "vswitch", "vswitch"),
                regional(_("Route entries"), "route", "route"),
            ],
        },
        {
            "heading": _("Compute"),
            "items": [
                regional(_("Instances"), "instance", "instance"),
                regional(_("Network interfaces"), "interface", "interface"),
                regional(_("Elastic IPs"), "eip", "eip"),
            ],
        },
        {"heading": _("Operate"), "items": operate},
    ]

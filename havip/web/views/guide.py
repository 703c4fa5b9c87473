"""The guide: the published best practice, walked with the team's own resources."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.teams.access import team_view
from console.teams.principal import Principal
from havip.web.answers import fragment, page
from havip.web.presenting.guide import BY_HAND, DONE, steps
from havip.web.presenting.guide_scene import scene
from havip.web.views.finding import links_of


@require_safe
@team_view()
def guide(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """All steps, for the HaVip that was chosen or the one that is furthest."""
    return page(request, "guide/guide.html", _context(request, principal, region))


@require_safe
@team_view()
def guide_steps(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """The steps alone, for a page that refreshes itself."""
    return fragment(request, "guide/_steps.html", _context(request, principal, region))


def _context(request: HttpRequest, principal: Principal, region: str) -> dict[str, Any]:
    links = links_of(principal, region)
    wanted = request.GET.get("havip", "")
    seen = scene(principal, region, links, wanted)
    found = steps(seen)
    return {
        "steps": found,
        "done": sum(each.state == DONE for each in found),
        "by_hand": any(each.state == BY_HAND for each in found),
        "total": len(found),
        "havip": seen.havip,
        "choices": seen.choices,
        "is_busy": seen.is_busy,
        "observed": seen.observed,
        "guide_url": links.of("guide"),
        "steps_url": links.of("guide-steps", havip=wanted),
        "check_url": links.of("configuration-check"),
        "drill_url": links.of("havip-drills", seen.havip.resource_id) if seen.havip else "",
        "help_url": links.help("best-practice"),
    }

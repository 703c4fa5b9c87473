"""What the HaVip views begin with: the HaVip itself, or what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.http import Http404, HttpRequest, HttpResponse

from console.jobs.models import Job
from console.teams.principal import Principal
from havip.models import HaVip
from havip.selectors.activity import newest_job
from havip.selectors.havips import havips
from havip.web.answers import go_to
from havip.web.presenting.links import Links
from havip.web.presenting.words import end_of


def links_of(principal: Principal, region: str) -> Links:
    """Return the addresses of this team's pages in this region."""
    return Links(principal.team.slug, region)


def havip_if_there(principal: Principal, region: str, havip_id: str) -> HaVip | None:
    """Return the team's HaVip with all that a page of it shows, or None."""
    return havips(principal.team, region).filter(resource_id=havip_id).first()


def the_havip(principal: Principal, region: str, havip_id: str) -> HaVip:
    """Return the team's HaVip with all that a page of it shows. Raises Http404."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        raise Http404
    return havip


def _ending(principal: Principal, region: str, havip_id: str) -> Job:
    """Return the last job of a HaVip that is gone. Raises Http404 if it never was there."""
    job = newest_job(principal.team, havip_id)
    if job is None or job.region != region:
        raise Http404
    return job


def gone_row(principal: Principal, region: str, havip_id: str) -> HttpResponse:
    """Make the row of a HaVip that is gone disappear. Raises Http404 if it never was there."""
    _ending(principal, region, havip_id)
    response = HttpResponse(status=200)
    response["HX-Reswap"] = "delete"
    return response


def gone(request: HttpRequest, principal: Principal, region: str, havip_id: str) -> HttpResponse:
    """Lead from the page of a HaVip that is gone to the list, which says why. Raises Http404 if it never was."""
    _ending(principal, region, havip_id)
    return go_to(request, links_of(principal, region).of("havip-list", gone=havip_id))


def tell_what_became(request: HttpRequest, principal: Principal, havip_id: str) -> None:
    """Say, once, what became of a HaVip whose page was open when it vanished."""
    job = newest_job(principal.team, havip_id)
    if job is None or job.is_active:
        return
    was_wanted, sentence = end_of(job)
    waiting = messages.get_messages(request)
    told = any(message.message == sentence for message in waiting)
    if isinstance(
        waiting, BaseStorage
    ):  # looked at, not shown: several fragments may lead here at once
        waiting.used = False
    if not told:
        (messages.success if was_wanted else messages.error)(request, sentence)

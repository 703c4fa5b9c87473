"""Changing a HaVip's name and description, and deleting it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.teams.access import operating_view
from console.teams.principal import Principal
from havip.operations import delete_havip, modify_havip
from havip.selectors.activity import active_job
from havip.selectors.havips import capabilities
from havip.selectors.quotas import binding_limits
from havip.web.answers import accepted, is_htmx, page
from havip.web.forms.havips import DeleteHaVipForm, EditHaVipForm
from havip.web.presenting.havips import obstacles
from havip.web.views.finding import links_of, the_havip
from havip.web.views.havips import head_context


@operating_view
def havip_edit(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Change name and description in place."""
    havip = the_havip(principal, region, havip_id)
    form = EditHaVipForm(
        request.POST or None, initial={"name": havip.name, "description": havip.description}
    )
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(
            modify_havip,
            principal=principal,
            region=region,
            havip_id=havip_id,
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
        )
        if outcome is not None:
            return _edited(request, principal, region, havip_id)
    links = links_of(principal, region)
    crumbs = [
        {"label": _("HaVip"), "url": links.havips},
        {"label": havip.label, "url": links.havip(havip)},
        {"label": _("Edit"), "url": ""},
    ]
    context = head_context(havip, principal, region) | {"form": form, "crumbs": crumbs}
    return page(request, "havips/edit.html", context, status=form.status)


def _edited(request: HttpRequest, principal: Principal, region: str, havip_id: str) -> HttpResponse:
    """Show the head again with its new words."""
    if not is_htmx(request):
        return accepted(
            request, links_of(principal, region).of("havip-detail", havip_id), _("Saved.")
        )
    havip = the_havip(principal, region, havip_id)
    context = head_context(havip, principal, region) | {"was_edited": True}
    return page(request, "havips/_head.html", context)


@operating_view
def havip_delete(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Confirm the deletion, or list what stands in its way."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    form = DeleteHaVipForm(
        request.POST if request.method == "POST" else None,
        address=str(havip.ip_address),
        must_type=principal.team.confirm_deletion_by_typing,
    )
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(delete_havip, principal=principal, region=region, havip_id=havip_id)
        if outcome is not None:
            message = _("HaVip %(havip)s is being deleted.") % {"havip": havip.label}
            return accepted(request, links.havips, message)
        havip = the_havip(principal, region, havip_id)
    can = capabilities(havip, principal, binding_limits(principal.team))
    active = active_job(havip) if can.delete else None
    context = {
        "havip": havip,
        "form": form,
        "refusal": can.delete_refusal,
        "obstacles": obstacles(havip, can, links, job_id=active.resource_id if active else ""),
        "close_url": links.havip(havip),
        "crumbs": [
            {"label": _("HaVip"), "url": links.havips},
            {"label": havip.label, "url": links.havip(havip)},
            {"label": _("Delete"), "url": ""},
        ],
    }
    return page(request, "havips/delete.html", context, status=form.status)

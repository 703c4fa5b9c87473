"""The dialog in which the tags of a resource are edited; one for each kind that bears tags."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.teams.access import operating_view, team_view
from console.teams.principal import Principal
from havip.models import TAGGED
from havip.operations import set_tags
from havip.selectors.resources import find
from havip.selectors.tags import known_keys, tag_list
from havip.web.answers import accepted, fragment, page
from havip.web.forms.tags import TagsForm
from havip.web.presenting.links import Links
from havip.web.views.inventory import View

_LISTS: Mapping[str, Promise | str] = {
    "havip": gettext_lazy("HaVip"),
    "eip": gettext_lazy("Elastic IPs"),
    "vpc": gettext_lazy("VPCs"),
    "vswitch": gettext_lazy("vSwitches"),
    "instance": gettext_lazy("Instances"),
}


@team_view()
def tag_keys(request: HttpRequest, principal: Principal, region: str, kind: str) -> HttpResponse:
    """The keys that are in use on one kind of resource, as suggestions for a filter."""
    if kind not in TAGGED:
        raise Http404
    return fragment(request, "tags/_keys.html", {"known_keys": known_keys(principal.team, kind)})


def tags_page(kind: str) -> View:
    """Make the dialog for resources of one kind."""

    @operating_view
    def view(
        request: HttpRequest, principal: Principal, region: str, identifier: str
    ) -> HttpResponse:
        resource = find(TAGGED[kind], principal.team, identifier, region=region)
        if resource is None:
            raise Http404
        links = Links(principal.team.slug, region)
        own_url = links.of(f"{kind}-detail", identifier)
        if request.method != "POST":
            form = TagsForm(rows=[(tag.key, tag.value) for tag in tag_list(resource)])
        elif {"add", "remove"} & set(request.POST):
            form = TagsForm.redrawn(request.POST)
        else:
            form = TagsForm(request.POST)
            if form.is_valid():
                outcome = form.attempt(
                    set_tags,
                    principal=principal,
                    region=region,
                    kind=kind,
                    resource_id=identifier,
                    tags=form.tags,
                )
                if outcome is not None:
                    message = _("The tags of %(what)s are saved.") % {"what": resource.label}
                    return accepted(request, own_url, message)
        context = {
            "form": form,
            "record": resource,
            "known_keys": known_keys(principal.team, kind),
            "overlay_wide": True,
            "close_url": own_url,
            "crumbs": [
                {"label": _LISTS[kind], "url": links.of(f"{kind}-list")},
                {"label": resource.label, "url": own_url},
                {"label": _("Tags"), "url": ""},
            ],
        }
        return page(request, "tags/edit.html", context, status=form.status)

    return view

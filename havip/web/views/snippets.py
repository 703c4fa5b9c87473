"""The same act as a script, again after something else was chosen in a dialog."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from console.teams.access import operating_view, team_view
from console.teams.principal import Principal
from havip.models import BindingKind
from havip.web.answers import fragment
from havip.web.presenting import snippets
from havip.web.presenting.havips import binding_kind
from havip.web.views.finding import gone, havip_if_there, the_havip

_TEXTS = "snippets/_texts.html"


@require_GET
@operating_view
def create_snippets(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """How a script creates what the create panel describes."""
    chosen = {name: request.GET.get(name, "") for name in request.GET}
    return fragment(request, _TEXTS, {"snippets": snippets.creating(request, region, chosen)})


@require_GET
@operating_view
def bind_snippets(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """How a script binds the instance or network interface that the dialog has chosen."""
    havip = the_havip(principal, region, havip_id)
    kind = binding_kind(havip, request.GET.get("kind", ""))
    field = "instance_id" if kind == BindingKind.INSTANCE else "interface_id"
    texts = snippets.binding_node(request, havip, kind, request.GET.get(field, ""))
    return fragment(request, _TEXTS, {"snippets": texts})


@require_GET
@operating_view
def bind_eip_snippets(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """How a script binds the EIP that the dialog has chosen."""
    havip = the_havip(principal, region, havip_id)
    texts = snippets.binding_eip(request, havip, request.GET.get("eip_id", ""))
    return fragment(request, _TEXTS, {"snippets": texts})


@require_GET
@team_view()
def havip_snippets(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """How a script reads this HaVip, for a page that refreshes itself."""
    havip = havip_if_there(principal, region, havip_id)
    if havip is None:
        return gone(request, principal, region, havip_id)
    return fragment(request, _TEXTS, {"snippets": snippets.reading(request, havip)})

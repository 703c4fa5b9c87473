"""Which script does the same as a dialog, filled with what was chosen in it and with the address of this console."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse

from havip import snippets
from havip.models import BindingKind, HaVip
from havip.selectors.havips import bindings_of, eip_of
from havip.selectors.tags import tag_mapping
from havip.snippets import Endpoint, Snippet
from havip.web.forms.tags import pairs_of_lines


def _endpoint(request: HttpRequest, region: str) -> Endpoint:
    return Endpoint(scheme=request.scheme or "https", host=request.get_host(), region=region)


def _url(request: HttpRequest, name: str, *arguments: str) -> str:
    return request.build_absolute_uri(reverse(f"rest:{name}", args=arguments))


def creating(request: HttpRequest, region: str, chosen: Mapping[str, str]) -> list[Snippet]:
    """Return the scripts that create the HaVip which the create panel describes now."""
    return snippets.create_havip(
        _endpoint(request, region),
        _url(request, "havips", region),
        **{
            name: chosen.get(name, "").strip()
            for name in ("vswitch_id", "ip_address", "name", "description")
        },
        tags=dict(pairs_of_lines(chosen.get("tags", ""))),
    )


def binding_node(
    request: HttpRequest, havip: HaVip, kind: BindingKind, resource_id: str
) -> list[Snippet]:
    """Return the scripts that bind the instance or network interface which the bind dialog has chosen."""
    name = "bind-instance" if kind == BindingKind.INSTANCE else "bind-interface"
    return snippets.bind_node(
        _endpoint(request, havip.region),
        _url(request, name, havip.region, havip.resource_id),
        havip_id=havip.resource_id,
        kind=kind,
        resource_id=resource_id,
    )


def binding_eip(request: HttpRequest, havip: HaVip, eip_id: str) -> list[Snippet]:
    """Return the scripts that bind the EIP which the dialog has chosen."""
    return snippets.bind_eip(
        _endpoint(request, havip.region),
        _url(request, "bind-eip", havip.region, havip.resource_id),
        havip_id=havip.resource_id,
        eip_id=eip_id,
    )


def reading(request: HttpRequest, havip: HaVip) -> list[Snippet]:
    """Return the scripts that read this HaVip, and the Terraform text that takes it over with what is bound."""
    eip = eip_of(havip)
    return snippets.read_havip(
        _endpoint(request, havip.region),
        _url(request, "havip", havip.region, havip.resource_id),
        havip_id=havip.resource_id,
        vswitch_id=havip.vswitch.resource_id,
        ip_address=str(havip.ip_address),
        name=havip.name,
        description=havip.description,
        tags=tag_mapping(havip),
        nodes=[
            (BindingKind(binding.kind), binding.resource.resource_id)
            for binding in bindings_of(havip)
        ],
        eip_id=eip.resource_id if eip else "",
    )

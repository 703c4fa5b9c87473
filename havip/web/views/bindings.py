"""Binding and unbinding: instances, network interfaces, EIPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.teams.access import operating_view
from console.teams.principal import Principal
from havip.fabric.directory import fabric_for
from havip.models import Binding, BindingKind, Eip, HaVip, Instance, NetworkInterface
from havip.operations import (
    bind_eip,
    bind_instance,
    bind_interface,
    unbind_eip,
    unbind_instance,
    unbind_interface,
)
from havip.selectors.havips import (
    Choice,
    binding_choices,
    bindings_of,
    capabilities,
    eip_choices,
    eip_of,
)
from havip.selectors.quotas import binding_limits
from havip.selectors.resources import find
from havip.web.answers import accepted, page
from havip.web.forms.havips import BindEipForm, BindForm, UnbindEipForm, UnbindForm
from havip.web.presenting import snippets
from havip.web.presenting.havips import binding_kind, is_holder
from havip.web.presenting.links import Links
from havip.web.views.finding import links_of, the_havip


def _dialog(havip: HaVip, links: Links, title: str, form: Any, **more: Any) -> dict[str, Any]:
    """Return what every dialog of a HaVip takes."""
    return {
        "havip": havip,
        "form": form,
        "close_url": links.havip(havip),
        "crumbs": [
            {"label": _("HaVip"), "url": links.havips},
            {"label": havip.label, "url": links.havip(havip)},
            {"label": title, "url": ""},
        ],
        **more,
    }


@operating_view
def havip_bind(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Bind an instance or a network interface: all are listed, those that cannot be bound with the reason."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    kind = binding_kind(havip, request.POST.get("kind") or request.GET.get("kind", ""))
    form = BindForm(request.POST) if request.method == "POST" else BindForm(initial={"kind": kind})
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(
            bind_instance if kind == BindingKind.INSTANCE else bind_interface,
            principal=principal,
            region=region,
            havip_id=havip_id,
            **{form.resource_field: form.cleaned_data[form.resource_field]},
        )
        if outcome is not None:
            message = _("The binding to HaVip %(havip)s is under way.") % {"havip": havip.label}
            return accepted(request, links.havip(havip), message)
        havip = the_havip(principal, region, havip_id)
    choices = binding_choices(havip, kind)
    can = capabilities(havip, principal, binding_limits(principal.team))
    title = _("Bind a node")
    context = _dialog(
        havip,
        links,
        title,
        form,
        kind=kind,
        kinds=[
            {
                "label": str(each.label),
                "url": links.of("havip-bind", havip.resource_id, kind=each.value),
                "icon": "instance" if each == BindingKind.INSTANCE else "interface",
                "current": each == kind,
            }
            for each in BindingKind
        ],
        field=form[form.resource_field],
        snippets=snippets.binding_node(
            request, havip, kind, str(form[form.resource_field].value() or "")
        ),
        snippets_url=links.of("bind-snippets", havip.resource_id),
        choices=[_choice(choice, form.resource_field) for choice in choices],
        refusal=can.bind or _nothing_free(choices),
        create_url=links.of("instance-list" if kind == BindingKind.INSTANCE else "interface-list"),
        help_url=links.help("limits"),
    )
    return page(request, "havips/bind.html", context, status=form.status)


def _nothing_free(choices: Sequence[Choice]) -> str:
    """Say that there is nothing to choose, where there is not."""
    if any(choice.refusal is None for choice in choices):
        return ""
    return _("Nothing in the list can be bound now; each line says why.")


def _choice(choice: Choice, field: str) -> dict[str, Any]:
    resource = choice.resource
    detail = ""
    if isinstance(resource, NetworkInterface):
        names = {
            "type": resource.get_interface_type_display(),
            "instance": resource.instance.label if resource.instance else "",
        }
        pattern = _("%(type)s, on %(instance)s") if names["instance"] else _("%(type)s, unattached")
        detail = pattern % names
    elif isinstance(resource, Instance):
        detail = "" if resource.vswitch else str(resource.get_network_type_display())
    return {
        "value": resource.resource_id,
        "id": f"{field}-{resource.resource_id}",
        "name": resource.label,
        "address": resource.ip_address if isinstance(resource, Eip) else resource.private_ip,
        "detail": detail,
        "state": resource.status,
        "state_label": resource.get_status_display(),
        "refusal": choice.refusal,
    }


@operating_view
def havip_unbind(
    request: HttpRequest, principal: Principal, region: str, havip_id: str, resource_id: str
) -> HttpResponse:
    """Confirm that a node is unbound; one that holds the address now only with an explicit tick."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    model = (
        Instance if resource_id.startswith(f"{Instance.IDENTIFIER_PREFIX}-") else NetworkInterface
    )
    resource = find(model, principal.team, resource_id, region=region)
    if resource is None:
        raise Http404
    holder = _holds(havip, resource_id)
    form = UnbindForm(request.POST if request.method == "POST" else None, holder=holder)
    if request.method == "POST" and form.is_valid():
        is_instance = isinstance(resource, Instance)
        outcome = form.attempt(
            unbind_instance if is_instance else unbind_interface,
            principal=principal,
            region=region,
            havip_id=havip_id,
            force=form.cleaned_data["force"],
            **{"instance_id" if is_instance else "interface_id": resource_id},
        )
        if outcome is not None:
            message = _("%(resource)s is being unbound.") % {"resource": resource.label}
            return accepted(request, links.havip(havip), message)
        havip = the_havip(principal, region, havip_id)
    bindings = bindings_of(havip)
    can = capabilities(havip, principal, binding_limits(principal.team))
    context = _dialog(
        havip,
        links,
        _("Disassociate"),
        form,
        resource=resource,
        others=[each.resource.label for each in bindings if each.resource != resource],
        is_holder=_holds(havip, resource_id),
        announces=fabric_for(region).announces,
        refusal=can.unbind,
    )
    return page(request, "havips/unbind.html", context, status=form.status)


def _holds(havip: HaVip, resource_id: str) -> bool:
    bindings: list[Binding] = bindings_of(havip)
    return any(
        is_holder(binding, havip) and binding.resource.resource_id == resource_id
        for binding in bindings
    )


@operating_view
def havip_bind_eip(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Bind an EIP: all of the region are listed, those that cannot be bound with the reason."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    form = BindEipForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(
            bind_eip,
            principal=principal,
            region=region,
            havip_id=havip_id,
            eip_id=form.cleaned_data["eip_id"],
        )
        if outcome is not None:
            message = _("The EIP is being bound to HaVip %(havip)s.") % {"havip": havip.label}
            return accepted(request, links.havip(havip), message)
        havip = the_havip(principal, region, havip_id)
    choices = eip_choices(havip)
    can = capabilities(havip, principal, binding_limits(principal.team))
    context = _dialog(
        havip,
        links,
        _("Bind EIP"),
        form,
        field=form["eip_id"],
        snippets=snippets.binding_eip(request, havip, str(form["eip_id"].value() or "")),
        snippets_url=links.of("bind-eip-snippets", havip.resource_id),
        choices=[_choice(choice, "eip_id") for choice in choices],
        refusal=can.bind_eip or _nothing_free(choices),
        create_url=links.of("eip-list"),
        help_url=links.help("egress"),
    )
    return page(request, "havips/bind_eip.html", context, status=form.status)


@operating_view
def havip_unbind_eip(
    request: HttpRequest, principal: Principal, region: str, havip_id: str
) -> HttpResponse:
    """Confirm that the EIP is unbound."""
    havip = the_havip(principal, region, havip_id)
    links = links_of(principal, region)
    eip = eip_of(havip)
    initial = {"eip_id": eip.resource_id if eip else ""}
    form = UnbindEipForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        outcome = form.attempt(
            unbind_eip,
            principal=principal,
            region=region,
            havip_id=havip_id,
            eip_id=form.cleaned_data["eip_id"],
        )
        if outcome is not None:
            message = _("The EIP is being unbound from HaVip %(havip)s.") % {"havip": havip.label}
            return accepted(request, links.havip(havip), message)
        havip = the_havip(principal, region, havip_id)
    can = capabilities(havip, principal, binding_limits(principal.team))
    context = _dialog(
        havip, links, _("Unbind EIP"), form, eip=eip_of(havip), refusal=can.unbind_eip
    )
    return page(request, "havips/unbind_eip.html", context, status=form.status)

"""The create panel, and the small answers that it asks for while it is being filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console.operations.refusal import Refusal
from console.teams.access import operating_view
from console.teams.principal import Principal
from havip.models import VSwitch
from havip.operations import create_havip
from havip.regions import regions
from havip.rules.catalogue import first_refusal
from havip.rules.creating import c10_vpc_quota
from havip.selectors.addresses import check_address, free_count, lowest_free
from havip.selectors.creating import creation_refusal, vpc_use, vswitches_to_choose
from havip.selectors.resources import find
from havip.web.answers import accepted, page
from havip.web.forms.havips import CreateHaVipForm
from havip.web.presenting import snippets
from havip.web.presenting.links import Links
from havip.web.views.finding import links_of

_FILLED_IN = ("vpc_id", "vswitch_id", "ip_address", "name", "description", "tags")


@operating_view
def havip_create(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """Create a HaVip; "suggest" fills the lowest free address in, for those without script."""
    vswitches = vswitches_to_choose(principal.team, region)
    links = links_of(principal, region)
    if request.method != "POST":
        chosen = {
            "vpc_id": request.GET.get("vpc", ""),
            "vswitch_id": request.GET.get("vswitch", ""),
        }
        form = _form(links, vswitches, initial=_settled(vswitches, chosen))
        return _create_page(request, principal, region, form)
    if "suggest" in request.POST:
        filled_in = {name: request.POST.get(name, "") for name in _FILLED_IN}
        filled_in["ip_address"], refusal = _suggestion(principal, region, filled_in)
        form = _form(links, vswitches, initial=_settled(vswitches, filled_in))
        return _create_page(request, principal, region, form, hint=refusal)
    form = _form(links, vswitches, data=request.POST)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in _FILLED_IN}
        outcome = form.attempt(create_havip, principal=principal, region=region, **given)
        if outcome is not None:
            message = _("HaVip %(address)s is being created.") % {
                "address": outcome.values["ip_address"]
            }
            return accepted(request, links.havips, message)
    return _create_page(request, principal, region, form)


def _form(links: Links, vswitches: Sequence[VSwitch], **given: Any) -> CreateHaVipForm:
    return CreateHaVipForm(vswitches=vswitches, options_url=links.of("vswitch-options"), **given)


def _create_page(
    request: HttpRequest,
    principal: Principal,
    region: str,
    form: CreateHaVipForm,
    *,
    hint: Refusal | None = None,
) -> HttpResponse:
    links = links_of(principal, region)
    context = {
        **_network_context(principal, form),
        "form": form,
        "region": regions()[region],
        "refusal": creation_refusal(principal, region),
        "has_vswitches": bool(form.vswitches),
        "hint": hint,
        "check_url": links.of("address-check"),
        "suggest_url": links.of("address-suggest"),
        "vpcs_url": links.of("vpc-list"),
        "vswitches_url": links.of("vswitch-list"),
        "quotas_url": links.of_team("web:quotas"),
        "help_url": links.help("what"),
        "snippets": snippets.creating(request, region, form.values),
        "snippets_url": links.of("create-snippets"),
        "overlay_kind": "drawer",
        "close_url": links.havips,
        "crumbs": [
            {"label": _("HaVip"), "url": links.havips},
            {"label": _("Create HaVip"), "url": ""},
        ],
    }
    return page(request, "havips/create.html", context, status=form.status)


def _settled(vswitches: Sequence[VSwitch], chosen: dict[str, str]) -> dict[str, str]:
    """Make VPC and vSwitch fit together: the only one is taken, a vSwitch brings its VPC, a VPC drops a foreign vSwitch."""
    vpc_id, vswitch_id = chosen.get("vpc_id", ""), chosen.get("vswitch_id", "")
    vswitch = next((each for each in vswitches if each.resource_id == vswitch_id), None)
    if vswitch is not None and vpc_id not in ("", vswitch.vpc.resource_id):
        vswitch = None
    if vswitch is None:
        offered = [each for each in vswitches if vpc_id in ("", each.vpc.resource_id)]
        vswitch = offered[0] if len(offered) == 1 else None
    if vswitch is not None:
        vpc_id = vswitch.vpc.resource_id
    elif not vpc_id and len({each.vpc_id for each in vswitches}) == 1:
        vpc_id = vswitches[0].vpc.resource_id
    return {**chosen, "vpc_id": vpc_id, "vswitch_id": vswitch.resource_id if vswitch else ""}


def _network_context(principal: Principal, form: CreateHaVipForm) -> dict[str, Any]:
    """Return what follows from the chosen vSwitch: its block, its free addresses, and the VPC's quota."""
    vswitch = form.vswitch
    if vswitch is None:
        return {"vswitch": None}
    used, limit = vpc_use(principal.team, vswitch.vpc)
    return {
        "vswitch": vswitch,
        "free_count": free_count(vswitch),
        "vpc_used": used,
        "vpc_limit": limit,
        "vpc_refusal": first_refusal(lambda: c10_vpc_quota(used, limit)),
    }


@require_GET
@operating_view
def vswitch_options(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """VPC, vSwitch and CIDR block again, after one of the two was chosen."""
    vswitches = vswitches_to_choose(principal.team, region)
    chosen = {name: request.GET.get(name, "") for name in ("vpc_id", "vswitch_id")}
    if request.headers.get("HX-Trigger-Name") == "vswitch_id" and chosen["vswitch_id"]:
        chosen["vpc_id"] = ""  # the vSwitch was chosen last: the VPC follows
    form = _form(links_of(principal, region), vswitches, initial=_settled(vswitches, chosen))
    context = {**_network_context(principal, form), "form": form}
    response = page(request, "havips/_network_fields.html", context)
    response["HX-Trigger-After-Settle"] = "havip:network"
    return response


@require_GET
@operating_view
def address_check(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """Say whether the address can be taken: free, taken, outside, reserved, or no address (yet)."""
    text = request.GET.get("ip_address", "").strip()
    vswitch = find(VSwitch, principal.team, request.GET.get("vswitch_id", ""), region=region)
    context: dict[str, Any] = {"text": text, "vswitch": vswitch, "refusal": None, "verdict": ""}
    if text and vswitch is not None:
        refusal = first_refusal(lambda: check_address(vswitch, text))
        context["refusal"] = refusal
        context["verdict"] = _VERDICTS.get(refusal.code, "") if refusal else "free"
    return page(request, "havips/_verdict.html", context)


_VERDICTS = {
    "InvalidIPAddress.Malformed": "malformed",
    "InvalidIPAddress.OutOfRange": "outside",
    "InvalidIPAddress.NotAvailable": "reserved",
    "InvalidIPAddress.AlreadyUsed": "taken",
}


@require_GET
@operating_view
def address_suggest(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
    """The address field with the lowest free address filled in."""
    chosen = {name: request.GET.get(name, "") for name in _FILLED_IN}
    address, refusal = _suggestion(principal, region, chosen)
    vswitches = vswitches_to_choose(principal.team, region)
    links = links_of(principal, region)
    form = _form(links, vswitches, initial={**chosen, "ip_address": address})
    context = {
        "form": form,
        "vswitch": form.vswitch,
        "text": address,
        "verdict": "free" if address and refusal is None else "",
        "hint": refusal,
        "check_url": links.of("address-check"),
        "suggest_url": links.of("address-suggest"),
    }
    return page(request, "havips/_address_field.html", context)


def _suggestion(
    principal: Principal, region: str, chosen: dict[str, str]
) -> tuple[str, Refusal | None]:
    """Return the lowest free address of the chosen vSwitch, or what was filled in already and why there is none."""
    vswitch = find(VSwitch, principal.team, chosen["vswitch_id"], region=region)
    found: list[str] = []
    refusal = None
    if vswitch is not None:
        refusal = first_refusal(lambda: found.append(str(lowest_free(vswitch))))
    return (found[0] if found else chosen["ip_address"]), refusal

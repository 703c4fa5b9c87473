"""What the pages of all resources share: each kind is described once, as a `Kind`; the functions here make its views.

These are a list with rows that refresh themselves, and a resource's page with a panel that does. Drawers and dialogs are
in `acting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext

from console.paging import SIZES, Page, page_size, paginate
from console.teams.access import team_view
from console.teams.models import Team
from console.teams.principal import Principal
from havip.filters.inventory import ResourceFilter
from havip.models import TAGGED, Binding
from havip.models.base import Resource
from havip.regions import Region, find_region
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.selectors.tags import with_tags
from havip.web.answers import fragment, is_htmx, page
from havip.web.forms.inventory import grouped_vswitches, network_label
from havip.web.presenting.links import Links
from havip.web.presenting.tags import Tags, row_tags, tags

Text = Promise | str
View = Callable[..., HttpResponseBase]
_NEWEST = "-created"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource as its pages see it; `stem` begins the names of its addresses and templates."""

    stem: str
    plural: Text
    records: Callable[[Team, str], QuerySet[Any]]
    actions: Callable[[Any, Principal], Any]
    filters: type[ResourceFilter]
    orderings: Mapping[str, str]
    # What the empty list needs to know: which step comes first.
    first_steps: Callable[[Principal, str], Mapping[str, Any]] = lambda _principal, _region: {}


@dataclass(frozen=True, slots=True)
class Where:
    """The team and region of a request, with the addresses in it."""

    principal: Principal
    region: Region
    links: Links

    @property
    def team(self) -> Team:
        """The team."""
        return self.principal.team


@dataclass(frozen=True, slots=True)
class Row:
    """A resource with what may be done with it, whether it is about to change by itself, and its bindings to HaVips."""

    record: Any
    actions: Any
    busy: bool
    bindings: Sequence[Binding]
    # Where the row asks for itself; empty while nothing is about to change.
    url: str
    tags: Tags | None


def where(principal: Principal, region: str) -> Where:
    """Return where a request is about. Raises Http404 for a region that nobody knows."""
    known = find_region(region)
    if known is None:
        raise Http404
    return Where(principal, known, Links(principal.team.slug, region))


def find(kind: Kind, here: Where, identifier: str) -> Any:
    """Return the resource. Raises Http404 unless it is the team's and in the region."""
    record = _records(kind, here).filter(resource_id=identifier).first()
    if record is None:
        raise Http404
    return record


def _records(kind: Kind, here: Where) -> QuerySet[Any]:
    """Return the rows of a kind, with their tags where it has any."""
    found = kind.records(here.team, here.region.identifier)
    return with_tags(found) if kind.stem in TAGGED else found


def as_row(kind: Kind, record: Resource, here: Where) -> Row:
    """Return a resource as its row or page shows it."""
    busy = selectors.is_in_transition(record)
    return Row(
        record,
        kind.actions(record, here.principal),
        busy,
        selectors.bindings_of(record),
        here.links.of(f"{kind.stem}-row", record.resource_id) if busy else "",
        row_tags(record, here.links),
    )


def list_page(kind: Kind) -> View:
    """Make the page that lists a kind."""

    @team_view()
    def view(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
        here = where(principal, region)
        context = {
            **_list_context(kind, request, here),
            "create_refusal": selectors.operate_refusal(principal),
        }
        return page(request, f"inventory/{kind.stem}_list.html", context)

    return view


def rows_page(kind: Kind) -> View:
    """Make the fragment with which a list refreshes itself."""

    @team_view()
    def view(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
        here = where(principal, region)
        context = {**_list_context(kind, request, here), "fragment": True}
        return fragment(request, f"inventory/_{kind.stem}_rows.html", context)

    return view


def row_page(kind: Kind) -> View:
    """Make the fragment with which one row that is in transition refreshes itself."""

    @team_view()
    def view(
        request: HttpRequest, principal: Principal, region: str, identifier: str
    ) -> HttpResponse:
        here = where(principal, region)
        record = _records(kind, here).filter(resource_id=identifier).first()
        if record is None:
            return refreshed()
        context = {
            "team": here.team.slug,
            "region": here.region,
            "frame_template": "inventory/_row.html",
            "row": as_row(kind, record, here),
        }
        return fragment(request, f"inventory/_{kind.stem}_rows.html", context)

    return view


def refreshed() -> HttpResponse:
    """Answer a row whose resource is no more: the whole list looks again."""
    response = HttpResponse(status=204)
    response["HX-Trigger"] = "havip:changed"
    return response


def _list_context(kind: Kind, request: HttpRequest, here: Where) -> dict[str, Any]:
    query = request.GET
    filters = kind.filters(query, queryset=_records(kind, here))
    _offer_networks(filters.form, here)
    found: Page[Any] = paginate(
        filters.qs,
        orderings=kind.orderings,
        ordering=query.get("sort", ""),
        default=_NEWEST,
        cursor=query.get("after", "") or query.get("before", ""),
        size=page_size(query.get("size", "")),
    )
    rows = [as_row(kind, record, here) for record in found.rows]
    filtered = any(filters.form.cleaned_data.values())
    paged = "after" in query or "before" in query
    context = {
        "kind": kind,
        "team": here.team.slug,
        "region": here.region,
        "rows_template": f"inventory/_{kind.stem}_rows.html",
        "rows": rows,
        "frame_template": "inventory/_rows.html",
        "filter_form": filters.form,
        "tag_keys_url": here.links.of("tag-keys", kind.stem) if kind.stem in TAGGED else "",
        "filtered": filtered,
        "paged": paged,
        "default_sort": _NEWEST,
        "list_url": here.links.of(f"{kind.stem}-list"),
        "create_url": here.links.of(f"{kind.stem}-create"),
        "rows_url": _with_query(here.links.of(f"{kind.stem}-rows"), query),
        "sizes": SIZES,
        "size": found.size,
        "size_fields": _kept(query, "size"),
        "sort_fields": [(name, query[name]) for name in ("sort", "size") if query.get(name)],
        "next_url": _turned(query, "after", found.next_cursor),
        "previous_url": _turned(query, "before", found.previous_cursor),
    }
    if not rows and not filtered and not paged:
        context["create_refusal"] = selectors.operate_refusal(here.principal)
        context.update(kind.first_steps(here.principal, here.region.identifier))
    return context


def _kept(query: QueryDict, *dropped: str) -> list[tuple[str, str]]:
    """Return what a changed list keeps of its address: all but the place in it, and what is given anew."""
    gone = {"after", "before", *dropped}
    return [(name, value) for name, values in query.lists() if name not in gone for value in values]


def _turned(query: QueryDict, name: str, cursor: str) -> str:
    if not cursor:
        return ""
    turned = query.copy()
    for each in ("after", "before"):
        turned.pop(each, None)
    turned[name] = cursor
    return f"?{turned.urlencode()}"


def _with_query(url: str, query: QueryDict) -> str:
    return f"{url}?{query.urlencode()}" if query else url


def _offer_networks(form: forms.Form, here: Where) -> None:
    """Turn the filters by VPC and vSwitch into selects of what there is."""
    region = here.region.identifier
    every = gettext("All")
    if "vpc" in form.fields:
        vpcs = choices.vpc_choices(here.team, region)
        offered = [(each.resource_id, network_label(each)) for each in vpcs]
        form.fields["vpc"].widget = forms.Select(choices=[("", every), *offered])
    if "vswitch" in form.fields:
        grouped = grouped_vswitches(choices.vswitch_choices(here.team, region))
        form.fields["vswitch"].widget = forms.Select(choices=[("", every), *grouped])


Facts = Callable[[Any, Where], Mapping[str, Any]]


def detail_page(kind: Kind, facts: Facts, *, bare: bool = False) -> View:
    """Make a resource's page, or (`bare`) the panel with which it refreshes itself."""

    @team_view()
    def view(
        request: HttpRequest, principal: Principal, region: str, identifier: str
    ) -> HttpResponse:
        here = where(principal, region)
        list_url = here.links.of(f"{kind.stem}-list")
        try:
            record = find(kind, here, identifier)
        except Http404:
            if not (bare and is_htmx(request)):
                raise
            return _gone(list_url)
        context = {
            "kind": kind,
            "team": here.team.slug,
            "region": here.region,
            "row": as_row(kind, record, here),
            "record": record,
            "tags": tags(record, here.links),
            "tags_refusal": selectors.operate_refusal(principal),
            "list_url": list_url,
            "panel_url": here.links.of(f"{kind.stem}-panel", identifier),
            "panel_template": f"inventory/_{kind.stem}_panel.html",
            "crumbs": [{"label": kind.plural, "url": list_url}, {"label": record.label}],
            **facts(record, here),
        }
        if bare:
            context["fragment"] = True
            return fragment(request, f"inventory/_{kind.stem}_panel.html", context)
        return page(request, "inventory/detail.html", context)

    return view


def _gone(list_url: str) -> HttpResponse:
    """Answer the open page of a resource that is no more: it goes to the list."""
    response = HttpResponse(status=404)
    response["HX-Redirect"] = list_url
    return response

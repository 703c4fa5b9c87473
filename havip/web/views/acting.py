"""What the drawers and dialogs of all resources share: one that creates, and one that asks before it acts.

What they say is a `Creation` or a `Dialog`, described by the resource's own module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from console.forms import OperationForm
from console.operations.framework import Outcome
from console.operations.refusal import Refusal
from console.teams.access import operating_view
from console.teams.principal import Principal
from havip.web.answers import accepted, page
from havip.web.forms.inventory import ResourceForm
from havip.web.views.inventory import Kind, Row, Text, View, Where, as_row, find, where


@dataclass(frozen=True, slots=True)
class Creation:
    """A drawer that creates: its form, its operation and its words; `done` says what now happens to `%(what)s`."""

    form: type[ResourceForm]
    act: Callable[..., Outcome]
    title: Text
    button: Text
    done: Text
    # What must be there first, if it is not: a sentence with the link that leads there.
    missing: Callable[[Where], Mapping[str, str] | None] = lambda _here: None


def create_page(kind: Kind, creation: Creation) -> View:
    """Make the drawer that creates a resource of a kind."""

    @operating_view
    def view(request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
        here = where(principal, region)
        list_url = here.links.of(f"{kind.stem}-list")
        form = creation.form(
            request.POST if request.method == "POST" else None,
            team=here.team,
            region=here.region,
            initial=_filled_in(request, creation.form),
            here=request.path,
        )
        if form.is_bound and form.is_valid():
            outcome = form.attempt(
                creation.act, principal=principal, region=region, **form.arguments
            )
            if outcome is not None:
                what = form.arguments.get("name") or outcome.object_id
                return accepted(request, list_url, str(creation.done) % {"what": what})
        context = {
            "form": form,
            "creation": creation,
            "region": here.region,
            "missing": creation.missing(here),
            "close_url": list_url,
            "form_action": request.path,
            "overlay_kind": "drawer",
            "crumbs": [{"label": kind.plural, "url": list_url}, {"label": creation.title}],
        }
        return page(request, "inventory/create.html", context, status=form.status)

    return view


def _filled_in(request: HttpRequest, form: type[ResourceForm]) -> dict[str, str]:
    """Return what the address fills in."""
    return {
        name: request.GET[name]
        for name in form.base_fields
        if name in request.GET and name != "client_token"
    }


@dataclass(frozen=True, slots=True)
class Note:
    """A line of a dialog: what follows, or what stands in the way, with the page where it can be seen."""

    text: str
    url: str = ""
    icon: str = "info"
    link_label: str = ""


@dataclass(frozen=True, slots=True)
class Dialog:
    """What a dialog says before something is done: what it is about, what follows, and why not, where it is refused."""

    title: str
    text: str
    button: str
    icon: str
    tone: str = "destroy"
    refusal: Refusal | None = None
    obstacles: Sequence[Note] = ()
    consequences: Sequence[Note] = ()
    warning: str = ""
    choices: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A dialog that asks before it acts; `argument` is the operation's name for the resource."""

    act: Callable[..., Outcome]
    argument: str
    dialog: Callable[[Row, Where], Dialog]
    done: Text
    form: type[OperationForm] = OperationForm
    initial: Callable[[Any], Mapping[str, str]] = lambda _record: {}
    template: str = "inventory/confirm.html"


def confirm_page(kind: Kind, confirmation: Confirmation) -> View:
    """Make a dialog about one resource: what is sent goes to the operation, with the form's fields."""

    @operating_view
    def view(
        request: HttpRequest, principal: Principal, region: str, identifier: str
    ) -> HttpResponse:
        here = where(principal, region)
        list_url = here.links.of(f"{kind.stem}-list")
        record = find(kind, here, identifier)
        form = confirmation.form(
            request.POST if request.method == "POST" else None,
            initial=dict(confirmation.initial(record)),
        )
        if form.is_bound and form.is_valid():
            arguments = {
                name: value for name, value in form.cleaned_data.items() if name != "client_token"
            }
            outcome = form.attempt(
                confirmation.act,
                principal=principal,
                region=region,
                **{confirmation.argument: identifier},
                **arguments,
            )
            if outcome is not None:
                return accepted(request, list_url, str(confirmation.done) % {"what": record.label})
        dialog = confirmation.dialog(as_row(kind, record, here), here)
        context = {
            "form": form,
            "dialog": dialog,
            "record": record,
            "region": here.region,
            "close_url": list_url,
            "crumbs": [{"label": kind.plural, "url": list_url}, {"label": dialog.title}],
        }
        return page(request, confirmation.template, context, status=form.status)

    return view

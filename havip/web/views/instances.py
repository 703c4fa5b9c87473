"""The pages of instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.teams.principal import Principal
from havip.filters.inventory import InstanceFilter
from havip.models import Binding, Instance
from havip.operations import create_instance, delete_instance, start_instance, stop_instance
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.web.forms.inventory import CreateInstanceForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog, Note
from havip.web.views.inventory import Kind, Row, Where


def _first_steps(principal: Principal, region: str) -> Mapping[str, Any]:
    return {"vswitch_missing": not choices.vswitch_choices(principal.team, region, available=True)}


INSTANCES = Kind(
    stem="instance",
    plural=gettext_lazy("Instances"),
    records=selectors.instances,
    actions=selectors.instance_actions,
    filters=InstanceFilter,
    orderings={"created": "pk", "name": "name", "status": "status"},
    first_steps=_first_steps,
)


def _facts(instance: Instance, _here: Where) -> Mapping[str, Any]:
    """Its cards, and the HaVips bound to it or to one of them."""
    return {
        "cards": list(instance.interfaces.all()),
        "bindings": selectors.bindings_of_instance(instance),
        "limit": selectors.havips_per_instance(instance),
    }


def missing_vswitch(here: Where) -> Mapping[str, str] | None:
    """Say that a vSwitch comes first, where none is available."""
    if choices.vswitch_choices(here.team, here.region.identifier, available=True):
        return None
    return {
        "text": _("No vSwitch is available in this region yet."),
        "url": here.links.of("vswitch-create"),
        "label": _("Create vSwitch"),
    }


def binding_notes(bindings: Iterable[Binding], text: str, here: Where, *, icon: str) -> list[Note]:
    """One line for each binding, with the HaVip's address and page; `text` takes `%(havip)s`."""
    return [
        Note(
            text=text % {"havip": binding.havip.label},
            url=here.links.havip(binding.havip),
            icon=icon,
            link_label=_("Show"),
        )
        for binding in bindings
    ]


def _held(bindings: Iterable[Binding]) -> str:
    """The addresses that one of these bindings holds now, as one text."""
    return ", ".join(
        str(binding.havip.ip_address)
        for binding in bindings
        if binding.havip.holder_id and binding.havip.holder_id == binding.resource.resource_id
    )


def _delete(row: Row, here: Where) -> Dialog:
    instance: Instance = row.record
    lost = selectors.bindings_lost_with_instance(instance)
    notes = binding_notes(
        lost, _("The binding to HaVip %(havip)s is removed."), here, icon="unbind"
    )
    for card in instance.interfaces.all():
        text = (
            _("The primary network interface %(card)s is deleted; %(address)s becomes free.")
            if card.is_primary
            else _("The network interface %(card)s (%(address)s) is detached and stays.")
        )
        notes.append(
            Note(
                text=text % {"card": card.label, "address": card.private_ip},
                url=here.links.of("interface-detail", card.resource_id),
                icon="interface",
                link_label=_("Show"),
            )
        )
    held = _held(lost)
    return Dialog(
        title=_("Delete instance %(name)s?") % {"name": instance.label},
        text=_("This cannot be undone.")
        if notes
        else _("Nothing else depends on it. This cannot be undone."),
        button=_("Delete"),
        icon="trash",
        refusal=row.actions.delete,
        consequences=notes,
        warning=_(
            "It holds %(addresses)s now: the service is interrupted until the other node takes over."
        )
        % {"addresses": held}
        if held
        else "",
    )


def _start(row: Row, here: Where) -> Dialog:
    instance: Instance = row.record
    bindings = selectors.bindings_of_instance(instance)
    return Dialog(
        title=_("Start instance %(name)s?") % {"name": instance.label},
        text=_("It takes part again in what it is bound to."),
        button=_("Start"),
        icon="play",
        tone="primary",
        refusal=row.actions.start,
        consequences=binding_notes(
            bindings, _("It may announce HaVip %(havip)s again."), here, icon="havip"
        ),
    )


def _stop(row: Row, here: Where) -> Dialog:
    instance: Instance = row.record
    bindings = selectors.bindings_of_instance(instance)
    held = _held(bindings)
    return Dialog(
        title=_("Stop instance %(name)s?") % {"name": instance.label},
        text=_("Its services stop. Addresses, network interfaces and bindings stay."),
        button=_("Stop"),
        icon="stop",
        tone="destroy",
        refusal=row.actions.stop,
        consequences=binding_notes(
            bindings,
            _("It no longer announces HaVip %(havip)s; the binding stays."),
            here,
            icon="havip",
        ),
        warning=_(
            "It holds %(addresses)s now: the service is interrupted until the other node takes over."
        )
        % {"addresses": held}
        if held
        else "",
    )


listing = inventory.list_page(INSTANCES)
rows = inventory.rows_page(INSTANCES)
row = inventory.row_page(INSTANCES)
detail = inventory.detail_page(INSTANCES, _facts)
panel = inventory.detail_page(INSTANCES, _facts, bare=True)
create = acting.create_page(
    INSTANCES,
    Creation(
        form=CreateInstanceForm,
        act=create_instance,
        title=gettext_lazy("Create instance"),
        button=gettext_lazy("Create"),
        done=gettext_lazy("Instance %(what)s is being created."),
        missing=missing_vswitch,
    ),
)
start = acting.confirm_page(
    INSTANCES,
    Confirmation(
        act=start_instance,
        argument="instance_id",
        dialog=_start,
        done=gettext_lazy("Instance %(what)s is being started."),
    ),
)
stop = acting.confirm_page(
    INSTANCES,
    Confirmation(
        act=stop_instance,
        argument="instance_id",
        dialog=_stop,
        done=gettext_lazy("Instance %(what)s is being stopped."),
    ),
)
delete = acting.confirm_page(
    INSTANCES,
    Confirmation(
        act=delete_instance,
        argument="instance_id",
        dialog=_delete,
        done=gettext_lazy("Instance %(what)s is being deleted."),
    ),
)

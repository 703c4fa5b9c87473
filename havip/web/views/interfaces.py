"""The pages of network interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from havip.filters.inventory import InterfaceFilter
from havip.models import NetworkInterface
from havip.operations import (
    attach_interface,
    create_interface,
    delete_interface,
    detach_interface,
)
from havip.selectors import inventory as selectors
from havip.selectors import inventory_choices as choices
from havip.web.forms.inventory import AttachForm, CreateInterfaceForm
from havip.web.views import acting, inventory
from havip.web.views.acting import Confirmation, Creation, Dialog
from havip.web.views.instances import binding_notes, missing_vswitch
from havip.web.views.inventory import Kind, Row, Where

INTERFACES = Kind(
    stem="interface",
    plural=gettext_lazy("Network interfaces"),
    records=selectors.interfaces,
    actions=selectors.interface_actions,
    filters=InterfaceFilter,
    orderings={
        "created": "pk",
        "name": "name",
        "ip": "address_number",
        "type": "interface_type",
        "status": "status",
    },
)


def _facts(interface: NetworkInterface, _here: Where) -> Mapping[str, Any]:
    return {"bindings": list(interface.bindings.all())}


def _attach(row: Row, _here: Where) -> Dialog:
    interface: NetworkInterface = row.record
    return Dialog(
        title=_("Attach network interface %(name)s") % {"name": interface.label},
        text=_("It keeps its own vSwitch and its address %(address)s.")
        % {"address": interface.private_ip},
        button=_("Attach"),
        icon="bind",
        tone="primary",
        refusal=row.actions.attach,
        choices=choices.attach_choices(interface),
    )


def _detach(row: Row, here: Where) -> Dialog:
    interface: NetworkInterface = row.record
    instance = interface.instance.label if interface.instance else ""
    return Dialog(
        title=_("Detach network interface %(name)s?") % {"name": interface.label},
        text=_("It leaves instance %(instance)s and keeps its address %(address)s.")
        % {"instance": instance, "address": interface.private_ip},
        button=_("Detach"),
        icon="unbind",
        refusal=row.actions.detach,
        consequences=binding_notes(
            interface.bindings.all(),
            _("The binding to HaVip %(havip)s stays, and takes effect again once it is attached."),
            here,
            icon="bind",
        ),
    )


def _delete(row: Row, here: Where) -> Dialog:
    interface: NetworkInterface = row.record
    return Dialog(
        title=_("Delete network interface %(name)s?") % {"name": interface.label},
        text=_("Its address %(address)s becomes free again. This cannot be undone.")
        % {"address": interface.private_ip},
        button=_("Delete"),
        icon="trash",
        refusal=row.actions.delete,
        consequences=binding_notes(
            interface.bindings.all(),
            _("The binding to HaVip %(havip)s is removed."),
            here,
            icon="unbind",
        ),
    )


listing = inventory.list_page(INTERFACES)
rows = inventory.rows_page(INTERFACES)
row = inventory.row_page(INTERFACES)
detail = inventory.detail_page(INTERFACES, _facts)
panel = inventory.detail_page(INTERFACES, _facts, bare=True)
create = acting.create_page(
    INTERFACES,
    Creation(
        form=CreateInterfaceForm,
        act=create_interface,
        title=gettext_lazy("Create network interface"),
        button=gettext_lazy("Create"),
        done=gettext_lazy("Network interface %(what)s is being created."),
        missing=missing_vswitch,
    ),
)
attach = acting.confirm_page(
    INTERFACES,
    Confirmation(
        act=attach_interface,
        argument="interface_id",
        dialog=_attach,
        done=gettext_lazy("Network interface %(what)s is being attached."),
        form=AttachForm,
        template="inventory/attach.html",
    ),
)
detach = acting.confirm_page(
    INTERFACES,
    Confirmation(
        act=detach_interface,
        argument="interface_id",
        dialog=_detach,
        done=gettext_lazy("Network interface %(what)s is being detached."),
    ),
)
delete = acting.confirm_page(
    INTERFACES,
    Confirmation(
        act=delete_interface,
        argument="interface_id",
        dialog=_delete,
        done=gettext_lazy("Network interface %(what)s is being deleted."),
    ),
)

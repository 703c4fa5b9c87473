"""The forms of the HaVip pages; field names are the operations' argument names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm
from console.operations.refusal import Refusal
from havip.models import BindingKind, VSwitch
from havip.rules.naming import MAXIMUM_DESCRIPTION, MAXIMUM_NAME
from havip.web.forms.tags import TagLinesField

Choices = list[tuple[str, Any]]


def _name_field(*, autofocus: bool = False) -> forms.CharField:
    attrs = {"maxlength": MAXIMUM_NAME, "autocomplete": "off", "autofocus": autofocus}
    return forms.CharField(label=_("Name"), required=False, widget=forms.TextInput(attrs=attrs))


def _description_field() -> forms.CharField:
    return forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": MAXIMUM_DESCRIPTION}),
    )


class CreateHaVipForm(OperationForm):
    """Where the HaVip stands, its address, and what it is called.

    The two selects offer what there is; what was sent in spite of that is for the operation to judge.
    """

    vpc_id = forms.CharField(label=_("VPC"), required=False, widget=forms.Select)
    vswitch_id = forms.CharField(
        label=_("vSwitch"),
        widget=forms.Select,
        error_messages={"required": _("Choose the vSwitch that the address belongs to.")},
    )
    ip_address = forms.CharField(
        label=_("Private IP"),
        required=False,
        help_text=_("Empty: the lowest free address of the vSwitch is taken."),
        widget=forms.TextInput(
            attrs={
                "class": "mono",
                "autocomplete": "off",
                "inputmode": "decimal",
                "spellcheck": "false",
            }
        ),
    )
    name = _name_field()
    description = _description_field()
    tags = TagLinesField()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        vswitches: Iterable[VSwitch],
        options_url: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.vswitches = list(vswitches)
        vpc_id = self._chosen("vpc_id")
        self.fields["vpc_id"].widget.choices = vpc_choices(self.vswitches, str(_("All VPCs")))
        self.fields["vswitch_id"].widget.choices = vswitch_choices(
            self.vswitches, vpc_id, str(_("Choose a vSwitch"))
        )
        for name in ("vpc_id", "vswitch_id"):  # what follows from a choice is asked for at once
            self.fields[name].widget.attrs |= {"hx-get": options_url, "hx-trigger": "change"}
        vswitch = self.vswitch
        if vswitch is not None:
            example = str(vswitch.network.network_address + 8)
            self.fields["ip_address"].widget.attrs["placeholder"] = example

    def _chosen(self, name: str) -> str:
        source: Mapping[str, Any] = self.data if self.is_bound else self.initial
        return str(source.get(name) or "")

    @property
    def values(self) -> dict[str, str]:
        """What is filled in now, valid or not."""
        return {name: self._chosen(name) for name in self.fields}

    @property
    def vswitch(self) -> VSwitch | None:
        """The vSwitch that is chosen now, where it is one of those offered."""
        chosen = self._chosen("vswitch_id")
        return next((each for each in self.vswitches if each.resource_id == chosen), None)


def vpc_choices(vswitches: Iterable[VSwitch], empty: str) -> Choices:
    """Return the VPCs of the vSwitches as choices, each once."""
    vpcs = {vswitch.vpc.resource_id: vswitch.vpc for vswitch in vswitches}
    named = [(vpc_id, f"{vpc.label} · {vpc.cidr_block}") for vpc_id, vpc in vpcs.items()]
    return [("", empty), *named]


def vswitch_choices(vswitches: Iterable[VSwitch], vpc_id: str, empty: str) -> Choices:
    """Return the vSwitches as choices: those of one VPC, or all of them grouped by VPC."""
    groups: dict[str, list[tuple[str, str]]] = {}
    labels: dict[str, str] = {}
    for vswitch in vswitches:
        owner = vswitch.vpc.resource_id
        if vpc_id in ("", owner):
            labels[owner] = vswitch.vpc.label
            label = f"{vswitch.label} · {vswitch.cidr_block} · {vswitch.zone}"
            groups.setdefault(owner, []).append((vswitch.resource_id, label))
    if vpc_id:
        return [("", empty), *groups.get(vpc_id, [])]
    return [("", empty), *((labels[owner], choices) for owner, choices in groups.items())]


class EditHaVipForm(OperationForm):
    """Name and description: nothing else of a HaVip ever changes by hand."""

    name = _name_field(autofocus=True)
    description = _description_field()


class DeleteHaVipForm(OperationForm):
    """Confirms a deletion; the address is to be typed where the team asks for that."""

    typed_address = forms.CharField(
        required=False,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, address: str, must_type: bool
    ) -> None:
        super().__init__(data)
        self.address = address
        if must_type:
            label = _("Type %(address)s to confirm") % {"address": address}
            self.fields["typed_address"].label = label
        else:
            del self.fields["typed_address"]

    def clean_typed_address(self) -> str:
        """Compare what was typed with the address."""
        typed = str(self.cleaned_data["typed_address"])
        if typed != self.address:
            raise forms.ValidationError(
                _("This is not the address: type %(address)s."),
                code="mismatch",
                params={"address": self.address},
            )
        return typed


class BindForm(OperationForm):
    """What to bind: the kind, and one resource of that kind."""

    kind = forms.ChoiceField(choices=BindingKind.choices, widget=forms.HiddenInput)
    instance_id = forms.CharField(required=False, label=_("ECS instance"))
    interface_id = forms.CharField(required=False, label=_("Network interface"))

    def clean(self) -> dict[str, Any]:
        """Ask for the resource of the chosen kind."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        field = self.resource_field
        if "kind" in cleaned and not cleaned.get(field):
            self.add_error(field, forms.ValidationError(_("Choose what to bind."), code="required"))
        return cleaned

    @property
    def resource_field(self) -> str:
        """The field of the chosen kind."""
        return _RESOURCE_FIELDS.get(str(self["kind"].value()), "instance_id")

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal of the resource at the list that it was chosen from."""
        if refusal.field == "resource_id":
            refusal = refusal.rule.refuse(field=self.resource_field, **refusal.parameters)
        super().refuse(refusal)


_RESOURCE_FIELDS = {
    BindingKind.INSTANCE.value: "instance_id",
    BindingKind.INTERFACE.value: "interface_id",
}


class UnbindForm(OperationForm):
    """Confirms an unbinding; `force` only where that node holds the address now."""

    force = forms.BooleanField(
        required=False, label=_("Interrupt the service: this node holds the address now")
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, holder: bool) -> None:
        super().__init__(data)
        if not holder:
            self.fields["force"].widget = forms.HiddenInput()

    def refuse(self, refusal: Refusal) -> None:
        """Ask for the confirmation where the node took the address over in the meantime."""
        if refusal.field == "force":
            self.fields["force"].widget = forms.CheckboxInput()
        super().refuse(refusal)


class BindEipForm(OperationForm):
    """Which EIP to bind."""

    eip_id = forms.CharField(
        label=_("Elastic IP"), error_messages={"required": _("Choose an EIP.")}
    )


class UnbindEipForm(OperationForm):
    """Confirms that the EIP is unbound; the EIP is the one that the page showed."""

    eip_id = forms.CharField(widget=forms.HiddenInput)

"""The forms of the inventory's pages; field names are the operations' argument names.

Selects offer what there is; what was sent in spite of that is for the operation to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.forms import OperationForm
from console.operations.framework import Outcome
from console.operations.refusal import Refusal
from console.teams.models import Team
from havip.models import NetworkType, Vpc, VSwitch
from havip.regions import Region
from havip.rules import addresses, inventory, naming
from havip.rules.catalogue import all_refusals
from havip.selectors import inventory_choices as choices
from havip.web.forms.tags import TagLinesField, check_lines

Choices = list[tuple[str, Any]]
Checks = list[Callable[[], None]]
# Choosing another value asks for the drawer again with what is filled in so far: what depends on the choice follows.
_FOLLOWED = {
    "hx-trigger": "change",
    "hx-include": "closest form",
    "hx-params": "not csrfmiddlewaretoken,client_token",
    "hx-target": "#overlay",
    "hx-swap": "morph:innerHTML",
    "hx-disabled-elt": "unset",
}


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


class ResourceForm(OperationForm):
    """A form about one resource of a team in a region; it ends with name and description."""

    KIND: ClassVar[str]  # what it creates, in the words of the audit log
    # Where a rule names an argument of another operation: which of this form's fields it is about.
    ALIASES: ClassVar[Mapping[str, str]] = {}
    # The fields that others depend on: `here` is the address that draws the form again.
    FOLLOWED: ClassVar[tuple[str, ...]] = ()

    name = forms.CharField(label=_("Name"), required=False, widget=_text())
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    field_order = ["client_token", "name"]

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        team: Team,
        region: Region,
        initial: Mapping[str, Any] | None = None,
        here: str = "",
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.team, self.region = team, region
        self.offer()
        for name in self.FOLLOWED:
            self.fields[name].widget.attrs.update({**_FOLLOWED, "hx-get": here})

    def offer(self) -> None:
        """Fill the selects."""

    @property
    def arguments(self) -> dict[str, Any]:
        """What goes to the operation, beside the token."""
        return {name: value for name, value in self.cleaned_data.items() if name != "client_token"}

    def attempt(self, act: Callable[..., Outcome], **arguments: Any) -> Outcome | None:
        """Call the operation; on a refusal say at the other fields what is wrong there, too."""
        outcome = super().attempt(act, **arguments)
        first = self.refusal
        if first is not None and first.field:
            for refusal in all_refusals(*self.checks(self.cleaned_data)):
                if self.field_of(refusal) not in self.errors:
                    self.refuse(refusal)
            self.refusal = first
        return outcome

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Return the rules about single fields: what the operation would say next."""
        return [
            lambda: naming.m1_name(values.get("name", ""), self.KIND),
            lambda: naming.m2_description(values.get("description", ""), self.KIND),
        ]

    def field_of(self, refusal: Refusal) -> str:
        """Return the name of the field that a refusal is about, or an empty string."""
        name = self.ALIASES.get(refusal.field, refusal.field)
        return name if name in self.fields else ""

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal at its field, also where the rule knows it by another operation's name."""
        field = self.field_of(refusal)
        super().refuse(refusal.rule.refuse(field=field, **refusal.parameters))

    def chosen(self, name: str) -> str:
        """Return what is chosen now: sent, or filled in from the address."""
        return str(self[name].value() or "")

    def choose(self, name: str, choices: Choices, empty: str) -> None:
        """Offer choices in a select, after an empty one; the only one there is, is chosen."""
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", empty), *choices]
        values = list(_values(choices))
        if len(values) == 1 and not self.is_bound:
            self.initial.setdefault(name, values[0])


class TaggedForm(ResourceForm):
    """What creates a resource that can bear tags."""

    tags = TagLinesField()

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the tags."""
        return [*super().checks(values), lambda: check_lines(values)]


class CreateVpcForm(TaggedForm):
    """A VPC's name and block."""

    KIND = "vpc"
    cidr_block = forms.CharField(
        label=_("CIDR block"),
        initial="192.168.0.0/16",
        help_text=_(
            "A part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, with a mask of /8 to /28. It cannot be changed later."
        ),
        widget=_text(**{"class": "mono"}),
    )
    field_order = ["name", "cidr_block", "description", "tags"]

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the block's form."""
        block = values.get("cidr_block", "")
        return [
            *super().checks(values),
            lambda: addresses.n2_vpc_block(addresses.n1_parse_block(block)),
        ]


class CreateVSwitchForm(TaggedForm):
    """A vSwitch's VPC, zone and block."""

    KIND = "vswitch"
    FOLLOWED = ("vpc_id",)

    vpc_id = forms.CharField(
        label=_("VPC"),
        widget=forms.Select,
        error_messages={"required": _("Choose the VPC that the vSwitch belongs to.")},
    )
    zone = forms.CharField(label=_("Zone"), widget=forms.Select)
    cidr_block = forms.CharField(
        label=_("CIDR block"),
        help_text=_("A part of the VPC's block that no other vSwitch uses, /16 to /29."),
        widget=_text(**{"class": "mono", "placeholder": "192.168.0.0/24"}),
    )
    field_order = ["vpc_id", "zone", "cidr_block", "name", "description", "tags"]

    def offer(self) -> None:
        """VPCs and zones of the region; with a VPC chosen, its next free block."""
        self.vpcs = choices.vpc_choices(self.team, self.region.identifier)
        self.choose(
            "vpc_id",
            [(vpc.resource_id, network_label(vpc)) for vpc in self.vpcs],
            gettext("Choose a VPC"),
        )
        self.fields["zone"].widget.choices = [(zone, zone) for zone in self.region.zones]
        vpc = self.vpc
        if vpc is None:
            return
        self.fields["cidr_block"].help_text = gettext(
            "A part of %(block)s that no other vSwitch uses, /16 to /29."
        ) % {"block": vpc.cidr_block}
        given = str(self.initial.get("cidr_block") or "")
        if not self.is_bound and not choices.block_is_free(vpc, given):
            self.initial["cidr_block"] = choices.suggest_block(vpc)

    @property
    def vpc(self) -> Vpc | None:
        """The VPC that is chosen, where it is one of those offered."""
        chosen = self.chosen("vpc_id")
        return next((vpc for vpc in self.vpcs if vpc.resource_id == chosen), None)

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the block's form and place."""
        block, vpc = values.get("cidr_block", ""), self.vpc

        def placed() -> None:
            network = addresses.n1_parse_block(block)
            if vpc is not None:
                addresses.n3_vswitch_block(network, vpc)

        return [*super().checks(values), placed]


class _PlacedForm(ResourceForm):
    """What stands in a vSwitch with a private IP."""

    ALIASES = {"ip_address": "private_ip"}

    vswitch_id = forms.CharField(
        label=_("vSwitch"),
        widget=forms.Select,
        error_messages={"required": _("Choose the vSwitch that it stands in.")},
    )
    private_ip = forms.CharField(
        label=_("Private IP"),
        required=False,
        help_text=_("Empty: the lowest free address of the vSwitch is taken."),
        widget=_text(**{"class": "mono", "inputmode": "decimal"}),
    )
    field_order = ["vswitch_id", "private_ip", "name", "description"]

    def offer(self) -> None:
        """The available vSwitches of the region, by VPC."""
        self.vswitches = choices.vswitch_choices(self.team, self.region.identifier, available=True)
        self.choose("vswitch_id", grouped_vswitches(self.vswitches), gettext("Choose a vSwitch"))

    @property
    def vswitch(self) -> VSwitch | None:
        """The vSwitch that is chosen, where it is one of those offered."""
        chosen = self.chosen("vswitch_id")
        return next((each for each in self.vswitches if each.resource_id == chosen), None)

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the address's form and place."""
        text, vswitch = values.get("private_ip", ""), self.vswitch

        def placed() -> None:
            if not text or vswitch is None:
                return
            address = addresses.c5_parse_address(text)
            addresses.c5_inside_block(address, vswitch.network)
            addresses.c6_not_reserved(address, vswitch.network)

        return [*super().checks(values), placed]


class CreateInstanceForm(TaggedForm, _PlacedForm):
    """An instance's network type and, in a VPC, its vSwitch and address."""

    KIND = "instance"
    FOLLOWED = ("network_type",)

    network_type = forms.ChoiceField(
        label=_("Network type"),
        choices=NetworkType.choices,
        initial=NetworkType.VPC,
        widget=forms.RadioSelect,
        help_text=_("Only instances of network type VPC can be bound to a HaVip."),
    )
    field_order = ["network_type", "vswitch_id", "private_ip", "name", "description", "tags"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.chosen("network_type") != NetworkType.CLASSIC:
            return
        if self.is_bound:
            self.fields["vswitch_id"].required = False
        else:
            del self.fields["vswitch_id"], self.fields["private_ip"]


class CreateInterfaceForm(_PlacedForm):
    """A secondary network interface's vSwitch and address."""

    KIND = "interface"


class CreateRouteForm(ResourceForm):
    """A route entry's VPC, destination and next hop."""

    KIND = "route"
    FOLLOWED = ("vpc_id",)

    vpc_id = forms.CharField(
        label=_("VPC"),
        widget=forms.Select,
        error_messages={"required": _("Choose the VPC whose route table gets the entry.")},
    )
    destination_cidr_block = forms.CharField(
        label=_("Destination CIDR block"),
        help_text=_("Packets to this block go to the next hop; not a vSwitch's own block."),
        widget=_text(**{"class": "mono", "placeholder": "10.8.0.0/16"}),
    )
    havip_id = forms.CharField(
        label=_("Next hop (HaVip)"),
        widget=forms.Select,
        error_messages={"required": _("Choose the HaVip that the packets go to.")},
    )
    field_order = ["vpc_id", "destination_cidr_block", "havip_id", "name", "description"]

    def offer(self) -> None:
        """VPCs of the region, and the HaVips of the chosen one."""
        where = self.region.identifier
        vpcs = choices.vpc_choices(self.team, where)
        self.choose(
            "vpc_id",
            [(vpc.resource_id, network_label(vpc)) for vpc in vpcs],
            gettext("Choose a VPC"),
        )
        hops = choices.next_hop_choices(self.team, where, self.chosen("vpc_id"))
        self.choose(
            "havip_id",
            [(hop.havip.resource_id, hop.havip.label) for hop in hops if hop.refusal is None],
            gettext("Choose a HaVip") if hops else gettext("This VPC has no HaVip yet"),
        )

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the destination's form."""
        text = values.get("destination_cidr_block", "")
        return [
            *super().checks(values),
            lambda: _discard(addresses.n1_parse_block(text, field="destination_cidr_block")),
        ]


class AllocateEipForm(TaggedForm):
    """An EIP's name and bandwidth."""

    KIND = "eip"
    bandwidth_mbps = forms.IntegerField(
        label=_("Bandwidth (Mbit/s)"),
        initial=5,
        help_text=format_lazy(_("1 to {maximum}."), maximum=inventory.MAXIMUM_BANDWIDTH_MBPS),
        widget=forms.NumberInput(attrs={"min": 1, "max": inventory.MAXIMUM_BANDWIDTH_MBPS}),
    )
    field_order = ["name", "bandwidth_mbps", "description", "tags"]

    def checks(self, values: Mapping[str, Any]) -> Checks:
        """Add the bandwidth."""
        return [
            *super().checks(values),
            lambda: inventory.p2_bandwidth(int(values.get("bandwidth_mbps") or 0)),
        ]


class EditForm(OperationForm):
    """Name and description, where nothing else can change."""

    name = forms.CharField(label=_("Name"), required=False, widget=_text())
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class AttachForm(OperationForm):
    """The instance that a network interface is attached to."""

    instance_id = forms.CharField(
        label=_("Instance"), error_messages={"required": _("Choose an instance.")}
    )


def network_label(network: Vpc | VSwitch) -> str:
    """Return how a select names a VPC or vSwitch: name, then block."""
    return f"{network.label} · {network.cidr_block}"


def grouped_vswitches(vswitches: Iterable[VSwitch]) -> Choices:
    """Return vSwitches as choices of a select, in a group for each VPC."""
    groups = groupby(vswitches, key=lambda vswitch: vswitch.vpc)
    return [
        (
            network_label(vpc),
            [(each.resource_id, f"{network_label(each)} · {each.zone}") for each in members],
        )
        for vpc, members in groups
    ]


def _values(choices: Choices) -> Iterator[str]:
    """Yield what can be chosen, in groups or not."""
    for value, label in choices:
        if isinstance(label, list):
            yield from _values(label)
        else:
            yield value


def _discard(_value: object) -> None:
    """Make a check of a rule that returns something."""

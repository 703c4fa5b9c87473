"""HaVips, what is bound to them, and what they are told."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from havip.keepalived.checker import SIZE_LIMIT
from havip.keepalived.problems import Severity
from havip.models import BindingKind, BindingState, EipStatus, HaVipStatus
from havip.rest.serializers.answers import (
    Answer,
    Refused,
    Tagged,
    address,
    capabilities,
    changed,
    identifier,
    moment,
    nullable_identifier,
    nullable_moment,
    nullable_text,
    page_of,
)
from havip.rest.serializers.fields import (
    Body,
    Text,
    Truth,
    address_field,
    description_field,
    identifier_field,
    name_field,
    tags_field,
)

_NODE = {"pattern": "^(?:i|eni)-[0-9a-z]{20}$"}
KINDS = [("instance", "instance"), ("interface", "interface")]
KIND_NAMES = {BindingKind.INSTANCE: "instance", BindingKind.INTERFACE: "interface"}


class CreateHaVip(Body):
    """A HaVip to create."""

    vswitch_id = identifier_field("vsw", help_text=_("The vSwitch that it belongs to."))
    vpc_id = identifier_field(
        "vpc", required=False, help_text=_("Without it, the VPC is the vSwitch's.")
    )
    ip_address = address_field()
    name = name_field()
    description = description_field()
    tags = tags_field(required=False)


class ChangeNames(Body):
    """What can be changed: a member that is left out stays as it is."""

    name = name_field()
    description = description_field()


class BindInstance(Body):
    """An instance to bind."""

    instance_id = identifier_field("i")


class BindInterface(Body):
    """A network interface to bind."""

    interface_id = identifier_field("eni")


class UnbindInstance(Body):
    """An instance to unbind."""

    instance_id = identifier_field("i")
    force = Truth(default=False, help_text=_("Confirms that it may hold the address now."))


class UnbindInterface(Body):
    """A network interface to unbind."""

    interface_id = identifier_field("eni")
    force = Truth(default=False, help_text=_("Confirms that it may hold the address now."))


class BindEip(Body):
    """An EIP to bind or to unbind."""

    eip_id = identifier_field("eip")


class Binding(Answer):
    """One bound resource."""

    slot = serializers.IntegerField(min_value=1, max_value=10)
    role = serializers.ChoiceField(
        choices=["primary", "standby"], help_text=_("As configured; slot 1 is the primary.")
    )
    kind = serializers.ChoiceField(choices=KINDS)
    resource_id = Text(schema=_NODE)
    resource_name = serializers.CharField(allow_blank=True)
    instance_id = nullable_identifier(
        "i", help_text=_("The node: the instance, or the one that the interface is attached to.")
    )
    state = serializers.ChoiceField(choices=BindingState.choices)
    holds_address = serializers.BooleanField(
        help_text=_("Whether it was seen announcing the address.")
    )


class BoundEip(Answer):
    """The EIP of a HaVip."""

    id = identifier("eip")
    ip_address = address()
    status = serializers.ChoiceField(choices=EipStatus.choices)


class HaVip(Tagged):
    """A floating private address."""

    id = identifier("havip")
    status = serializers.ChoiceField(choices=HaVipStatus.choices)
    ip_address = address()
    vpc_id = identifier("vpc")
    vswitch_id = identifier("vsw")
    bindings = Binding(many=True)
    eip = BoundEip(allow_null=True)
    route_count = serializers.IntegerField(min_value=0)
    holder_id = Text(
        schema={"type": ["string", "null"], **_NODE},
        help_text=_("The bound resource that announces the address."),
    )
    holder_since = nullable_moment()
    capabilities = capabilities(
        "HaVip",
        "modify",
        "delete",
        "bind",
        "unbind",
        "bind_eip",
        "unbind_eip",
    )


HaVipPage = page_of(HaVip, gettext_noop("One page of HaVips."))
HaVipWithJob = changed(HaVip)


class Candidate(Answer):
    """Something that could be bound, and why it cannot be chosen now."""

    id = Text(schema={"pattern": "^(?:i|eni|eip)-[0-9a-z]{20}$"})
    kind = serializers.ChoiceField(choices=["instance", "interface", "eip"])
    name = serializers.CharField(allow_blank=True)
    ip_address = nullable_text()
    allowed = serializers.BooleanField()
    refusals = Refused(many=True)


class Candidates(Answer):
    """What could be bound, those that can be chosen first."""

    items = Candidate(many=True)


class Alert(Answer):
    """Something wrong in the network."""

    kind = serializers.CharField()
    message = serializers.CharField()
    since = moment()


class HolderInterval(Answer):
    """A stretch of time in which one resource held the address, or none."""

    holder_id = Text(schema={"type": ["string", "null"], **_NODE})
    holder_name = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    since = moment()
    until = nullable_moment()


class Holders(Answer):
    """Who holds the address, who held it, and what is wrong."""

    observed = serializers.BooleanField(
        help_text=_("Whether the region's fabric sees who announces an address.")
    )
    holder_id = Text(schema={"type": ["string", "null"], **_NODE})
    holder_since = nullable_moment()
    observed_at = nullable_moment()
    alerts = Alert(many=True)
    intervals = HolderInterval(many=True, help_text=_("The newest 50, the newest first."))


class NodeConfiguration(Answer):
    """The keepalived file of one node."""

    instance_id = identifier("i")
    name = serializers.CharField()
    file_name = serializers.CharField()
    havip_ids = serializers.ListField(child=identifier("havip"))
    url = Text(schema={"format": "uri-reference"}, help_text=_("Where the file itself is."))


class NodeConfigurations(Answer):
    """The files of the nodes of a HaVip."""

    profile = serializers.CharField(help_text=_("The VPC's timers."))
    items = NodeConfiguration(many=True)


class CheckConfiguration(Body):
    """A keepalived file, and whose it is."""

    text = Text(
        max_length=SIZE_LIMIT, schema={"minLength": 1, "maxLength": SIZE_LIMIT}, allow_blank=False
    )
    havip_id = identifier_field(
        "havip", required=False, help_text=_("With instance_id: compare it with what is bound.")
    )
    instance_id = identifier_field("i", required=False, help_text=_("The node whose file it is."))


class ConfigurationFinding(Answer):
    """Something wrong with a file."""

    line = serializers.IntegerField(min_value=0)
    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=[each.value for each in Severity])
    message = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)


class ConfigurationFindings(Answer):
    """What is wrong with a file, in the order of its lines."""

    compared = serializers.BooleanField(
        help_text=_("Whether it was compared with what is bound to the HaVip.")
    )
    errors = serializers.IntegerField(min_value=0)  # type: ignore[assignment]
    warnings = serializers.IntegerField(min_value=0)
    items = ConfigurationFinding(many=True)

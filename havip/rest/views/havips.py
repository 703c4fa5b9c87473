"""HaVips: reading, creating, changing, deleting, and binding."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.fabric.directory import fabric_for
from havip.fabric.linux.alerts import alerts
from havip.fabric.linux.holders import timeline
from havip.models import BindingKind
from havip.operations import (
    bind_eip,
    bind_instance,
    bind_interface,
    create_havip,
    delete_havip,
    modify_havip,
    unbind_eip,
    unbind_instance,
    unbind_interface,
)
from havip.rest import showing
from havip.rest.acting import RESOURCE, Acting
from havip.rest.documented import Parameter, documented
from havip.rest.endpoint import Endpoint
from havip.rest.problems import wrong_parameter
from havip.rest.resources import HAVIPS
from havip.rest.serializers import havips as shapes
from havip.selectors.havips import binding_choices, eip_choices

_TAG = _("HaVips")
_BY_JOB = {200: shapes.HaVipWithJob, 202: shapes.HaVipWithJob}
_CHANGES = {"writes": True, "waits": True, "conditional": True}


class HaVips(Acting):
    """The HaVips of a region."""

    @documented("listHaVips", _TAG, {200: shapes.HaVipPage}, listing=HAVIPS.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the HaVips of a region."""
        return self.shown(HAVIPS.page(request, self.principal, region))

    @documented(
        "createHaVip",
        _TAG,
        {201: shapes.HaVipWithJob, 202: shapes.HaVipWithJob},
        body=shapes.CreateHaVip,
        writes=True,
        waits=True,
        refusals=(410,),
        example={"vswitch_id": "vsw-" + "0" * 20, "ip_address": "192.168.0.88", "name": "web"},
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create a HaVip.

        It is Creating until its job has told the network, then Available.
        """
        return self.change(create_havip, HAVIPS, region, creates=True, **self.body())


class HaVip(Acting):
    """One HaVip."""

    @documented("getHaVip", _TAG, {200: shapes.HaVip})
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """Show a HaVip."""
        return self.shown(HAVIPS.one(self.principal, region, havip_id))

    @documented(
        "modifyHaVip",
        _TAG,
        {200: shapes.HaVip},
        body=shapes.ChangeNames,
        writes=True,
        conditional=True,
        refusals=(410,),
        example={"name": "web"},
    )
    def patch(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Change a HaVip's name or description."""
        return self.change(modify_havip, HAVIPS, region, havip_id, havip_id=havip_id, **self.body())

    @documented("deleteHaVip", _TAG, {202: shapes.HaVipWithJob, 204: None}, **_CHANGES)
    def delete(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Delete a HaVip.

        Nothing may be bound to it, and no route entry may point at it.
        """
        return self.change(delete_havip, HAVIPS, region, havip_id, havip_id=havip_id)


class HaVipInstance(Acting):
    """Binding an instance."""

    @documented(
        "bindInstance", _TAG, _BY_JOB, body=shapes.BindInstance, refusals=(410,), **_CHANGES
    )
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Bind an instance to a HaVip."""
        names = {RESOURCE: "instance_id"}
        return self.change(
            bind_instance, HAVIPS, region, havip_id, names=names, havip_id=havip_id, **self.body()
        )


class HaVipInstanceOff(Acting):
    """Unbinding an instance."""

    @documented(
        "unbindInstance", _TAG, _BY_JOB, body=shapes.UnbindInstance, refusals=(410,), **_CHANGES
    )
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Unbind an instance from a HaVip."""
        names = {RESOURCE: "instance_id"}
        return self.change(
            unbind_instance, HAVIPS, region, havip_id, names=names, havip_id=havip_id, **self.body()
        )


class HaVipInterface(Acting):
    """Binding a network interface."""

    @documented(
        "bindInterface", _TAG, _BY_JOB, body=shapes.BindInterface, refusals=(410,), **_CHANGES
    )
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Bind a network interface to a HaVip."""
        names = {RESOURCE: "interface_id"}
        return self.change(
            bind_interface, HAVIPS, region, havip_id, names=names, havip_id=havip_id, **self.body()
        )


class HaVipInterfaceOff(Acting):
    """Unbinding a network interface."""

    @documented(
        "unbindInterface", _TAG, _BY_JOB, body=shapes.UnbindInterface, refusals=(410,), **_CHANGES
    )
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Unbind a network interface from a HaVip."""
        names = {RESOURCE: "interface_id"}
        return self.change(
            unbind_interface,
            HAVIPS,
            region,
            havip_id,
            names=names,
            havip_id=havip_id,
            **self.body(),
        )


class HaVipEip(Acting):
    """Binding an EIP."""

    @documented("bindEip", _TAG, _BY_JOB, body=shapes.BindEip, refusals=(410,), **_CHANGES)
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Bind an EIP to a HaVip."""
        return self.change(bind_eip, HAVIPS, region, havip_id, havip_id=havip_id, **self.body())


class HaVipEipOff(Acting):
    """Unbinding an EIP."""

    @documented("unbindEip", _TAG, _BY_JOB, body=shapes.BindEip, refusals=(410,), **_CHANGES)
    def post(self, request: Request, region: str, havip_id: str) -> HttpResponseBase:
        """Unbind the EIP from a HaVip."""
        return self.change(unbind_eip, HAVIPS, region, havip_id, havip_id=havip_id, **self.body())


_CHOICES = ("instance", "interface", "eip")


class HaVipCandidates(Endpoint):
    """What could be bound."""

    @documented(
        "listCandidates",
        _TAG,
        {200: shapes.Candidates},
        parameters=(Parameter("kind", {"type": "string", "enum": list(_CHOICES)}, required=True),),
    )
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """List what could be bound to a HaVip, and why each cannot be chosen now.

        At most 200 of a kind, those in the HaVip's vSwitch first.
        """
        havip = HAVIPS.record(self.principal, region, havip_id)
        kind = request.query_params["kind"]
        if kind not in _CHOICES:
            raise wrong_parameter("kind", str(_("It must be one of: %s.")) % ", ".join(_CHOICES))
        if kind == "eip":
            choices = eip_choices(havip)
        else:
            wanted = BindingKind.INSTANCE if kind == "instance" else BindingKind.INTERFACE
            choices = binding_choices(havip, wanted)
        return self.shown(showing.candidates(choices))


class HaVipHolders(Endpoint):
    """Who holds the address."""

    @documented("getHolders", _TAG, {200: shapes.Holders})
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """Show who holds a HaVip's address, who held it, and what is wrong."""
        havip = HAVIPS.record(self.principal, region, havip_id)
        found = showing.holders(
            havip,
            timeline(havip).rows,
            alerts(havip).shown,
            observed=fabric_for(havip.region).announces,
        )
        return self.shown(found)

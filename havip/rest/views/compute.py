"""Instances, network interfaces and EIPs."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.operations import (
    allocate_eip,
    attach_interface,
    create_instance,
    create_interface,
    delete_instance,
    delete_interface,
    detach_interface,
    modify_eip,
    release_eip,
    start_instance,
    stop_instance,
)
from havip.rest.acting import Acting
from havip.rest.documented import documented
from havip.rest.resources import EIPS, INSTANCES, INTERFACES
from havip.rest.serializers import inventory as shapes
from havip.rest.serializers.havips import ChangeNames

_INSTANCES, _INTERFACES, _EIPS = _("Instances"), _("Network interfaces"), _("EIPs")
_MAKES = {"writes": True, "waits": True, "refusals": (410,)}
_CHANGES = {"writes": True, "waits": True, "conditional": True}
_INSTANCE_BY_JOB = {200: shapes.InstanceWithJob, 202: shapes.InstanceWithJob}
_INTERFACE_BY_JOB = {200: shapes.InterfaceWithJob, 202: shapes.InterfaceWithJob}


class Instances(Acting):
    """The instances of a region."""

    @documented("listInstances", _INSTANCES, {200: shapes.InstancePage}, listing=INSTANCES.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the instances of a region."""
        return self.shown(INSTANCES.page(request, self.principal, region))

    @documented(
        "createInstance",
        _INSTANCES,
        {201: shapes.InstanceWithJob, 202: shapes.InstanceWithJob},
        body=shapes.CreateInstance,
        example={"vswitch_id": "vsw-" + "0" * 20, "name": "ecs1"},
        **_MAKES,
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create an instance with its primary network interface."""
        names = {"ip_address": "private_ip"}
        return self.change(
            create_instance, INSTANCES, region, creates=True, names=names, **self.body()
        )


class Instance(Acting):
    """One instance."""

    @documented("getInstance", _INSTANCES, {200: shapes.Instance})
    def get(self, request: Request, region: str, instance_id: str) -> Response:
        """Show an instance."""
        return self.shown(INSTANCES.one(self.principal, region, instance_id))

    @documented("deleteInstance", _INSTANCES, {202: shapes.InstanceWithJob, 204: None}, **_CHANGES)
    def delete(self, request: Request, region: str, instance_id: str) -> HttpResponseBase:
        """Delete an instance with its primary network interface and their bindings."""
        return self.change(delete_instance, INSTANCES, region, instance_id, instance_id=instance_id)


class InstanceStart(Acting):
    """Starting an instance."""

    @documented("startInstance", _INSTANCES, _INSTANCE_BY_JOB, refusals=(410,), **_CHANGES)
    def post(self, request: Request, region: str, instance_id: str) -> HttpResponseBase:
        """Start a stopped instance."""
        return self.change(start_instance, INSTANCES, region, instance_id, instance_id=instance_id)


class InstanceStop(Acting):
    """Stopping an instance."""

    @documented("stopInstance", _INSTANCES, _INSTANCE_BY_JOB, refusals=(410,), **_CHANGES)
    def post(self, request: Request, region: str, instance_id: str) -> HttpResponseBase:
        """Stop a running instance; its bindings stay."""
        return self.change(stop_instance, INSTANCES, region, instance_id, instance_id=instance_id)


class Interfaces(Acting):
    """The network interfaces of a region."""

    @documented(
        "listInterfaces", _INTERFACES, {200: shapes.InterfacePage}, listing=INTERFACES.listing
    )
    def get(self, request: Request, region: str) -> Response:
        """List the network interfaces of a region."""
        return self.shown(INTERFACES.page(request, self.principal, region))

    @documented(
        "createInterface",
        _INTERFACES,
        {201: shapes.InterfaceWithJob, 202: shapes.InterfaceWithJob},
        body=shapes.CreateInterface,
        example={"vswitch_id": "vsw-" + "0" * 20},
        **_MAKES,
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create a secondary network interface."""
        names = {"ip_address": "private_ip"}
        return self.change(
            create_interface, INTERFACES, region, creates=True, names=names, **self.body()
        )


class Interface(Acting):
    """One network interface."""

    @documented("getInterface", _INTERFACES, {200: shapes.NetworkInterface})
    def get(self, request: Request, region: str, interface_id: str) -> Response:
        """Show a network interface."""
        return self.shown(INTERFACES.one(self.principal, region, interface_id))

    @documented(
        "deleteInterface", _INTERFACES, {202: shapes.InterfaceWithJob, 204: None}, **_CHANGES
    )
    def delete(self, request: Request, region: str, interface_id: str) -> HttpResponseBase:
        """Delete a secondary network interface with its bindings."""
        return self.change(
            delete_interface, INTERFACES, region, interface_id, interface_id=interface_id
        )


class InterfaceAttach(Acting):
    """Attaching a network interface."""

    @documented(
        "attachInterface",
        _INTERFACES,
        _INTERFACE_BY_JOB,
        body=shapes.AttachInterface,
        refusals=(410,),
        **_CHANGES,
    )
    def post(self, request: Request, region: str, interface_id: str) -> HttpResponseBase:
        """Attach a secondary network interface to an instance of its VPC."""
        return self.change(
            attach_interface,
            INTERFACES,
            region,
            interface_id,
            interface_id=interface_id,
            **self.body(),
        )


class InterfaceDetach(Acting):
    """Detaching a network interface."""

    @documented(
        "detachInterface",
        _INTERFACES,
        _INTERFACE_BY_JOB,
        body=shapes.DetachInterface,
        refusals=(410,),
        **_CHANGES,
    )
    def post(self, request: Request, region: str, interface_id: str) -> HttpResponseBase:
        """Detach a secondary network interface from its instance; its bindings stay."""
        return self.change(
            detach_interface,
            INTERFACES,
            region,
            interface_id,
            interface_id=interface_id,
            **self.body(),
        )


class Eips(Acting):
    """The EIPs of a region."""

    @documented("listEips", _EIPS, {200: shapes.EipPage}, listing=EIPS.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the EIPs of a region."""
        return self.shown(EIPS.page(request, self.principal, region))

    @documented(
        "allocateEip",
        _EIPS,
        {201: shapes.Eip},
        body=shapes.AllocateEip,
        writes=True,
        refusals=(410,),
        example={"bandwidth_mbps": 5, "name": "entrance"},
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Allocate an EIP from the pool."""
        return self.change(allocate_eip, EIPS, region, creates=True, **self.body())


class Eip(Acting):
    """One EIP."""

    @documented("getEip", _EIPS, {200: shapes.Eip})
    def get(self, request: Request, region: str, eip_id: str) -> Response:
        """Show an EIP."""
        return self.shown(EIPS.one(self.principal, region, eip_id))

    @documented(
        "modifyEip",
        _EIPS,
        {200: shapes.Eip},
        body=ChangeNames,
        writes=True,
        conditional=True,
        refusals=(410,),
    )
    def patch(self, request: Request, region: str, eip_id: str) -> HttpResponseBase:
        """Change an EIP's name or description."""
        return self.change(modify_eip, EIPS, region, eip_id, eip_id=eip_id, **self.body())

    @documented("releaseEip", _EIPS, {204: None}, writes=True, conditional=True)
    def delete(self, request: Request, region: str, eip_id: str) -> HttpResponseBase:
        """Release an EIP that is not bound."""
        self.perform(
            release_eip,
            look=lambda: EIPS.look(self.principal, region, eip_id),
            region=region,
            eip_id=eip_id,
        )
        return Response(status=HTTPStatus.NO_CONTENT)

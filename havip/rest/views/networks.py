"""VPCs with their timers, vSwitches with their addresses, and route entries."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.keepalived import PROFILES
from havip.models import VSwitch as VSwitchRecord
from havip.operations import (
    choose_timers,
    create_route,
    create_vpc,
    create_vswitch,
    delete_route,
    delete_vpc,
    delete_vswitch,
)
from havip.rest import showing
from havip.rest.acting import Acting
from havip.rest.documented import Parameter, documented
from havip.rest.endpoint import Endpoint
from havip.rest.resources import ROUTES, VPCS, VSWITCHES
from havip.rest.serializers import inventory as shapes
from havip.rest.serializers.fields import IPV4_PATTERN
from havip.rest.showing_inventory import timers
from havip.rules.addresses import c5_parse_address
from havip.rules.catalogue import first_refusal
from havip.selectors.addresses import check_address, free_count, lowest_free, owner_of
from havip.selectors.configurations import Configurations

_VPCS, _VSWITCHES, _ROUTES = _("VPCs"), _("vSwitches"), _("Route entries")
_MAKES = {"writes": True, "waits": True, "refusals": (410,)}
_CHANGES = {"writes": True, "waits": True, "conditional": True}


class Vpcs(Acting):
    """The VPCs of a region."""

    @documented("listVpcs", _VPCS, {200: shapes.VpcPage}, listing=VPCS.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the VPCs of a region."""
        return self.shown(VPCS.page(request, self.principal, region))

    @documented(
        "createVpc",
        _VPCS,
        {201: shapes.VpcWithJob, 202: shapes.VpcWithJob},
        body=shapes.CreateVpc,
        example={"cidr_block": "192.168.0.0/16", "name": "production"},
        **_MAKES,
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create a VPC."""
        return self.change(create_vpc, VPCS, region, creates=True, **self.body())


class Vpc(Acting):
    """One VPC."""

    @documented("getVpc", _VPCS, {200: shapes.Vpc})
    def get(self, request: Request, region: str, vpc_id: str) -> Response:
        """Show a VPC."""
        return self.shown(VPCS.one(self.principal, region, vpc_id))

    @documented("deleteVpc", _VPCS, {202: shapes.VpcWithJob, 204: None}, **_CHANGES)
    def delete(self, request: Request, region: str, vpc_id: str) -> HttpResponseBase:
        """Delete a VPC that is empty."""
        return self.change(delete_vpc, VPCS, region, vpc_id, vpc_id=vpc_id)


class VpcTimers(Acting):
    """The timers of the nodes of a VPC."""

    @documented("getTimers", _VPCS, {200: shapes.Timers})
    def get(self, request: Request, region: str, vpc_id: str) -> Response:
        """Show the timer profile of the nodes of a VPC."""
        vpc = VPCS.record(self.principal, region, vpc_id)
        return self.shown(timers(Configurations(vpc).profile))

    @documented(
        "chooseTimers",
        _VPCS,
        {200: shapes.VpcWithJob, 202: shapes.VpcWithJob},
        body=shapes.ChooseTimers,
        refusals=(410,),
        example={"profile": max(PROFILES)},
        **_CHANGES,
    )
    def put(self, request: Request, region: str, vpc_id: str) -> HttpResponseBase:
        """Choose the timer profile of the nodes of a VPC."""
        return self.change(choose_timers, VPCS, region, vpc_id, vpc_id=vpc_id, **self.body())


class VSwitches(Acting):
    """The vSwitches of a region."""

    @documented("listVSwitches", _VSWITCHES, {200: shapes.VSwitchPage}, listing=VSWITCHES.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the vSwitches of a region."""
        return self.shown(VSWITCHES.page(request, self.principal, region))

    @documented(
        "createVSwitch",
        _VSWITCHES,
        {201: shapes.VSwitchWithJob, 202: shapes.VSwitchWithJob},
        body=shapes.CreateVSwitch,
        example={"vpc_id": "vpc-" + "0" * 20, "cidr_block": "192.168.0.0/24"},
        **_MAKES,
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create a vSwitch in a VPC."""
        return self.change(create_vswitch, VSWITCHES, region, creates=True, **self.body())


class VSwitch(Acting):
    """One vSwitch."""

    @documented("getVSwitch", _VSWITCHES, {200: shapes.VSwitch})
    def get(self, request: Request, region: str, vswitch_id: str) -> Response:
        """Show a vSwitch."""
        return self.shown(VSWITCHES.one(self.principal, region, vswitch_id))

    @documented("deleteVSwitch", _VSWITCHES, {202: shapes.VSwitchWithJob, 204: None}, **_CHANGES)
    def delete(self, request: Request, region: str, vswitch_id: str) -> HttpResponseBase:
        """Delete a vSwitch that is empty."""
        return self.change(delete_vswitch, VSWITCHES, region, vswitch_id, vswitch_id=vswitch_id)


class NextAddress(Endpoint):
    """The lowest free address."""

    @documented("getNextAddress", _VSWITCHES, {200: shapes.NextAddress}, refusals=(400,))
    def get(self, request: Request, region: str, vswitch_id: str) -> Response:
        """Show the lowest free address of a vSwitch.

        Nothing is reserved: who creates without an address gets the one that is lowest then.
        """
        vswitch = VSWITCHES.record(self.principal, region, vswitch_id)
        content = {
            "ip_address": str(lowest_free(vswitch)),
            "available_address_count": free_count(vswitch),
        }
        return self.shown(content)


class AddressCheck(Endpoint):
    """Whether an address can be taken."""

    @documented(
        "checkAddress",
        _VSWITCHES,
        {200: shapes.AddressCheck},
        parameters=(
            Parameter(
                "ip_address",
                {"type": "string", "format": "ipv4", "pattern": IPV4_PATTERN},
                required=True,
            ),
        ),
    )
    def get(self, request: Request, region: str, vswitch_id: str) -> Response:
        """Say whether an address of a vSwitch can be taken, and if not, why not."""
        vswitch = VSWITCHES.record(self.principal, region, vswitch_id)
        text = request.query_params["ip_address"]
        address = c5_parse_address(text)
        return self.shown(_checked(vswitch, str(address), owner_of(vswitch, address)))


def _checked(vswitch: VSwitchRecord, text: str, owner: str | None) -> showing.Shown:
    refusal = first_refusal(lambda: check_address(vswitch, text))
    can = showing.capability(refusal)
    return {
        "ip_address": text,
        "available": can["allowed"],
        "owner": owner,
        "refusals": can["refusals"],
    }


class Routes(Acting):
    """The route entries of a region."""

    @documented("listRouteEntries", _ROUTES, {200: shapes.RoutePage}, listing=ROUTES.listing)
    def get(self, request: Request, region: str) -> Response:
        """List the route entries of a region whose next hop is a HaVip."""
        return self.shown(ROUTES.page(request, self.principal, region))

    @documented(
        "createRouteEntry",
        _ROUTES,
        {201: shapes.RouteWithJob, 202: shapes.RouteWithJob},
        body=shapes.CreateRoute,
        example={
            "vpc_id": "vpc-" + "0" * 20,
            "destination_cidr_block": "10.0.0.0/8",
            "havip_id": "havip-" + "0" * 20,
        },
        **_MAKES,
    )
    def post(self, request: Request, region: str) -> HttpResponseBase:
        """Create a route entry whose next hop is a HaVip."""
        return self.change(create_route, ROUTES, region, creates=True, **self.body())


class Route(Acting):
    """One route entry."""

    @documented("getRouteEntry", _ROUTES, {200: shapes.RouteEntry})
    def get(self, request: Request, region: str, route_id: str) -> Response:
        """Show a route entry."""
        return self.shown(ROUTES.one(self.principal, region, route_id))

    @documented("deleteRouteEntry", _ROUTES, {202: shapes.RouteWithJob, 204: None}, **_CHANGES)
    def delete(self, request: Request, region: str, route_id: str) -> HttpResponseBase:
        """Delete a route entry."""
        return self.change(delete_route, ROUTES, region, route_id, route_id=route_id)

"""The keepalived file of each node of a HaVip."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from console.teams.roles import Permission
from havip.rest.documented import documented
from havip.rest.endpoint import AnyAccept, Endpoint
from havip.rest.problems import Problem
from havip.rest.resources import HAVIPS
from havip.rest.serializers import havips as shapes
from havip.selectors.configurations import Configurations

_TAG = "Node configurations"


class NodeConfigurations(Endpoint):
    """The files of the nodes of a HaVip."""

    @documented("listNodeConfigurations", _TAG, {200: shapes.NodeConfigurations})
    def get(self, request: Request, region: str, havip_id: str) -> Response:
        """List the nodes of a HaVip with where each one's keepalived file is."""
        havip = HAVIPS.record(self.principal, region, havip_id)
        found = Configurations(havip.vpc)
        files = [found.file_of(node) for node in found.nodes_of(havip_id)]
        items = [
            {
                "instance_id": file.instance_id,
                "name": file.name,
                "file_name": file.file_name,
                "havip_ids": list(file.havip_ids),
                "url": reverse(
                    "rest:node-configuration", args=[region, havip_id, file.instance_id]
                ),
            }
            for file in files
            if file is not None
        ]
        return self.shown({"profile": found.profile.name, "items": items})


class NodeConfiguration(Endpoint):
    """The file of one node."""

    content_negotiation_class = AnyAccept

    @documented(
        "getNodeConfiguration",
        _TAG,
        {200: None},
        needs=Permission.OPERATE,
        media={200: ("text/plain",)},
    )
    def get(self, request: Request, region: str, havip_id: str, instance_id: str) -> HttpResponse:
        """Send the keepalived file of a node of a HaVip, with its passwords: only for those who may operate."""
        havip = HAVIPS.record(self.principal, region, havip_id)
        found = Configurations(havip.vpc)
        file = found.file_of(instance_id) if instance_id in found.nodes_of(havip_id) else None
        if file is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, "NotFound", _("There is no file for this node of the HaVip.")
            )
        response = HttpResponse(file.text, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file.file_name}"'
        response["Cache-Control"] = "no-store"
        return response

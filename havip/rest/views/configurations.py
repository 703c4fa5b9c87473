"""The keepalived file of each node of a HaVip."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from console.teams.roles import Permission
from havip.keepalived import check
from havip.keepalived.problems import Severity
from havip.operations.finding import the_region
from havip.rest.documented import documented
from havip.rest.endpoint import AnyAccept, Endpoint
from havip.rest.problems import Problem
from havip.rest.resources import HAVIPS
from havip.rest.serializers import havips as shapes
from havip.selectors.configurations import Configurations, NodeFile

_TAG = gettext_lazy("Node configurations")


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
        file = _file(Configurations(havip.vpc), havip_id, instance_id)
        response = HttpResponse(file.text, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file.file_name}"'
        response["Cache-Control"] = "no-store"
        return response


def _file(found: Configurations, havip_id: str, instance_id: str) -> NodeFile:
    """Return the file of a node of the HaVip. Raises Problem."""
    file = found.file_of(instance_id) if instance_id in found.nodes_of(havip_id) else None
    if file is None:
        raise Problem(
            HTTPStatus.NOT_FOUND, "NotFound", _("There is no file for this node of the HaVip.")
        )
    return file


class ConfigurationCheck(Endpoint):
    """Checking a file that somebody has."""

    @documented(
        "checkConfiguration",
        _TAG,
        {200: shapes.ConfigurationFindings},
        body=shapes.CheckConfiguration,
        example={"text": "vrrp_instance VI_1 {\n  state BACKUP\n}\n"},
    )
    def post(self, request: Request, region: str) -> Response:
        """Check a keepalived file, by itself or against what is bound to a HaVip; nothing of it is kept."""
        the_region(region)
        given = self.body()
        havip_id, instance_id = given.get("havip_id", ""), given.get("instance_id", "")
        expectation = None
        if havip_id or instance_id:
            havip = HAVIPS.record(self.principal, region, havip_id)
            expectation = _file(Configurations(havip.vpc), havip_id, instance_id).expectation
        text = given["text"].replace("\r\n", "\n").replace("\r", "\n")
        findings = check(text, expectation=expectation)
        errors = sum(each.severity is Severity.ERROR for each in findings)
        content = {
            "compared": expectation is not None,
            "errors": errors,
            "warnings": len(findings) - errors,
            "items": [
                {
                    "line": each.line,
                    "code": each.code,
                    "severity": each.severity.value,
                    "message": each.message,
                    "remedy": each.mend,
                }
                for each in findings
            ],
        }
        return self.shown(content)

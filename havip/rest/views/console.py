"""Regions, the key that asks, quotas and the beta."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from havip.operations import apply_for_beta, request_quota
from havip.operations.finding import the_region
from havip.regions import regions
from havip.rest import showing_console as showing
from havip.rest.acting import Acting
from havip.rest.authentication import Caller
from havip.rest.documented import documented
from havip.rest.endpoint import Endpoint
from havip.rest.problems import not_found
from havip.rest.serializers import console as shapes
from havip.selectors import quotas

_REGIONS, _QUOTAS = _("Regions"), _("Quotas")


class Regions(Endpoint):
    """All regions."""

    @documented("listRegions", _REGIONS, {200: shapes.Regions})
    def get(self, request: Request) -> Response:
        """List the regions with their zones."""
        return self.shown({"items": [showing.region(each) for each in regions().values()]})


class Region(Endpoint):
    """One region."""

    @documented("getRegion", _REGIONS, {200: shapes.Region})
    def get(self, request: Request, region: str) -> Response:
        """Show a region with its zones."""
        return self.shown(showing.region(the_region(region)))


class Key(Endpoint):
    """The key that asks."""

    @documented("getKey", _("API key"), {200: shapes.Key})
    def get(self, request: Request) -> Response:
        """Show the key that asks: its team, its role, and what it may do."""
        caller: Caller = request.user  # type: ignore[assignment]
        return self.shown(showing.key(caller.key))


class Quotas(Endpoint):
    """All limits."""

    @documented("listQuotas", _QUOTAS, {200: shapes.Quotas})
    def get(self, request: Request) -> Response:
        """List every limit with its use."""
        uses = quotas.quota_uses(self.team)
        content = {
            "items": [showing.quota(use, self.principal) for use in uses],
            "binding_slots": settings.HAVIP_BINDING_SLOTS,
        }
        return self.shown(content)


class _OneQuota(Acting):
    """What concerns one limit."""

    def look(self, name: str) -> dict[str, object] | None:
        """Return the limit as it is shown now."""
        uses = {str(use.name.value): use for use in quotas.quota_uses(self.team)}
        return showing.quota(uses[name], self.principal) if name in uses else None


class Quota(_OneQuota):
    """One limit."""

    @documented("getQuota", _QUOTAS, {200: shapes.Quota})
    def get(self, request: Request, quota: str) -> Response:
        """Show a limit with its use."""
        found = self.look(quota)
        if found is None:
            raise not_found()
        return self.shown(found)


class QuotaRequests(_OneQuota):
    """Asking for a higher limit."""

    @documented(
        "requestQuota",
        _QUOTAS,
        {201: shapes.Quota},
        body=shapes.RequestQuota,
        writes=True,
        conditional=True,
        example={"value": 20, "reason": "A second cluster."},
    )
    def post(self, request: Request, quota: str) -> Response:
        """Ask for a higher limit; a site administrator decides.

        The answer is the limit with this request. Only an owner's key may ask.
        """
        self.perform(
            request_quota,
            look=lambda: self.look(quota),
            name=quota,
            **self.body(),
        )
        place = reverse("rest:quota", args=[quota])
        return self.shown(self.look(quota), HTTPStatus.CREATED, {"Location": place})


class Beta(Acting):
    """The team's application for the public beta."""

    @documented("getBeta", _QUOTAS, {200: shapes.Beta})
    def get(self, request: Request) -> Response:
        """Show the team's application for the public beta."""
        return self.shown(self._look())

    @documented(
        "applyForBeta",
        _QUOTAS,
        {201: shapes.Beta},
        body=shapes.ApplyForBeta,
        writes=True,
        conditional=True,
        example={"reason": "Two nodes behind one address."},
    )
    def post(self, request: Request) -> Response:
        """Apply for the public beta; a site administrator decides."""
        self.perform(apply_for_beta, look=self._look, **self.body())
        return self.shown(self._look(), HTTPStatus.CREATED, {"Location": reverse("rest:beta")})

    def _look(self) -> dict[str, object]:
        return showing.beta(
            quotas.beta_application(self.team),
            self.principal,
            approved=quotas.beta_approved(self.team),
        )

"""The gate between a request and a team: nothing behind it is reached without a membership."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from console.teams.models import Membership, Team, User
from console.teams.principal import Channel, Principal, PrincipalKind
from console.teams.roles import Permission, Role

P = ParamSpec("P")
TeamView = Callable[Concatenate[HttpRequest, Principal, P], HttpResponseBase]


def team_view(
    permission: Permission = Permission.READ, *, for_reading: Permission | None = None
) -> Callable[[TeamView[P]], Callable[..., HttpResponseBase]]:
    """Make `view(request, principal, …)` a page of a team: the URL's `team` becomes the acting principal.

    Signed out: to the sign-in page. No membership: 404, as if the team did not exist. Membership without the permission: 403.
    With `for_reading`, GET and HEAD need that permission instead: a form that only operators may open, whose refused POST still
    reaches the operation, so that the attempt is recorded there.
    """

    def decorate(view: TeamView[P]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def gate(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            principal = page_principal(request, team)
            needed = permission
            if for_reading is not None and request.method in ("GET", "HEAD"):
                needed = for_reading
            if not principal.may(needed):
                raise PermissionDenied
            request.principal = principal  # type: ignore[attr-defined]
            return view(request, principal, *args, **kwargs)

        return gate

    return decorate


def operating_view(view: TeamView[P]) -> Callable[..., HttpResponseBase]:
    """Make a page that changes resources: only those who may operate can open it; a POST is for the operation to refuse."""
    return team_view(Permission.READ, for_reading=Permission.OPERATE)(view)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Return the redirect to the sign-in page; a fragment's request makes the whole page go there."""
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    redirect: HttpResponseRedirect = redirect_to_login(request.get_full_path())
    return redirect


def page_principal(request: HttpRequest, team_slug: str) -> Principal:
    """Return the signed-in person as the caller in this team. Raises Http404 without a membership."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    membership = next((m for m in memberships_of(request) if m.team.slug == team_slug), None)
    if membership is None:
        raise Http404
    return Principal(
        team=membership.team,
        kind=PrincipalKind.USER,
        identifier=user.identifier,
        label=user.label,
        channel=Channel.PAGE,
        role=Role(membership.role),
        site_administrator=user.is_site_administrator,
        source_address=getattr(request, "source_address", ""),
        request_id=getattr(request, "request_id", ""),
    )


def memberships_of(request: HttpRequest) -> list[Membership]:
    """Return the memberships of who is signed in, each with its team; read once for a request, whoever asks."""
    known: list[Membership] | None = getattr(request, "memberships", None)
    if known is None:
        known = list(Membership.objects.select_related("team").filter(user=request.user.pk))
        request.memberships = known  # type: ignore[attr-defined]
    return known


SiteView = Callable[Concatenate[HttpRequest, User, P], HttpResponseBase]


def site_view(view: SiteView[P]) -> Callable[..., HttpResponseBase]:
    """Make `view(request, administrator, …)` a page for site administrators; for everyone else who is signed in it does not exist."""

    @functools.wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            return to_sign_in(request)
        if not user.is_site_administrator:
            raise Http404
        return view(request, user, *args, **kwargs)

    return gate


def site_principal(request: HttpRequest, administrator: User, team: Team) -> Principal:
    """Return a site administrator as the caller in any team, with the role of a member only where she is one."""
    membership = Membership.objects.filter(user=administrator, team=team).first()
    return Principal(
        team=team,
        kind=PrincipalKind.USER,
        identifier=administrator.identifier,
        label=administrator.label,
        channel=Channel.PAGE,
        role=Role(membership.role) if membership else None,
        site_administrator=administrator.is_site_administrator,
        source_address=getattr(request, "source_address", ""),
        request_id=getattr(request, "request_id", ""),
    )

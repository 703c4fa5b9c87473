"""Sign-in, sign-out, and what a person sets for herself."""

from __future__ import annotations

from axes.helpers import get_lockout_message
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from console.teams.forms import SignInForm
from console.teams.models import User

THEMES = {"light": "light", "dark": "dark", "auto": ""}
_YEAR_SECONDS = 365 * 24 * 3600


class SignInView(LoginView):
    """The sign-in page; afterwards the person's own language and theme are in force."""

    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        """Sign in, and remember the person's preferences in this browser."""
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User):
            remember_preferences(response, language=user.language, theme=user.theme)
        return response


def locked_out(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
    """Say that this name was tried too often from this address; the sign-in page's own answer to a lock-out."""
    context = {"message": get_lockout_message(), "form": SignInForm(request), "locked_out": True}
    return render(request, "errors/429.html", context, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Set language or theme, for this browser and for the person who is signed in; unknown values change nothing."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language")
    theme = THEMES.get(request.POST.get("theme", ""))
    if language not in dict(settings.LANGUAGES):
        language = None
    remember_preferences(response, language=language, theme=theme)
    user = request.user
    if isinstance(user, User):
        if language is not None:
            user.language = language
        if theme is not None:
            user.theme = theme
        user.save(update_fields=["language", "theme"])
    return response


def remember_preferences(
    response: HttpResponse, *, language: str | None, theme: str | None
) -> None:
    """Write the cookies; None or an empty language leaves what is there, an empty theme follows the system."""
    secure = settings.SESSION_COOKIE_SECURE
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_YEAR_SECONDS,
            samesite="Lax",
            secure=secure,
        )
    if theme is not None:
        response.set_cookie("theme", theme, max_age=_YEAR_SECONDS, samesite="Lax", secure=secure)

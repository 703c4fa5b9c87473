"""Signing in and out, as events of the site's audit chain."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from console.audit.log import Actor, AuditEntry, record_for_site
from console.audit.models import AuditResult
from console.teams.models import User


def connect() -> None:
    """Start to listen; called when the application is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit-sign-in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit-sign-out")
    user_login_failed.connect(_failed, dispatch_uid="audit-sign-in-failed")
    user_locked_out.connect(_locked_out, dispatch_uid="audit-locked-out")


def _actor(request: HttpRequest | None, user: User | None, name: str) -> Actor:
    return Actor(
        kind="user",
        identifier=user.identifier if user else "",
        label=(user.label if user else name)[:160].replace("\0", ""),
        channel="page",
        source_address=getattr(request, "source_address", ""),
        request_id=getattr(request, "request_id", ""),
    )


def _entry(action: str, label: str, result: AuditResult, code: str = "") -> AuditEntry:
    return AuditEntry(
        action=action,
        result=result,
        object_kind="user",
        object_id=label[:80].replace("\0", ""),
        object_label=label[:200].replace("\0", ""),
        code=code,
    )


def _signed_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    entry = _entry("session.sign_in", user.username, AuditResult.SUCCEEDED)
    record_for_site(_actor(request, user, ""), entry)


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        entry = _entry("session.sign_out", user.username, AuditResult.SUCCEEDED)
        record_for_site(_actor(request, user, ""), entry)


def _failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    name = str(credentials.get("username", ""))
    entry = _entry("session.sign_in", name, AuditResult.REFUSED, "InvalidCredentials")
    record_for_site(_actor(request, None, name), entry)


def _locked_out(sender: Any, request: HttpRequest, username: str = "", **_: Any) -> None:
    entry = _entry("session.lock_out", username or "", AuditResult.REFUSED, "TooManyAttempts")
    record_for_site(_actor(request, None, username or ""), entry)

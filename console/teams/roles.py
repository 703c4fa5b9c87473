"""The four roles of a team and what each permits: the only place that says so."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do in a team (`4-screens`: Teams)."""

    OWNER = "owner", _("Owner")
    OPERATOR = "operator", _("Operator")
    VIEWER = "viewer", _("Viewer")
    AUDITOR = "auditor", _("Auditor")


class Permission(StrEnum):
    """One right; every view and every operation names the one that it needs."""

    READ = "read"
    OPERATE = "operate"
    READ_AUDIT = "read_audit"
    MANAGE_TEAM = "manage_team"
    ADMINISTER_SITE = "administer_site"


_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(
        {Permission.READ, Permission.OPERATE, Permission.READ_AUDIT, Permission.MANAGE_TEAM}
    ),
    Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.READ_AUDIT}),
}


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return every right of a member with this role."""
    return _PERMISSIONS[role]


def role_permits(role: Role, permission: Permission) -> bool:
    """Return whether a member with this role has this right in the member's team."""
    return permission in _PERMISSIONS[role]

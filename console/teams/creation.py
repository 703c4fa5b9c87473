"""Making a team: the first event of its audit log."""

from __future__ import annotations

from django.db import transaction

from console.audit.log import AuditEntry, record
from console.teams.models import Membership, Team, User
from console.teams.principal import system_principal
from console.teams.roles import Role


@transaction.atomic
def create_team(*, slug: str, name: str) -> Team:
    """Create a team and begin its audit chain. Raises IntegrityError when the short name is taken."""
    team = Team.objects.create(slug=slug, name=name)
    record(
        system_principal(team),
        AuditEntry(
            action="team.create",
            object_kind="team",
            object_id=slug,
            object_label=name,
            after={"slug": slug, "name": name},
        ),
    )
    return team


@transaction.atomic
def add_member(*, team: Team, user: User, role: Role) -> Membership:
    """Give a person a role in a team; an existing membership gets the new role."""
    previous = Membership.objects.filter(team=team, user=user).first()
    before = {"role": previous.role} if previous else {}
    membership, _ = Membership.objects.update_or_create(
        team=team, user=user, defaults={"role": role}
    )
    if before.get("role") != role:
        record(
            system_principal(team),
            AuditEntry(
                action="team.add_member",
                object_kind="user",
                object_id=user.username,
                object_label=user.label,
                before=before,
                after={"role": str(role)},
            ),
        )
    return membership

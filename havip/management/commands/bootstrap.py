"""`manage.py bootstrap`: the first administrator and the demo team; may be run again at any time."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from console.teams.creation import add_member, create_team
from console.teams.models import Team, User
from console.teams.principal import system_principal
from console.teams.roles import Role
from havip.models import BetaApplication, RequestState
from havip.operations import apply_for_beta, decide_beta_application

ADMINISTRATOR = "admin"
DEMO_SLUG = "demo"


class Command(BaseCommand):
    """Creates what is missing and leaves alone what is there."""

    help = "Create the first administrator and the demo team, if they are not there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print the sign-in as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the sign-in; the password only when it was made just now."""
        with transaction.atomic():
            user, password = self._administrator()
            team = self._demo_team(user)
        self._beta(team)
        if options["json"]:
            self.stdout.write(json.dumps({"username": user.username, "password": password}))
        elif password:
            self.stdout.write(f"sign in as {user.username} with {password}")
        else:
            self.stdout.write(f"{user.username} and team {team.slug} are there")

    def _administrator(self) -> tuple[User, str | None]:
        """Return the administrator, and the password where it was generated now.

        HAVIP_ADMIN_PASSWORD, when set, is the password of a new administrator and is never printed.
        """
        existing = User.objects.filter(username=ADMINISTRATOR).first()
        if existing is not None:
            return existing, None
        given = os.environ.get("HAVIP_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        user = User.objects.create_user(
            ADMINISTRATOR, password=password, is_staff=True, is_superuser=True
        )
        return user, None if given else password

    def _demo_team(self, user: User) -> Team:
        team = Team.objects.filter(slug=DEMO_SLUG).first()
        if team is None:
            team = create_team(slug=DEMO_SLUG, name="Demo")
            add_member(team=team, user=user, role=Role.OWNER)
        return team

    def _beta(self, team: Team) -> None:
        """The embedded demo starts with one approved team (2-domain, Public beta)."""
        if BetaApplication.objects.filter(team=team).exists():
            return
        principal = system_principal(team, label="bootstrap")
        apply_for_beta(principal=principal, reason="The embedded demo's own team.")
        application = BetaApplication.objects.get(team=team, state=RequestState.PENDING)
        decide_beta_application(principal=principal, application_pk=application.pk, approve=True)

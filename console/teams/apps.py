"""The application that knows users, teams, memberships and roles."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamsConfig(AppConfig):
    """Users, teams, roles and sign-in."""

    name = "console.teams"
    label = "teams"
    verbose_name = _("Teams")

    def ready(self) -> None:
        """Record sign-in and sign-out."""
        from console.teams import signals

        signals.connect()

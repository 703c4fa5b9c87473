"""`manage.py create_api_key --team T --role R --kind rest|rpc`: a key for automation and for the first set-up."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from console.operations.refusal import Refusal
from console.teams.keys import make_key
from console.teams.models import KeyKind, Team
from console.teams.principal import Channel, system_principal
from console.teams.roles import Role


class Command(BaseCommand):
    """Prints a new key with its secret, once; the console keeps only what it needs to recognise it."""

    help = "Make an API key of a team and print its id and secret, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the team, what the key may do, how long, and from where."""
        parser.add_argument("--team", required=True, help="the team's short name")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--kind", required=True, choices=KeyKind.values)
        parser.add_argument("--name", default="command line", help="what uses the key")
        parser.add_argument("--days", type=int, help="lifetime; without it the key never expires")
        parser.add_argument(
            "--network", action="append", default=[], help="allowed source; may be repeated"
        )
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the key. Raises CommandError for an unknown team, and for whatever the console refuses."""
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']}.")
        days = options["days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days must be between 1 and 3650.")
        principal = replace(system_principal(team, label="create_api_key"), channel=Channel.COMMAND)
        try:
            key, secret = make_key(
                principal=principal,
                kind=options["kind"],
                role=options["role"],
                label=options["name"],
                source_networks=options["network"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} {refusal.remedy}".strip()) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"id": key.key_id, "secret": secret}))
        else:
            self.stdout.write(f"id      {key.key_id}\nsecret  {secret}")

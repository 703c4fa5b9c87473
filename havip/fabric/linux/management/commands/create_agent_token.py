"""`manage.py create_agent_token SCOPE`: a one-time token for an agent, for automation, and for hosts, which no team owns."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from havip.fabric.linux.enrolment import new_token
from havip.fabric.linux.protocol import ProtocolError, read_token_request


class Command(BaseCommand):
    """Prints a fresh token, once; only its digest is kept."""

    help = "Print a one-time token with which an agent enrols for a scope."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the scope, how long the token is good, and the form of the answer."""
        parser.add_argument("scope", help="host:<region>, gateway:<VPC> or node:<instance>")
        parser.add_argument("--minutes", type=int, default=60, help="lifetime (60)")
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the token. Raises CommandError for a scope that does not exist."""
        scope = options["scope"]
        try:
            read_token_request({"protocol": 1, "scope": scope})
        except ProtocolError as error:
            raise CommandError(str(error)) from error
        if not 1 <= options["minutes"] <= 7 * 24 * 60:
            raise CommandError("--minutes must be between 1 and 10080.")
        lifetime = timedelta(minutes=options["minutes"])
        token = new_token(scope, created_by="command", lifetime=lifetime)
        if token is None:
            raise CommandError(f"There is no {scope} in a region that the Linux fabric serves.")
        if options["json"]:
            expires = (timezone.now() + lifetime).isoformat(timespec="seconds")
            self.stdout.write(json.dumps({"scope": scope, "token": token, "expires_at": expires}))
        else:
            self.stdout.write(token)

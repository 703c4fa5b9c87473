"""`manage.py verify_audit`: checks that the audit log is what was written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.models import AuditChain, AuditEvent
from console.audit.verify import verify_all


class Command(BaseCommand):
    """Reads every chain; names each row that was edited, removed or inserted; exits 1 then."""

    help = "Check every link of the audit log and name each row that does not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per fault, or one line that says how much was checked."""
        faults = 0
        for fault in verify_all():
            faults += 1
            self.stderr.write(str(fault))
        if faults:
            raise CommandError(f"{faults} fault(s) in the audit log", returncode=1)
        events = AuditEvent.objects.count()
        chains = AuditChain.objects.count()
        self.stdout.write(f"audit log intact: {events} events in {chains} chains")

"""The application that keeps the audit log."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The append-only, hash-chained record of every attempt."""

    name = "console.audit"
    label = "audit"
    verbose_name = _("Audit log")

"""The application that frames every write: permission, transaction, audit, idempotency."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    """What every write operation has in common, whatever it writes."""

    name = "console.operations"
    label = "operations"
    verbose_name = _("Operations")

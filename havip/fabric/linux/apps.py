"""The `linux` fabric as a Django application: its tables, and the API that agents speak to."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LinuxFabricConfig(AppConfig):
    """Agents, what they are told, and what they saw."""

    name = "havip.fabric.linux"
    label = "linux"
    verbose_name = _("Linux fabric")

    def ready(self) -> None:
        """Make the operations on agents known."""
        import_module("havip.fabric.linux.enrolment")

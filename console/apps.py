"""The application that belongs to the project as a whole."""

from importlib import import_module

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Make the Celery application the current one in every process that runs Django."""

    name = "console"
    label = "console"

    def ready(self) -> None:
        """Load ``console.celery``, so that ``shared_task`` and ``delay`` use its settings everywhere."""
        import_module("console.celery")

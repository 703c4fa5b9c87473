"""The application that carries out asynchronous work."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Durable jobs: a row first, a message second."""

    name = "console.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

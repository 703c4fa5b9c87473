"""The Celery application: how background work reaches the workers."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery, bootsteps, signals
from django_structlog.celery.steps import DjangoStructLogInitStep

from console.lifeline import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.production")

app = Celery("console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

worker_steps: set[type[bootsteps.Step]] = app.steps["worker"]
worker_steps.add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def use_the_logging_of_django(**_: Any) -> None:
    """Log the way the settings say, instead of Celery's own way."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_process_init.connect
@signals.beat_embedded_init.connect
def end_with_the_worker(**_: Any) -> None:
    """End pool processes and the embedded scheduler together with the worker that forked them."""
    die_with_parent()

"""The Celery application: how background work reaches the workers."""

from __future__ import annotations

import logging.config
import os
from types import SimpleNamespace
from typing import Any

from celery import Celery, bootsteps, signals
from celery.platforms import EX_FAILURE
from celery.worker import state
from django_structlog.celery.steps import DjangoStructLogInitStep

from console.lifeline import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.production")

app = Celery("console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)


class SchedulerWatch(bootsteps.StartStopStep):
    """Ends a worker whose embedded scheduler is gone: whoever supervises the worker starts both again.

    Celery forks the scheduler once and never looks after it; without it lost jobs would not be sent again.
    """

    requires = ("celery.worker.components:Beat", "celery.worker.components:Timer")
    look_every_seconds = 2.0

    def include_if(self, worker: Any) -> bool:
        """Only where a scheduler is embedded."""
        return worker.beat is not None

    def start(self, worker: Any) -> None:
        """Begin to look."""
        worker.timer.call_repeatedly(self.look_every_seconds, self.look, (worker,))

    def look(self, worker: Any) -> None:
        """Ask the worker to finish what it does and to end, if its scheduler does not live."""
        if not worker.beat.is_alive() and state.should_stop is None:
            logger.critical("the embedded scheduler is gone; the worker ends to be started again")
            state.should_stop = EX_FAILURE  # type: ignore[assignment]


worker_steps: set[type[bootsteps.Step]] = app.steps["worker"]
worker_steps.add(DjangoStructLogInitStep)
worker_steps.add(SchedulerWatch)


@signals.setup_logging.connect
def use_the_logging_of_django(**_: Any) -> None:
    """Log the way the settings say, instead of Celery's own way."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


_worker = SimpleNamespace(pid=None)


@signals.worker_init.connect
def remember_the_worker(**_: Any) -> None:
    """Keep the worker's process id for the processes that it is going to fork."""
    _worker.pid = os.getpid()


@signals.worker_process_init.connect
@signals.beat_embedded_init.connect
def end_with_the_worker(**_: Any) -> None:
    """End pool processes and the embedded scheduler together with the worker that forked them, even if it is gone by now."""
    die_with_parent(_worker.pid)

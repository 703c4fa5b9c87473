"""What time alone brings about: agents that fall silent, alerts that last, and what nobody came back for."""

from __future__ import annotations

from celery import shared_task

from havip.fabric.linux.alerts import examine_agents
from havip.fabric.linux.store import forget_gone, refresh_all


@shared_task(name="havip.fabric.linux.tasks.look_for_silence", ignore_result=True)
def look_for_silence() -> None:
    """Raise and clear the alerts of silent agents, and revoke those whose machine is gone; called every few seconds."""
    forget_gone()
    examine_agents()


# Of each minute; jobs need the worker, too.
_TELLING_SECONDS = 10.0


@shared_task(name="havip.fabric.linux.tasks.tell_anew", ignore_result=True)
def tell_anew() -> None:
    """Tell all agents what the records say now, where a job has ended without that; called every minute."""
    refresh_all(seconds=_TELLING_SECONDS)

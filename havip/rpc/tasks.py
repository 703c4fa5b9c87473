"""The Celery task of the RPC API."""

from __future__ import annotations

from celery import shared_task

from havip.rpc import nonces


@shared_task(name="havip.rpc.tasks.forget_nonces", ignore_result=True)
def forget_nonces() -> None:
    """Forget the nonces that nobody could use again."""
    nonces.forget_expired()

"""`?wait=SECONDS`: the answer is held until the job has ended. Only so many may wait at once that others are still served."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.request import Request

from console.jobs.models import ACTIVE_STATES, Job
from havip.rest.problems import wrong_parameter

PARAMETER = "wait"
LONGEST_SECONDS = 60
_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25
_places: dict[int, threading.BoundedSemaphore] = {}


def seconds_of(request: Request) -> int:
    """Return how long the caller wants to wait; 0: not at all. Raises Problem for anything but 0 to 60."""
    text = request.query_params.get(PARAMETER, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= LONGEST_SECONDS):
        detail = _("It must be a whole number of seconds from 0 to %d.") % LONGEST_SECONDS
        raise wrong_parameter(PARAMETER, detail)
    return int(text)


def until_ended(job: Job, seconds: float) -> Job:
    """Return the job as it is when it has ended, or when the time is over; at once where nobody else may wait."""
    if not job.is_active or seconds <= 0:
        return job
    place = _waiting_room()
    if not place.acquire(blocking=False):
        return job
    try:
        return _watched(job, time.monotonic() + seconds)
    finally:
        place.release()


def _watched(job: Job, end: float) -> Job:
    step = _SHORTEST_PAUSE
    states = Job.objects.filter(pk=job.pk).values_list("state", flat=True)
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(step, left))
        step = min(2 * step, _LONGEST_PAUSE)
        if states.get() not in ACTIVE_STATES:
            break
    return Job.objects.select_related("retry_of").get(pk=job.pk)


def _waiting_room() -> threading.BoundedSemaphore:
    """Return this process's places to wait in; their number is a setting."""
    size: int = settings.HAVIP_REST_WAITERS
    return _places.setdefault(size, threading.BoundedSemaphore(size))

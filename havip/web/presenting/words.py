"""Sentences about a HaVip that is no longer there."""

from __future__ import annotations

from django.utils.translation import gettext as _

from console.jobs.models import Job, JobState


def end_of(job: Job) -> tuple[bool, str]:
    """Say what became of a HaVip whose record is gone, by its newest job: (whether that was wanted, the sentence)."""
    names = {"havip": job.target_label, "reason": job.reason, "who": job.requested_by}
    if job.kind != "havip.create":
        return True, _("The HaVip %(havip)s was deleted by %(who)s.") % names
    if job.state == JobState.CANCELLED:
        return True, _("The creation of the HaVip %(havip)s was cancelled.") % names
    return False, _("The HaVip %(havip)s could not be created: %(reason)s") % names

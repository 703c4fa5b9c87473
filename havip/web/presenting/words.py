"""Words for what is stored as a code: the kinds of jobs on a HaVip, and what became of one that is gone."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.jobs.models import Job, JobState

JOB_LABELS: Mapping[str, Promise] = {
    "havip.create": gettext_lazy("Create HaVip"),
    "havip.modify": gettext_lazy("Edit HaVip"),
    "havip.delete": gettext_lazy("Delete HaVip"),
    "havip.bind_instance": gettext_lazy("Bind instance"),
    "havip.bind_interface": gettext_lazy("Bind network interface"),
    "havip.unbind_instance": gettext_lazy("Unbind instance"),
    "havip.unbind_interface": gettext_lazy("Unbind network interface"),
    "havip.bind_eip": gettext_lazy("Bind EIP"),
    "havip.unbind_eip": gettext_lazy("Unbind EIP"),
    "instance.delete": gettext_lazy("Delete instance"),
    "interface.delete": gettext_lazy("Delete network interface"),
    "instance.start": gettext_lazy("Start instance"),
    "instance.stop": gettext_lazy("Stop instance"),
}


def job_label(kind: str) -> str:
    """Return what a job or an audit event of this kind does, in plain words."""
    return str(JOB_LABELS.get(kind, kind))


def end_of(job: Job) -> tuple[bool, str]:
    """Say what became of a HaVip whose record is gone, by its newest job: (whether that was wanted, the sentence)."""
    names = {"havip": job.target_label, "reason": job.reason, "who": job.requested_by}
    if job.kind != "havip.create":
        return True, _("The HaVip %(havip)s was deleted by %(who)s.") % names
    if job.state == JobState.CANCELLED:
        return True, _("The creation of the HaVip %(havip)s was cancelled.") % names
    return False, _("The HaVip %(havip)s could not be created: %(reason)s") % names

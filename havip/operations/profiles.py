"""Choosing how often the nodes of a VPC say that they are alive."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.operations.framework import Outcome, current_change, operation
from console.operations.refusal import Rule
from console.teams.principal import Principal
from havip.fabric.linux.documents import DEFAULT_PROFILE
from havip.fabric.linux.models import TimerChoice
from havip.keepalived import PROFILES
from havip.models import HaVip
from havip.operations.finding import the_vpc
from havip.operations.settlement import assign, fabric_job
from havip.rules import inventory

T1_PROFILE = Rule(
    "T1",
    code="InvalidTimerProfile.NotFound",
    message=_("There is no timer profile “%(profile)s”."),
    remedy=_("Choose one of the profiles that are shown."),
    field="profile",
)


@operation("vpc.choose_timers")
def choose_timers(
    *, principal: Principal, region: str, vpc_id: str, profile: str, client_token: str = ""
) -> Outcome:
    """Choose the timer profile of all nodes of a VPC; they get it by a job. Raises Refusal C3, N5, T1."""
    change = current_change()
    change.concerns("vpc", vpc_id, vpc_id)
    vpc = the_vpc(principal.team, region, vpc_id)
    change.concerns("vpc", vpc.resource_id, vpc.label)
    inventory.n5_settled(vpc)
    if profile not in PROFILES:
        raise T1_PROFILE.refuse(profile=profile[:30])
    choice, _new = TimerChoice.objects.get_or_create(vpc=vpc, defaults={"profile": DEFAULT_PROFILE})
    before = choice.profile
    change.before, change.after = {"profile": before}, {"profile": profile}
    if before == profile:
        return change.outcome()
    choice.profile = profile
    choice.save(update_fields=["profile"])
    bound = HaVip.objects.filter(vpc=vpc, bindings__isnull=False).distinct().order_by("pk")
    change.queue(
        fabric_job(
            "vpc.choose_timers",
            vpc,
            networks=[vpc],
            havips=bound.select_related("team", "vpc", "vswitch"),
            on_success=[],
            on_failure=[assign(choice, profile=before)],
        )
    )
    return change.outcome()

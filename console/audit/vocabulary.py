"""The words for every action that is recorded; `console.audit.wording` makes sentences of them.

Each action has its name ("Create HaVip"), a sentence for its success and one for an attempt that was refused or failed. A second
pair of sentences names the resource beside the object, where the record knows it. Job kinds are actions, so jobs are named here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = Promise | str


@dataclass(frozen=True, slots=True)
class Words:
    """How one action is told. `queues_job`: whether its work is done by a job."""

    name: Text
    done: Text
    tried: Text
    done_with: Text = ""
    tried_with: Text = ""
    queues_job: bool = True


_HAVIPS: Mapping[str, Words] = {
    "havip.create": Words(
        _("Create HaVip"),
        _("Created HaVip %(object)s"),
        _("Tried to create HaVip %(object)s"),
    ),
    "havip.modify": Words(
        _("Edit HaVip"),
        _("Edited HaVip %(object)s"),
        _("Tried to edit HaVip %(object)s"),
        queues_job=False,
    ),
    "havip.delete": Words(
        _("Delete HaVip"),
        _("Deleted HaVip %(object)s"),
        _("Tried to delete HaVip %(object)s"),
    ),
    "havip.bind_instance": Words(
        _("Bind instance to HaVip"),
        _("Bound an instance to HaVip %(object)s"),
        _("Tried to bind an instance to HaVip %(object)s"),
        _("Bound instance %(resource)s to HaVip %(object)s"),
        _("Tried to bind instance %(resource)s to HaVip %(object)s"),
    ),
    "havip.bind_interface": Words(
        _("Bind network interface to HaVip"),
        _("Bound a network interface to HaVip %(object)s"),
        _("Tried to bind a network interface to HaVip %(object)s"),
        _("Bound network interface %(resource)s to HaVip %(object)s"),
        _("Tried to bind network interface %(resource)s to HaVip %(object)s"),
    ),
    "havip.unbind_instance": Words(
        _("Unbind instance from HaVip"),
        _("Unbound an instance from HaVip %(object)s"),
        _("Tried to unbind an instance from HaVip %(object)s"),
        _("Unbound instance %(resource)s from HaVip %(object)s"),
        _("Tried to unbind instance %(resource)s from HaVip %(object)s"),
    ),
    "havip.unbind_interface": Words(
        _("Unbind network interface from HaVip"),
        _("Unbound a network interface from HaVip %(object)s"),
        _("Tried to unbind a network interface from HaVip %(object)s"),
        _("Unbound network interface %(resource)s from HaVip %(object)s"),
        _("Tried to unbind network interface %(resource)s from HaVip %(object)s"),
    ),
    "havip.bind_eip": Words(
        _("Bind EIP to HaVip"),
        _("Bound an EIP to HaVip %(object)s"),
        _("Tried to bind an EIP to HaVip %(object)s"),
        _("Bound EIP %(resource)s to HaVip %(object)s"),
        _("Tried to bind EIP %(resource)s to HaVip %(object)s"),
    ),
    "havip.unbind_eip": Words(
        _("Unbind EIP from HaVip"),
        _("Unbound an EIP from HaVip %(object)s"),
        _("Tried to unbind an EIP from HaVip %(object)s"),
        _("Unbound EIP %(resource)s from HaVip %(object)s"),
        _("Tried to unbind EIP %(resource)s from HaVip %(object)s"),
    ),
}
_DRILLS: Mapping[str, Words] = {
    "havip.drill": Words(
        _("Fail-over drill"),
        _("Began a fail-over drill of HaVip %(object)s"),
        _("Tried a fail-over drill of HaVip %(object)s"),
        _("Began a fail-over drill of HaVip %(object)s: disturbs %(resource)s"),
        _("Tried a fail-over drill of HaVip %(object)s: disturbing %(resource)s"),
    ),
    "havip.stop_drill": Words(
        _("Stop fail-over drill"),
        _("Stopped the fail-over drill of HaVip %(object)s"),
        _("Tried to stop a fail-over drill of HaVip %(object)s"),
        queues_job=False,
    ),
    "havip.drill_result": Words(
        _("Result of a fail-over drill"),
        _("Ended the fail-over drill of HaVip %(object)s"),
        _("The fail-over drill of HaVip %(object)s failed"),
        _("Ended the fail-over drill of HaVip %(object)s: %(resource)s is back"),
        _("The fail-over drill of HaVip %(object)s failed: %(resource)s was disturbed"),
        queues_job=False,
    ),
}
_NETWORKS: Mapping[str, Words] = {
    "vpc.create": Words(
        _("Create VPC"), _("Created VPC %(object)s"), _("Tried to create VPC %(object)s")
    ),
    "vpc.delete": Words(
        _("Delete VPC"), _("Deleted VPC %(object)s"), _("Tried to delete VPC %(object)s")
    ),
    "vpc.choose_timers": Words(
        _("Choose timers"),
        _("Chose the timers of the nodes of VPC %(object)s"),
        _("Tried to choose the timers of the nodes of VPC %(object)s"),
        _("Chose the timers “%(resource)s” for the nodes of VPC %(object)s"),
        _("Tried to choose the timers “%(resource)s” for the nodes of VPC %(object)s"),
    ),
    "vswitch.create": Words(
        _("Create vSwitch"),
        _("Created vSwitch %(object)s"),
        _("Tried to create vSwitch %(object)s"),
    ),
    "vswitch.delete": Words(
        _("Delete vSwitch"),
        _("Deleted vSwitch %(object)s"),
        _("Tried to delete vSwitch %(object)s"),
    ),
    "route.create": Words(
        _("Create route entry"),
        _("Created route entry %(object)s"),
        _("Tried to create route entry %(object)s"),
    ),
    "route.delete": Words(
        _("Delete route entry"),
        _("Deleted route entry %(object)s"),
        _("Tried to delete route entry %(object)s"),
    ),
}
_COMPUTE: Mapping[str, Words] = {
    "instance.create": Words(
        _("Create instance"),
        _("Created instance %(object)s"),
        _("Tried to create instance %(object)s"),
    ),
    "instance.start": Words(
        _("Start instance"),
        _("Started instance %(object)s"),
        _("Tried to start instance %(object)s"),
    ),
    "instance.stop": Words(
        _("Stop instance"),
        _("Stopped instance %(object)s"),
        _("Tried to stop instance %(object)s"),
    ),
    "instance.delete": Words(
        _("Delete instance"),
        _("Deleted instance %(object)s"),
        _("Tried to delete instance %(object)s"),
    ),
    "interface.create": Words(
        _("Create network interface"),
        _("Created network interface %(object)s"),
        _("Tried to create network interface %(object)s"),
    ),
    "interface.attach": Words(
        _("Attach network interface"),
        _("Attached network interface %(object)s to an instance"),
        _("Tried to attach network interface %(object)s to an instance"),
        _("Attached network interface %(object)s to instance %(resource)s"),
        _("Tried to attach network interface %(object)s to instance %(resource)s"),
    ),
    "interface.detach": Words(
        _("Detach network interface"),
        _("Detached network interface %(object)s from its instance"),
        _("Tried to detach network interface %(object)s from its instance"),
        _("Detached network interface %(object)s from instance %(resource)s"),
        _("Tried to detach network interface %(object)s from instance %(resource)s"),
    ),
    "interface.delete": Words(
        _("Delete network interface"),
        _("Deleted network interface %(object)s"),
        _("Tried to delete network interface %(object)s"),
    ),
    "eip.allocate": Words(
        _("Allocate EIP"), _("Allocated EIP %(object)s"), _("Tried to allocate EIP %(object)s")
    ),
    "eip.modify": Words(
        _("Edit EIP"),
        _("Edited EIP %(object)s"),
        _("Tried to edit EIP %(object)s"),
        queues_job=False,
    ),
    "eip.release": Words(
        _("Release EIP"), _("Released EIP %(object)s"), _("Tried to release EIP %(object)s")
    ),
}
_TAGS: Mapping[str, Words] = {
    "resource.tag": Words(
        _("Add tags"),
        _("Added tags to %(object)s"),
        _("Tried to add tags to %(object)s"),
        queues_job=False,
    ),
    "resource.untag": Words(
        _("Remove tags"),
        _("Removed tags from %(object)s"),
        _("Tried to remove tags from %(object)s"),
        queues_job=False,
    ),
    "resource.set_tags": Words(
        _("Edit tags"),
        _("Edited the tags of %(object)s"),
        _("Tried to edit the tags of %(object)s"),
        queues_job=False,
    ),
}
_AGENTS: Mapping[str, Words] = {
    "api_key.create": Words(
        _("Create API key"),
        _("Created API key %(object)s"),
        _("Tried to create API key %(object)s"),
        queues_job=False,
    ),
    "api_key.revoke": Words(
        _("Revoke API key"),
        _("Revoked API key %(object)s"),
        _("Tried to revoke API key %(object)s"),
        queues_job=False,
    ),
    "agent.issue_token": Words(
        _("Issue agent token"),
        _("Issued an enrolment token for the agent of %(object)s"),
        _("Tried to issue an enrolment token for the agent of %(object)s"),
        queues_job=False,
    ),
    "agent.enrol": Words(
        _("Enrol agent"),
        _("Enrolled the agent of %(object)s"),
        _("Tried to enrol the agent of %(object)s"),
        queues_job=False,
    ),
    "agent.revoke": Words(
        _("Revoke agent"),
        _("Revoked the agent of %(object)s"),
        _("Tried to revoke the agent of %(object)s"),
        queues_job=False,
    ),
}
_CONSOLE: Mapping[str, Words] = {
    "job.cancel": Words(
        _("Cancel job"),
        _("Cancelled the job “%(object)s”"),
        _("Tried to cancel the job “%(object)s”"),
        queues_job=False,
    ),
    "job.retry": Words(
        _("Retry job"),
        _("Retried the job “%(object)s”"),
        _("Tried to retry the job “%(object)s”"),
        queues_job=False,
    ),
    "quota.request": Words(
        _("Request quota"),
        _("Requested a higher quota: %(object)s"),
        _("Tried to request a higher quota: %(object)s"),
        queues_job=False,
    ),
    "quota.decide": Words(
        _("Decide quota request"),
        _("Decided the quota request: %(object)s"),
        _("Tried to decide a quota request: %(object)s"),
        _("Decided the quota request: %(object)s, %(resource)s"),
        _("Tried to decide a quota request: %(object)s, %(resource)s"),
        queues_job=False,
    ),
    "beta.apply": Words(
        _("Apply for the public beta"),
        _("Applied for the public beta: %(object)s"),
        _("Tried to apply for the public beta: %(object)s"),
        queues_job=False,
    ),
    "beta.decide": Words(
        _("Decide beta application"),
        _("Decided the beta application: %(object)s"),
        _("Tried to decide a beta application: %(object)s"),
        _("Decided the beta application: %(object)s, %(resource)s"),
        _("Tried to decide a beta application: %(object)s, %(resource)s"),
        queues_job=False,
    ),
    "team.create": Words(
        _("Create team"),
        _("Created team %(object)s"),
        _("Tried to create team %(object)s"),
        queues_job=False,
    ),
    "team.add_member": Words(
        _("Set a member's role"),
        _("Set the role of member %(object)s"),
        _("Tried to set the role of member %(object)s"),
        _("Set the role of member %(object)s to %(resource)s"),
        _("Tried to set the role of member %(object)s to %(resource)s"),
        queues_job=False,
    ),
    "audit.export": Words(
        _("Export audit log"),
        _("Exported entries of the audit log"),
        _("Tried to export entries of the audit log"),
        queues_job=False,
    ),
    "audit.verify": Words(
        _("Check audit chain"),
        _("Checked the audit chain and found it intact"),
        _("Checked the audit chain and found it broken"),
        queues_job=False,
    ),
}
_SIGN_IN: Mapping[str, Words] = {
    "session.sign_in": Words(
        _("Sign in"),
        _("Signed in as %(object)s"),
        _("Tried to sign in as %(object)s"),
        queues_job=False,
    ),
    "session.sign_out": Words(
        _("Sign out"),
        _("Signed out: %(object)s"),
        _("Tried to sign out: %(object)s"),
        queues_job=False,
    ),
    "session.lock_out": Words(
        _("Lock sign-in"),
        _("Sign-in as %(object)s was locked"),
        _("Sign-in as %(object)s was locked after too many attempts"),
        queues_job=False,
    ),
}
GROUPS: tuple[tuple[Text, Mapping[str, Words]], ...] = (
    (_("HaVip"), {**_HAVIPS, **_DRILLS}),
    (_("Network"), _NETWORKS),
    (_("Compute"), _COMPUTE),
    (_("Tags"), _TAGS),
    (_("Agents"), _AGENTS),
    (_("Console"), _CONSOLE),
    (_("Sign-in"), _SIGN_IN),
)
WORDS: Mapping[str, Words] = {
    action: words for _group, some in GROUPS for action, words in some.items()
}

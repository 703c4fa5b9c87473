"""The published best practice as steps, each ticked off by what the records and the network show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from console.operations.refusal import Refusal
from havip.fabric.linux.lab.topology import REGION as LAB_REGION
from havip.fabric.linux.lab.topology import Place
from havip.models import (
    Binding,
    EipStatus,
    HaVipStatus,
    Instance,
    InstanceStatus,
    NetworkStatus,
    Vpc,
    VSwitch,
)
from havip.selectors.creating import creation_refusal
from havip.web.presenting.configuration import agent_words, operating_refusal
from havip.web.presenting.guide_scene import COMING, Scene

NODES = 2
DONE, OPEN, BUSY, BY_HAND = "done", "open", "busy", "by_hand"
_SETTLED = (HaVipStatus.AVAILABLE, HaVipStatus.IN_USE)


@dataclass(frozen=True, slots=True)
class StepAction:
    """The one thing to do next in a step, with why it cannot be done now."""

    label: str
    url: str
    icon: str
    refusal: Refusal | str | None = None
    overlay: bool = True
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """What a step has found: a word, where it can be looked at, and a state to show beside it."""

    label: str
    url: str = ""
    detail: str = ""
    state: str = ""
    state_label: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide."""

    code: str
    title: str
    text: str
    state: str
    action: StepAction | None = None
    facts: tuple[Fact, ...] = ()
    commands: str = ""
    expect: str = ""
    warning: str = ""


def steps(seen: Scene) -> list[Step]:
    """Return all steps in their order; the first open one has the primary button."""
    found = [
        _network(seen),
        _instances(seen),
        _havip(seen),
        _binding(seen),
        _keepalived(seen),
        _eip(seen),
        _holder(seen),
        _access(seen),
    ]
    return _with_primary(found)


def _with_primary(found: list[Step]) -> list[Step]:
    """Mark the one button to press next; what nobody can see from here does not hold the others up."""
    for states in ((OPEN,), (BY_HAND,)):
        for number, each in enumerate(found):
            if each.action is not None and each.state in states and not each.action.refusal:
                marked = replace(each, action=replace(each.action, primary=True))
                return [*found[:number], marked, *found[number + 1 :]]
            if each.state in (OPEN, BUSY):
                break
    return found


def _act(
    seen: Scene,
    label: str,
    name: str,
    icon: str,
    *arguments: str,
    refusal: Refusal | str | None = None,
    **query: str,
) -> StepAction:
    """Return a step's action; whoever may not operate sees it with the reason."""
    url = seen.links.of(name, *arguments, **query)
    return StepAction(label, url, icon, operating_refusal(seen.principal) or refusal)


def _network(seen: Scene) -> Step:
    title = _("A VPC with a vSwitch")
    text = _("The HaVip and its nodes stand in one vSwitch; the example uses 192.168.0.0/24.")
    if seen.vpc is None:
        action = _act(seen, _("Create VPC"), "vpc-create", "plus")
        return Step("network", title, text, OPEN, action)
    facts = [_fact(seen, seen.vpc, seen.vpc.cidr_block)]
    if seen.vswitch is None:
        action = _act(seen, _("Create vSwitch"), "vswitch-create", "plus", vpc=seen.vpc.resource_id)
        return Step("network", title, text, OPEN, action, tuple(facts))
    facts.append(_fact(seen, seen.vswitch, seen.vswitch.cidr_block))
    settled = seen.vswitch.status == NetworkStatus.AVAILABLE
    return Step("network", title, text, DONE if settled else BUSY, None, tuple(facts))


def _fact(seen: Scene, resource: Vpc | VSwitch | Instance, detail: str) -> Fact:
    return Fact(
        resource.label,
        seen.links.resource(resource),
        detail,
        resource.status,
        resource.get_status_display(),
    )


def _instances(seen: Scene) -> Step:
    title = _("Two running instances in it")
    text = _("Each with the service, such as nginx: both must answer at their own address.")
    members = _members(seen)
    others = [each for each in seen.running or seen.instances if each not in members]
    shown = [*members, *others][: max(NODES, len(members))]
    facts = tuple(_fact(seen, each, str(each.private_ip)) for each in shown)
    if len(seen.running) >= NODES:
        return Step("instances", title, text, DONE, None, facts)
    if any(each.status in COMING for each in seen.instances):
        return Step("instances", title, text, BUSY, None, facts)
    stopped = next((i for i in seen.instances if i.status == InstanceStatus.STOPPED), None)
    if stopped is not None:
        label = _("Start %(instance)s") % {"instance": stopped.name or stopped.resource_id}
        action = _act(seen, label, "instance-start", "play", stopped.resource_id)
    else:
        missing = None if seen.vswitch else _("Create the vSwitch first.")
        vswitch = seen.vswitch.resource_id if seen.vswitch else ""
        action = _act(
            seen, _("Create instance"), "instance-create", "plus", refusal=missing, vswitch=vswitch
        )
    return Step("instances", title, text, OPEN, action, facts)


def _members(seen: Scene) -> list[Instance]:
    return [each.node for each in seen.bindings if each.node is not None]


def _havip(seen: Scene) -> Step:
    title = _("A HaVip in the vSwitch")
    text = _("The private address that moves between the nodes; the example uses 192.168.0.88.")
    if seen.havip is None:
        missing = None if seen.vswitch else _("Create the vSwitch first.")
        refusal = creation_refusal(seen.principal, seen.region) or missing
        action = _act(seen, _("Create HaVip"), "havip-create", "plus", refusal=refusal)
        return Step("havip", title, text, OPEN, action)
    fact = Fact(
        seen.havip.label,
        seen.links.havip(seen.havip),
        "",
        seen.havip.status,
        seen.havip.get_status_display(),
    )
    made = seen.havip.status not in (HaVipStatus.CREATING, HaVipStatus.DELETING)
    return Step("havip", title, text, DONE if made else BUSY, None, (fact,))


def _no_havip() -> str:
    return _("Create the HaVip first.")


def _binding(seen: Scene) -> Step:
    title = _("Both nodes bound to it")
    text = _(
        "Only bound nodes may announce the address; the first is called primary, the second standby."
    )
    facts = tuple(
        Fact(
            each.resource.label,
            seen.links.resource(each.resource),
            _("primary") if each.is_primary else _("standby"),
            each.state,
            each.get_state_display(),
        )
        for each in seen.bindings
    )
    if len(seen.bound) >= NODES:
        return Step("binding", title, text, DONE, None, facts)
    if seen.havip is None:
        action = StepAction(_("Bind now"), "", "bind", _no_havip())
        return Step("binding", title, text, OPEN, action)
    if seen.havip.status not in _SETTLED and len(seen.bindings) > len(seen.bound):
        return Step("binding", title, text, BUSY, None, facts)
    refusal = seen.can.bind if seen.can else None
    action = _act(
        seen, _("Bind now"), "havip-bind", "bind", seen.havip.resource_id, refusal=refusal
    )
    return Step("binding", title, text, OPEN, action, facts)


def _keepalived(seen: Scene) -> Step:
    title = _("keepalived configured on both nodes")
    text = _(
        "The generated file names the other node as unicast peer, and its own address as the heartbeat's source."
    )
    bound = len(seen.bound) >= NODES and seen.havip is not None
    action = StepAction(
        _("Node configuration"),
        seen.links.havip(seen.havip, tab="configuration") if seen.havip else "",
        "terminal",
        None if bound else _("Bind both nodes first: each file names the other node."),
        overlay=False,
    )
    if not bound:
        return Step("keepalived", title, text, OPEN, action)
    if not seen.by_agents:
        text = _(
            "Download the file of each node and install it there; the page names every command."
        )
        return Step("keepalived", title, text, BY_HAND, action, _file_facts(seen))
    states = [seen.agents[each.resource_id].state for each in _members(seen)]
    facts = tuple(
        Fact(each.label, "", agent_words(seen.agents[each.resource_id])) for each in _members(seen)
    )
    if all(state == "applied" for state in states):
        return Step("keepalived", title, text, DONE, None, facts)
    busy = all(state in ("applied", "behind") for state in states)
    return Step("keepalived", title, text, BUSY if busy else OPEN, action, facts)


def _file_facts(seen: Scene) -> tuple[Fact, ...]:
    assert seen.havip is not None
    return tuple(
        Fact(
            each.label,
            seen.links.havip(seen.havip, tab="configuration", node=each.resource_id),
            str(each.private_ip),
        )
        for each in _members(seen)
    )


def _eip(seen: Scene) -> Step:
    title = _("An EIP bound to the HaVip")
    text = _("Clients outside reach the service at the EIP; inside the VPC the HaVip is enough.")
    if seen.eip is not None:
        eip = seen.eip
        fact = Fact(
            str(eip.ip_address),
            seen.links.resource(eip),
            eip.name,
            eip.status,
            eip.get_status_display(),
        )
        state = DONE if eip.status == EipStatus.IN_USE else BUSY
        return Step("eip", title, text, state, None, (fact,))
    if not seen.free_eip:
        return Step("eip", title, text, OPEN, _act(seen, _("Allocate EIP"), "eip-create", "plus"))
    if seen.havip is None:
        return Step("eip", title, text, OPEN, StepAction(_("Bind EIP"), "", "eip", _no_havip()))
    refusal = seen.can.bind_eip if seen.can else None
    action = _act(
        seen, _("Bind EIP"), "havip-bind-eip", "eip", seen.havip.resource_id, refusal=refusal
    )
    return Step("eip", title, text, OPEN, action)


def _holder(seen: Scene) -> Step:
    title = _("One node holds the address")
    text = _("keepalived decides which: at first the node with the higher priority.")
    if seen.havip is None or not seen.bindings:
        refusal = _("Bind the nodes first.")
        action = StepAction(_("Show the HaVip"), "", "hold", refusal, overlay=False)
        return Step("holder", title, text, OPEN, action)
    show = StepAction(
        _("Show the HaVip"), seen.links.havip(seen.havip), "hold", None, overlay=False
    )
    if not seen.observed:
        text = _(
            "Nobody can be seen holding addresses in this region. Ask each node; exactly one shows the address."
        )
        commands = f"ip -4 -brief address show to {seen.havip.ip_address}"
        return Step("holder", title, text, BY_HAND, show, commands=commands)
    holder = seen.holder
    facts = (Fact(holder.resource.label, seen.links.resource(holder.resource)),) if holder else ()
    if seen.alert is not None:
        return Step("holder", title, text, OPEN, show, facts, warning=seen.alert.sentence)
    return Step("holder", title, text, DONE if holder else OPEN, None if holder else show, facts)


def _access(seen: Scene) -> Step:
    title = _("The access test")
    text = _(
        "Open the address, stop the node that answers, and open it again: the other node answers."
    )
    address = str(seen.eip.ip_address) if seen.eip else ""
    address = address or (str(seen.havip.ip_address) if seen.havip else "")
    bound = seen.bound
    if seen.havip is None or len(bound) < NODES:
        refusal = _("Do the steps above first.")
        action = StepAction(_("Stop a node"), "", "stop", refusal)
        return Step("access", title, text, OPEN, action)
    answering = seen.holder or bound[0]
    other = next(each for each in bound if each is not answering)
    where = _("On another instance of the VPC; from outside it takes an EIP:")
    if seen.eip:
        where = _("Where clients are, outside the VPC:")
        if _outside_of_lab(seen):
            where = _("From the lab's outside, as root on the machine that is the lab:")
    expect = _(
        "At first %(first)s answers. Once it is stopped, the answers fail for a moment, and then %(second)s answers."
    ) % {"first": _node_name(answering), "second": _node_name(other)}
    state = DONE if seen.was_taken_over else OPEN if seen.observed else BY_HAND
    return Step(
        "access",
        title,
        f"{text} {where}",
        state,
        _test_action(seen, answering),
        commands=_test_commands(seen, address),
        expect=expect,
    )


def _outside_of_lab(seen: Scene) -> str:
    """Return the namespace that is the internet, where the region is this machine's own lab; else ""."""
    directory = getattr(settings, "HAVIP_DATA_DIRECTORY", "")
    return Place.of(directory).outside if seen.region == LAB_REGION and directory else ""


def _test_commands(seen: Scene, address: str) -> str:
    outside = _outside_of_lab(seen) if seen.eip else ""
    where = f"ip netns exec {outside} " if outside else ""
    return (
        f"{where}curl http://{address}/\n"
        f"while sleep 1; do date +%T; {where}curl --silent --max-time 1 http://{address}/; done"
    )


def _node_name(binding: Binding) -> str:
    node = binding.node or binding.resource
    return node.name or node.resource_id


def _test_action(seen: Scene, answering: Binding) -> StepAction | None:
    node = answering.node
    if node is None:
        return None
    label = _("Stop %(instance)s") % {"instance": node.name or node.resource_id}
    running = node.status == InstanceStatus.RUNNING
    refusal = None if running else _("It does not run; start it again after the test.")
    return _act(seen, label, "instance-stop", "stop", node.resource_id, refusal=refusal)

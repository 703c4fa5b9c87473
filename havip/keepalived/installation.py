"""How a generated file gets onto a node: the steps and their commands, by family of distributions.

Commands are for a root shell. They hold nothing but checked values, so that a page can offer them for copying.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from havip.keepalived.configuration import NodeConfiguration
from havip.keepalived.profiles import REAL_TIME_PRIORITY
from havip.keepalived.texts import Text, gettext_noop
from havip.keepalived.texts import gettext_lazy as _

CONFIGURATION_PATH = "/etc/keepalived/keepalived.conf"
VRRP_PROTOCOL = 112
"""VRRP is an IP protocol of its own, neither TCP nor UDP (RFC 5798, 5.1.1.4)."""

MINIMUM_VERSION = "1.2.15"

DROP_IN = "/etc/systemd/system/keepalived.service.d/havip.conf"
_SOON_SECONDS = 1.0
"""A standby that waits less than this takes over from a node that is only busy."""

_WITH_PASSWORD = _(
    "Save the file of this node under this name. It holds a password: only root may read it."
)


class Family(StrEnum):
    """Distributions that are installed alike."""

    DEBIAN = "debian"
    REDHAT = "redhat"
    SUSE = "suse"


FAMILIES: dict[Family, str] = {
    Family.DEBIAN: gettext_noop("Debian, Ubuntu"),
    Family.REDHAT: gettext_noop("RHEL, Rocky Linux, Alibaba Cloud Linux"),
    Family.SUSE: gettext_noop("openSUSE"),
}
"""The families' names, to be translated."""

_INSTALL = {
    Family.DEBIAN: ("apt-get update", "apt-get install -y keepalived"),
    Family.REDHAT: ("dnf install -y keepalived",),
    Family.SUSE: ("zypper --non-interactive install keepalived",),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: its name, what it is good for, the commands in their order."""

    code: str
    title: Text | str
    explanation: Text | str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """All steps for one node."""

    family: Family
    steps: tuple[Step, ...]
    firewall: Step


def installation_for(node: NodeConfiguration, family: Family) -> Installation:
    """Return the steps for a node, in their order, and what its firewall must let through."""
    return Installation(
        Family(family),
        (
            Step(
                "install",
                _("Install keepalived"),
                _("Version 1.2.15 or newer is recommended."),
                (*_INSTALL[Family(family)], "keepalived --version"),
            ),
            *_script_steps(node),
            Step(
                "put",
                _("Put the file in place"),
                _WITH_PASSWORD
                if any(each.profile.authenticates for each in node.instances)
                else _("Save the file of this node under this name."),
                (
                    "install -d -m 0755 /etc/keepalived",
                    f"install -o root -g root -m 0600 keepalived.conf {CONFIGURATION_PATH}",
                ),
            ),
            Step(
                "check",
                _("Check it"),
                _(
                    "keepalived 2.0.4 or newer checks a file without starting; it says nothing when all is well."
                ),
                (f"keepalived --config-test --use-file {CONFIGURATION_PATH}",),
            ),
            *_scheduling_steps(node),
            Step(
                "enable",
                _("Start keepalived, now and after every boot"),
                _(
                    "Do this on one node after the other; a running keepalived takes the new file with a reload."
                ),
                ("systemctl enable --now keepalived", "systemctl reload keepalived"),
            ),
            Step(
                "verify",
                _("See who holds the address"),
                _("Exactly one node shows it."),
                (
                    "systemctl --no-pager status keepalived",
                    *(
                        f"ip -4 -brief address show dev {node.interface_of(instance)} to {instance.address}"
                        for instance in node.instances
                    ),
                ),
            ),
        ),
        _firewall(node, Family(family)),
    )


def _script_steps(node: NodeConfiguration) -> tuple[Step, ...]:
    if node.notify_script is None:
        return ()
    return (
        Step(
            "script",
            _("Put the notify script in place"),
            _(
                "It is called with the new state (master, backup, fault, stop), the HaVip's identifier and its address."
                " Only root may be able to change it or a directory above it; keepalived does not run it otherwise."
            ),
            (f"install -D -o root -g root -m 0755 havip-notify.sh {node.notify_script}",),
        ),
    )


def _scheduling_steps(node: NodeConfiguration) -> tuple[Step, ...]:
    waits = (each.profile.takeover_seconds(each.priority) for each in node.instances)
    if min(waits) >= _SOON_SECONDS:
        return ()
    lines = (
        "'[Service]'",
        "CPUSchedulingPolicy=rr",
        f"CPUSchedulingPriority={REAL_TIME_PRIORITY}",
    )
    return (
        Step(
            "schedule",
            _("Let keepalived run before ordinary programs"),
            _(
                "With these timers the other node takes over when this one's keepalived gets no processor for a tenth of a"
                " second. systemd applies this when it starts keepalived; one that runs already has to be restarted, and"
                " gives the address up for that moment."
            ),
            (
                f"install -d -m 0755 {DROP_IN.rpartition('/')[0]}",
                f"printf '%s\\n' {' '.join(lines)} > {DROP_IN}",
                "systemctl daemon-reload",
            ),
        ),
    )


def _firewall(node: NodeConfiguration, family: Family) -> Step:
    peers = sorted({peer for instance in node.instances for peer in instance.peers})
    explanation = _(
        "VRRP is IP protocol 112, neither TCP nor UDP. Let it through between the nodes, in their security group and in"
        " their own firewall, if there is one; otherwise each node believes that it is alone, and both take the address."
    )
    if family is Family.DEBIAN:
        commands = tuple(
            f"iptables -I INPUT -p {VRRP_PROTOCOL} -s {peer} -j ACCEPT" for peer in peers
        )
    else:
        commands = (
            *(
                "firewall-cmd --permanent --add-rich-rule="
                f'\'rule family="ipv4" source address="{peer}" protocol value="{VRRP_PROTOCOL}" accept\''
                for peer in peers
            ),
            "firewall-cmd --reload",
        )
    return Step("firewall", _("Let VRRP through between the nodes"), explanation, commands)


NOTIFY_SCRIPT = """#!/bin/sh
# Called by keepalived: STATE HAVIP ADDRESS. Keep it short; add below what your service needs.
exec logger -t havip "$2 ($3): now $1"
"""
"""A notify script to begin with: it writes a line into the system log."""


def is_old(version: str) -> bool:
    """Tell whether a keepalived ("2.2.7", "v1.2.13") is older than the oldest recommended (2-domain: facts, 2); "" is not."""
    numbers = _numbers(version.removeprefix("v"))
    return bool(numbers) and numbers < _numbers(MINIMUM_VERSION)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())

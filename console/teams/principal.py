"""Who acts: the one description of a caller that every operation and every audit entry uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.teams.models import Team
from console.teams.roles import Permission, Role, role_permits


class PrincipalKind(StrEnum):
    """What sort of caller acts."""

    USER = "user"
    API_KEY = "api_key"
    AGENT = "agent"
    SYSTEM = "system"


class Channel(StrEnum):
    """The way by which a caller came in."""

    PAGE = "page"
    REST = "rest"
    RPC = "rpc"
    AGENT = "agent"
    SYSTEM = "system"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller acting in one team.

    `role` is None for the system itself, for agents, and for a site administrator who is no member of the team.
    `source_address` and `request_id` go into the audit entry as they are.
    """

    team: Team
    kind: PrincipalKind
    identifier: str
    label: str
    channel: Channel
    role: Role | None = None
    site_administrator: bool = False
    source_address: str = ""
    request_id: str = ""

    def may(self, permission: Permission) -> bool:
        """Return whether this caller has the right in its team."""
        if self.kind is PrincipalKind.SYSTEM:
            return True
        if permission is Permission.ADMINISTER_SITE:
            return self.site_administrator
        return self.role is not None and role_permits(self.role, permission)


def system_principal(team: Team, *, label: str = "system", request_id: str = "") -> Principal:
    """Return the console itself as the caller, for what no person asked for directly."""
    return Principal(
        team=team,
        kind=PrincipalKind.SYSTEM,
        identifier="system",
        label=label,
        channel=Channel.SYSTEM,
        request_id=request_id,
    )

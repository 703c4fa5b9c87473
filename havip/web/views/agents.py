"""The team's agents: who serves its gateways and nodes, what each has applied, and enrolling and revoking them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.forms import OperationForm, refusal_text
from console.links import Reference, find_links
from console.operations.refusal import PERMISSION, Refusal
from console.paging import SIZES, page_size, paginate
from console.secrets import digest_of, new_secret
from console.teams.access import team_view
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.fabric.linux import enrolment
from havip.fabric.linux.alerts import resting_scopes
from havip.fabric.linux.fabric import silent_since
from havip.fabric.linux.models import Agent, AgentRole, WantedState
from havip.fabric.linux.protocol import Role, role_of
from havip.fabric.linux.words import labels_of
from havip.keepalived.installation import is_old
from havip.models import Vpc
from havip.web.answers import fragment, go_to, page
from havip.web.forms.agents import TokenForm

AGENT_FILES = (
    "havip/__init__.py",
    "havip/fabric",
    "havip/keepalived",
    "requirements/agent.txt",
    "deploy/havip-agent@.service",
)
"""What an agent's machine needs of the console's folder; below it there is neither Django nor the console."""


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as the page shows it."""

    agent: Agent
    label: str
    url: str
    state: str
    state_label: str
    wanted: WantedState | None
    old_keepalived: bool
    refusal: Refusal | None

    @property
    def is_behind(self) -> bool:
        """Whether it has yet to apply what is wanted."""
        if self.agent.revoked_at is not None or self.wanted is None:
            return False
        return self.agent.applied_version < self.wanted.version


@require_safe
@team_view()
def agent_list(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Show the team's agents, and the hosts of the regions that its networks are in."""
    return page(request, "agents/list.html", _list_context(request, principal))


@require_safe
@team_view()
def agent_rows(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The table alone, for a page that refreshes itself."""
    return fragment(request, "agents/_rows.html", _list_context(request, principal))


def _list_context(request: HttpRequest, principal: Principal) -> Mapping[str, Any]:
    slug = principal.team.slug
    regions = Vpc.objects.filter(team=principal.team).values("region").distinct().order_by()
    seen = paginate(
        Agent.objects.filter(
            Q(team=principal.team) | Q(role=AgentRole.HOST, region__in=regions),
        ),
        orderings={"enrolled": "pk"},
        default="-enrolled",
        cursor=request.GET.get("cursor", ""),
        size=page_size(request.GET.get("size", "")),
    )
    here = reverse("web:agent-list", args=[slug])
    size = seen.size
    return {
        "rows": _rows(principal, list(seen.rows)),
        "rows_url": _with(reverse("web:agent-rows", args=[slug]), request.GET.get("cursor"), size),
        "token_url": reverse("web:agent-token", args=[slug]),
        "token_refusal": _token_refusal(principal),
        "form": OperationForm(auto_id=False),
        "list_url": here,
        "previous_url": seen.previous_cursor and _with(here, seen.previous_cursor, size),
        "next_url": seen.next_cursor and _with(here, seen.next_cursor, size),
        "size": size,
        "sizes": SIZES,
        "size_fields": [],
    }


def _with(url: str, cursor: str | None, size: int) -> str:
    return f"{url}?size={size}&cursor={cursor}" if cursor else f"{url}?size={size}"


def _token_refusal(principal: Principal) -> Refusal | None:
    if not principal.may(Permission.MANAGE_TEAM):
        return PERMISSION.refuse()
    return None if enrolment.scope_choices(principal.team) else enrolment.NOTHING_TO_SERVE.refuse()


def _rows(principal: Principal, agents: Collection[Agent]) -> list[AgentView]:
    """Describe agents; the number of queries does not grow with theirs."""
    scopes = {agent.scope for agent in agents}
    told = WantedState.objects.filter(scope__in=scopes).defer("document")
    wanted = {each.scope: each for each in told}
    resting = resting_scopes()
    labels = labels_of(scopes)
    links = find_links(principal.team, [_reference(agent) for agent in agents])
    return [
        AgentView(
            agent=agent,
            label=labels[agent.scope],
            url=links.get(_reference(agent), ""),
            state=(state := _state(agent, resting)),
            state_label=_state_labels()[state],
            wanted=wanted.get(agent.scope),
            old_keepalived=is_old(agent.keepalived_version),
            refusal=_revoke_refusal(principal, agent),
        )
        for agent in agents
    ]


def _reference(agent: Agent) -> Reference:
    kind = {AgentRole.GATEWAY: "vpc", AgentRole.NODE: "instance"}.get(AgentRole(agent.role), "")
    return Reference(kind, agent.subject)


def _state(agent: Agent, resting: Collection[str]) -> str:
    """Return what to look at first. A silent agent's error is old; a node's agent is silent by right while its instance rests."""
    if agent.revoked_at is not None:
        return "revoked"
    if agent.last_seen is None or agent.last_seen < silent_since(timezone.now()):
        return "Stopped" if agent.scope in resting else "warning"
    return "failed" if agent.error else "active"


def _state_labels() -> Mapping[str, str]:
    return {
        "revoked": _("Revoked"),
        "failed": _("Error"),
        "warning": _("Silent"),
        "Stopped": _("Instance does not run"),
        "active": _("Answers"),
    }


def _revoke_refusal(principal: Principal, agent: Agent) -> Refusal | None:
    if agent.team_id is None:
        return enrolment.HOST_IS_THE_SITE_S.refuse()
    if not principal.may(Permission.MANAGE_TEAM):
        return PERMISSION.refuse()
    if agent.revoked_at is not None:
        return enrolment.NO_AGENT.refuse(agent=agent.resource_id)
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@team_view(Permission.READ, for_reading=Permission.MANAGE_TEAM)
def agent_token(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make a one-time token with which an agent enrols; it is shown in this answer and never again."""
    choices = enrolment.scope_choices(principal.team)
    form = TokenForm(request.POST or None, scopes=choices)
    token = ""
    if request.method == "POST" and form.is_valid():
        secret = new_secret()
        made = form.attempt(
            enrolment.issue_token,
            principal=principal,
            scope=form.cleaned_data["scope"],
            digest=digest_of(secret, purpose=enrolment.PURPOSE),
        )
        token = secret if made is not None else ""
    context = {
        "form": form,
        "token": token,
        "steps": _steps(request, form.cleaned_data["scope"]) if token else [],
        "no_form": bool(token),
        "minutes": int(enrolment.TOKEN_LIFETIME.total_seconds() // 60),
        "close_url": reverse("web:agent-list", args=[principal.team.slug]),
        "refusal": _token_refusal(principal),
    }
    return page(request, "agents/token.html", context, status=form.status)


def _steps(request: HttpRequest, scope: str) -> list[dict[str, str]]:
    """Return what is to be done on the agent's machine, as docs/agents.md has it: a title and commands for a root shell."""
    role = role_of(scope)
    console = request.build_absolute_uri("/").rstrip("/")
    needs = "nftables" if role == Role.GATEWAY else "keepalived"
    outside = "--outside eth0" if role == Role.GATEWAY else ""
    return [
        {
            "title": _("In the console's folder: copy the agent to the machine"),
            "text": f"tar -cz --exclude=__pycache__ {' '.join(AGENT_FILES)} | "
            "ssh root@MACHINE 'mkdir -p /opt/havip && tar --no-same-owner -xzC /opt/havip'",
        },
        {
            "title": _("On the machine: install it (Python 3.11 or newer; Debian, Ubuntu)"),
            "text": "\n".join(
                (
                    f"apt-get install -y python3-venv {needs}",
                    "python3 -m venv /opt/havip/venv",
                    "/opt/havip/venv/bin/pip install --require-hashes -r /opt/havip/requirements/agent.txt",
                    "cp /opt/havip/deploy/havip-agent@.service /etc/systemd/system/",
                    "systemctl daemon-reload",
                )
            ),
        },
        {
            "title": _("Store the token: paste it, press Enter, then Ctrl-D"),
            "text": f"install -D -m 600 /dev/stdin /etc/havip-agent/{role}.token",
        },
        {
            "title": _("Start the agent"),
            "text": f"printf '%s\\n' CONSOLE={console} SCOPE={scope} 'OPTIONS={outside}' >/etc/havip-agent/{role}.env\n"
            f"systemctl enable --now havip-agent@{role}",
        },
    ]


@require_POST
@team_view()
def agent_revoke(request: HttpRequest, principal: Principal, agent_id: str) -> HttpResponse:
    """Take an agent's key away; another team's agent is not there at all."""
    form = OperationForm(request.POST)
    form.is_valid()
    outcome = form.attempt(enrolment.revoke_agent, principal=principal, agent_id=agent_id)
    if outcome is not None:
        messages.success(request, _("The agent was revoked: its key opens nothing any more."))
    elif form.refusal is not None:
        if form.refusal.status == 404:
            raise Http404
        if form.refusal.status == 403:
            raise PermissionDenied
        messages.error(request, refusal_text(form.refusal))
    return go_to(request, reverse("web:agent-list", args=[principal.team.slug]))

"""Reading limits: a team's quotas with their use, and whether its beta application is approved."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from console.teams.models import Team
from havip.models import (
    BetaApplication,
    Binding,
    HaVip,
    Instance,
    QuotaName,
    QuotaOverride,
    QuotaRequest,
    RequestState,
    RouteEntry,
    Vpc,
)
from havip.rules.binding import BindingLimits
from havip.rules.limits import QUOTA_DEFAULTS


def quota(team: Team, name: QuotaName) -> int:
    """Return a team's quota: its own value, or the default."""
    own = QuotaOverride.objects.filter(team=team, name=name).values_list("value", flat=True).first()
    return QUOTA_DEFAULTS[name] if own is None else own


def binding_limits(team: Team) -> BindingLimits:
    """Return the limits of binding for a team."""
    return BindingLimits(
        slots=settings.HAVIP_BINDING_SLOTS,
        havips_per_instance=quota(team, QuotaName.HAVIPS_PER_INSTANCE),
    )


def havips_on_instance(instance: Instance) -> int:
    """Return how many HaVips are bound to an instance, directly or through an attached interface (2-domain B6)."""
    return (
        Binding.objects.filter(Q(instance=instance) | Q(interface__instance=instance))
        .values("havip")
        .distinct()
        .count()
    )


def beta_application(team: Team) -> BetaApplication | None:
    """Return the team's newest beta application, or None."""
    return BetaApplication.objects.filter(team=team).order_by("-pk").first()


def beta_approved(team: Team) -> bool:
    """Return whether the team may create HaVips (2-domain C1)."""
    if not settings.HAVIP_BETA_GATE:
        return True
    return BetaApplication.objects.filter(team=team, state=RequestState.APPROVED).exists()


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One quota as the page shows it: limit, use, and where the highest use is."""

    name: QuotaName
    limit: int
    used: int
    default: int
    where: str
    request: QuotaRequest | None

    @property
    def label(self) -> str:
        """The quota's name in the reader's language."""
        return str(self.name.label)

    @property
    def percent(self) -> int:
        """Use in percent of the limit, at most 100."""
        return min(100, round(100 * self.used / self.limit)) if self.limit else 100


def quota_uses(team: Team) -> list[QuotaUse]:
    """Return every quota with its use; per-VPC and per-instance ones show the fullest."""
    own = dict(QuotaOverride.objects.filter(team=team).values_list("name", "value"))
    requests: dict[str, QuotaRequest] = {}
    for request in QuotaRequest.objects.filter(team=team).order_by("pk"):
        requests[request.name] = request
    fullest = _fullest(team)
    uses = []
    for name, default in QUOTA_DEFAULTS.items():
        used, where = fullest[name]
        uses.append(
            QuotaUse(name, own.get(name, default), used, default, where, requests.get(name))
        )
    return uses


def _fullest(team: Team) -> dict[QuotaName, tuple[int, str]]:
    """Return for each quota the highest use and the name of where it is."""
    vpc_havips = (
        Vpc.objects.filter(team=team).annotate(used=Count("havips")).order_by("-used", "pk").first()
    )
    vpc_routes = (
        Vpc.objects.filter(team=team)
        .annotate(used=Count("route_entries"))
        .order_by("-used", "pk")
        .first()
    )
    nodes: dict[int, set[int]] = {}
    bound = Binding.objects.filter(havip__team=team).values_list(
        "havip_id", "instance_id", "interface__instance_id"
    )
    for havip_id, instance_id, card_instance_id in bound:
        node = instance_id or card_instance_id
        if node is not None:
            nodes.setdefault(node, set()).add(havip_id)
    busiest = max(nodes, key=lambda node: len(nodes[node]), default=None)
    instance = Instance.objects.filter(pk=busiest).first() if busiest is not None else None
    return {
        QuotaName.HAVIPS_PER_TEAM: (HaVip.objects.filter(team=team).count(), ""),
        QuotaName.HAVIPS_PER_VPC: _labelled(vpc_havips),
        QuotaName.HAVIPS_PER_INSTANCE: (
            len(nodes[busiest]) if busiest is not None else 0,
            instance.label if instance else "",
        ),
        QuotaName.ROUTES_PER_VPC: _labelled(vpc_routes),
    }


def _labelled(vpc: Vpc | None) -> tuple[int, str]:
    used: int = getattr(vpc, "used", 0)
    return used, vpc.label if vpc and used else ""


def havips_of_team(team: Team) -> int:
    """Return how many HaVips the team has (2-domain C9)."""
    return HaVip.objects.filter(team=team).count()


def havips_of_vpc(vpc: Vpc) -> int:
    """Return how many HaVips the VPC has (2-domain C10)."""
    return HaVip.objects.filter(vpc=vpc).count()


def routes_of_vpc(vpc: Vpc) -> int:
    """Return how many route entries of the VPC have a HaVip as next hop."""
    return RouteEntry.objects.filter(vpc=vpc).count()

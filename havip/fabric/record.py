"""The `record` fabric: keeps the records only; nothing is announced by us."""

from __future__ import annotations

from django.utils import timezone

from havip.fabric.base import (
    Applied,
    DrillAbilities,
    InProgress,
    Observation,
    WantedHaVip,
    WantedNetwork,
)


class RecordFabric:
    """Agrees to everything at once. Who holds an address it cannot tell."""

    name = "record"
    announces = False

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        """The records are the whole network: nothing is left to do."""
        return Applied(Observation(observed_at=timezone.now()))

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        """The records are the whole network: nothing is left to do."""
        return Applied(Observation(observed_at=timezone.now()))

    def observe(self, havip_id: str) -> Observation:
        """Nothing is watched, so no holder is known."""
        return Observation(observed_at=timezone.now())

    def drill_abilities(self, region: str, vpc_id: str = "") -> DrillAbilities:
        """Nothing is announced, so nothing can fail over."""
        return DrillAbilities()

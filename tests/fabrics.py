"""A fabric that does what a test tells it: late, not now, never, still under way, or with somebody in sight."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from django.utils import timezone

from havip.fabric.base import (
    Applied,
    DrillAbilities,
    FabricBusy,
    FabricRefused,
    InProgress,
    Observation,
    WantedHaVip,
    WantedNetwork,
)

PATH = "tests.fabrics.ScriptedFabric"
Step = Callable[[], "InProgress | None"]


class ScriptedFabric:
    """Agrees to everything, after the steps that were put before it; remembers what it was told last.

    Each call to apply takes one step from the front of the script. `stubborn` makes the last step hold for ever.
    """

    name = "scripted"
    announces = True

    def __init__(self) -> None:
        self.havips: dict[str, WantedHaVip] = {}
        self.networks: dict[str, WantedNetwork] = {}
        self.holders: dict[str, str] = {}
        self.calls: list[WantedHaVip | WantedNetwork] = []
        self.drills = DrillAbilities()
        self.delay_seconds = 0.0
        self.before_answer: Callable[[], None] | None = None
        self._script: deque[Step] = deque()
        self._for_ever: Step | None = None
        self._lock = threading.Lock()

    def busy(self, message: str = "The network is busy.", *, times: int = 1) -> None:
        """Fail for now, so many times."""

        def step() -> None:
            raise FabricBusy(message)

        self._script.extend([step] * times)

    def refuse(self, message: str = "The network says no to %(what)s.") -> None:
        """Fail for good, once."""

        def step() -> None:
            raise FabricRefused(message, what="this")

        self._script.append(step)

    def break_down(self) -> None:
        """Raise what no fabric should raise, once."""

        def step() -> None:
            raise ZeroDivisionError

        self._script.append(step)

    def take_long(self, seconds: float = 7, *, note: str = "a gateway", times: int = 1) -> None:
        """Be still under way, so many times."""
        self._script.extend([lambda: InProgress(seconds, note)] * times)

    def never_finish(self, seconds: float = 7, *, note: str = "a gateway") -> None:
        """Be still under way for ever."""
        self._for_ever = lambda: InProgress(seconds, note)

    def behave(self) -> None:
        """Forget every step that is left."""
        self._script.clear()
        self._for_ever = None

    def hold(self, havip_id: str, resource_id: str) -> None:
        """Let this resource be seen to announce the HaVip's address; an empty one: nobody does."""
        self.holders[havip_id] = resource_id

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        """Take a step, then make the network match one HaVip."""
        if (awaited := self._step(wanted)) is not None:
            return awaited
        if wanted.exists:
            self.havips[wanted.resource_id] = wanted
        else:
            self.havips.pop(wanted.resource_id, None)
        return Applied(self.observe(wanted.resource_id))

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        """Take a step, then make the network match one VPC."""
        if (awaited := self._step(wanted)) is not None:
            return awaited
        if wanted.exists:
            self.networks[wanted.vpc_id] = wanted
        else:
            self.networks.pop(wanted.vpc_id, None)
        return Applied(Observation(observed_at=timezone.now()))

    def observe(self, havip_id: str) -> Observation:
        """Say who is seen to hold the address; None where no test has said so."""
        return Observation(observed_at=timezone.now(), holder_id=self.holders.get(havip_id))

    def drill_abilities(self, region: str, vpc_id: str = "") -> DrillAbilities:
        """Whatever the test says; by itself it can do none."""
        return self.drills

    def _step(self, wanted: WantedHaVip | WantedNetwork) -> InProgress | None:
        with self._lock:
            self.calls.append(wanted)
            step = self._script.popleft() if self._script else self._for_ever
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        if self.before_answer is not None:
            self.before_answer()
        return step() if step is not None else None

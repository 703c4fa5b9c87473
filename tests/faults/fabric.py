"""A fabric that tests hold up and watch from outside of the worker's process: through a directory.

`HAVIP_TEST_FABRIC` names the directory. While the file `hold` is there, an application waits; a file `fail` holds the sentence of
a permanent failure. Each application appends a line to `log` when it begins and when it ends, and leaves what it was told in a file
per HaVip: the network that the records are compared with.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

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

# Less than a job's time limit; more than the tests take between holding and releasing on a slow machine.
_LONGEST_HOLD_SECONDS = 100.0


class DirectoryFabric:
    """Does what the files in its directory say."""

    name = "directory"
    announces = False

    def __init__(self) -> None:
        self._directory = Path(os.environ["HAVIP_TEST_FABRIC"])

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        """Wait while held, then keep the wanted state as the network's."""
        self._note(f"begin {wanted.resource_id} {os.getpid()}")
        self._wait()
        failure = self._directory / "fail"
        if failure.exists():
            raise FabricRefused(failure.read_text())
        network = self._directory / f"{wanted.resource_id}.json"
        if wanted.exists:
            network.write_text(json.dumps(asdict(wanted)))
        else:
            network.unlink(missing_ok=True)
        self._note(f"end {wanted.resource_id} {os.getpid()}")
        return Applied(Observation(observed_at=timezone.now()))

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        """Agree at once."""
        return Applied(Observation(observed_at=timezone.now()))

    def observe(self, havip_id: str) -> Observation:
        """Nothing is watched."""
        return Observation(observed_at=timezone.now())

    def drill_abilities(self, region: str, vpc_id: str = "") -> DrillAbilities:
        """Nothing is announced."""
        return DrillAbilities()

    def _wait(self) -> None:
        deadline = time.monotonic() + _LONGEST_HOLD_SECONDS
        while (self._directory / "hold").exists():
            if time.monotonic() > deadline:
                raise FabricBusy("Held for too long.")
            time.sleep(0.02)

    def _note(self, line: str) -> None:
        with (self._directory / "log").open("a") as log:
            log.write(line + "\n")

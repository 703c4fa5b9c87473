"""The lab's console for tests that kill its processes more often than any fault would: its supervisor never gives up.

`python -P -m tests.lab.patient` is `bin/run` with the supervisor's patience raised, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

from console.embedded import children
from tests.consoles import PROJECT
from tests.lab.console import LabConsole


class PatientConsole(LabConsole):
    """A console that starts again whatever is killed, half a second later, for ever."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-P", "-m", "tests.lab.patient", "--lab"]

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PYTHONPATH": str(Path(PROJECT))}


if __name__ == "__main__":
    from console.embedded.supervisor import run

    children.QUICK_DEATH_SECONDS = 0.0
    sys.exit(run())

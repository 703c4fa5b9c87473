"""In a network of its own: each time the guard is put in place, somebody else opens it at that very moment.

`unshare --net python -m tests.lab.agent.meddling DIRECTORY` prints in how many of the rounds it stayed open.
"""

from __future__ import annotations

import select
import subprocess
import sys
import threading
from pathlib import Path

from havip.fabric.linux.agent.nftables import RulesWatch, Tables
from havip.fabric.linux.agent.rulesets import Elements
from havip.fabric.linux.agent.state import StateDirectory

ROUNDS = 25
OPENED = 'iifname "foreign" accept'


def open_once(watch: RulesWatch) -> None:
    """Open the guard as soon as anything has changed."""
    select.select([watch.fileno()], [], [], 10)
    subprocess.run(
        ["nft", f"insert rule bridge havip_guard incoming {OPENED}"],
        check=False,
        capture_output=True,
    )


def stays_open(tables: Tables, wanted: Elements) -> bool:
    tables.remove()
    watch = RulesWatch()
    meddler = threading.Thread(target=open_once, args=(watch,))
    meddler.start()
    tables.ensure(wanted)
    meddler.join()
    watch.close()
    tables.ensure(wanted)
    listed = subprocess.run(
        ["nft", "list", "table", "bridge", "havip_guard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return OPENED in listed.stdout


def main(directory: str) -> None:
    wanted = Elements("", "", frozenset(), frozenset(), frozenset(), frozenset())
    tables = Tables(StateDirectory(Path(directory)))
    print(sum(stays_open(tables, wanted) for _ in range(ROUNDS)))


if __name__ == "__main__":
    main(sys.argv[1])

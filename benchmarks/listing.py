"""What a page of 50 costs among few rows and among many, at the front and far down: `python -m benchmarks.listing --help`.

Each size has a database of its own on one throw-away PostgreSQL and a process of its own that asks there, in process, through the
whole application as a request comes in. The processes take turns, so that what else the machine does meets all alike. Only ratios of
one run mean something.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import psycopg

from tests.servers import PostgreSQL, ServerUnavailableError

PAGE = 50
OTHERS = 2_000
Times = dict[str, list[float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 0, or 2 where there is no PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listing", description=__doc__)
    parser.add_argument("--few", type=int, default=1_000, help="HaVips in the one database")
    parser.add_argument("--many", type=int, default=100_000, help="HaVips in the other")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each")
    parser.add_argument("--ask", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.ask:
        return _ask(options.ask)
    sizes = (options.few, options.many)
    try:
        with PostgreSQL() as server:
            measured = _measure(server.url, sizes, options.rounds)
    except ServerUnavailableError as error:
        print(f"listing: cannot run here: {error}", file=sys.stderr)
        return 2
    _print(measured, sizes, options.rounds)
    return 0


def _measure(url: str, sizes: tuple[int, int], rounds: int) -> list[Times]:
    """Let the processes take turns; return, for each size, what was timed under each name, in seconds."""
    askers = [_Asker(url, size) for size in sizes]
    found: list[Times] = [defaultdict(list) for _size in sizes]
    try:
        for asker in askers:
            asker.wait_until_ready()
        for number in range(rounds + 1):
            for times, asker in zip(found, askers, strict=True):
                for name, seconds in asker.turn().items():
                    if number:  # the first turn warms up
                        times[name] += seconds
    finally:
        for asker in askers:
            asker.close()
    return found


class _Asker:
    """A process with a database of its own."""

    def __init__(self, url: str, size: int) -> None:
        name = f"rows{size}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "console.settings.test",
            "HAVIP_TEST_DATABASE_URL": f"{url.rpartition('/')[0]}/{name}",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.listing", "--ask", str(size)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        """Wait for the rows to be there."""
        if self._answer() != "ready":
            raise RuntimeError("the asking process ended early")

    def turn(self) -> dict[str, list[float]]:
        """Have everything asked a few times; return the seconds of each."""
        assert self._process.stdin is not None
        self._process.stdin.write("turn\n")
        self._process.stdin.flush()
        found: dict[str, list[float]] = json.loads(self._answer())
        return found

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


# --- In the process that asks -----------------------------------------------------------------------------------


def _ask(size: int) -> int:
    """Make the rows, say so, and answer every line with the seconds that a turn took."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.HAVIP_REST_REQUESTS_PER_MINUTE = 10**9
    settings.HAVIP_RPC_REQUESTS_PER_MINUTE = settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = 0
    call_command("migrate", verbosity=0)
    asked = _requests(size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print("ready", flush=True)
    for _line in sys.stdin:
        print(json.dumps({name: _timed(ask) for name, ask in asked.items()}), flush=True)
    return 0


def _timed(ask: Callable[[], int], times: int = 3) -> list[float]:
    found = []
    for _number in range(times):
        began = time.perf_counter()
        count = ask()
        found.append(time.perf_counter() - began)
        assert count == PAGE
    return found


def _requests(size: int) -> dict[str, Callable[[], int]]:
    """Make the rows and return what is asked of them."""
    from django.test import Client

    from console.teams.roles import Role
    from havip.models import HaVip
    from tests.cast import REGION, World, gather
    from tests.crowds import Crowd, cursor_after
    from tests.havip.rest.asking import HERE, bearer_of
    from tests.havip.rpc_actions.client import api_of

    world = World(gather().alpha)
    Crowd(world).grow(havips=size, others=OTHERS)
    client = Client(headers={"Authorization": f"Bearer {bearer_of(world.team, Role.OPERATOR)}"})
    last = min(1_000, size // PAGE)
    cursor = cursor_after(HaVip, (last - 1) * PAGE)
    rpc = api_of(world.team)

    def listed(path: str) -> int:
        return len(client.get(f"{HERE}/{path}").json()["items"])

    def described(action: str, wrapper: str, item: str, number: int) -> int:
        answer = rpc.ok(action, RegionId=REGION, PageSize=PAGE, PageNumber=number)
        return len(answer[wrapper][item])

    havips = ("DescribeHaVips", "HaVips", "HaVip")
    return {
        "REST list, page 1": lambda: listed(f"havips?page_size={PAGE}"),
        "REST list, far down": lambda: listed(f"havips?page_size={PAGE}&cursor={cursor}"),
        "REST list by name": lambda: listed(f"havips?page_size={PAGE}&ordering=name"),
        "RPC DescribeHaVips, page 1": lambda: described(*havips, 1),
        "RPC DescribeHaVips, far down": lambda: described(*havips, last),
        "RPC DescribeVSwitches": lambda: described("DescribeVSwitches", "VSwitches", "VSwitch", 1),
        "RPC DescribeEipAddresses": lambda: described(
            "DescribeEipAddresses", "EipAddresses", "EipAddress", 1
        ),
    }


# --- The table --------------------------------------------------------------------------------------------------


def _print(measured: Sequence[Times], sizes: tuple[int, int], rounds: int) -> None:
    few, many = measured
    print(
        f"A page of {PAGE}; median of {rounds * 3} requests in process; {platform.platform()},"
        f" {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    print(
        f"Far down: page {min(1_000, sizes[1] // PAGE):,} of the many, page {min(1_000, sizes[0] // PAGE):,} of the few."
    )
    print(f"{'':32}{f'{sizes[0]:,} rows':>14}{f'{sizes[1]:,} rows':>16}{'ratio':>8}")
    for name in few:
        small, large = statistics.median(few[name]), statistics.median(many[name])
        print(f"{name:32}{small * 1e3:11.1f} ms{large * 1e3:13.1f} ms{large / small:8.2f}")
    first, last = (
        statistics.median(many[f"REST list, {place}"]) for place in ("page 1", "far down")
    )
    print(f"Far down against page 1, among {sizes[1]:,}: {last / first:.2f} (REST)")


if __name__ == "__main__":
    sys.exit(main())

"""The command: `python -m benchmarks.failover --help`."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.failover.files import NAMES
from benchmarks.failover.keepalived import Stuck, version
from benchmarks.failover.load import busy
from benchmarks.failover.measuring import (
    INTERVAL_MS,
    KINDS,
    Endurance,
    Gap,
    Pair,
    endure,
    measure,
)
from benchmarks.failover.network import Network
from havip.fabric.linux.agent.roles import AgentError
from havip.fabric.linux.lab.namespaces import NamespaceError

ENDURING = ("fast", "documented")
_PROGRAMS = ("nft", "keepalived", "nginx", "nsenter", "unshare", "ip")
_OWN = os.getpid()
_DIRECTORY = Path("/run/havip-failover-benchmark")
Gaps = dict[tuple[str, str], list[Gap]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print; return 0, or 1 when something went wrong, 2 when nothing can be measured here."""
    options = _parse(arguments)
    if reason := _reason():
        print(f"failover: cannot run here: {reason}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    os.umask(0o077)
    try:
        with _directory(options.data) as data:
            return _run(data, options)
    except KeyboardInterrupt:
        print("failover: interrupted; everything is removed", file=sys.stderr)
        return 130
    except (AgentError, NamespaceError, OSError, Stuck) as error:
        print(f"failover: {error}", file=sys.stderr)
        return 1


def _run(data: Path, options: argparse.Namespace) -> int:
    network = Network(data)
    pair = Pair(network)
    gaps: Gaps = {}
    endured: dict[str, Endurance] = {}
    began = time.monotonic()
    try:
        network.up()
        for number in range(options.runs):
            _round(network, pair, options, number, gaps)
        if options.load_seconds:
            chosen = [each for each in ENDURING if each in options.profiles]
            # The one that runs already comes first.
            for profile in sorted(chosen, key=lambda each: each != pair.profile):
                _say(f"{profile} with all processors busy, {options.load_seconds:.0f} s")
                pair.use(profile)
                with busy(options.load_seconds, network.environment):
                    endured[profile] = endure(network, pair, options.load_seconds)
    finally:
        with _uninterrupted():
            pair.close()
            network.down()
    print("\n".join(_table(options, gaps, endured, time.monotonic() - began)))
    return 0


def _round(
    network: Network, pair: Pair, options: argparse.Namespace, number: int, gaps: Gaps
) -> None:
    """Measure each case once. The order changes from round to round: a machine that drifts favours none."""
    for profile in _turned(options.profiles, number):
        pair.use(profile)
        for kind in _turned(options.kinds, number):
            gap = measure(network, pair, kind)
            gaps.setdefault((profile, kind), []).append(gap)
            _say(
                f"run {number + 1} of {options.runs}: {profile}, {kind}: "
                f"{gap.inside_ms} ms inside, {gap.outside_ms} ms outside"
            )


def _turned(names: Sequence[str], number: int) -> list[str]:
    """Return the names in another order each time: each comes first in turn, and every second time they go backwards."""
    start = number % len(names)
    turned = [*names[start:], *names[:start]]
    return turned[::-1] if number % 2 else turned


# --- What is printed ---


def _table(
    options: argparse.Namespace, gaps: Gaps, endured: dict[str, Endurance], seconds: float
) -> Iterator[str]:
    yield from _machine()
    if gaps:
        yield ""
        yield (
            f"How long nobody answered when the holder was lost, in ms; a probe every {INTERVAL_MS} ms"
            " from inside the VPC to the HaVip, and from outside to its EIP."
        )
        yield ""
        yield (
            f"{'profile':<12}{'holder lost by':<20}{'runs':>5}"
            f"{'inside: median':>16}{'max':>7}{'outside: median':>17}{'max':>7}"
        )
        for profile in options.profiles:
            for kind in options.kinds:
                found = gaps[profile, kind]
                yield f"{profile:<12}{kind:<20}{len(found):>5}" + "".join(
                    f"{statistics.median(values):>{width}.0f}{max(values):>7}"
                    for values, width in (
                        ([gap.inside_ms for gap in found], 16),
                        ([gap.outside_ms for gap in found], 17),
                    )
                )
        stall = max(gap.stall_ms for found in gaps.values() for gap in found)
        yield f"(The prober itself was late by {stall} ms at the worst.)"
    if endured:
        yield ""
        yield "Two healthy nodes while every processor is kept busy by two processes; a probe every 20 ms."
        yield ""
        yield (
            f"{'profile':<12}{'seconds':>8}{'changes of state':>18}{'other answers':>15}"
            f"{'silence inside':>16}{'outside':>9}{'prober late by':>16}"
        )
        for profile, each in endured.items():
            yield (
                f"{profile:<12}{each.seconds:>8.0f}{each.changes:>18}{each.others:>15}"
                f"{each.silence_inside_ms:>13} ms{each.silence_outside_ms:>6} ms{each.stall_ms:>13} ms"
            )
    yield ""
    yield f"Took {seconds:.0f} s."


def _machine() -> Iterator[str]:
    kernel = os.uname()
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {version()}"
    yield (
        f"{os.cpu_count()} processors ({_processor()}), {kernel.sysname} {kernel.release}"
        f" {kernel.machine}, load averages at the end {load}"
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# --- What is needed, and what is left behind ---


def _reason() -> str:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it makes network namespaces, so it needs root on Linux."
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    missing = [name for name in _PROGRAMS if not shutil.which(name, path=path)]
    if missing:
        return (
            f"programs are missing: {', '.join(missing)} (bin/run --lab installs them on Debian)."
        )
    return ""


@contextlib.contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    """Have a directory that no other benchmark uses at the same time; the usual one goes afterwards."""
    directory = given or _DIRECTORY
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stuck(f"Another benchmark is at work in {directory}.") from None
        yield directory
        if given is None:
            shutil.rmtree(directory)
    finally:
        os.close(descriptor)


def _interrupted(number: int, _frame: Any) -> None:
    if os.getpid() == _OWN:
        raise KeyboardInterrupt
    # A fork that a library made, and ends this way.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Clean up to the end, whoever is impatient."""
    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.failover",
        description="Measures how long nobody answers when the node that holds a HaVip is lost. Needs root on Linux.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--runs", type=_number(0, 1000), default=10, help="fail-overs of each case (10)"
    )
    parser.add_argument("--profiles", type=_some_of(NAMES), default=NAMES, help=",".join(NAMES))
    parser.add_argument("--kinds", type=_some_of(KINDS), default=KINDS, help=",".join(KINDS))
    parser.add_argument(
        "--load-seconds",
        type=_number(0, 3600),
        default=120,
        help="how long both profiles of the console are watched with all processors busy (120; 0: not at all)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"where its files are for the time ({_DIRECTORY})"
    )
    return parser.parse_args(arguments)


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"a number from {lowest} to {highest}")
        return int(text)

    return number


def _some_of(names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def some(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        if not set(chosen) <= set(names) or len(set(chosen)) < len(chosen):
            raise argparse.ArgumentTypeError(f"some of {','.join(names)}")
        return chosen

    return some


if __name__ == "__main__":
    sys.exit(main())

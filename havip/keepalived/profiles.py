"""Timer profiles: how often a node says that it is alive, and in which version of VRRP.

RFC 3768 (VRRP version 2) counts in whole seconds, RFC 5798 (version 3) in hundredths. A standby takes over after three
missed advertisements and a skew that shrinks with its priority: (256 - priority) / 256 s in version 2, that part of
one interval in version 3. With the published timers that is 3 + 0.96 s for the published standby (priority 10), and
3 + 0.06 s for the console's (priority 240).
"""

from __future__ import annotations

from dataclasses import dataclass

from havip.keepalived.values import checked_name, checked_number

V2_INTERVALS = range(100, 25501, 100)
"""The advertisement intervals of version 2 in hundredths of a second: 1 to 255 whole seconds (RFC 3768, 5.3.7)."""

V3_INTERVALS = range(1, 4096)
"""The advertisement intervals of version 3: twelve bits of hundredths of a second (RFC 5798, 5.2.7)."""

REAL_TIME_PRIORITY = 50
"""What keepalived needs of 1 to 99 (sched(7), SCHED_RR) where timers are so short that a busy processor costs the address."""


@dataclass(frozen=True, slots=True)
class TimerProfile:
    """One choice of version and timers. `interval` is in hundredths of a second."""

    name: str
    version: int
    interval: int
    garp_delay: int = 1
    garp_refresh: int = 5

    def __post_init__(self) -> None:
        checked_name("profile", self.name)
        checked_number("version", self.version, 2, 3)
        if self.version == 2:
            checked_number("interval", self.interval, 100, 25500)
            checked_number("interval", self.interval % 100, 0, 0)
        else:
            checked_number("interval", self.interval, 1, 4095)
        checked_number("garp_delay", self.garp_delay, 1, 255)
        checked_number("garp_refresh", self.garp_refresh, 1, 86400)

    @property
    def advert_int(self) -> str:
        """The interval as keepalived reads it: seconds, with as few decimals as possible."""
        seconds, rest = divmod(self.interval, 100)
        return f"{seconds}.{rest:02d}".rstrip("0") if rest else str(seconds)

    @property
    def authenticates(self) -> bool:
        """Whether advertisements carry a password: version 3 has none (RFC 5798, 9)."""
        return self.version == 2

    def takeover_seconds(self, priority: int) -> float:
        """Return how long a standby of this priority waits after the last advertisement (RFC 3768 and 5798, 6.1)."""
        checked_number("priority", priority, 1, 254)
        share = (256 - priority) / 256
        skew = share if self.version == 2 else share * self.interval / 100
        return 3 * self.interval / 100 + skew


DOCUMENTED = TimerProfile("documented", version=2, interval=100)
"""The published timers."""


def fast_profile(interval: int = 3) -> TimerProfile:
    """Return the fast profile with another interval, in hundredths of a second."""
    return TimerProfile("fast", version=3, interval=interval)


FAST = fast_profile()
"""An advertisement every 30 ms: a takeover in a tenth of a second. Wants keepalived 1.3.7 and real-time priority (docs/keepalived.md)."""

PROFILES = {profile.name: profile for profile in (DOCUMENTED, FAST)}

"""How many requests a key may make: counted for each minute in the cache that all processes share.

Only proven requests count, so that nobody can use up another's share.
"""

from __future__ import annotations

import math
import time

from django.conf import settings

from console.counting import count
from havip.rpc.errors import RpcError

_WINDOW_SECONDS = 60


def count_request(access_key_id: str, action: str) -> None:
    """Count one request of this key. Raises RpcError Throttling.User over all actions, Throttling.Api for this one.

    Both say how long it is until the next minute begins: Retry-After in seconds, x-acs-retry-after in milliseconds.
    """
    now = time.time()
    window = int(now // _WINDOW_SECONDS)
    wait = max(1, math.ceil((window + 1) * _WINDOW_SECONDS - now))
    of_key = f"rpc:rate:{window}:{access_key_id}"
    if _is_over(of_key, settings.HAVIP_RPC_REQUESTS_PER_MINUTE):
        raise _throttled("Throttling.User", "user flow control", wait)
    if _is_over(f"{of_key}:{action}", settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE):
        raise _throttled("Throttling.Api", "api flow control", wait)


def _is_over(name: str, limit: int) -> bool:
    """Count, and tell whether it was one too many; 0 is no limit. Without the cache nothing is limited."""
    if not limit:
        return False
    return count(name, seconds=2 * _WINDOW_SECONDS) > limit


def _throttled(code: str, what: str, wait: int) -> RpcError:
    return RpcError(
        code,
        f"Request was denied due to {what}.",
        recommend=f"Try again in {wait} s.",
        # The SDKs read milliseconds (`get_throttling_time_left` of their cores).
        headers={"Retry-After": str(wait), "x-acs-retry-after": str(wait * 1000)},
    )
